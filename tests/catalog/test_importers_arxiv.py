"""Papers of arXiv's snapshot become records."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import Row, arxiv_jsonl, formats, recognise
from research_api.domain.works import Author, Identifier, OpenAccess, Record
from research_api.records import licences
from tests.timing import LINEAR_AT_MOST, growth

PAPER: dict[str, object] = {
    "id": "0704.0001",
    "submitter": "Ada Lovelace",
    "authors": "A. Lovelace, B. Bal\\'azs and Sammy Davis Jr",
    "title": 'On the $(k,\\ell)$-pebble game\n  of Schr\\"odinger',
    "comments": "37 pages, 15 figures; published version",
    "journal-ref": "Phys.Rev.D76:013009,2007",
    "doi": "10.1103/PhysRevD.76.013009",
    "report-no": "ANL-07-12",
    "categories": "hep-ph math.CO",
    "license": "http://creativecommons.org/licenses/by-nc-sa/4.0/",
    "abstract": "  More than 90% of \\emph{all} atoms at\n$k_F^{-1} \\ge 1$; Erd\\H{o}s's graph.\n",
    "versions": [
        {"version": "v1", "created": "Mon, 2 Apr 2007 19:18:42 GMT"},
        {"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"},
    ],
    "update_date": "2008-11-26",
    "authors_parsed": [["Lovelace", "A.", ""], ["Bal\\'azs", "B.", ""], ["Davis", "Sammy", "Jr"]],
}


def changed(**changes: object) -> Record:
    return arxiv_jsonl.to_record(
        PAPER | {key.replace("_ref", "-ref"): value for key, value in changes.items()}
    )


def rows(text: str) -> list[Row]:
    return list(arxiv_jsonl.read(io.BytesIO(text.encode()), None))


def test_every_field_of_a_paper_is_read() -> None:
    assert changed() == Record(
        source="arxiv",
        source_id="0704.0001",
        title="On the $(k,\\ell)$-pebble game of Schrödinger",
        abstract="More than 90% of all atoms at $k_F^{-1} \\ge 1$; Erdős's graph.",
        authors=(
            Author("A. Lovelace", "A.", "Lovelace"),
            Author("B. Balázs", "B.", "Balázs"),
            Author("Sammy Davis Jr", "Sammy", "Davis Jr"),
        ),
        year=2007,
        date="2007-04-02",
        venue="Phys.Rev.D76:013009,2007",
        type="posted-content",
        identifiers=(Identifier("doi", "10.1103/physrevd.76.013009"), Identifier("arxiv", "0704.0001")),
        url="https://arxiv.org/abs/0704.0001",
        open_access=OpenAccess(True, "https://arxiv.org/abs/0704.0001", "cc-by-nc-sa"),
    )


@pytest.mark.parametrize(
    ("given", "source_id"),
    [
        ("hep-th/9901001", "hep-th/9901001"),
        ("math/0301001v2", "math/0301001"),
        ("2101.11408", "2101.11408"),
        ("arXiv:2101.11408", "2101.11408"),
    ],
)
def test_ids_old_and_new_have_one_form(given: str, source_id: str) -> None:
    record = changed(id=given)

    assert record.source_id == source_id
    assert record.identifiers[-1] == Identifier("arxiv", source_id)
    assert record.url == f"https://arxiv.org/abs/{source_id}"


@pytest.mark.parametrize("given", [None, 704.0001, "", "P19-1001", "hep-th", "../etc", "0704.0001\nx"])
def test_what_is_no_arxiv_id_is_rejected(given: object) -> None:
    (row,) = rows(json.dumps(PAPER | {"id": given}))

    assert row.reason == "the record has no arXiv id (such as 0704.0001 or hep-th/9901001)"


@pytest.mark.parametrize("title", [None, "", " \n", 7])
def test_a_paper_without_a_title_is_rejected(title: object) -> None:
    (row,) = rows(json.dumps(PAPER | {"title": title}))

    assert row.reason == "the record has no title"


@pytest.mark.parametrize(
    ("versions", "source_id", "date"),
    [
        (
            [{"version": "v2", "created": "Tue, 24 Jul 2007 20:10:27 GMT"}, *PAPER["versions"][:1]],
            "0704.0001",
            "2007-04-02",
        ),  # type: ignore[index] # a list above
        ([{"created": "Sat, 31 Mar 2007 02:26:18 GMT"}], "0704.0001", "2007-03-31"),
        ([], "0704.0001", "2007-04"),
        (None, "hep-th/9901001", "1999-01"),
        (None, "math/0512001", "2005-12"),
        ([{"version": "v1", "created": "yesterday"}], "0704.0001", "2007-04"),
        ([{"version": "v1", "created": f"Mon, 2 Apr {'9' * 5_000} 19:18:42 GMT"}], "0704.0001", "2007-04"),
        ([{"version": "v1", "created": 7}, "x"], "0713.0001", None),
    ],
)
def test_the_date_is_that_of_the_first_version(versions: object, source_id: str, date: str | None) -> None:
    record = changed(versions=versions, id=source_id)

    assert record.date == date
    assert record.year == (int(date[:4]) if date else None)


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("A. One, B. Two and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One, B. Two, and C. Three", ["A. One", "B. Two", "C. Three"]),
        ("A. One (1), B. Two (1 and 2) ((1) Inst. One, (2) Inst. Two)", ["A. One", "B. Two"]),
        ("ABC Collaboration: A. One", ["ABC Collaboration", "A. One"]),
        ("A. One, for the ABC Collaboration", ["A. One", "ABC Collaboration"]),
        ("Andrew Sandberg", ["Andrew Sandberg"]),
        ("C. Bal\\'azs", ["C. Balázs"]),
        (None, []),
    ],
)
def test_names_in_one_text_are_taken_apart_where_there_is_no_list(authors: object, names: list[str]) -> None:
    record = changed(authors=authors, authors_parsed=[])

    assert [author.name for author in record.authors] == names


@pytest.mark.parametrize("entry", [[], [7], [None, "x", {}], "x", ["", "", ""], [["x"]]])
def test_an_entry_of_the_wrong_kind_among_authors_is_left_out(entry: object) -> None:
    assert [author.family for author in changed(authors_parsed=[entry, ["B", "A.", "", "Paris"]]).authors][
        -1
    ] == "B"


@pytest.mark.parametrize(
    ("given", "doi"),
    [
        ("10.1/a 10.2/b", "10.1000/a"),
        ("see 10.1000/a; 10.1000/b", "10.1000/a"),
        ("10.1000/a,10.1000/b", "10.1000/a"),
        ("https://doi.org/10.1000/A", "10.1000/a"),
        ("none", None),
        (None, None),
    ],
)
def test_the_first_doi_is_that_of_the_work(given: str | None, doi: str | None) -> None:
    record = changed(doi=given.replace("10.1/", "10.1000/") if given else given)

    assert [each.value for each in record.identifiers if each.scheme == "doi"] == ([doi] if doi else [])


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "cc-by"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "cc0"),
        ("http://creativecommons.org/licenses/publicdomain/", "public-domain"),
        ("http://arxiv.org/licenses/nonexclusive-distrib/1.0/", "arxiv-nonexclusive-distrib"),
        ("http://arxiv.org/licenses/assumed-1991-2003/", "arxiv-assumed-1991-2003"),
        ("http://example.org/licenses/by/4.0/", None),
        (None, None),
        (7, None),
    ],
)
def test_a_licence_is_told_by_its_name(address: object, name: str | None) -> None:
    assert changed(license=address).open_access == OpenAccess(True, "https://arxiv.org/abs/0704.0001", name)


@pytest.mark.parametrize("address", ["", None, "cc-by", "http://creativecommons.org/licenses/", "x" * 10_000])
def test_what_is_no_licence_of_creative_commons_has_no_name_there(address: str | None) -> None:
    assert licences.creative_commons_name(address) is None


@pytest.mark.parametrize(
    ("comments", "abstract", "is_withdrawn"),
    [
        ("This paper has been withdrawn by the author due to a crucial sign error", "We.", True),
        ("This submission has been withdrawn by arXiv administrators", "We.", True),
        ("arXiv admin note: withdrawn by arXiv admin because of plagiarism", "We.", True),
        ("Withdrawn by the author", "We.", True),
        ("Paper withdrawn", "We.", True),
        ("Withdrawal due to errors", "We.", True),
        ("5 pages. This article was withdrawn because of an error in Lemma 2", "We.", True),
        (None, "  This paper has been withdrawn by the authors.", True),
        ("12 pages; replaces the withdrawn paper math/0301001", "We.", False),
        ("An erroneous claim was withdrawn", "We.", False),
        ("This paper was withdrawn from the proceedings", "We.", False),
        ("This paper was withdrawn from arXiv", "We.", True),
        ("5 pages", "Troops were withdrawn. This paper has been withdrawn, they wrote.", False),
        (7, None, False),
    ],
)
def test_a_paper_that_says_it_was_withdrawn_is_retracted(
    comments: object, abstract: object, is_withdrawn: bool
) -> None:
    assert changed(comments=comments, abstract=abstract, doi=None).retracted is is_withdrawn


def test_a_preprint_that_was_withdrawn_takes_no_published_version_back() -> None:
    """Records with one DOI become one work, which is retracted if any of them says so."""
    assert not changed(comments="Withdrawn by the author, published elsewhere").retracted


@pytest.mark.parametrize("junk", [7, True, [], {}, [[]], [None], None, 2.5, "\x00\ud83d"])
def test_a_field_of_the_wrong_type_is_left_out(junk: object) -> None:
    for key in PAPER.keys() - {"id", "title"}:
        assert arxiv_jsonl.to_record(PAPER | {key: junk}).title == changed().title


def test_lines_and_arrays_are_recognised_and_read() -> None:
    lines = "\n".join([json.dumps(PAPER)] * 3)
    array = json.dumps([PAPER, PAPER], indent=1)

    for text, count in ((lines, 3), (array, 2)):
        assert recognise(text.encode()) is arxiv_jsonl
        assert [row.record for row in rows(text)] == [changed()] * count


@pytest.mark.parametrize(
    "members",
    [
        {"id": "0704.0001", "title": "T", "summary": "S"},
        {"id": "P19-1001", "title": "T", "venue": "V", "categories": "x", "versions": []},
        {"_id": "0704.0001", "title": "T", "text": "x", "categories": "x", "versions": []},
        {"id": "https://openalex.org/W1", "title": "T", "categories": "x", "versions": []},
        {"id": "0704.0001", "type": "article", "title": "T", "author": []},
    ],
)
def test_records_of_other_formats_are_not_claimed(members: dict[str, object]) -> None:
    head = json.dumps(members).encode()

    assert not arxiv_jsonl.recognises(head)
    assert sum(module.recognises(head) for module in formats().values()) <= 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["doi", "comments", "authors", "abstract", "title", "journal-ref", "license"]
)
@pytest.mark.parametrize(
    "unit", ["a ", "this ", ". this paper has ", "(", "(a) and ", "10.1000/\\", "\\'e", "withdrawn "]
)
def test_time_grows_with_the_length_of_a_field_alone(name: str, unit: str) -> None:
    def of_size(size: int) -> dict[str, object]:
        return PAPER | {"doi": None, "authors_parsed": None, name: "T " + unit * (size // len(unit))}

    assert growth(arxiv_jsonl.to_record, of_size, 160_000) < LINEAR_AT_MOST
