"""A publication as Europe PMC gives it, in its results of the kinds "core" and "lite".

Read: id, source, pmid, pmcid, doi, title, abstractText, authorList (authorString where it is missing), journalInfo,
journalTitle, bookOrReportDetails, firstPublicationDate, electronicPublicationDate, pubYear, pubTypeList or pubType,
isOpenAccess, license, fullTextUrlList, citedByCount, commentCorrectionList (retractions). Not read: affiliations,
grants, MeSH terms, keywords, chemicals, pages, language, what is linked in other databases. Not given: references,
which have an address of their own.
Source: Europe PMC, "Articles RESTful API" and its Web Service Reference Guide (europepmc.org/RestfulWebService;
read 2026-11)
"""

from __future__ import annotations

import re

from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import cleaning, fields, pubmed_fields
from research_api.records.errors import Rejected
from research_api.records.pubmed_fields import LABELS_THAT_SAY_NOTHING

SOURCE = "europepmc"
HOME = "https://europepmc.org/article/"
PREPRINTS, PATENTS, THESES = "PPR", "PAT", "ETH"

_SOURCE_CODE = re.compile(r"[A-Z]{3}")
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}", re.ASCII)
_HEADING = re.compile(r"<h4>([^<]{1,200})</h4>", re.IGNORECASE)
# `Lastname AB`, as it stands in lists that are one text
_SHORT_NAME = re.compile(r"(.*\S) ([^\W\d_]{1,4})")
_CODES = {PREPRINTS: "posted-content", PATENTS: "other", THESES: "dissertation"}
# The first of these that a publication has.
_KINDS = {
    "preprint": "posted-content",
    "dataset": "dataset",
    "technical report": "report",
    "academic dissertation": "dissertation",
}
_BOOK = "book"
_ARTICLE = "journal-article"
TYPES = frozenset({*_CODES.values(), *_KINDS.values(), _BOOK, "book-chapter", _ARTICLE})
_RETRACTED = frozenset({"retracted publication", "preprint-withdrawal", "preprint-removal"})
_RETRACTING = frozenset({"retraction in", "retracted and republished in"})
_FREE = {"OA": 0, "F": 1}
_STYLES = ("html", "pdf")


def to_record(result: dict[str, object]) -> Record:
    """The record that Europe PMC names by its source and its id there. Raises Rejected without these or a title.

    The date is that of the first publication, as exact as a publisher gave it. Open is what anybody may read: in the
    open-access set, under a Creative Commons licence, or with a free full text; that a work is in none of these says
    nothing.
    """
    code, name = _name(result)
    kinds = _kinds(result)
    book = fields.members_of(result.get("bookOrReportDetails"))
    date = _date(result, book)
    return Record(
        source=SOURCE,
        source_id=f"{code}:{name}",
        title=_title(result),
        abstract=_abstract(result.get("abstractText")),
        authors=fields.authors_of(_authors(result)),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(_venue(result, book), cleaning.MAX_VENUE_CHARACTERS),
        type=_type(result, book, code, kinds),
        identifiers=fields.identifiers_of(
            ("doi", result.get("doi")),
            ("pmid", result.get("pmid") or (name if code == "MED" else None)),
            ("pmcid", result.get("pmcid") or (name if code == "PMC" else None)),
        ),
        url=f"{HOME}{code}/{name}",
        open_access=_open_access(result),
        citation_count=fields.count_of(result.get("citedByCount")),
        retracted=_is_retracted(result, kinds),
    )


def _name(result: dict[str, object]) -> tuple[str, str]:
    code, name = (fields.text_of(result.get(key)) or "" for key in ("source", "id"))
    if not (_SOURCE_CODE.fullmatch(code) and _ID.fullmatch(name)):
        raise Rejected("the record has no name in Europe PMC (a source such as MED, and an id)")
    return code, name


def _title(result: dict[str, object]) -> str:
    title = pubmed_fields.bare_title(result.get("title"))
    if title is None:
        raise Rejected("the record has no title")
    return title


def _abstract(value: object) -> str | None:
    """The sections in one text, each led in by its heading, as `records.pubmed_fields` has them."""

    def lead(heading: re.Match[str]) -> str:
        label = heading[1].strip().rstrip(":").rstrip()
        return " " if label.casefold() in LABELS_THAT_SAY_NOTHING else f" {label}: "

    return cleaning.plain_abstract(_HEADING.sub(lead, value)) if isinstance(value, str) else None


def _authors(result: dict[str, object]) -> list[Author | None]:
    listed = fields.items_of(fields.members_of(result.get("authorList")).get("author"))
    if listed:
        return [_author(fields.members_of(entry)) for entry in listed[: fields.MAX_AUTHORS]]
    names = (fields.text_of(result.get("authorString")) or "").strip().removesuffix(".").split(", ")
    return [_short_author(name) for name in names[: fields.MAX_AUTHORS]]


def _author(entry: dict[str, object]) -> Author | None:
    identifier = fields.members_of(entry.get("authorId"))
    orcid = identifier.get("value") if identifier.get("type") == "ORCID" else None
    group = fields.text_of(entry.get("collectiveName"))
    family = fields.text_of(entry.get("lastName"))
    if group or not family:
        return fields.author_of(name=group or entry.get("fullName"), orcid=orcid)
    return fields.author_of(given=entry.get("firstName") or entry.get("initials"), family=family, orcid=orcid)


def _short_author(text: str) -> Author | None:
    """`Haas-Kogan DA` is a person, anything else a name as it stands."""
    found = _SHORT_NAME.fullmatch(text.strip())
    if found and found[2].isupper():
        return fields.author_of(given=found[2], family=found[1])
    return fields.author_of(name=text)


def _date(result: dict[str, object], book: dict[str, object]) -> str | None:
    """The first publication; a day that Europe PMC made up for a month or a year of an issue is left off.

    The year of a book, which may have begun decades before the chapter, counts only where nothing else is told.
    """
    first = fields.date_of(result.get("firstPublicationDate"))
    issue = fields.members_of(result.get("journalInfo"))
    printed = pubmed_fields.date_in(fields.text_of(issue.get("dateOfPublication")))
    is_of_issue = first == fields.date_of(issue.get("printPublicationDate"))
    is_of_day = first == fields.date_of(result.get("electronicPublicationDate"))
    if first and printed and is_of_issue and not is_of_day and first.startswith(printed):
        return printed
    year = fields.year_of(result.get("pubYear")) or fields.year_of(book.get("yearOfPublication"))
    return first or printed or (f"{year:04}" if year else None)


def _venue(result: dict[str, object], book: dict[str, object]) -> object:
    """The journal, the book around a chapter, or the server of a preprint."""
    journal = fields.members_of(fields.members_of(result.get("journalInfo")).get("journal"))
    names = (
        *(journal.get(key) for key in ("title", "isoabbreviation", "medlineAbbreviation")),
        *(result.get(key) for key in ("journalTitle", "journalAbbreviation")),
        book.get("comprisingTitle"),
        book.get("publisher") if result.get("source") == PREPRINTS else None,
    )
    return next((name for name in names if name), None)


def _kinds(result: dict[str, object]) -> frozenset[str]:
    """The kinds of publication in lower case."""
    listed = fields.items_of(fields.members_of(result.get("pubTypeList")).get("pubType"))
    told = listed or (fields.text_of(result.get("pubType")) or "").split(";")
    return frozenset(kind.strip().lower() for kind in told if isinstance(kind, str))


def _type(result: dict[str, object], book: dict[str, object], code: str, kinds: frozenset[str]) -> str | None:
    """What it is in Crossref's words; reviews, letters and news count as what stands in a journal."""
    if code in _CODES:
        return _CODES[code]
    kind = next((_KINDS[name] for name in _KINDS if name in kinds), None)
    if kind or _BOOK not in kinds:
        return kind or (_ARTICLE if kinds - {""} else None)
    return (
        "book-chapter" if book.get("comprisingTitle") and _title(result) != book["comprisingTitle"] else _BOOK
    )


def _open_access(result: dict[str, object]) -> OpenAccess:
    licence = _licence(result.get("license"))
    links = fields.items_of(fields.members_of(result.get("fullTextUrlList")).get("fullTextUrl"))
    free = [
        link
        for link in map(fields.members_of, links)
        if fields.text_of(link.get("availabilityCode")) in _FREE
    ]
    is_free = bool(free) or (licence or "").startswith(("cc-", "cc0"))
    if not is_free and result.get("isOpenAccess") != "Y":
        return OpenAccess(license=licence)
    addresses = [
        address for link in sorted(free, key=_link_rank) if (address := fields.url_of(link.get("url")))
    ]
    return OpenAccess(is_oa=True, url=next(iter(addresses), None), license=licence)


def _link_rank(link: dict[str, object]) -> tuple[int, int]:
    """Open access before what is free for now, a page before its PDF before what only leads there."""
    style = link.get("documentStyle")
    places = [place for place, name in enumerate(_STYLES) if name == style]
    return _FREE[str(link.get("availabilityCode"))], next(iter(places), len(_STYLES))


def _licence(value: object) -> str | None:
    """`cc by-nc` is `cc-by-nc`, as the other sources have it."""
    name = (fields.plain_of(value, cleaning.MAX_NAME_CHARACTERS) or "").lower()
    return (name.replace(" ", "-") if name.startswith("cc") else name) or None


def _is_retracted(result: dict[str, object], kinds: frozenset[str]) -> bool:
    """True where the work itself was taken back; the notice that takes another one back is none."""
    comments = fields.items_of(
        fields.members_of(result.get("commentCorrectionList")).get("commentCorrection")
    )
    told = (str(fields.members_of(comment).get("type")).strip().lower() for comment in comments)
    return bool(kinds & _RETRACTED) or any(kind in _RETRACTING for kind in told)
