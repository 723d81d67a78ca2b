"""Exports in detail: escapes, names, keys, formulas; and their rules for hostile texts."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace

import pytest

from research_api.catalog.exporters import exporters
from research_api.catalog.exporters.citation_keys import citation_key
from research_api.domain.exports import EXPORT_FORMATS
from research_api.domain.search import Hit, MatchSpan, Placed
from research_api.domain.works import Author, SourceRef, Work
from tests.catalog.exported import exported

PLAIN = Work("w_aaaaaaaaaaaa", "T", authors=(Author("Ada Lovelace", "Ada", "Lovelace"),), year=1843)


def field_of(work: Work, name: str) -> str | None:
    found = re.search(rf"^  {name} = (.*),$", exported("bibtex", [work]), re.M)
    return found[1] if found else None


def bibtex_title(title: str) -> str | None:
    return field_of(replace(PLAIN, title=title), "title")


def bibtex_author(*authors: Author) -> str | None:
    return field_of(replace(PLAIN, authors=authors), "author")


def cells_of(*works: Work | Hit, fields: tuple[str, ...] = ()) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(exported("csv", works, fields), newline="")))


def test_modules_say_of_themselves_what_the_domain_says() -> None:
    told = {
        name: (module.NAME, module.MEDIA_TYPE, module.FILE_SUFFIX) for name, module in exporters().items()
    }

    assert told == {name: (one.name, one.media_type, one.file_suffix) for name, one in EXPORT_FORMATS.items()}


def test_works_are_written_one_at_a_time() -> None:
    """A job with 10,000 works must not hold them all, nor one text of them all."""
    for module in exporters().values():
        taken: list[int] = []
        texts = module.write(replace(PLAIN, year=taken.append(n) or n) for n in range(1000, 1100))  # type: ignore[func-returns-value] # it notes that this work was taken

        written = next(texts) + next(texts)

        assert "1000" in written or "1001" in written
        assert len(taken) <= 2


@pytest.mark.parametrize(
    ("title", "written"),
    [
        ("100% of A & B", r"{100\% of {A} \& {B}}"),
        ("a_b #1 $5", r"{a\_b \#1 \$5}"),
        (
            "{x} \\y ~z ^",
            r"{{\textbraceleft}x{\textbraceright} {\textbackslash}y {\textasciitilde}z {\textasciicircum}}",
        ),
        ("an open { brace", r"{an open {\textbraceleft} brace}"),
        ('he said "yes"', '{he said "yes"}'),
        ("a -- b --- c ``d''", "{a -{}- b -{}-{}- c `{}`d'{}'}"),
        ("the structure of DNA in mRNA", "{the structure of {DNA} in {mRNA}}"),
        ("Attention Is All You Need", "{Attention Is All You Need}"),
        ("On growth of Escherichia coli", "{On growth of {Escherichia} coli}"),
        ("BERT: Deep Bidirectional Transformers", "{{BERT:} Deep Bidirectional Transformers}"),
        ("Über naïve Körper", "{Über naïve {Körper}}"),
    ],
)
def test_titles_are_escaped_and_their_capitals_protected(title: str, written: str) -> None:
    assert bibtex_title(title) == written


@pytest.mark.parametrize(
    ("author", "written"),
    [
        (Author("Ada Lovelace", "Ada", "Lovelace"), "{Lovelace, Ada}"),
        (Author("Ludwig van Beethoven", "Ludwig", "van Beethoven"), "{van Beethoven, Ludwig}"),
        (Author("Martin King Jr.", "Martin", "King Jr."), "{King, Jr., Martin}"),
        (Author("Albert Einstein"), "{Albert Einstein}"),
        (Author("World Health Organization"), "{{World Health Organization}}"),
        (Author("Google, Inc."), "{{Google, Inc.}}"),
        (Author("Plato", None, "Plato"), "{{Plato}}"),
        (Author("Simon and Garfunkel"), "{{Simon and Garfunkel}}"),
        (Author("A B and C", "A", "B and C"), "{B {and} C, A}"),
        (Author("J, K L", "J, K", "L"), "{L, {J, K}}"),
        (Author("X & Y", "X &", "Y"), r"{Y, X \&}"),
        (Author("J. Doe", "Jane", "Doe"), "{J. Doe}"),
    ],
)
def test_names_are_what_bibtex_takes_apart_the_same_way(author: Author, written: str) -> None:
    assert bibtex_author(author) == written


def test_addresses_stand_as_they_are_and_only_braces_are_escaped() -> None:
    work = replace(
        PLAIN, url="https://a.org/x_y%20z~b#c&d", identifiers={"doi": "10.1000/a_b{c}", "arxiv": "1901.00001"}
    )

    assert field_of(work, "url") == "{https://a.org/x_y%20z~b#c&d}"
    assert field_of(work, "doi") == r"{10.1000/a\_b{\textbraceleft}c{\textbraceright}}"
    assert (field_of(work, "eprint"), field_of(work, "archiveprefix")) == ("{1901.00001}", "{arXiv}")


def test_the_month_is_a_macro_where_it_is_one_of_the_year() -> None:
    assert field_of(replace(PLAIN, date="1843-09-05"), "month") == "sep"
    assert field_of(replace(PLAIN, date="1843-09-05"), "date") == "{1843-09-05}"
    assert field_of(replace(PLAIN, date="1842-09-05"), "month") is None
    assert field_of(replace(PLAIN, date="1843"), "month") is None


@pytest.mark.parametrize(
    ("work_type", "kind", "venue", "ris", "csl"),
    [
        ("journal-article", "article", "journal", "JOUR", "article-journal"),
        ("proceedings-article", "inproceedings", "booktitle", "CPAPER", "paper-conference"),
        ("book-chapter", "incollection", "booktitle", "CHAP", "chapter"),
        ("monograph", "book", "series", "BOOK", "book"),
        ("dissertation", "phdthesis", "school", "THES", "thesis"),
        ("report", "techreport", "institution", "RPRT", "report"),
        ("posted-content", "misc", "howpublished", "UNPB", "article"),
        ("dataset", "misc", "howpublished", "DATA", "dataset"),
        (None, "misc", "howpublished", "GEN", "document"),
    ],
)
def test_types_have_their_names_in_each_format(
    work_type: str | None, kind: str, venue: str, ris: str, csl: str
) -> None:
    work = replace(PLAIN, type=work_type, venue="V")

    assert exported("bibtex", [work]).startswith(f"@{kind}{{lovelace1843_aaaaaaaaaaaa,\n")
    assert field_of(work, venue) == "{V}"
    assert exported("ris", [work]).startswith(f"TY  - {ris}\r\nID  - lovelace1843_aaaaaaaaaaaa\r\n")
    assert json.loads(exported("csl", [work]))[0]["type"] == csl


@pytest.mark.parametrize(
    ("authors", "year", "key"),
    [
        ((Author("Ada Lovelace", "Ada", "Lovelace"),), 1843, "lovelace1843_aaaaaaaaaaaa"),
        ((Author("Hans van der Berg", "Hans", "van der Berg"),), 1999, "vanderberg1999_aaaaaaaaaaaa"),
        ((Author("Søren Ørsted-Łuß"),), 1999, "orstedluss1999_aaaaaaaaaaaa"),
        ((Author("José Núñez"), Author("B")), 1999, "nunez1999_aaaaaaaaaaaa"),
        ((Author("한국"),), None, "anonnd_aaaaaaaaaaaa"),
        ((), 1999, "anon1999_aaaaaaaaaaaa"),
        ((Author("x" * 200),), 1999, "x" * 30 + "1999_aaaaaaaaaaaa"),
    ],
)
def test_citation_keys_are_ascii_and_lead_back_to_the_work(
    authors: tuple[Author, ...], year: int | None, key: str
) -> None:
    work = replace(PLAIN, authors=authors, year=year)

    assert citation_key(work) == key
    assert key.isascii()
    assert "w_" + key.rpartition("_")[2] == work.id


def test_the_same_work_has_the_same_key_in_every_format() -> None:
    key = citation_key(PLAIN)

    assert f"{{{key}," in exported("bibtex", [PLAIN])
    assert f"ID  - {key}\r\n" in exported("ris", [PLAIN])
    assert json.loads(exported("csl", [PLAIN]))[0]["id"] == key


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", "＝", "＋", "－", "＠", "'", "\t=", "\r=", " =", "\n+"]
)
def test_no_cell_begins_a_formula(start: str) -> None:
    """Spreadsheets run what begins so, also behind white space that they take off."""
    text = f'{start}cmd|"/c calc"!A0'
    work = replace(PLAIN, title=text, venue=text, abstract=text, url=text, authors=(Author(text),))

    [cells] = cells_of(work)

    for name in ("title", "venue", "abstract", "url", "authors"):
        assert cells[name][0] not in "=+-@\t\r＝＋－＠"
        assert cells[name].endswith('cmd|"/c calc"!A0')


def test_every_row_of_csv_is_one_line_with_all_columns() -> None:
    nasty = replace(PLAIN, title='a\r\nb,"c"\n', venue="d\u2028e", abstract="f\x00g")

    text = exported("csv", [nasty, PLAIN])

    assert text.count("\r\n") == len(text.splitlines()) == 3
    assert cells_of(nasty)[0]["title"] == 'a b,"c"'
    assert len({len(row) for row in csv.reader(io.StringIO(text, newline=""))}) == 1


def test_lists_and_pairs_in_cells_can_be_taken_apart() -> None:
    work = replace(
        PLAIN, authors=(Author("A; B", orcid="0000-0002-1825-0097"), Author("C\\")), sources=(SourceRef("lab", "x;y"),),
        provenance={"title": "lab", "year": "demo"},
    )  # fmt: skip

    [cells] = cells_of(
        Hit(
            work,
            3,
            1.5,
            (MatchSpan("title", 0, 1), MatchSpan("year", 0, 4)),
            (Placed("catalog", 3, work.id),),
        )
    )
    [alone] = cells_of(work)

    assert (cells["authors"], cells["author_orcids"]) == ("A\\; B; C\\\\", "0000-0002-1825-0097;")
    assert (cells["matches"], cells["score"]) == ("title=0-1; year=0-4", "1.5")
    assert cells["provenance"] == "title=lab; year=demo"
    assert (cells["sources"], alone["sources"]) == ("catalog=w_aaaaaaaaaaaa", "lab=x\\;y")
    assert (alone["score"], alone["matches"], alone["is_oa"], alone["retracted"]) == ("", "", "", "false")


def test_a_line_of_ris_has_one_value_and_nothing_else() -> None:
    nasty = replace(PLAIN, title="a\r\nER  - \r\nTY  - BOOK", abstract="b\u2028c\x85d\x0be\x1cf")

    lines = exported("ris", [nasty]).split("\r\n")

    assert "TI  - a ER - TY - BOOK" in lines
    assert "AB  - b c d e f" in lines
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines if line)
    assert len(exported("ris", [nasty]).splitlines()) == len(lines) - 1


def test_no_works_are_an_empty_file() -> None:
    assert (exported("bibtex", []), exported("ris", []), exported("ndjson", [])) == ("", "", "")
    assert json.loads(exported("csl", [])) == []
    assert exported("csv", [], ["title"]) == "id,title\r\n"
