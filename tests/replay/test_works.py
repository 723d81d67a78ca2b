"""The invented works have every trait that the sources are tested with, and are found by their words."""

from __future__ import annotations

from research_api.domain.identifiers import normalise
from research_api.records.fields import orcid_of
from tests.replay.shelf import Shelf
from tests.replay.works import SOURCES, sample_works

WORKS = sample_works(400)


def test_the_same_seed_makes_the_same_works_and_more_of_them_change_none() -> None:
    assert sample_works(400) == WORKS
    assert sample_works(100) == WORKS[:100]
    assert sample_works(400, seed=2) != WORKS


def test_every_trait_occurs() -> None:
    traits = {
        "without abstract": [work for work in WORKS if work.abstract is None],
        "without DOI": [work for work in WORKS if work.doi is None],
        "retracted": [work for work in WORKS if work.retracted],
        "preprint": [work for work in WORKS if work.preprint_of is not None],
        "in one source": [work for work in WORKS if len(work.held_by) == 1],
        "in many sources": [work for work in WORKS if len(work.held_by) > 4],
        "non-ASCII name": [work for work in WORKS if not work.authors[0].name.isascii()],
        "markup": [work for work in WORKS if work.has_markup],
        "ORCID": [work for work in WORKS if work.authors[0].orcid],
    }

    assert [trait for trait, works in traits.items() if not 10 < len(works) < len(WORKS)] == []
    assert set().union(*(work.held_by for work in WORKS)) == set(SOURCES)


def test_identifiers_are_well_formed() -> None:
    names = [
        (scheme, value)
        for work in WORKS
        for scheme in ("doi", "pmid", "pmcid", "arxiv", "openalex", "s2")
        if (value := getattr(work, scheme))
    ]
    orcids = [author.orcid for work in WORKS for author in work.authors if author.orcid]

    assert [name for name in names if normalise(*name) != name[1]] == []
    assert len(set(names)) == len(names)
    assert [orcid for orcid in orcids if orcid_of(orcid) != orcid] == []


def test_a_source_finds_its_own_works_by_any_word_the_most_matching_first() -> None:
    shelf = Shelf(WORKS, "openalex")
    work = next(one for one in shelf.works if one.doi)

    found = shelf.search(work.title)

    assert work in found[:2]
    assert {"openalex"} <= set.intersection(*(set(one.held_by) for one in found))
    assert shelf.search("") == shelf.works
    assert shelf.search("xyzzy") == []
    assert shelf.by("doi", (work.doi or "").upper()) is work


def test_references_and_citations_are_the_two_ends_of_the_same_edges() -> None:
    shelf = Shelf(WORKS, "openalex")
    ends = {(work.number, cited.number) for work in shelf.works for cited in shelf.referred_to_by(work)}

    assert ends == {
        (citing.number, work.number) for work in shelf.works for citing in shelf.referring_to(work)
    }
    assert len(ends) > 100
