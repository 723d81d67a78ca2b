"""Pairs of records that are one work without a common identifier, and pairs that only look so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from research_api.domain.likeness import is_preprint, is_version, likeness
from research_api.domain.works import Author, Identifier, Record

TITLE = "Molecular dynamics of nitrate uptake in wheat: the role of transporters"
ONE = Record(
    "crossref",
    "1",
    TITLE,
    authors=(Author("Jürgen Müller", "Jürgen", "Müller"), Author("Ana de la Cruz", "Ana", "de la Cruz")),
    year=2015,
    venue="Journal of Experimental Botany",
    type="journal-article",
)
OTHER = replace(ONE, source="openalex", source_id="W1", venue=None)


def authors(*names: tuple[str, str]) -> tuple[Author, ...]:
    return tuple(Author(f"{given} {family}", given, family) for given, family in names)


@pytest.mark.parametrize(
    "title",
    [
        TITLE.upper(),
        TITLE.replace(": ", " - ") + ".",
        "Molecular dynamics of nitrate uptake in wheat",
        TITLE.replace("uptake", "<i>up</i>take").replace("wheat", "<b>wheat</b>"),
        TITLE.replace("dynamics", "dynmaics"),
        TITLE.replace("transporters", "transportters"),
        "RETRACTED ARTICLE: " + TITLE,
        "The " + TITLE,
    ],
)
def test_a_title_is_the_same_however_it_is_spelt(title: str) -> None:
    assert likeness(ONE, replace(OTHER, title=title)) > 0


@pytest.mark.parametrize(
    "title",
    [
        TITLE.replace("nitrate", "nitrite"),
        TITLE + ", part II",
        "Comment on: " + TITLE,
        "Reply to " + TITLE,
        "Erratum: " + TITLE,
        TITLE.replace("wheat", "maize"),
        TITLE + " in 2016",
        "Molecular dynamics",
    ],
)
def test_a_title_that_says_something_else_is_another_work(title: str) -> None:
    assert likeness(ONE, replace(OTHER, title=title)) == 0


@pytest.mark.parametrize(
    "names",
    [
        authors(("J.", "Müller"), ("A.", "de la Cruz")),
        authors(("Jurgen", "Muller"), ("Ana", "de la Cruz")),
        authors(("Juergen", "Mueller"), ("Ana", "Cruz")),
        authors(("Müller", "Jürgen"), ("De La Cruz", "Ana")),
        (Author("Müller J"), Author("de la Cruz A")),
        authors(("Jürgen K.", "Müller"), ("Ana", "de la Cruz")),
    ],
)
def test_a_name_is_the_same_however_it_is_spelt(names: tuple[Author, ...]) -> None:
    assert likeness(ONE, replace(OTHER, authors=names)) > 0


@pytest.mark.parametrize(
    "names",
    [
        authors(("Hans", "Müller"), ("Ana", "de la Cruz")),
        authors(("Ana", "de la Cruz"), ("Jürgen", "Müller")),
        authors(("Jürgen", "Meier"), ("Ana", "de la Cruz")),
        authors(("Jürgen", "Müller"), ("Bo", "Li"), ("Yu", "Wang")),
        (),
    ],
)
def test_other_authors_are_another_work(names: tuple[Author, ...]) -> None:
    assert likeness(ONE, replace(OTHER, authors=names)) == 0


@pytest.mark.parametrize("title", ["Introduction", "Editorial", "Book review", "Overview of the workshop"])
def test_titles_that_many_works_have_join_nothing(title: str) -> None:
    assert likeness(replace(ONE, title=title), replace(OTHER, title=title, venue=ONE.venue)) == 0


def test_a_short_title_needs_more_than_one_author_or_the_venue() -> None:
    one, other = (replace(record, title="Soil ecology", authors=ONE.authors[:1]) for record in (ONE, OTHER))

    assert likeness(one, other) == 0
    assert likeness(one, replace(other, venue="J. Exp. Bot.")) > 0
    assert likeness(replace(one, authors=ONE.authors), replace(other, authors=ONE.authors)) > 0


def test_a_year_more_or_less_is_allowed_where_the_rest_is_certain() -> None:
    alone, other_alone = replace(ONE, authors=ONE.authors[:1]), replace(OTHER, authors=ONE.authors[:1])

    assert likeness(ONE, replace(OTHER, year=2016)) > 0
    assert likeness(ONE, replace(OTHER, year=2017)) == 0
    assert likeness(alone, replace(other_alone, year=2016)) == 0


def test_meetings_of_two_years_are_not_one() -> None:
    """P14-6006 and P15-5002 are tutorials under one title, at the 52nd and the 53rd meeting."""
    first = replace(ONE, venue="Proceedings of the 52nd Annual Meeting", type="proceedings-article")
    second = replace(first, source="acl", venue="Proceedings of the 53rd Annual Meeting", year=2016)

    assert likeness(first, second) == 0


@pytest.mark.parametrize("venue", ["Annals of Internal Medicine", "Workshop on Experimental Botany Journal"])
def test_one_text_in_two_venues_is_two_works(venue: str) -> None:
    """A guideline comes out in several journals at once, a paper also at a workshop: each has its own DOI."""
    assert likeness(ONE, replace(OTHER, venue=venue)) == 0


@pytest.mark.parametrize("kind", ["book", "peer-review", "dataset", "dissertation", "posted-content"])
def test_a_book_its_review_and_its_data_are_different_works(kind: str) -> None:
    assert likeness(ONE, replace(OTHER, type=kind)) == 0


def test_texts_that_differ_tell_works_apart() -> None:
    one = replace(ONE, abstract="Roots take nitrate up by two families of transporters. " * 8)
    other = replace(OTHER, abstract="Wir messen Druck und Temperatur ferner Sterne im Winter. " * 8)

    assert likeness(one, other) == 0


def test_two_pages_of_one_site_are_two_works() -> None:
    one = replace(ONE, url="https://example.org/X96-1007")

    assert likeness(one, replace(OTHER, url="https://example.org/X96-1046")) == 0
    assert likeness(one, replace(OTHER, url="https://example.com/X96-1046")) > 0


def test_a_preprint_is_what_is_posted_or_what_only_arxiv_has() -> None:
    arxiv, own_doi = Identifier("arxiv", "1706.03762"), Identifier("doi", "10.48550/arxiv.1706.03762")

    assert is_preprint(replace(ONE, type="posted-content"))
    assert is_preprint(replace(ONE, identifiers=(arxiv, own_doi)))
    assert not is_preprint(replace(ONE, identifiers=(arxiv, Identifier("doi", "10.1000/one"))))


def test_a_preprint_may_be_some_years_older_than_its_publication() -> None:
    preprint = replace(OTHER, type="posted-content", title="Molecular dynamics of nitrate uptake in wheat")

    assert is_version(replace(preprint, year=2012), ONE) > 0
    assert is_version(replace(preprint, year=2005), ONE) == 0
    assert is_version(preprint, replace(ONE, title="Erratum: " + TITLE)) == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("methane", "ethane"),
        ("methanol", "ethanol"),
        ("insulin", "inulin"),
        ("cation", "action"),
        ("lightning", "lighting"),
        ("prostate", "prostrate"),
        ("miosis", "meiosis"),
    ],
)
def test_words_of_one_field_that_differ_by_a_letter_are_two_works(one: str, other: str) -> None:
    people = (Author("Ada Lovelace"), Author("Emmy Noether"))
    titles = [f"Oxidation of {word} over palladium catalysts at low temperature" for word in (one, other)]
    first, second = (
        Record(source, "1", title, authors=people, year=2001)
        for source, title in zip(("crossref", "openalex"), titles, strict=True)
    )

    assert likeness(first, second) == 0


@pytest.mark.parametrize("kind", ["an update", "protocol for a randomised trial", "rationale and design"])
def test_what_is_about_a_work_is_no_subtitle_of_it(kind: str) -> None:
    people = (Author("Ada Lovelace"), Author("Emmy Noether"))
    title = "Deep learning for medical imaging of the heart"
    work = Record("crossref", "1", title, authors=people, year=2001)

    assert likeness(work, Record("openalex", "2", f"{title}: {kind}", authors=people, year=2001)) == 0
