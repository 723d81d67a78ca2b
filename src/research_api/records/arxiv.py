"""A paper as arXiv's API gives it: an entry of an Atom feed.

Read: id, title, summary, author names, published, arxiv:doi or the link with the title "doi", arxiv:journal_ref;
arxiv:comment, only for a withdrawal. Not read: affiliations, categories, `updated`, which is the day of the newest
version. Not given: licences, ORCIDs, counts, references.
Source: arXiv API User's Manual, 3.3.2 "Entry Metadata" (info.arxiv.org/help/api/user-manual.html, read 2026-11)
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

from research_api.domain.identifiers import normalise_arxiv
from research_api.domain.works import OpenAccess, Record
from research_api.records import arxiv_fields, cleaning, fields
from research_api.records.arxiv_fields import HOME, SOURCE, TYPE, plain_tex
from research_api.records.errors import Rejected
from research_api.records.xml import text_at

ATOM = "{http://www.w3.org/2005/Atom}"
ARXIV = "{http://arxiv.org/schemas/atom}"


def to_record(entry: Element) -> Record:
    """The record of one entry, of all its versions. Raises Rejected without an arXiv id or a title.

    The date is that of the first version; the venue is the reference to a journal as its author wrote it, volume and
    pages included. Every paper of arXiv is free to read there.
    """
    source_id = normalise_arxiv(text_at(entry, f"{ATOM}id"))
    if source_id is None:
        raise Rejected("the record has no arXiv id (such as 0704.0001 or hep-th/9901001)")
    summary = text_at(entry, f"{ATOM}summary")
    doi = _doi(entry)
    date = _day(text_at(entry, f"{ATOM}published")) or arxiv_fields.month_of_id(source_id)
    url = HOME + source_id
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=fields.title_of(plain_tex(text_at(entry, f"{ATOM}title"))),
        abstract=cleaning.plain_abstract(plain_tex(summary) or ""),
        authors=fields.authors_of(
            fields.author_of(name=plain_tex(text_at(author, f"{ATOM}name")))
            for author in entry.iterfind(f"{ATOM}author")
        ),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(
            plain_tex(text_at(entry, f"{ARXIV}journal_ref")), cleaning.MAX_VENUE_CHARACTERS
        ),
        type=TYPE,
        identifiers=fields.identifiers_of(("doi", doi), ("arxiv", source_id)),
        url=url,
        open_access=OpenAccess(is_oa=True, url=url),
        retracted=doi is None and arxiv_fields.is_withdrawn(text_at(entry, f"{ARXIV}comment"), summary),
    )


def _doi(entry: Element) -> str | None:
    """That of the published version, in its own element or in an address that resolves it."""
    links = (link.get("href") for link in entry.iterfind(f"{ATOM}link") if link.get("title") == "doi")
    given = (text_at(entry, f"{ARXIV}doi"), *links)
    return next((doi for value in given if (doi := arxiv_fields.doi_of(value))), None)


def _day(value: str | None) -> str | None:
    """The day in Greenwich of `2007-02-27T16:02:02-05:00`."""
    try:
        moment = datetime.fromisoformat((value or "").strip())
        return fields.date_of(f"{moment.astimezone(UTC) if moment.tzinfo else moment:%Y-%m-%d}")
    except (ValueError, OverflowError):
        return None
