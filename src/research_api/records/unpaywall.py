"""A work as Unpaywall gives it.

Source: Unpaywall, "Data Format" (unpaywall.org/data-format, read 2026-11), DOI object and OA location object.
Read: doi, doi_url, title, z_authors, year, published_date, journal_name, genre, is_oa, best_oa_location and
oa_locations. Not read: ISSNs, publisher, the colour of the access, evidence, and the ids of copies (pmh_id, addresses
in PMC and arXiv): many copies are found by their title, and an id is no place for a guess.
"""

from __future__ import annotations

from research_api.domain.identifiers import normalise_doi
from research_api.domain.works import Author, OpenAccess, Record
from research_api.records import cleaning, fields, retractions
from research_api.records.errors import Rejected

SOURCE = "unpaywall"


def to_record(work: dict[str, object]) -> Record:
    """The record that Unpaywall names by its DOI. Raises Rejected without a DOI or a title."""
    doi = normalise_doi(cleaning.clean_text(fields.text_of(work.get("doi")) or ""))
    if doi is None:
        raise Rejected("the record has no well-formed DOI")
    title = fields.title_of(work.get("title"))
    date = fields.date_of(work.get("published_date"))
    year = fields.year_of(work.get("year")) or (int(date[:4]) if date else None)
    return Record(
        source=SOURCE,
        source_id=doi,
        title=title,
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(work.get("z_authors"))),
        year=year,
        date=date or (f"{year:04}" if year else None),
        venue=fields.plain_of(work.get("journal_name"), cleaning.MAX_VENUE_CHARACTERS),
        type=fields.type_of(work.get("genre")),
        identifiers=fields.identifiers_of(("doi", doi)),
        url=fields.url_of(work.get("doi_url")) or f"https://doi.org/{doi}",
        open_access=_open_access(work),
        retracted=retractions.is_marked(title),
    )


def _author(entry: object) -> Author | None:
    """A person in parts as Crossref has them, or by the name as it stands on the work."""
    person = fields.members_of(entry)
    return fields.author_of(
        name=person.get("name"),
        given=person.get("given"),
        family=person.get("family"),
        orcid=person.get("ORCID"),
    ) or fields.author_of(name=person.get("raw_author_name"))


def _open_access(work: dict[str, object]) -> OpenAccess:
    """Where the best free copy is, and its licence; of a location the PDF before the page."""
    is_oa = work.get("is_oa")
    if is_oa is not True:
        return OpenAccess(is_oa=False if is_oa is False else None)
    locations = [work.get("best_oa_location"), *fields.items_of(work.get("oa_locations"))]
    for location in map(fields.members_of, locations):
        addresses = (location.get(key) for key in ("url_for_pdf", "url", "url_for_landing_page"))
        url = next((url for url in map(fields.url_of, addresses) if url), None)
        if url:
            licence = fields.plain_of(location.get("license"), cleaning.MAX_NAME_CHARACTERS)
            return OpenAccess(is_oa=True, url=url, license=licence.lower() if licence else None)
    return OpenAccess(is_oa=True)
