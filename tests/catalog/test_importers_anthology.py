"""Both formats of the ACL Anthology become the same records."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import Row, UnreadableInput, acl_jsonl, acl_xml, recognise
from research_api.domain.works import Author, Identifier, Record

PAPER: dict[str, object] = {
    "id": "P19-1001",
    "title": "On  Words <b>and</b> <TextCoop>",
    "abstract": "We count f(x).",
    "doi": "10.18653/v1/P19-1001",
    "authors": [
        {"given": "Ada", "family": "Lovelace", "id": None},
        {"given": "", "family": "Mausam", "id": None},
    ],
    "year": 2019,
    "venue": "Proceedings of the Annual Meeting",
    "url": "https://aclanthology.org/P19-1001",
    "retracted": False,
}

XML = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="P19">
  <volume id="1" ingest-date="2019-07-28">
    <meta>
      <booktitle>Proceedings of the <fixed-case>A</fixed-case>nnual Meeting</booktitle>
      <editor><first>Grace</first><last>Hopper</last></editor>
      <year>2019</year>
    </meta>
    <frontmatter><url hash="00000000">P19-1000</url></frontmatter>
    <paper id="1">
      <title>On <fixed-case>W</fixed-case>ords <b>and</b> &lt;TextCoop&gt;</title>
      <author id="ada"><first>Ada</first><last>Lovelace</last></author>
      <author><first/><last>Mausam</last></author>
      <abstract>We count <tex-math>f(x)</tex-math>.</abstract>
      <doi>10.18653/v1/P19-1001</doi>
      <url hash="11111111">P19-1001</url>
    </paper>
    <paper id="2"><author><first>No</first><last>Title</last></author></paper>
    <paper id="x"><title>No number</title></paper>
    <paper id="3"><title>Taken back</title><retracted date="2020-01-01"/></paper>
  </volume>
</collection>
"""

EXPECTED = Record(
    source="acl",
    source_id="P19-1001",
    title="On Words and <TextCoop>",
    abstract="We count f(x).",
    authors=(Author("Ada Lovelace", "Ada", "Lovelace"), Author("Mausam", None, "Mausam")),
    year=2019,
    venue="Proceedings of the Annual Meeting",
    type="proceedings-article",
    identifiers=(Identifier("doi", "10.18653/v1/p19-1001"), Identifier("local", "acl:P19-1001")),
    url="https://aclanthology.org/P19-1001",
)


def xml_rows(text: str | bytes) -> list[Row]:
    return list(acl_xml.read(io.BytesIO(text if isinstance(text, bytes) else text.encode()), None))


def json_record(**changes: object) -> Record:
    return acl_jsonl.to_record(PAPER | changes)


def wrapped(
    papers: str, *, collection: str = "P19", volume: str = "1", year: str = "<year>2019</year>"
) -> str:
    meta = f"<meta><booktitle>Book</booktitle>{year}</meta>"
    return f'<collection id="{collection}"><volume id="{volume}">{meta}{papers}</volume></collection>'


def test_a_line_and_an_element_give_the_same_record() -> None:
    assert json_record() == EXPECTED
    assert xml_rows(XML)[0].record == EXPECTED


def test_papers_without_title_or_number_are_rejected_where_they_stand() -> None:
    assert [(row.line, row.reason) for row in xml_rows(XML)[1:3]] == [
        (18, "the record has no title"),
        (19, "the record has no ACL Anthology id (such as P19-1001 or 2020.acl-main.1)"),
    ]


def test_a_retracted_paper_is_marked() -> None:
    record = xml_rows(XML)[3].record

    assert record is not None
    assert record.retracted
    assert json_record(retracted=True).retracted
    assert not json_record(retracted="no").retracted


def test_front_matter_is_no_record() -> None:
    assert len(xml_rows(XML)) == 4


@pytest.mark.parametrize(
    ("collection", "volume", "paper", "source_id"),
    [
        ("P19", "1", "1", "P19-1001"),
        ("W19", "3", "12", "W19-0312"),
        ("C69", "7", "1", "C69-0701"),
        ("D19", "4", "1", "D19-4001"),
        ("D19", "50", "1", "D19-5001"),
        ("2020.acl", "main", "1", "2020.acl-main.1"),
        ("1991.iwpt", "1", "10", "1991.iwpt-1.10"),
    ],
)
def test_ids_are_put_together_as_the_anthology_does(
    collection: str, volume: str, paper: str, source_id: str
) -> None:
    papers = f'<paper id="{paper}"><title>T</title></paper>'

    (row,) = xml_rows(wrapped(papers, collection=collection, volume=volume))

    assert row.record is not None
    assert row.record.source_id == source_id
    assert row.record.url == f"https://aclanthology.org/{source_id}"


@pytest.mark.parametrize(
    ("source_id", "year"),
    [
        ("P90-1001", 1990),
        ("C65-1001", 1965),
        ("W05-1701", 2005),
        ("1991.iwpt-1.1", 1991),
        ("2020.acl-main.1", 2020),
    ],
)
def test_a_paper_without_a_year_has_that_of_its_id(source_id: str, year: int) -> None:
    """The Anthology fills the year of such volumes in the same way."""
    assert json_record(id=source_id, url="", year=None).year == year
    assert json_record(id=source_id, url="", year=1984).year == 1984


@pytest.mark.parametrize(
    ("source_id", "title", "venue", "kind"),
    [
        ("J17-1001", "A", "Computational Linguistics, Volume 43", "journal-article"),
        ("Q13-1001", "A", "Transactions of the Association", "journal-article"),
        ("2020.tacl-1.1", "A", "Anything", "journal-article"),
        ("O12-2001", "A", "International Journal of Computational Linguistics", "journal-article"),
        ("2014.lilt-10.2", "A", "Linguistic Issues in Language Technology", "journal-article"),
        ("1991.iwpt-1.1", "Proceedings of the Workshop", "Proceedings of the Workshop", "proceedings"),
        ("O12-1001", "A", "Proceedings of the 24th Conference", "proceedings-article"),
        ("I05-2001", "A", "International Joint Conference", "proceedings-article"),
    ],
)
def test_journals_volumes_and_papers_are_told_apart(
    source_id: str, title: str, venue: str, kind: str
) -> None:
    assert json_record(id=source_id, url="", title=title, venue=venue).type == kind


def test_the_id_in_the_address_counts_where_two_papers_share_one() -> None:
    record = json_record(id="C69-1001", url="https://aclanthology.org/C69-0101")

    assert record.source_id == "C69-0101"
    assert Identifier("local", "acl:C69-0101") in record.identifiers


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://aclanthology.org/http://www.lrec-conf.org/1.pdf", "http://www.lrec-conf.org/1.pdf"),
        ("P19-1001", "https://aclanthology.org/P19-1001"),
        ("javascript:alert(1)", "https://aclanthology.org/javascript:alert(1)"),
        ("ftp://example.org/x", "https://aclanthology.org/P19-1001"),
        (None, "https://aclanthology.org/P19-1001"),
        (7, "https://aclanthology.org/P19-1001"),
    ],
)
def test_an_address_leads_to_the_web(url: object, expected: str) -> None:
    assert json_record(url=url).url == expected


def test_a_handle_is_no_doi() -> None:
    assert json_record(doi="http://hdl.handle.net/11346/X").identifiers == (
        Identifier("local", "acl:P19-1001"),
    )


@pytest.mark.parametrize("junk", [7, True, [], {}, [[]], [None], None, 2.5, "\x00\ud83d"])
def test_a_field_of_the_wrong_type_is_left_out(junk: object) -> None:
    for key in PAPER.keys() - {"id", "title"}:
        assert json_record(**{key: junk}).title == EXPECTED.title


@pytest.mark.parametrize(
    "source_id", [None, 7, "", "P19", "P19-1", "a\nb", "P19-1001\n", "../etc", "x" * 10_000]
)
def test_what_is_no_anthology_id_is_rejected(source_id: object) -> None:
    (row,) = acl_jsonl.read(io.BytesIO(json.dumps(PAPER | {"id": source_id}).encode()), None)

    assert "no ACL Anthology id" in str(row.reason)


@pytest.mark.parametrize(
    "doctype",
    [
        '<!DOCTYPE collection SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE c [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE c [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;&b;">]>',
        "<!DOCTYPE collection>",
    ],
)
def test_a_document_type_is_refused_before_any_entity_is_read(doctype: str) -> None:
    papers = '<paper id="1"><title>&x;</title></paper>'

    with pytest.raises(UnreadableInput, match="document type"):
        xml_rows(doctype + wrapped(papers))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("<html><body/></html>", "root is not <collection>"),
        ('{"id": 1}', "not XML"),
        ('<?xml version="1.0" encoding="none-such"?><collection id="P19"/>', "unknown encoding"),
    ],
)
def test_xml_of_another_kind_is_unreadable(text: str, message: str) -> None:
    with pytest.raises(UnreadableInput, match=message):
        xml_rows(text)


def test_nothing_is_no_rows() -> None:
    assert xml_rows("") == []


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_the_encoding_that_the_xml_names_is_used(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?>' + wrapped(
        '<paper id="1"><title>Größe</title></paper>'
    )

    (row,) = xml_rows(text.encode(encoding))

    assert row.record is not None
    assert row.record.title == "Größe"


def test_broken_xml_keeps_what_stood_before_it() -> None:
    rows = xml_rows(XML.replace("<title>No number</title>", "<title>No number</paper>"))

    assert [row.record is not None for row in rows] == [True, False, False]
    assert rows[-1].line == 19
    assert "not well-formed XML: mismatched tag" in str(rows[-1].reason)


@pytest.mark.parametrize(
    "title",
    ["y" * 11_000_000, "<b>" * 200_000 + "</b>" * 200_000],
    ids=["long text", "many elements"],
)
def test_a_paper_over_ten_megabytes_is_rejected_and_the_next_is_read(title: str) -> None:
    papers = f'<paper id="1"><title>{title}</title></paper><paper id="2"><title>Next</title></paper>'

    rows = xml_rows(wrapped(papers))

    assert rows[0].reason == "the record is longer than 10 MB"
    assert rows[1].record is not None


def test_deep_nesting_is_flattened_without_recursion() -> None:
    (row,) = xml_rows(wrapped(f'<paper id="1"><title>{"<b>" * 90_000}deep{"</b>" * 90_000}</title></paper>'))

    assert row.record is not None
    assert row.record.title == "deep"


def test_an_attribute_without_end_stops_the_reading() -> None:
    rows = xml_rows(wrapped('<paper id="1"><title>First</title></paper><paper id="' + "2" * 11_000_000))

    assert rows[0].record is not None
    assert "longer than 10 MB" in str(rows[-1].reason)
    assert len(rows) == 2


def test_both_are_recognised() -> None:
    assert recognise(json.dumps(PAPER).encode()) is acl_jsonl
    assert recognise(XML.encode()) is acl_xml
    assert recognise(b"\xef\xbb\xbf" + wrapped("").encode()) is acl_xml
    assert recognise(b"<?xml version='1.0'?><feed/>") is None
