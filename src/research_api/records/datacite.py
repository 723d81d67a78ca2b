"""A work as DataCite gives it.

Source: DataCite REST API, GET /dois and GET /dois/{doi} (support.datacite.org/docs/api, support.datacite.org/reference/
get_dois; read 2026-11) and the DataCite Metadata Schema 4.7 (datacite-metadata-schema.readthedocs.io, read 2026-11).
Read: doi, identifiers, alternateIdentifiers, titles, descriptions (Abstract), creators with nameIdentifiers (ORCID),
publicationYear, published, dates, container, publisher, types, rightsList, url, contentUrl, citationCount,
relatedIdentifiers and relatedItems (References, Cites), relationships.references.
Not read: contributors, subjects, sizes and formats, places, funders, other relations between works, usage counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from research_api.domain.identifiers import normalise_doi
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import cleaning, fields, names, retractions, titles
from research_api.records.datacite_types import type_of
from research_api.records.errors import Rejected
from research_api.records.licences import creative_commons_name

SOURCE = "datacite"

_ARXIV_DOI = re.compile(r"10\.48550/arxiv\.(\S{1,60})")
# what stands where nobody knows. Source: DataCite Metadata Schema 4.7, appendix "Standard values for unknown
# information" (read 2026-11)
_UNKNOWN = re.compile(r"\(?:(?:unac|unal|unap|unas|unav|unkn|none|null|tba|etal)\)?", re.IGNORECASE)
_DATES_OF_PUBLICATION = ("Issued", "Available")
# the day on which the work was taken away. Source: the same, appendix "dateType" (read 2026-11)
_DATE_OF_REMOVAL = "Withdrawn"
_REFERRING = frozenset({"References", "Cites"})
_SCHEMES = {"arxiv": "arxiv", "doi": "doi", "pmid": "pmid", "pmcid": "pmcid"}
# addresses that resolve a DOI name it; `normalise` takes no other
_REFERENCE_SCHEMES = {**_SCHEMES, "url": "doi"}
# Source: COAR / OpenAIRE "info:eu-repo-Access-Terms" vocabulary (read 2026-11)
_ACCESS_TERMS = re.compile(
    r"info:eu-repo/semantics/(open|closed|restricted|embargoed)Access/?", re.IGNORECASE
)
_SPDX_CREATIVE_COMMONS = re.compile(r"(cc0|cc-by(?:-(?:nc|nd|sa))*)-\d", re.IGNORECASE)


def to_record(item: dict[str, object]) -> Record:
    """The record that DataCite names by its DOI. Raises Rejected without a DOI or a title.

    item: one of `data`. The year is publicationYear, else that of a date of publication; the date is the most exact one
    in that year. A work stands in its container, or else with its publisher. Withdrawn works count as retracted.
    """
    told = fields.members_of(item.get("attributes"))
    doi = normalise_doi(
        cleaning.clean_text(fields.text_of(told.get("doi")) or fields.text_of(item.get("id")) or "")
    )
    if doi is None:
        raise Rejected("the record has no well-formed DOI")
    title = _title(told)
    dates = _dates(told)
    year = fields.year_of(told.get("publicationYear")) or (int(dates[0][:4]) if dates else None)
    url = fields.url_of(told.get("url")) or f"https://doi.org/{doi}"
    return Record(
        source=SOURCE,
        source_id=doi,
        title=title,
        abstract=_abstract(told),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(told.get("creators"))),
        year=year,
        date=_date(year, dates),
        venue=_venue(told),
        type=type_of(fields.members_of(told.get("types"))),
        identifiers=_identifiers(told, doi),
        url=url,
        open_access=_open_access(told, url),
        citation_count=fields.count_of(told.get("citationCount")),
        retracted=_is_withdrawn(told) or retractions.is_marked(title),
        references=references_of(item),
    )


def references_of(item: dict[str, object]) -> tuple[Identifier, ...]:
    """What the work refers to: as it says itself, and as DataCite has gathered it; each once, 5,000 at most."""
    told = fields.members_of(item.get("attributes"))
    said = fields.identifiers_of(*islice(_referred(told), fields.MAX_REFERENCES))
    found = dict.fromkeys([*said, *linked_dois(item, "references")])
    own = fields.identifiers_of(("doi", told.get("doi")), ("doi", item.get("id")))
    return tuple(each for each in found if each not in own)[: fields.MAX_REFERENCES]


def linked_dois(item: dict[str, object], relation: str) -> tuple[Identifier, ...]:
    """The DOIs of one of the work's relationships, `references` or `citations`; each once, 5,000 at most."""
    related = fields.members_of(fields.members_of(item.get("relationships")).get(relation))
    entries = fields.items_of(related.get("data"))
    return fields.references_of("doi", (fields.members_of(entry).get("id") for entry in entries))


def _known(value: object, max_characters: int) -> str | None:
    """The text without markup, None also where it is a code for `nobody knows`."""
    text = fields.plain_of(value, max_characters)
    return None if text is None or _UNKNOWN.fullmatch(text) else text


def _title(told: dict[str, object]) -> str:
    """The first title of no special type, else the first there is; with its subtitle."""
    entries = [fields.members_of(entry) for entry in fields.items_of(told.get("titles"))]
    found = [
        (entry.get("titleType"), _known(entry.get("title"), cleaning.MAX_TITLE_CHARACTERS))
        for entry in entries
    ]
    main = [text for kind, text in found if text and not kind]
    other = [text for kind, text in found if text and kind != "Subtitle"]
    title = fields.title_of(*main, *other)
    return titles.with_subtitle(
        title, next((text for kind, text in found if text and kind == "Subtitle"), None)
    )


def _abstract(told: dict[str, object]) -> str | None:
    for entry in map(fields.members_of, fields.items_of(told.get("descriptions"))):
        text = entry.get("description")
        if entry.get("descriptionType") == "Abstract" and isinstance(text, str):
            abstract = cleaning.plain_abstract(text)
            if abstract and not _UNKNOWN.fullmatch(abstract):
                return abstract
    return None


def _author(entry: object) -> Author | None:
    """A person in parts where these are given; a name in one piece is turned only where it is a person's."""
    person = fields.members_of(entry)
    name = _known(person.get("name"), cleaning.MAX_NAME_CHARACTERS)
    orcid = _orcid(person)
    if person.get("givenName") or person.get("familyName"):
        found = fields.author_of(given=person.get("givenName"), family=person.get("familyName"), orcid=orcid)
        if found:
            return found
    if person.get("nameType") == "Personal":
        return names.person_of(name, orcid)
    return fields.author_of(name=name, orcid=orcid)


def _orcid(person: dict[str, object]) -> str | None:
    for entry in map(fields.members_of, fields.items_of(person.get("nameIdentifiers"))):
        if str(entry.get("nameIdentifierScheme")).upper() == "ORCID":
            found = fields.orcid_of(entry.get("nameIdentifier"))
            if found:
                return found
    return None


def _dates(told: dict[str, object]) -> list[str]:
    """The dates of publication; of a span its start, of a point in time its day."""
    entries = [fields.members_of(entry) for entry in fields.items_of(told.get("dates"))]
    given = [
        entry.get("date")
        for kind in _DATES_OF_PUBLICATION
        for entry in entries
        if entry.get("dateType") == kind
    ]
    texts = [
        re.split("[T/ ]", text.strip(), maxsplit=1)[0]
        for text in [*given, told.get("published")]
        if isinstance(text, str)
    ]
    return [date for date in map(fields.date_of, texts) if date]


def _date(year: int | None, dates: list[str]) -> str | None:
    if year is None:
        return None
    return max((date for date in dates if int(date[:4]) == year), key=len, default=f"{year:04}")


def _venue(told: dict[str, object]) -> str | None:
    """The title of what contains the work, or who publishes it: a text, or an object with a name."""
    publisher = told.get("publisher")
    values = (
        fields.members_of(told.get("container")).get("title"),
        publisher if isinstance(publisher, str) else fields.members_of(publisher).get("name"),
    )
    return next((text for value in values if (text := _known(value, cleaning.MAX_VENUE_CHARACTERS))), None)


def _identifiers(told: dict[str, object], doi: str) -> tuple[Identifier, ...]:
    """The DOI, and the first arXiv id, PMID and PMC id that the work itself is said to have."""
    pairs: list[tuple[str, object]] = [("doi", doi)]
    arxiv = _ARXIV_DOI.fullmatch(doi)
    pairs += [("arxiv", arxiv[1])] if arxiv else []
    for key in ("identifier", "alternateIdentifier"):
        for entry in map(fields.members_of, fields.items_of(told.get(f"{key}s"))):
            scheme = _SCHEMES.get(str(entry.get(f"{key}Type")).lower())
            pairs += [(scheme, entry.get(key))] if scheme and scheme != "doi" else []
    first: dict[str, Identifier] = {}
    for identifier in fields.identifiers_of(*pairs):
        first.setdefault(identifier.scheme, identifier)
    return tuple(first.values())


def _open_access(told: dict[str, object], url: str) -> OpenAccess:
    """Open under a Creative Commons licence, or where info:eu-repo's words say so; the file before the page."""
    terms: set[str] = set()
    licences: list[str] = []
    is_free = False
    for rights in map(fields.members_of, fields.items_of(told.get("rightsList"))):
        address = fields.text_of(rights.get("rightsUri")) or fields.text_of(rights.get("rightsURI"))
        access = _ACCESS_TERMS.fullmatch((address or fields.text_of(rights.get("rights")) or "").strip())
        terms |= {access[1].lower()} if access else set()
        name = fields.plain_of(rights.get("rightsIdentifier"), cleaning.MAX_NAME_CHARACTERS)
        spdx = _SPDX_CREATIVE_COMMONS.match(name or "")
        free = creative_commons_name(address) or (spdx[1].lower() if spdx else None)
        is_free = is_free or free is not None
        licences += [each.lower() for each in (free or name,) if each]
    licence = licences[0] if licences else None
    if is_free or "open" in terms:
        contents = told.get("contentUrl")
        files = map(fields.url_of, contents if isinstance(contents, list) else [contents])
        return OpenAccess(is_oa=True, url=next((file for file in files if file), url), license=licence)
    return OpenAccess(is_oa=False if terms else None, license=licence)


def _is_withdrawn(told: dict[str, object]) -> bool:
    entries = map(fields.members_of, fields.items_of(told.get("dates")))
    return any(entry.get("dateType") == _DATE_OF_REMOVAL for entry in entries)


def _referred(told: dict[str, object]) -> Iterator[tuple[str, object]]:
    for entry in map(fields.members_of, fields.items_of(told.get("relatedIdentifiers"))):
        scheme = _REFERENCE_SCHEMES.get(str(entry.get("relatedIdentifierType")).lower())
        if scheme and fields.text_of(entry.get("relationType")) in _REFERRING:
            yield scheme, entry.get("relatedIdentifier")
    for entry in map(fields.members_of, fields.items_of(told.get("relatedItems"))):
        named = fields.members_of(entry.get("relatedItemIdentifier"))
        scheme = _REFERENCE_SCHEMES.get(str(named.get("relatedItemIdentifierType")).lower())
        if scheme and fields.text_of(entry.get("relationType")) in _REFERRING:
            yield scheme, named.get("relatedItemIdentifier")
