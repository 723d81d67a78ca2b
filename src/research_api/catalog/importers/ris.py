"""RIS: a tag, two spaces, a hyphen and a value a line, from TY to ER.

Read: TY, ID, TI T1 CT, AU A1, AB N2, PY Y1 DA, JO JF T2 JA and others for the venue, DO, UR, AN with DB, N1, and of
our own exports also M3, C2 and U1 to U5. Not read: SN, pages, editors, keywords, files and any other tag.
A value goes on in lines without a tag. A record without ER ends where the next one begins.
The key of a record is its ID, else its AN, its DOI, or a digest of its title, year and first author: many programs
write no ID.
Sources: "RIS Format Specifications" of ISI ResearchSoft, 2001; EndNote's table of tags (read 2026-11).
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.exporters.ris import DATABASE, IDENTIFIER_TAGS
from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.naming import Named, Naming, Told
from research_api.catalog.importers.text_lines import MAX_RECORD_CHARACTERS, TOO_LONG, TextLines, check_utf_8
from research_api.domain.exports import RETRACTED_NOTE
from research_api.domain.identifiers import is_work_id
from research_api.domain.works import Author, Record
from research_api.records import fields
from research_api.records.errors import Rejected

NAME = "ris"

_TAGGED = re.compile(r"([A-Z][A-Z0-9])[ \t]{1,3}-(?:[ \t]+(.*)|)", re.DOTALL)
_FIRST_TAG = re.compile(rb"(?:^|[\r\n]|\xef\xbb\xbf)TY[ \t]{1,3}-[ \t]*[A-Za-z]{2,8}[ \t]*[\r\n]")
_TYPES = {
    "JOUR": "journal-article", "JFULL": "journal", "MGZN": "journal-article", "NEWS": "journal-article",
    "EJOUR": "journal-article", "ABST": "journal-article", "CPAPER": "proceedings-article",
    "CONF": "proceedings-article", "BOOK": "book", "EBOOK": "book", "EDBOOK": "edited-book",
    "CHAP": "book-chapter", "ECHAP": "book-chapter", "ENCYC": "reference-entry", "DICT": "reference-entry",
    "THES": "dissertation", "RPRT": "report", "GOVDOC": "report", "STAND": "standard", "DATA": "dataset",
    "DBASE": "database", "SER": "book-series", "UNPB": "posted-content",
}  # fmt: skip
_TITLES = ("TI", "T1", "CT")
_VENUES = ("T2", "JO", "JF", "JA", "J2", "J1", "BT", "T3")
_DATE = re.compile(r"([0-9]{4})(?:[/-]([0-9]{1,2})?)?(?:[/-]([0-9]{1,2})?)?(?:[/-].*)?", re.DOTALL)
_IN_PUBMED = re.compile(r"pubmed|medline", re.IGNORECASE)

# the lines of each value, by tag
TaggedLines = dict[str, list[list[str]]]
Tags = dict[str, list[str]]
# its tag, and something for the place it takes, so that millions of empty lines are a long record too
_LINE_OVERHEAD = 16


def recognises(head: bytes) -> bool:
    """True where a line is the type of a record and nothing before it is of another format."""
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    return start not in (b"{", b"[", b"<", b"@") and _FIRST_TAG.search(head) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each record. Raises UnreadableInput where there is none, or for want of a namespace."""
    naming, lines = Naming(namespace), TextLines(stream)
    has_rows = has_text = False
    for begun in _records(lines):
        has_text = True
        if begun is not None:
            has_rows = True
            yield _row(begun, naming)
    if lines.damage:
        yield Row(lines.line, None, lines.damage)
    elif has_text and not has_rows:
        raise UnreadableInput("This is not RIS: no record begins with TY.")


class _Begun:
    """A record that has begun: the lines of each value by its tag, and None once it is too long."""

    def __init__(self, line: int, kind: str) -> None:
        self.line = line
        self.tags: TaggedLines | None = {"TY": [[kind]]}
        self._value: list[str] = []
        self._size = 0

    def add(self, tag: str | None, text: str) -> None:
        """One more line; without a tag it continues the value before."""
        self._size += len(text) + _LINE_OVERHEAD
        if self._size > MAX_RECORD_CHARACTERS:
            self.tags = None
        elif self.tags is not None and tag is not None:
            self._value = [text]
            self.tags.setdefault(tag, []).append(self._value)
        elif text.strip():
            self._value.append(text)


def _records(lines: TextLines) -> Iterator[_Begun | None]:
    """Every record; None for a line that stands outside of one."""
    begun: _Begun | None = None
    for line, text in lines:
        found = _TAGGED.fullmatch(text)
        tag, value = (found[1], found[2] or "") if found else (None, text)
        if tag == "TY":
            if begun is not None:
                yield begun
            begun = _Begun(line, value)
        elif begun is None:
            if text.strip():
                yield None
        elif tag == "ER":
            yield begun
            begun = None
        else:
            begun.add(tag, value)
    if begun is not None:
        yield begun


def _row(begun: _Begun, naming: Naming) -> Row:
    try:
        if begun.tags is None:
            raise Rejected(TOO_LONG)
        joined = {tag: ["\n".join(lines) for lines in values] for tag, values in begun.tags.items()}
        return Row(begun.line, _record(joined, naming), None)
    except Rejected as reason:
        return Row(begun.line, None, str(reason))


def _record(tags: Tags, naming: Naming) -> Record:
    for values in tags.values():
        for value in values:
            check_utf_8(value)
    accession = _first(tags, "AN")
    work_id = accession if _first(tags, "DB") == DATABASE and is_work_id(accession) else None
    named = naming.named(None if work_id else _key(tags), work_id)
    date = _date(_first(tags, "DA")) or _date(_first(tags, "PY", "Y1"))
    return named.record(
        Told(
            title=_first(tags, *_TITLES) or (None if named.is_ours else _first(tags, "BT")),
            abstract=_first(tags, "AB", "N2") or None,
            authors=fields.authors_of(_author(text, named) for text in _all(tags, "AU", "A1")),
            year=_first(tags, "PY", "Y1")[:4],
            date=date if "DA" in tags or not named.is_ours else None,
            venue=_first(tags, *_VENUES) or None,
            type=_type(_first(tags, "TY").upper(), _first(tags, "M3")),
            identifiers=tuple(_identifiers(tags, named)),
            url=next((one for one in _all(tags, "UR") if fields.url_of(one)), None),
            retracted=any(note.lower().startswith(RETRACTED_NOTE.lower()) for note in _all(tags, "N1")),
        )
    )


def _all(tags: Tags, *names: str) -> list[str]:
    return [text for name in names for value in tags.get(name, ()) if (text := value.strip())]


def _first(tags: Tags, *names: str) -> str:
    return next(iter(_all(tags, *names)), "")


def _key(tags: Tags) -> str:
    if found := _first(tags, "ID", "AN", "DO"):
        return found
    told = (_first(tags, *_TITLES), _first(tags, "PY", "Y1", "DA")[:4], _first(tags, "AU", "A1"))
    return hashlib.sha256("\n".join(told).encode()).hexdigest()[:16]


def _date(text: str) -> str | None:
    """`2020-01-02` of `2020/01/02/spring`, as exact as it is."""
    found = _DATE.fullmatch(text)
    if not found:
        return None
    parts = [found[1]]
    for part in (found[2], found[3]):
        if not part or not int(part):
            break
        parts.append(f"{int(part):02}")
    return "-".join(parts)


def _author(text: str, named: Named) -> Author | None:
    """`Family, Given, Suffix`; a name of ours without a comma came in one piece."""
    family, *rest = [part.strip() for part in text.split(",")]
    if rest:
        given, suffix = rest[0], " ".join(rest[1:])
        return named.author(given=given, family=f"{family} {suffix}".strip())
    if named.is_ours:
        return named.author(name=text)
    given, _, family = text.rpartition(" ")
    return named.author(given=given or None, family=family)


def _type(tag: str, exact: str) -> str | None:
    """The type that M3 names, where it fits TY; M3 may be anything in files of others."""
    kind = fields.type_of(exact)
    return kind if kind and kind_of(kind).ris == tag else _TYPES.get(tag)


def _identifiers(tags: Tags, named: Named) -> Iterator[tuple[str, object]]:
    yield "doi", _first(tags, "DO")
    yield "pmcid", _first(tags, IDENTIFIER_TAGS["pmcid"])
    for text in _all(tags, *(tag for scheme, tag in IDENTIFIER_TAGS.items() if scheme != "pmcid")):
        scheme, colon, value = text.partition(":")
        if colon and scheme in IDENTIFIER_TAGS:
            yield scheme, value
    if not named.is_ours:
        yield from _accession(_first(tags, "AN"), _all(tags, "DB", "DP"))


def _accession(number: str, databases: Sequence[str]) -> Iterator[tuple[str, object]]:
    if any(_IN_PUBMED.search(name) for name in databases):
        yield "pmid", number
    elif number.upper().startswith("PMC"):
        yield "pmcid", number
    elif number.lower().startswith("arxiv:"):
        yield "arxiv", number
