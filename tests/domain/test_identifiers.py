"""Identifiers as people write them."""

from __future__ import annotations

import random

import pytest

from research_api.domain.errors import Invalid
from research_api.domain.identifiers import SCHEMES, normalise, parse_reference, recognise
from research_api.domain.works import Identifier, work_id_from_number, work_id_from_seed, work_number


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1038/171737A0", Identifier("doi", "10.1038/171737a0")),
        ("doi:10.1002/(SICI)1097-0258(19980815)17:15<1661::AID-SIM968>3.0.CO;2-2",
         Identifier("doi", "10.1002/(sici)1097-0258(19980815)17:15<1661::aid-sim968>3.0.co;2-2")),
        ("DOI:10.1038/171737a0", Identifier("doi", "10.1038/171737a0")),
        ("pmid:13054692", Identifier("pmid", "13054692")),
        ("pmcid:PMC2323", Identifier("pmcid", "PMC2323")),
        ("pmcid:2323", Identifier("pmcid", "PMC2323")),
        ("arxiv:1706.03762v5", Identifier("arxiv", "1706.03762")),
        ("arxiv:hep-th/9901001", Identifier("arxiv", "hep-th/9901001")),
        ("openalex:w2741809807", Identifier("openalex", "W2741809807")),
        ("s2:" + "AB" * 20, Identifier("s2", "ab" * 20)),
        ("s2:CorpusId:123", Identifier("s2", "CorpusId:123")),
        ("local:scifact:4983", Identifier("local", "scifact:4983")),
        ("w_fvyrmqvxe2ye", "w_fvyrmqvxe2ye"),
    ],
)  # fmt: skip
def test_a_reference_is_read_into_its_canonical_form(text: str, expected: object) -> None:
    assert parse_reference(f" {text} ") == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "13054692", "doi:", "doi:10.1/x", "10.1038/", "10.1038/a b", "10.1038/a\x00b", "10.1038/\ud800", "pmid:0",
        "pmid:٣٤", "pmcid:PMC0", "local:scifact", "local:scifact:\x00", "local:Sci Fact:1", "w_short", "isbn:123",
        "https://doi.org/10.1038/171737a0", "http://127.0.0.1/", "file:///etc/passwd", "x" * 5000,
    ],
)  # fmt: skip
def test_what_is_no_identifier_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        parse_reference(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://doi.org/10.1038/171737a0", Identifier("doi", "10.1038/171737a0")),
        ("https://arxiv.org/abs/1706.03762", Identifier("arxiv", "1706.03762")),
        ("1706.03762", Identifier("arxiv", "1706.03762")),
        ("pmc2323", Identifier("pmcid", "PMC2323")),
        ("doi.org/10.1038/171737a0", Identifier("doi", "10.1038/171737a0")),
        ("https://openalex.org/W2741809807", Identifier("openalex", "W2741809807")),
        ("W2741809807", Identifier("openalex", "W2741809807")),
        ("https://pubmed.ncbi.nlm.nih.gov/13054692/", Identifier("pmid", "13054692")),
        ("https://www.ncbi.nlm.nih.gov/pmc/articles/PMC2323/", Identifier("pmcid", "PMC2323")),
        ("13054692", None),
        ("PMC0", None),
        ("a question about 10.1038/171737a0", None),
        ("doi: and more", None),
    ],
)
def test_a_whole_query_that_is_an_identifier_is_recognised(text: str, expected: Identifier | None) -> None:
    assert recognise(text)[:1] == ((expected,) if expected else ())


@pytest.mark.parametrize(
    "text",
    [
        "１０.1038/171737a0", "\u200b10.1038/171737a0", "10.1038/171737a0\u00ad", "10.1038/171737A0.",
        "https://doi.org/10.1038%2F171737a0", "https://doi.org/10.1038/171737a0?x=1#y", "DOI 10.1038/171737a0",
        "doi. 10.1038/171737a0", '"10.1038/171737a0"', "<https://doi.org/10.1038/171737a0>", "(10.1038/171737a0)",
        "[doi:10.1038/171737a0]",
    ],
)  # fmt: skip
def test_what_people_paste_around_an_identifier_is_taken_off(text: str) -> None:
    assert Identifier("doi", "10.1038/171737a0") in recognise(text)


def test_an_identifier_that_looks_wrapped_comes_first_as_it_stands() -> None:
    assert recognise("10.1016/s0140(05).")[0] == Identifier("doi", "10.1016/s0140(05).")


def test_canonical_values_stay_as_they_are() -> None:
    values = ("10.1038/171737a0", "1", "PMC1", "1706.03762", "W1", "a" * 40, "n:1")

    assert [normalise(scheme, value) for scheme, value in zip(SCHEMES, values, strict=True)] == list(values)


def test_a_work_id_is_its_number_written_out() -> None:
    source = random.Random(1)
    for _ in range(2000):
        number = source.getrandbits(60)
        work_id = work_id_from_number(number)
        assert len(work_id) == 14
        assert work_number(work_id) == number
    assert work_id_from_seed("doi:10.1038/171737a0") == work_id_from_seed("doi:10.1038/171737a0")


@pytest.mark.parametrize("text", ["w_", "w_fvyrmqvxe2y", "fvyrmqvxe2ye", "w_fvyrmqvxe2yee"])
def test_what_is_no_work_id_has_no_number(text: str) -> None:
    with pytest.raises(ValueError, match="not a work id"):
        work_number(text)
