"""A work as CORE gives it.

Source: CORE API v3, schema Work (api.core.ac.uk/docs/v3, read 2026-11 through clients of it and one published
answer; no recording is at hand).
Read: id, doi, arxivId, pubmedId, identifiers, title, abstract, authors, publishedDate, yearPublished, journals,
documentType, links, downloadUrl, sourceFulltextUrls, license, citationCount, references (DOI).
Not read: fullText, contributors, publisher, language, fields of study, data providers, outputs, OAI and MAG ids,
dates of acceptance and deposit. It has no ORCID and no marks of retraction.
"""

from __future__ import annotations

from collections.abc import Iterator

from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected
from research_api.records.licences import creative_commons_name

SOURCE = "core"

_SCHEMES = {"DOI": "doi", "ARXIV_ID": "arxiv", "PUBMED_ID": "pmid"}
# `research` may be an article, a preprint or a paper at a conference: only a journal makes it an article.
_RESEARCH = frozenset({"research", "research article"})
_TYPES = {
    "book": "book",
    "book chapter": "book-chapter",
    "conference paper": "proceedings-article",
    "dataset": "dataset",
    "journal article": "journal-article",
    "presentation": "other",
    "report": "report",
    "slides": "other",
    "thesis": "dissertation",
}


def to_record(work: dict[str, object]) -> Record:
    """The record that CORE names by its work id. Raises Rejected without an id or a title.

    is_oa is true where CORE knows a copy of the full text, else not said. The date is that of publication as CORE
    gives it, the year its own.
    """
    source_id = fields.written_of(work.get("id")) or ""
    if not (source_id.isascii() and source_id.isdecimal()):
        raise Rejected("the record has no CORE work id (digits)")
    date = _date(work.get("publishedDate"))
    journal = _journal(work.get("journals"))
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=fields.title_of(work.get("title")),
        abstract=fields.abstract_of(work.get("abstract")),
        authors=_authors(work.get("authors")),
        year=fields.year_of(work.get("yearPublished")) or (int(date[:4]) if date else None),
        date=date,
        venue=journal,
        type=_type(work),
        identifiers=_identifiers(work),
        url=next(_links(work, "display"), None),
        open_access=_open_access(work),
        citation_count=fields.count_of(work.get("citationCount")),
        references=fields.references_of(
            "doi", (fields.members_of(entry).get("doi") for entry in fields.items_of(work.get("references")))
        ),
    )


def _date(value: object) -> str | None:
    """The day of `2015-09-22T01:00:00`."""
    return fields.date_of(value.partition("T")[0]) if isinstance(value, str) else None


def _authors(value: object) -> tuple[Author, ...]:
    """Each name once: CORE joins the lists of all copies of a work, so that a name can come seven times."""
    people = (_author(fields.members_of(entry).get("name")) for entry in fields.items_of(value))
    return tuple(dict.fromkeys(fields.authors_of(people)))


def _author(name: object) -> Author | None:
    """`Family, Given` in two parts; a name with no comma or with several stays whole."""
    family, comma, given = name.partition(",") if isinstance(name, str) else ("", "", "")
    if not comma or not family.strip() or not given.strip() or "," in given:
        return fields.author_of(name=name)
    return fields.author_of(given=given, family=family)


def _journal(value: object) -> str | None:
    titles = (fields.members_of(entry).get("title") for entry in fields.items_of(value))
    found = (fields.plain_of(title, cleaning.MAX_VENUE_CHARACTERS) for title in titles)
    return next((title for title in found if title), None)


def _type(work: dict[str, object]) -> str | None:
    kind = (fields.text_of(work.get("documentType")) or "").strip().lower()
    if kind in _RESEARCH:
        return "journal-article" if fields.items_of(work.get("journals")) else None
    return _TYPES.get(kind)


def _identifiers(work: dict[str, object]) -> tuple[Identifier, ...]:
    """Those with a member of their own first, then what the list has besides."""
    listed = map(fields.members_of, fields.items_of(work.get("identifiers")))
    typed = (
        (_SCHEMES.get(str(entry.get("type")).upper()), fields.written_of(entry.get("identifier")))
        for entry in listed
    )
    return fields.identifiers_of(
        ("doi", work.get("doi")),
        ("pmid", fields.written_of(work.get("pubmedId"))),
        ("arxiv", work.get("arxivId")),
        *((scheme, value) for scheme, value in typed if scheme),
    )


def _links(work: dict[str, object], kind: str) -> Iterator[str]:
    for entry in map(fields.members_of, fields.items_of(work.get("links"))):
        url = fields.url_of(entry.get("url"))
        if url and entry.get("type") == kind:
            yield url


def _open_access(work: dict[str, object]) -> OpenAccess:
    copies = (
        work.get("downloadUrl"),
        *_links(work, "download"),
        *fields.items_of(work.get("sourceFulltextUrls")),
    )
    url = next((found for found in map(fields.url_of, copies) if found), None)
    if url is None:
        return OpenAccess()
    stated = fields.plain_of(work.get("license"), cleaning.MAX_NAME_CHARACTERS)
    return OpenAccess(True, url, creative_commons_name(stated) or (stated.lower() if stated else None))
