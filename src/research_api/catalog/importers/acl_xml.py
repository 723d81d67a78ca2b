"""The ACL Anthology's own XML: one file a collection, volumes inside, papers inside those.

Read of a volume: its id, booktitle, year. Of a paper: its id, title, abstract, authors (first, last), doi,
url, retracted. Not read: editors, pages, publisher, videos, attachments, revisions, awards, name variants;
and front matter, which is no paper: the JSONL of 2021 has no record of it either. Markup in titles and
abstracts (`fixed-case`, `i`, `b`, `tex-math`, `url`) is flattened to its text.
A document type is refused before anything in it is read, so no entity is ever defined or fetched.
Source: ACL Anthology, data/xml/schema.rnc and bin/anthology (github.com/acl-org/acl-anthology, read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from research_api.catalog.importers import anthology, fields
from research_api.catalog.importers.contract import ByteStream, DamagedSource, Rejected, Row, UnreadableInput
from research_api.domain.works import Author, Record

NAME = "acl-xml"

MAX_RECORD_BYTES = 10_000_000
_CHUNK_BYTES = 64 * 1024
_ELEMENT_BYTES = 100
_ROOT = re.compile(rb"\s*(?:\xef\xbb\xbf)?\s*<(?:\?xml|!|collection[\s>])")


def recognises(head: bytes) -> bool:
    """True where the bytes are XML with a `collection` that has an id."""
    return _ROOT.match(head) is not None and re.search(rb"<collection\s[^<>]*id\s*=", head) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:  # noqa: ARG001 - the same signature for every format
    """One row for each paper; broken XML ends the reading with a row that says where.

    Raises UnreadableInput for a document type and for XML of another kind.
    """
    papers = _Papers()
    damage = None
    while damage is None:
        try:
            chunk = stream.read(_CHUNK_BYTES)
        except DamagedSource as reason:
            chunk, damage = b"", str(reason)
        if damage is None:
            damage = papers.feed(chunk)
        yield from papers.take()
        if not chunk:
            break
    if damage is not None:
        yield Row(papers.line, None, damage)


class _Papers:
    """Collects the papers of what the parser has seen; keeps one paper or volume head at a time."""

    def __init__(self) -> None:
        self._parser = expat.ParserCreate()
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._data
        self._parser.StartDoctypeDeclHandler = self._doctype
        self._rows: list[Row] = []
        self._builder: TreeBuilder | None = None
        self._depth = self._size = self._start_line = self._fed_bytes = 0
        self._has_root = False
        self._collection = self._volume = self._paper = ""
        self._venue: str | None = None
        self._year: str | None = None

    @property
    def line(self) -> int:
        """The line that the parser is on."""
        return self._parser.CurrentLineNumber

    def feed(self, chunk: bytes) -> str | None:
        """None, or the reason why nothing after this can be read. No bytes: the end."""
        self._fed_bytes += len(chunk)
        if not self._fed_bytes:
            return None
        try:
            self._parser.Parse(chunk, not chunk)
        except expat.ExpatError as error:
            if not self._has_root:
                raise UnreadableInput("This is not XML; the Anthology's files start with <?xml.") from error
            return f"not well-formed XML: {expat.ErrorString(error.code)}; what follows was not read"
        except (ValueError, LookupError) as error:
            raise UnreadableInput("The XML names an unknown encoding: convert the file to UTF-8.") from error
        if self._fed_bytes - max(self._parser.CurrentByteIndex, 0) > MAX_RECORD_BYTES:
            return "a piece of markup is longer than 10 MB; what follows was not read"
        return None

    def take(self) -> list[Row]:
        """The rows since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def _doctype(self, *_: object) -> None:
        raise UnreadableInput("The XML declares a document type, which is not read: remove the DOCTYPE.")

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and tag != "collection":
            raise UnreadableInput("This is not XML of the ACL Anthology: its root is not <collection>.")
        if self._builder is not None:
            self._size += _ELEMENT_BYTES + sum(map(len, attributes.values()))
            if self._size <= MAX_RECORD_BYTES:
                self._builder.start(tag, attributes)
            return
        if self._depth == 1:
            self._collection, self._has_root = attributes.get("id", ""), True
        elif self._depth == 2:
            self._volume, self._venue, self._year = attributes.get("id", ""), None, None
        elif self._depth == 3 and tag in ("meta", "paper"):
            self._paper, self._start_line, self._size = attributes.get("id", ""), self.line, 0
            self._builder = TreeBuilder()
            self._builder.start(tag, attributes)

    def _data(self, text: str) -> None:
        if self._builder is not None:
            self._size += len(text)
            if self._size <= MAX_RECORD_BYTES:
                self._builder.data(text)

    def _end(self, tag: str) -> None:
        self._depth -= 1
        if self._builder is None:
            return
        if self._size <= MAX_RECORD_BYTES:
            self._builder.end(tag)
        if self._depth == 2:
            builder, self._builder = self._builder, None
            self._finish(builder, tag)

    def _finish(self, builder: TreeBuilder, tag: str) -> None:
        if self._size > MAX_RECORD_BYTES:
            self._rows.append(Row(self._start_line, None, "the record is longer than 10 MB"))
            return
        element = builder.close()
        if tag == "meta":
            self._venue, self._year = _text(element, "booktitle"), _text(element, "year")
            return
        try:
            self._rows.append(Row(self._start_line, self._record(element), None))
        except Rejected as reason:
            self._rows.append(Row(self._start_line, None, str(reason)))

    def _record(self, paper: Element) -> Record:
        return anthology.record_of(
            anthology.Paper(
                source_id=_paper_id(self._collection, self._volume, self._paper),
                title=_text(paper, "title"),
                abstract=_text(paper, "abstract"),
                authors=fields.authors_of(_author(person) for person in paper.iterfind("author")),
                year=_text(paper, "year") or self._year,
                venue=self._venue,
                doi=_text(paper, "doi"),
                url=_text(paper, "url"),
                retracted=paper.find("retracted") is not None,
            )
        )


def _paper_id(collection: str, volume: str, paper: str) -> str:
    """`2020.acl-main.1`, or the old `P19-1001`, where volumes of workshops take two of the four digits.

    Raises Rejected where the parts make no id. Source: bin/anthology/utils.py, `build_anthology_id` (read
    2026-11)
    """
    if re.match(r"\d{4}\.", collection):
        return anthology.anthology_id(f"{collection}-{volume}.{paper}")
    if not (re.fullmatch(r"[0-9]{1,3}", volume) and re.fullmatch(r"[0-9]{1,3}", paper)):
        return anthology.anthology_id(None)
    has_wide_volume = (
        collection.startswith("W") or collection == "C69" or (collection == "D19" and int(volume) >= 5)
    )
    number = f"{int(volume):02}{int(paper):02}" if has_wide_volume else f"{int(volume)}{int(paper):03}"
    return anthology.anthology_id(f"{collection}-{number}")


def _text(element: Element, tag: str) -> str | None:
    found = element.find(tag)
    return None if found is None else "".join(found.itertext())


def _author(person: Element) -> Author | None:
    return fields.author_of(
        given=_text(person, "first"), family=_text(person, "last"), orcid=person.get("orcid")
    )
