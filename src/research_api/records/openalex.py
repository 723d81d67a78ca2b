"""A work as OpenAlex gives it.

Source: OpenAlex API reference, "Work object" and "Work types" (developers.openalex.org/api-reference,
read 2026-11).
Read: id, doi, ids, title or display_name, abstract_inverted_index, authorships, publication_year,
publication_date, primary_location, locations (for the arXiv id), type and type_crossref, open_access,
best_oa_location, cited_by_count, is_retracted, referenced_works. Not read: affiliations, concepts, topics,
keywords, counts by year, funders, the MAG id.
"""

from __future__ import annotations

import re

from research_api.domain.identifiers import normalise
from research_api.domain.works import WORK_TYPES, Author, Identifier, OpenAccess, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

SOURCE = "openalex"

_WORK_ADDRESS = re.compile(r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?W[1-9]\d{0,11}", re.IGNORECASE)
_ARXIV_PAGE = re.compile(r"https?://(?:www\.)?arxiv\.org/(?:abs|pdf)/([^\s?#]{1,60})", re.IGNORECASE)
_ARXIV_DOI = re.compile(r"(?:https?://(?:dx\.)?doi\.org/)?10\.48550/arxiv\.(\S{1,60})", re.IGNORECASE)

# From "Work types" to Crossref's types; types of Crossref's own stay, `_article_type` tells articles apart.
_TYPES = {
    "book-review": "journal-article",
    "case-report": "journal-article",
    "conference-abstract": "proceedings-article",
    "conference-paper": "proceedings-article",
    "data-paper": "journal-article",
    "editorial": "journal-article",
    "erratum": "journal-article",
    "letter": "journal-article",
    "libguides": "other",
    "paratext": "other",
    "preprint": "posted-content",
    "retraction": "journal-article",
    "review": "journal-article",
    "software": "other",
    "supplementary-materials": "component",
}
_ARTICLE_TYPES = {"conference": "proceedings-article", "book series": "book-chapter", "repository": "other"}


# a type of ours that OpenAlex may call an article, as far as `_article_type` goes
_MAYBE_ARTICLES = frozenset(
    {"journal-article", "proceedings-article", "book-chapter", "posted-content", "other"}
)


def types_told_as(wanted: str) -> tuple[str, ...]:
    """All of OpenAlex's types that a work may have there whose record then has the wanted type of Crossref's."""
    own = [name for name, told in _TYPES.items() if told == wanted]
    return (wanted, *(["article"] if wanted in _MAYBE_ARTICLES else []), *own)


def to_record(work: dict[str, object]) -> Record:
    """The record that OpenAlex names by its W id. Raises Rejected without such an id or a title.

    The year and date are those of publication as OpenAlex gives them; the address is that of the primary
    location.
    """
    source_id = _work_id(work.get("id"))
    place = fields.members_of(work.get("primary_location"))
    venue = fields.members_of(place.get("source"))
    identifiers = _identifiers(work, source_id)
    return Record(
        source=SOURCE,
        source_id=source_id,
        title=fields.title_of(work.get("title"), work.get("display_name")),
        abstract=_abstract(work.get("abstract_inverted_index")),
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(work.get("authorships"))),
        year=fields.year_of(work.get("publication_year")),
        date=fields.date_of(work.get("publication_date")),
        venue=fields.plain_of(venue.get("display_name"), cleaning.MAX_VENUE_CHARACTERS),
        type=_type(work, place, fields.text_of(venue.get("type"))),
        identifiers=identifiers,
        url=fields.url_of(place.get("landing_page_url")) or fields.url_of(work.get("doi")),
        open_access=_open_access(work),
        citation_count=fields.count_of(work.get("cited_by_count")),
        retracted=work.get("is_retracted") is True,
        references=fields.references_of(
            "openalex", map(_last_part, fields.items_of(work.get("referenced_works")))
        ),
    )


def _work_id(value: object) -> str:
    text = value.strip() if isinstance(value, str) else ""
    found = normalise("openalex", text) if _WORK_ADDRESS.fullmatch(text) else None
    if found is None:
        raise Rejected("the record has no OpenAlex work id (https://openalex.org/W and digits)")
    return found


def _abstract(index: object) -> str | None:
    """The words in the order of their positions; a position that no word has leaves no gap."""
    words = {
        position: word
        for word, positions in fields.members_of(index).items()
        if isinstance(positions, list)
        for position in positions
        if type(position) is int and position >= 0
    }
    return cleaning.plain_abstract(" ".join([words[position] for position in sorted(words)]))


def _author(entry: object) -> Author | None:
    authorship = fields.members_of(entry)
    author = fields.members_of(authorship.get("author"))
    shown = author.get("display_name") or authorship.get("raw_author_name")
    return fields.author_of(name=shown, orcid=author.get("orcid") or authorship.get("raw_orcid"))


def _type(work: dict[str, object], place: dict[str, object], venue_type: str | None) -> str | None:
    given = fields.type_of(work.get("type_crossref"))
    own = fields.text_of(work.get("type"))
    if given or own is None:
        return given
    if own == "article":
        return _article_type(place, venue_type)
    return own if own in WORK_TYPES else _TYPES.get(own)


def _article_type(place: dict[str, object], venue_type: str | None) -> str:
    """`raw_type` is Crossref's own type where the location is a DOI; else the kind of source decides."""
    raw = fields.type_of(place.get("raw_type"))
    is_doi = str(place.get("id")).startswith("doi:")
    return raw if raw and is_doi else _ARTICLE_TYPES.get(venue_type or "", "journal-article")


def _identifiers(work: dict[str, object], source_id: str) -> tuple[Identifier, ...]:
    ids = fields.members_of(work.get("ids"))
    doi = work.get("doi") or ids.get("doi")
    return fields.identifiers_of(
        ("doi", doi),
        ("pmid", _last_part(ids.get("pmid"))),
        ("pmcid", _last_part(ids.get("pmcid"))),
        ("arxiv", _arxiv_id(doi, work)),
        ("openalex", source_id),
    )


def _last_part(value: object) -> str | None:
    return value.rstrip("/").rsplit("/", 1)[-1] if isinstance(value, str) else None


def _arxiv_id(doi: object, work: dict[str, object]) -> str | None:
    """The first arXiv id among the DOI and the addresses of the locations."""
    places = [work.get("primary_location"), *fields.items_of(work.get("locations"))]
    addresses = [doi]
    for place in map(fields.members_of, places):
        addresses += [place.get("landing_page_url"), place.get("pdf_url")]
    for address in addresses:
        text = address.strip().lower() if isinstance(address, str) else ""
        if "arxiv." in text and (found := _ARXIV_DOI.fullmatch(text) or _ARXIV_PAGE.match(text)):
            return normalise("arxiv", found[1])
    return None


def _open_access(work: dict[str, object]) -> OpenAccess:
    """Where the free copy is, only where there is one; the licence is that of the best open location."""
    stated = fields.members_of(work.get("open_access"))
    best = fields.members_of(work.get("best_oa_location"))
    is_oa = stated.get("is_oa")
    if is_oa is not True:
        return OpenAccess(is_oa=False if is_oa is False else None)
    addresses = (stated.get("oa_url"), best.get("pdf_url"), best.get("landing_page_url"))
    licence = fields.plain_of(best.get("license"), cleaning.MAX_NAME_CHARACTERS)
    return OpenAccess(
        is_oa=True,
        url=next((url for url in map(fields.url_of, addresses) if url), None),
        license=licence.lower() if licence else None,
    )
