"""BibTeX: values, TeX, names, inheritance, and entries that cost only themselves."""

from __future__ import annotations

import io

import pytest

from research_api.catalog.importers import Row, UnreadableInput, formats, recognise
from research_api.domain.works import Author, Identifier, Record
from research_api.records.latex import from_tex


def rows_of(text: str | bytes, namespace: str | None = "lab") -> list[Row]:
    data = text if isinstance(text, bytes) else text.encode()
    return list(formats()["bibtex"].read(io.BytesIO(data), namespace))


def record_of(text: str) -> Record:
    [row] = rows_of(text)
    assert row.record is not None, row.reason
    return row.record


def entry(fields: str, kind: str = "article") -> Record:
    return record_of(f"@{kind}{{key, title = {{T}}, {fields}}}")


def names_in(authors: str) -> list[tuple[str | None, str | None]]:
    return [(one.given, one.family) for one in entry(f"author = {{{authors}}}").authors]


def test_an_entry_has_the_key_as_its_id_in_the_namespace() -> None:
    record = record_of("@Article{Knuth:84, Title = {Literate}, DOI = {https://doi.org/10.1000/ABC}}")

    assert (record.source, record.source_id) == ("lab", "Knuth:84")
    assert record.identifiers == (Identifier("doi", "10.1000/abc"), Identifier("local", "lab:Knuth:84"))


@pytest.mark.parametrize(
    ("value", "title"),
    [
        ("{In {B}races {with {deeper} ones}}", "In Braces with deeper ones"),
        ('"In quotes with {"}these{"}"', 'In quotes with "these"'),
        ('"Joined " # {by } # name', "Joined by hash"),
        ("name", "hash"),
        ("NAME # { } # Name", "hash hash"),
        ("unknown", "unknown"),
        ("1984", "1984"),
        ("{C:\\\\{D}}", "C: D"),
        ('"an @ in it, and a # and = too"', "an @ in it, and a # and = too"),
        ("{Two\n   lines}", "Two lines"),
        ("{Markup <i>is</i> &amp; taken off}", "Markup is & taken off"),
    ],
)
def test_values_are_read_in_every_notation(value: str, title: str) -> None:
    [row] = rows_of(f"@string{{name = {{hash}}}}\n@article{{k, title = {value}}}")

    assert row.record is not None
    assert row.record.title == title


@pytest.mark.parametrize(
    ("tex", "text"),
    [
        (r"\'{e}\'e{\'e}{\'{e}}\`a\^{o}\"u\~n\=a\.z", "ééééàôüñāż"),
        (r"{\"o} \H{o} \v{s} \c{c} \c c \k{a} \u{g} \d{s} \b{o} \r{u}", "ö ő š ç ç ą ğ ṣ o̱ ů"),
        (r"Na\"\i ve \'{\i}x {\'\i}", "Naïve íx í"),
        (r"{\ss}{\o}\O{} \l{} \L \aa{} \AE \oe{} \dh{} \TH{} \i{}", "ßøØ ł Łå Æœ ð Þ ı"),
        (r"50\% of R\&D \#1 costs \$5 \_x \{y\}", "50% of R&D #1 costs $5 _x {y}"),
        ("50% of $5", "50% of $5"),
        (r"{\textbackslash}{\textasciitilde}{\textasciicircum}{\textbraceleft}{\textbraceright}", "\\~^{}"),
        (r"A -- B --- C ``q'' ?`x", "A – B — C “q” ¿x"),
        (r"-{}- '{}' `{}`", "-- '' ``"),
        (r"a~b\,c\ d", "a b c d"),
        (r"\emph{word} \textbf{bold} {\em it} \textsc{Caps}", "word bold it Caps"),
        (r"$O(n \log n)$ and H$_2$O, \alpha-helix", "O(n log n) and H_2O, α-helix"),
        (r"\unknowncommand{kept} end", "kept end"),
        (r"\~{}x\^{}", "~x^"),
        ("plain text", "plain text"),
        ("ünïcode {stays}", "ünïcode stays"),
    ],
)
def test_tex_is_what_a_reader_would_see(tex: str, text: str) -> None:
    assert " ".join(from_tex(tex).split()) == text


@pytest.mark.parametrize("piece", ["{", "}", "\\'", "\\alpha", "$", "{\\x ", "\\"])
def test_no_tex_is_too_deep_or_too_long(piece: str) -> None:
    assert isinstance(from_tex(piece * 60_000), str)
    assert isinstance(from_tex("$" + piece * 100 + "$\\alpha"), str)


@pytest.mark.parametrize(
    ("authors", "names"),
    [
        ("Donald E. Knuth", [("Donald E.", "Knuth")]),
        ("Knuth, Donald E.", [("Donald E.", "Knuth")]),
        ("Ludwig van Beethoven", [("Ludwig", "van Beethoven")]),
        ("van der Berg, Hans", [("Hans", "van der Berg")]),
        ("Charles Louis de la Vall{\\'e}e Poussin", [("Charles Louis", "de la Vallée Poussin")]),
        ("King, Jr., Martin Luther", [("Martin Luther", "King Jr.")]),
        ("{World Health Organization}", [(None, None)]),
        ("{\\'E}mile Zola", [("Émile", "Zola")]),
        ("Plato", [(None, "Plato")]),
        ("A. One and B. Two\n  AND C. Three", [("A.", "One"), ("B.", "Two"), ("C.", "Three")]),
        ("{Barnes and Noble} and Anders, Andrea", [(None, None), ("Andrea", "Anders")]),
        ("A. One and others", [("A.", "One")]),
        ("Wolfgang~A. Mozart", [("Wolfgang A.", "Mozart")]),
        ("{van} Gogh, Vincent", [("Vincent", "van Gogh")]),
        ("", []),
    ],
)
def test_names_are_taken_apart_as_bibtex_does(
    authors: str, names: list[tuple[str | None, str | None]]
) -> None:
    assert names_in(authors) == names


def test_a_name_in_braces_is_shown_whole() -> None:
    record = entry("author = {{World Health Organization} and {\\O}rsted, Hans}")

    assert record.authors == (
        Author("World Health Organization"),
        Author("Hans Ørsted", "Hans", "Ørsted"),
    )


@pytest.mark.parametrize(
    ("fields", "year", "date"),
    [
        ("year = 1984", 1984, "1984"),
        ("year = {1984}, month = may", 1984, "1984-05"),
        ("year = {1984}, month = {September}", 1984, "1984-09"),
        ('year = "1984", month = 12', 1984, "1984-12"),
        ("year = {1984}, month = 13", 1984, None),
        ("year = {c. 1984}", 1984, "1984"),
        ("year = {in press}", None, None),
        ("date = {2001-02-03}", 2001, "2001-02-03"),
        ("date = {2001-02/2001-04}", 2001, "2001-02"),
        ("date = {2001-02-31}, year = 2001", 2001, None),
    ],
)
def test_dates_are_as_exact_as_they_are_given(fields: str, year: int | None, date: str | None) -> None:
    record = entry(fields)

    assert (record.year, record.date) == (year, date)


@pytest.mark.parametrize(
    ("fields", "scheme", "value"),
    [
        ("eprint = {1901.00001v2}, archivePrefix = {arXiv}", "arxiv", "1901.00001"),
        ("eprint = {hep-th/9901001}, eprinttype = {arxiv}", "arxiv", "hep-th/9901001"),
        ("eprint = {arXiv:1901.00001}", "arxiv", "1901.00001"),
        ("eprint = {777}, eprinttype = {pubmed}", "pmid", "777"),
        ("pmid = {777}", "pmid", "777"),
        ("pmcid = {PMC5}", "pmcid", "PMC5"),
        ("doi = {10.1000/a\\_b}", "doi", "10.1000/a_b"),
        ("doi = {10.1000/a_b%c}", "doi", "10.1000/a_b%c"),
    ],
)
def test_identifiers_are_found_where_they_are_kept(fields: str, scheme: str, value: str) -> None:
    assert Identifier(scheme, value) in entry(fields).identifiers


@pytest.mark.parametrize(
    ("kind", "fields", "work_type", "venue"),
    [
        ("article", "journal = {J}", "journal-article", "J"),
        ("article", "journaltitle = {J \\& K}", "journal-article", "J & K"),
        ("inproceedings", "booktitle = {B}", "proceedings-article", "B"),
        ("incollection", "booktitle = {B}", "book-chapter", "B"),
        ("phdthesis", "school = {S}", "dissertation", "S"),
        ("techreport", "institution = {I}", "report", "I"),
        ("book", "publisher = {P}", "book", "P"),
        ("misc", "howpublished = {Online}", None, "Online"),
        ("misc", "howpublished = {\\url{https://a.org/x_y}}", None, None),
        ("misc", "eprint = {1901.00001}, archiveprefix = {arXiv}", "posted-content", None),
        ("nonsense", "note = {x}", None, None),
    ],
)
def test_kinds_and_venues_are_those_of_crossref(
    kind: str, fields: str, work_type: str | None, venue: str | None
) -> None:
    record = entry(fields, kind)

    assert (record.type, record.venue) == (work_type, venue)


def test_an_address_is_taken_as_it_stands() -> None:
    assert entry("url = {https://a.org/x\\_y%20z~b}").url == "https://a.org/x_y%20z~b"
    assert entry("howpublished = {\\url{https://a.org/x_y}}").url == "https://a.org/x_y"
    assert entry("url = {ftp://a.org}").url is None


def test_a_note_of_retraction_is_one() -> None:
    assert entry("note = {RETRACTED in 2020}").retracted is True
    assert entry("note = {Never retracted}").retracted is False


@pytest.mark.parametrize("parent_is_first", [True, False])
def test_a_child_inherits_from_its_parent_wherever_that_stands(parent_is_first: bool) -> None:
    parent = "@proceedings{Par, title = {The Proceedings}, year = 2003, doi = {10.1000/p}}\n"
    child = "@inproceedings{child, title = {Child}, crossref = {par}}\n"

    rows = rows_of(parent + child if parent_is_first else child + parent)

    found = {row.record.source_id: row.record for row in rows if row.record}
    assert (found["child"].venue, found["child"].year) == ("The Proceedings", 2003)
    assert "10.1000/p" not in [one.value for one in found["child"].identifiers]
    assert {row.line for row in rows} == {1, 2}


def test_a_child_without_a_parent_is_read_all_the_same() -> None:
    assert record_of("@inproceedings{c, title = {Child}, crossref = {nowhere}, year = 1999}").year == 1999


BROKEN = [
    "@article{broken, title = {No end\n",
    '@article{broken, title = "No end}\n',
    "@article{broken title = {X}}\n",
    "@article{broken, title {X}}\n",
    "@article{broken, title = {X}} trailing }}} \n@article{broken2, {}}\n",
    "@article{broken, year = 1999}\n",
    "@article{, title = {No key}}\n",
    "@article{broken, title = {}}\n",
]


@pytest.mark.parametrize("broken", BROKEN)
def test_a_bad_entry_costs_only_itself_and_is_told_with_its_line(broken: str) -> None:
    rows = rows_of(f"@book{{one, title = {{One}}}}\n\n{broken}@book{{two, title = {{Two}}}}\n")

    assert [
        row.record.source_id for row in rows if row.record and row.record.source_id in ("one", "two")
    ] == [
        "one",
        "two",
    ]
    rejects = [row for row in rows if row.reason]
    assert rejects
    assert 3 <= rejects[0].line <= 4


def test_a_key_that_stands_twice_is_told_and_the_first_entry_counts() -> None:
    """Two entries under one key would be one record, and the second would silently replace the first."""
    rows = rows_of("@book{one, title = {One}}\n@book{two, title = {Two}}\n@book{one, title = {Another}}\n")

    assert [row.record.title if row.record else None for row in rows] == ["One", "Two", None]
    assert (rows[2].line, rows[2].reason) == (
        3, "another record of this file has the same key, and the first one counts",
    )  # fmt: skip


def test_comments_preambles_and_text_between_entries_are_passed_over() -> None:
    rows = rows_of(
        "% Encoding: UTF-8\nSome text.\n@preamble{ {\\newcommand{\\x}{y}} }\n@comment{jabref-meta: x;}\n"
        "@book(one, title = {One})\nmore text\n@comment{\n@book{two, title = {Two}}\n}\n"
    )

    assert [row.record.source_id for row in rows if row.record] == ["one", "two"]
    assert [row.reason for row in rows if row.reason] == []


def test_marks_and_line_ends_of_windows_are_no_matter() -> None:
    rows = rows_of(b"\xef\xbb\xbf@book{one,\r\n title = {One}\r\n}\r\n\r\n@book{two,\r\n title = {Two}}\r\n")

    assert [(row.line, row.record and row.record.title) for row in rows] == [(1, "One"), (5, "Two")]


def test_an_entry_that_is_no_utf_8_is_rejected() -> None:
    rows = rows_of(b"@book{one, title = {Caf\xe9}}\n@book{two, title = {Two}}\n")

    assert [row.reason for row in rows] == [
        "the record is not UTF-8: convert the file and import it again",
        None,
    ]


def test_macros_cannot_grow_without_end() -> None:
    bomb = "@string{s0 = {xxxxxxxxxx}}\n" + "".join(
        f"@string{{s{n} = s{n - 1} # s{n - 1}}}\n" for n in range(1, 60)
    )

    rows = rows_of(bomb + "@book{one, title = s59}\n@book{two, title = {Two}}\n")

    assert {row.reason for row in rows if row.reason} >= {
        "a field of the entry is longer than a million characters"
    }
    assert rows[-1].record is not None


def test_an_entry_of_more_than_ten_megabytes_is_rejected() -> None:
    rows = rows_of("@book{one, title = {" + "x " * 5_200_000 + "}}\n@book{two, title = {Two}}\n")

    assert [row.reason for row in rows] == ["the record is longer than 10 MB", None]


@pytest.mark.parametrize("text", ["just text\nand more\n", "@\n@@\n", '{"a": 1}\n\n', "% nothing\n\n"])
def test_what_has_no_entry_is_not_bibtex(text: str) -> None:
    with pytest.raises(UnreadableInput):
        rows_of(text)


def test_entries_that_are_not_ours_need_a_namespace() -> None:
    with pytest.raises(UnreadableInput, match="--namespace"):
        rows_of("@book{one, title = {One}}", None)
    with pytest.raises(UnreadableInput, match="namespace"):
        rows_of("@book{one, title = {One}}", "crossref")

    rows = rows_of("@book{x, title = {X}, researchapi = {w_aaaaaaaaaaaa}}\n@book{one, title = {One}}\n", None)
    assert [row.record.source_id if row.record else "rejected" for row in rows] == [
        "w_aaaaaaaaaaaa",
        "rejected",
    ]


@pytest.mark.parametrize(
    "head",
    [
        b"@article{key,\n",
        b"\xef\xbb\xbf\r\n% comment\r\n@string{a = {b}}",
        b"@comment{x}",
        b"  @InProceedings {a:b/c-1 ,",
        b"Text in front.\n\n@book(key,",
    ],
)
def test_bibtex_is_recognised(head: bytes) -> None:
    found = recognise(head)
    assert found is not None
    assert found.NAME == "bibtex"
