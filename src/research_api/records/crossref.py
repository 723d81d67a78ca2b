"""A work as Crossref gives it.

Source: Crossref REST API, GET /works and GET /works/{doi} (api.crossref.org, format documented in
github.com/CrossRef/rest-api-doc, api_format.md; read 2026-11).
Read: DOI, title, original-title, subtitle, abstract, author, container-title, type, URL, license,
published-print, published-online, published-other, published, issued, posted, approved,
is-referenced-by-count, updated-by, update-to, and of each reference its DOI.
Not read: editors, affiliations, funders, references without a DOI, ISSN and ISBN, pages, `created` (the day the DOI was
registered).
"""

from __future__ import annotations

from research_api.domain.identifiers import normalise_doi
from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import cleaning, fields, retractions, titles
from research_api.records.errors import Rejected
from research_api.records.licences import creative_commons_name

SOURCE = "crossref"

_DATES = ("published-print", "published-online", "published-other", "published", "issued", "posted")
# standards and dissertations have no other date
_LAST_DATE = "approved"
_UNKNOWN_PART = 99
# Of Crossref's update types those that take the whole work back.
# Source: Crossref, "Version control, corrections, and retractions" (read 2026-11)
_TAKEN_BACK = frozenset({"retraction", "withdrawal", "removal"})


def to_record(item: dict[str, object]) -> Record:
    """The record that Crossref names by its DOI. Raises Rejected without a DOI or a title.

    The year is the earliest that any date of publication gives, or None; the date is that of the same year,
    as exact as Crossref has it. is_oa is true under a Creative Commons licence, else not said.
    """
    doi = normalise_doi(cleaning.clean_text(fields.text_of(item.get("DOI")) or ""))
    if doi is None:
        raise Rejected("the record has no well-formed DOI")
    title = _title(item)
    date = _earliest_date(item)
    url = fields.url_of(item.get("URL"))
    return Record(
        source=SOURCE,
        source_id=doi,
        title=title,
        abstract=fields.abstract_of(item.get("abstract")),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(item.get("author"))),
        year=int(date[:4]) if date else None,
        date=date,
        venue=fields.plain_of(_first(item.get("container-title")), cleaning.MAX_VENUE_CHARACTERS),
        type=fields.type_of(item.get("type")),
        identifiers=fields.identifiers_of(("doi", doi)),
        url=url,
        open_access=_open_access(item, url),
        citation_count=fields.count_of(item.get("is-referenced-by-count")),
        retracted=_is_retracted(item, doi, title),
        references=fields.references_of("doi", map(_cited_doi, fields.items_of(item.get("reference")))),
    )


def _cited_doi(entry: object) -> str:
    """Without the blanks of a line that was broken inside it: 6 of 12,964 recorded references (read 2026-11)."""
    return "".join((fields.text_of(fields.members_of(entry).get("DOI")) or "").split())


def _first(value: object) -> object:
    """The first of the texts, where Crossref gives a list of them."""
    texts = [text for text in fields.items_of(value) if isinstance(text, str) and text.strip()]
    return texts[0] if texts else fields.text_of(value)


def _title(item: dict[str, object]) -> str:
    """`Title: Subtitle`; a subtitle that only repeats words of the title is left out."""
    title = fields.title_of(_first(item.get("title")), _first(item.get("original-title")))
    subtitle = fields.plain_of(_first(item.get("subtitle")), cleaning.MAX_TITLE_CHARACTERS)
    return titles.with_subtitle(title, subtitle)


def _author(entry: object) -> Author | None:
    """A person by given and family name, or an organisation by `name`."""
    person = fields.members_of(entry)
    family = " ".join(part for part in (person.get("family"), person.get("suffix")) if isinstance(part, str))
    return fields.author_of(
        name=person.get("name"), given=person.get("given"), family=family, orcid=person.get("ORCID")
    )


def _earliest_date(item: dict[str, object]) -> str | None:
    dates = [date for key in _DATES if (date := _parts(item.get(key)))]
    earliest = min(dates, default=None) or _parts(item.get(_LAST_DATE))
    if earliest is None:
        return None
    year, month, day = earliest
    return "-".join([f"{year:04}", *(f"{part:02}" for part in (month, day) if part != _UNKNOWN_PART)])


def _parts(value: object) -> tuple[int, int, int] | None:
    """(year, month, day); what is missing or in no calendar counts as late, so that exact dates win."""
    outer = fields.items_of(fields.members_of(value).get("date-parts"))
    parts: list[int] = []
    for part in fields.items_of(outer[0])[:3] if outer else []:
        if isinstance(part, bool) or not isinstance(part, int):
            break
        parts.append(part)
    while parts and not fields.is_date(*parts):
        parts.pop()
    year, month, day = [*parts, *[_UNKNOWN_PART] * (3 - len(parts))]
    return (year, month, day) if parts else None


def _open_access(item: dict[str, object], url: str | None) -> OpenAccess:
    """Open under a Creative Commons licence without delay; other licences say nothing about access."""
    for entry in fields.items_of(item.get("license")):
        licence = fields.members_of(entry)
        name = creative_commons_name(fields.text_of(licence.get("URL")))
        if name and not fields.count_of(licence.get("delay-in-days")):
            return OpenAccess(is_oa=True, url=url, license=name)
    return OpenAccess()


def _is_retracted(item: dict[str, object], doi: str, title: str) -> bool:
    """True where the work itself was taken back.

    `update-to` names the work that a notice is about; notices may carry the title of that work with its mark.
    """
    if any(_takes_back(update) for update in fields.items_of(item.get("updated-by"))):
        return True
    targets = [
        normalise_doi(fields.text_of(fields.members_of(update).get("DOI")))
        for update in fields.items_of(item.get("update-to"))
        if _takes_back(update)
    ]
    return doi in targets or (not targets and retractions.is_marked(title))


def _takes_back(update: object) -> bool:
    return str(fields.members_of(update).get("type")).lower() in _TAKEN_BACK
