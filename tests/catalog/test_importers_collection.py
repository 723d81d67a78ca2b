"""Retrieval collections and the demo records become records."""

from __future__ import annotations

import io
import json

import pytest

from research_api.catalog.importers import UnreadableInput, collection, demo, recognise
from research_api.domain.works import Author, Identifier, Record


def read(*documents: object, namespace: str | None = "cran") -> list[Record | str | None]:
    data = "\n".join(json.dumps(document) for document in documents).encode()
    return [row.record or row.reason for row in collection.read(io.BytesIO(data), namespace)]


def one(**document: object) -> Record:
    (record,) = read({"_id": "1", "title": "Title", "text": "Text."} | document)
    assert isinstance(record, Record)
    return record


def test_a_document_is_a_record_under_the_name_of_its_collection() -> None:
    assert read({"_id": "MED-1", "title": " On\nwings ", "text": "They lift."}) == [
        Record("cran", "MED-1", "On wings", "They lift.", identifiers=(Identifier("local", "cran:MED-1"),))
    ]


def test_what_a_document_states_besides_is_read() -> None:
    record = one(
        metadata={
            "doi": "10.1000/X",
            "year": "1962",
            "url": "https://example.org/1",
            "authors": ["A. One", "B. Two"],
        }
    )

    assert record.identifiers == (Identifier("doi", "10.1000/x"), Identifier("local", "cran:1"))
    assert (record.year, record.url) == (1962, "https://example.org/1")
    assert record.authors == (Author("A. One"), Author("B. Two"))
    assert one(authors=[{"given": "A.", "family": "One"}]).authors == (Author("A. One", "A.", "One"),)


def test_authors_in_one_string_are_left_out() -> None:
    """Nobody states which part is the family name: `Perlis, A. J. Samelson,K.`"""
    assert one(metadata={"authors": "Perlis, A. J. Samelson,K."}).authors == ()


def test_an_empty_text_is_no_abstract() -> None:
    assert one(text="").abstract is None
    assert one(text=None).abstract is None


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("First one. Second one.", "First one."),
        ("No end to it", "No end to it"),
        ("Version 2.0 is out! Really.", "Version 2.0 is out!"),
        ("word " * 100, ("word " * 40).strip()),
    ],
)
def test_a_missing_title_is_made_from_the_text(text: str, title: str) -> None:
    record = one(title="", text=text)

    assert record.title == title
    assert record.abstract == " ".join(text.split())


def test_a_document_without_title_and_text_is_rejected() -> None:
    assert read({"_id": "471", "title": "", "text": ""}) == ["the record has neither a title nor a text"]


@pytest.mark.parametrize("source_id", [None, "", " ", "a\x00b", "\ud83d", " 1", "x" * 257, 2.5, True, ["1"]])
def test_an_id_that_could_not_be_found_again_is_rejected(source_id: object) -> None:
    assert "no usable _id" in str(read({"_id": source_id, "title": "Title", "text": ""})[0])


def test_a_number_may_be_the_id() -> None:
    assert one(_id=17).source_id == "17"


@pytest.mark.parametrize("namespace", [None, "", "Upper", "a b", "../x", "x" * 65])
def test_a_collection_needs_a_name(namespace: str | None) -> None:
    with pytest.raises(UnreadableInput, match="--namespace"):
        read({"_id": "1", "title": "Title", "text": ""}, namespace=namespace)


def test_long_texts_are_cut_at_a_word() -> None:
    record = one(title="word " * 1_000, text="word " * 20_000)

    assert len(record.title) == 1_999
    assert len(record.abstract or "") == 49_999


DEMO: dict[str, object] = {
    "id": "someone-1905-something",
    "title": "Über Etwas",
    "authors": [{"given": "Ada", "family": "Lovelace"}],
    "year": 1905,
    "venue": "Annalen",
    "type": "journal-article",
    "doi": "10.1000/X",
    "summary": "Says something.",
    "checked": "here",
}


def test_every_field_of_a_demo_record_is_read() -> None:
    (row,) = demo.read(io.BytesIO(json.dumps(DEMO).encode()), None)

    assert row.record == Record(
        source="demo",
        source_id="someone-1905-something",
        title="Über Etwas",
        abstract="Says something.",
        authors=(Author("Ada Lovelace", "Ada", "Lovelace"),),
        year=1905,
        venue="Annalen",
        type="journal-article",
        identifiers=(Identifier("doi", "10.1000/x"), Identifier("local", "demo:someone-1905-something")),
        url="https://doi.org/10.1000/x",
    )


@pytest.mark.parametrize("changes", [{"id": None}, {"id": "With Space"}, {"id": 7}, {"title": ""}])
def test_a_demo_record_without_id_or_title_is_rejected(changes: dict[str, object]) -> None:
    (row,) = demo.read(io.BytesIO(json.dumps(DEMO | changes).encode()), None)

    assert "the record has no" in str(row.reason)


def test_both_are_recognised() -> None:
    assert recognise(json.dumps(DEMO).encode()) is demo
    assert recognise(b'{"_id": "1", "title": "T", "text": "%s' % (b"x" * 70_000)) is collection
    assert recognise(b'{"title": "T", "_id": "1"}') is collection
    assert recognise(b'{"name": "T"}') is None
