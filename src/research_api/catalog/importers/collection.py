"""A retrieval collection: JSONL with `_id`, `title` and `text`, as BEIR has it.

Needs a namespace, which names the collection: the record's source, and `identifiers.local` = `NAMESPACE:_id`,
so that results can be scored against the collection's judgements.
Read: _id (text or a whole number), title, text; and `doi`, `year`, `authors` (a list), `url`, at the top or
under `metadata`. Not read: anything else; authors in one string, whose order nobody states.
A record without a title is titled by the first sentence of its text, at most 200 characters.
Source: BEIR, "Load your custom dataset" (github.com/beir-cellar/beir/wiki, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.json_records import leading_members, read_json
from research_api.domain.exports import EXPORT_SOURCE
from research_api.domain.identifiers import is_namespace, normalise
from research_api.domain.search import SOURCE_NAMES
from research_api.domain.works import Author, Record
from research_api.records import cleaning, fields
from research_api.records.errors import Rejected

NAME = "collection"

MAX_MADE_TITLE_CHARACTERS = 200
_SENTENCE = re.compile(r".{1,200}?[.!?](?=\s|$)")


def recognises(head: bytes) -> bool:
    """True where the first object has an `_id` beside a title or a text."""
    members = leading_members(head)
    return "_id" in members and ("title" in members or "text" in members)


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each line. Raises UnreadableInput where it is not JSON, or without a good namespace."""
    if namespace is None or not is_namespace(namespace):
        raise UnreadableInput(
            "A collection needs a name: give --namespace (lower case letters, digits, dots, hyphens)."
        )
    if namespace in RESERVED:
        raise UnreadableInput(
            f"{namespace} is the name of a source: its records would be overwritten. Choose another."
        )
    return read_json(stream, lambda document: to_record(document, namespace))


# what other formats call their records
RESERVED = frozenset({*SOURCE_NAMES, "acl", "demo", EXPORT_SOURCE})


def to_record(document: dict[str, object], namespace: str) -> Record:
    """The record of one document. Raises Rejected without an `_id`, or without both title and text."""
    source_id = _source_id(document.get("_id"), namespace)
    text = document.get("text")
    abstract = cleaning.plain_abstract(text) if isinstance(text, str) else None
    extra = fields.members_of(document.get("metadata")) | document
    return Record(
        source=namespace,
        source_id=source_id,
        title=_title(document.get("title"), abstract),
        abstract=abstract,
        authors=fields.authors_of(_author(entry) for entry in fields.items_of(extra.get("authors"))),
        year=fields.year_of(extra.get("year")),
        identifiers=fields.identifiers_of(("doi", extra.get("doi")), ("local", f"{namespace}:{source_id}")),
        url=fields.url_of(extra.get("url")),
    )


def _source_id(value: object, namespace: str) -> str:
    given = str(value) if type(value) is int else fields.text_of(value) or ""
    if given != cleaning.clean_text(given) or normalise("local", f"{namespace}:{given}") is None:
        raise Rejected(
            "the record has no usable _id: 1 to 256 characters in NFC, without control characters and doubled spaces"
        )
    return given


def _title(value: object, abstract: str | None) -> str:
    title = fields.plain_of(value, cleaning.MAX_TITLE_CHARACTERS)
    if title:
        return title
    if not abstract:
        raise Rejected("the record has neither a title nor a text")
    sentence = _SENTENCE.match(abstract)
    return sentence[0] if sentence else cleaning.cut_at_word(abstract, MAX_MADE_TITLE_CHARACTERS)


def _author(entry: object) -> Author | None:
    person = fields.members_of(entry)
    name = entry if isinstance(entry, str) else person.get("name")
    return fields.author_of(
        name=name, given=person.get("given"), family=person.get("family"), orcid=person.get("orcid")
    )
