"""Whether two records without a common identifier tell of one work, or of two versions of one.

Rather two works too many than one work lost: each rule below stands for pairs that were seen, and a pair that only
looks alike stays apart.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import urlsplit

from rapidfuzz.fuzz import token_set_ratio

from research_api.domain.names import ListMatch, compare_authors
from research_api.domain.text import fold
from research_api.domain.titles import TitleMatch, compare_titles, title_form
from research_api.domain.venues import VenueMatch, are_of_other_years, compare_venues
from research_api.domain.works import Record

# a preprint is out some years before the article, and now and then put online after it
_YEARS_TO_PUBLICATION = range(-2, 7)

# of one kind where sources classify one publication now as this, now as that
_KINDS = {
    "book": "book", "monograph": "book", "edited-book": "book", "reference-book": "book", "book-set": "book",
    "proceedings": "book", "journal-article": "article", "proceedings-article": "article", "report": "report",
    "book-chapter": "chapter", "book-part": "chapter", "book-section": "chapter", "reference-entry": "chapter",
    "dissertation": "dissertation", "dataset": "dataset", "database": "dataset", "peer-review": "peer-review",
    "standard": "standard", "component": "component", "posted-content": "preprint",
}  # fmt: skip
# sources disagree about these: a paper of proceedings is a chapter of a book where the volume has an ISBN
_ALIKE_KINDS = frozenset({frozenset({"article", "chapter"}), frozenset({"report", "book"})})

# fewer words before a subtitle are the name of a thing, of which there may be several papers
_TELLING_WORDS = 3
_COMPARED_CHARACTERS = 600


def likeness(one: Record, other: Record) -> int:
    """How surely the two, which share no identifier, are one publication; 0: they are not taken for one.

    Title, year and first author must agree; where one of them agrees only nearly, or the title is short, other
    things must speak for it too. What contradicts (authors, venue, type, abstract, address) forbids.
    """
    if one.year is None or other.year is None or abs(one.year - other.year) > 1:
        return 0
    titles, people = _titles_and_people(one, other)
    if not titles or not people or _is_of_other_kind(one, other) or _is_at_other_address(one, other):
        return 0
    venues = compare_venues(one.venue or "", other.venue or "")
    texts = _texts(one.abstract, other.abstract)
    if venues is VenueMatch.DIFFERENT or texts is VenueMatch.DIFFERENT:
        return 0
    if one.venue and other.venue and are_of_other_years(one.venue, other.venue):
        return 0
    same_text = texts is VenueMatch.SAME
    same_venue = venues is VenueMatch.SAME
    several = people is ListMatch.ALL and len(one.authors) > 1
    is_long = _is_telling(titles, one, other)
    if not _is_certain(titles, is_long, several, same_venue, same_text):
        return 0
    if one.year != other.year and not (titles is TitleMatch.SAME and is_long and (several or same_text)):
        return 0
    return 4 * titles + 4 * same_text + 2 * same_venue + people + (one.year == other.year)


def is_version(preprint: Record, published: Record) -> int:
    """How surely the preprint is of the publication; 0: it is not taken for one.

    Titles change a little on the way, venues and types always do.
    """
    if preprint.year is None or published.year is None:
        return 0
    if published.year - preprint.year not in _YEARS_TO_PUBLICATION:
        return 0
    titles, people = _titles_and_people(preprint, published)
    if not titles or not people or title_form(published.title).kinds - title_form(preprint.title).kinds:
        return 0
    texts = _texts(preprint.abstract, published.abstract)
    if texts is VenueMatch.DIFFERENT and titles is not TitleMatch.SAME:
        return 0
    same_text = texts is VenueMatch.SAME
    several = people is ListMatch.ALL and len(preprint.authors) > 1
    if not _is_certain(titles, _is_telling(titles, preprint, published), several, False, same_text):
        return 0
    return 4 * titles + 4 * same_text + people


def is_preprint(record: Record) -> bool:
    """True where the record tells of a manuscript that was posted, not of the publication.

    Also where a source calls what only arXiv has an article: no other place has given it an identifier.
    """
    if record.type == "posted-content":
        return True
    given = {one.scheme for one in record.identifiers if one.scheme != "doi" or not _is_of_arxiv(one.value)}
    return "arxiv" in given and not given & {"doi", "pmid", "pmcid"}


def _titles_and_people(one: Record, other: Record) -> tuple[TitleMatch, ListMatch]:
    mine, theirs = title_form(one.title), title_form(other.title)
    if mine.is_generic or theirs.is_generic:
        return TitleMatch.NONE, ListMatch.DIFFERENT
    titles = compare_titles(mine, theirs)
    return titles, compare_authors(one.authors, other.authors) if titles else ListMatch.DIFFERENT


def _is_telling(titles: TitleMatch, one: Record, other: Record) -> bool:
    mine, theirs = title_form(one.title), title_form(other.title)
    if titles is TitleMatch.WITHOUT_SUBTITLE:
        return min(len(mine.words), len(theirs.words)) >= _TELLING_WORDS
    return mine.is_long and theirs.is_long


def _is_certain(titles: TitleMatch, is_long: bool, several: bool, same_venue: bool, same_text: bool) -> bool:
    """Whether enough speaks for the pair, year and first author given."""
    if titles is TitleMatch.SAME:
        return is_long or several or same_venue or same_text
    if titles is TitleMatch.SLIP:
        return several or same_venue or same_text
    if titles is TitleMatch.MISTYPED:
        # of methane and of ethane, of insulin and of inulin the same people write in one year
        return same_venue or same_text
    if titles is TitleMatch.SIMILAR:
        return same_text
    return several and (same_text or is_long)


def _is_of_other_kind(one: Record, other: Record) -> bool:
    if is_preprint(one) != is_preprint(other):
        return True
    kinds = frozenset({_KINDS.get(one.type or "", ""), _KINDS.get(other.type or "", "")})
    return len(kinds) == 2 and "" not in kinds and kinds not in _ALIKE_KINDS and not is_preprint(one)


def _is_at_other_address(one: Record, other: Record) -> bool:
    """One site that shows them on two pages has two works, such as X96-1007 and X96-1046 of one volume."""
    if not one.url or not other.url or is_preprint(one):
        return False
    mine, theirs = urlsplit(one.url), urlsplit(other.url)
    return mine.netloc.lower() == theirs.netloc.lower() and (mine.path.strip("/").lower(), mine.query) != (
        theirs.path.strip("/").lower(),
        theirs.query,
    )


def _texts(one: str | None, other: str | None) -> VenueMatch:
    if not one or not other:
        return VenueMatch.UNKNOWN
    return _compared(one[:_COMPARED_CHARACTERS], other[:_COMPARED_CHARACTERS])


@lru_cache(maxsize=1024)
def _compared(one: str, other: str) -> VenueMatch:
    alike = token_set_ratio(fold(one), fold(other))
    if alike >= 85:
        return VenueMatch.SAME
    return VenueMatch.DIFFERENT if alike < 55 and min(len(one), len(other)) > 200 else VenueMatch.UNKNOWN


def _is_of_arxiv(doi: str) -> bool:
    return doi.startswith("10.48550/arxiv.")
