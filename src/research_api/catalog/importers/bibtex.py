"""BibTeX and biblatex: an entry a work.

Read: the key, title and subtitle, author, year, month, date, journal (journaltitle, booktitle, and by type school,
institution, publisher ...) for the venue, doi, eprint with archiveprefix or eprinttype, pmid, pmcid, url, abstract,
note, what an entry inherits by crossref; and of our own exports worktype, openalex, s2, localid, researchapi.
@string is honoured, @comment and @preamble are passed over. Not read: editors, pages, volumes, keywords, files.
Sources: BibTeX, btxdoc.pdf; "Tame the BeaST"; biblatex manual, 2.1 and 2.2 (read 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from research_api.catalog.exporters.kinds import kind_of
from research_api.catalog.importers.bibtex_blocks import Macro, RawEntry, read_blocks
from research_api.catalog.importers.bibtex_inheritance import Inheritance
from research_api.catalog.importers.bibtex_names import authors_in
from research_api.catalog.importers.bibtex_values import Macros
from research_api.catalog.importers.contract import ByteStream, Row, UnreadableInput
from research_api.catalog.importers.naming import Naming, Told
from research_api.catalog.importers.text_lines import TextLines
from research_api.domain.exports import RETRACTED_NOTE
from research_api.domain.works import Record
from research_api.records import fields
from research_api.records.errors import Rejected
from research_api.records.latex import from_tex
from research_api.records.months import SHORT_MONTHS

NAME = "bibtex"

_START = re.compile(
    rb"(?:\xef\xbb\xbf)?(?:[^@{}\[\]<]*[\r\n])?[ \t]*@"
    rb"(?:string|preamble|comment|[a-z]{3,20}[ \t]*[{(]\s*[^\s,{}()\"]+\s*,)",
    re.IGNORECASE,
)
_TYPES = {
    "article": "journal-article", "inproceedings": "proceedings-article", "conference": "proceedings-article",
    "proceedings": "proceedings", "mvproceedings": "proceedings", "book": "book", "mvbook": "book",
    "booklet": "book", "collection": "edited-book", "mvcollection": "edited-book", "inbook": "book-chapter",
    "bookinbook": "book-chapter", "suppbook": "book-chapter", "incollection": "book-chapter",
    "suppcollection": "book-chapter", "phdthesis": "dissertation", "mastersthesis": "dissertation",
    "thesis": "dissertation", "techreport": "report", "report": "report", "dataset": "dataset",
    "reference": "reference-book", "inreference": "reference-entry", "periodical": "journal",
    "standard": "standard",
}  # fmt: skip
_VENUES = ("journal", "journaltitle", "booktitle", "maintitle")
# after the field in which an export has it
_VENUES_OF_TYPE = {
    "dissertation": ("institution",),
    "report": ("school",),
    "book": ("publisher",),
    "edited-book": ("publisher",),
    "proceedings": ("publisher",),
}
_LAST_VENUES = ("howpublished", "series", "organization")
_BARE = re.compile(r"\\(?:url|href|path)\s*|[{}]|\\(?=[^A-Za-z])")


def recognises(head: bytes) -> bool:
    """True where the first block is a BibTeX entry with a key, or a @string, @preamble or @comment."""
    return _START.match(head.lstrip()) is not None


def read(stream: ByteStream, namespace: str | None) -> Iterator[Row]:
    """One row for each entry; those that inherit from a later one come when that has been read.

    Raises UnreadableInput where there is none, or for want of a namespace.
    """
    lines, entries = TextLines(stream), _Entries(Naming(namespace))
    has_blocks = False
    for line, block in read_blocks(lines):
        has_blocks = True
        yield from entries.rows(line, block)
    yield from entries.rest()
    if lines.damage:
        yield Row(lines.line, None, lines.damage)
    elif not has_blocks and lines.line > 1:
        raise UnreadableInput("This is not BibTeX: no line begins an entry, such as @article{key,")


class _Entries:
    """From blocks to rows, with the macros and parents of the file so far."""

    def __init__(self, naming: Naming) -> None:
        self._naming = naming
        self._macros = Macros()
        self._inheritance = Inheritance()

    def rows(self, line: int, block: RawEntry | Macro | Rejected) -> Iterator[Row]:
        """What the block gives, and the entries that waited for it."""
        try:
            if isinstance(block, Rejected):
                raise block
            if isinstance(block, Macro):
                self._macros.define(block.name, block.value)
                return
            values = {name: self._macros.value(raw) for name, raw in block.fields.items()}
        except Rejected as reason:
            yield Row(line, None, str(reason))
            return
        for whole in self._inheritance.complete(line, RawEntry(block.kind, block.key, values)):
            yield self._row(*whole)

    def rest(self) -> Iterator[Row]:
        """The entries whose parent never came."""
        for line, entry in self._inheritance.rest():
            yield self._row(line, entry)

    def _row(self, line: int, entry: RawEntry) -> Row:
        try:
            return Row(line, to_record(entry, self._naming), None)
        except Rejected as reason:
            return Row(line, None, str(reason))


def to_record(entry: RawEntry, naming: Naming) -> Record:
    """The record of an entry whose values are texts of TeX. Raises Rejected without a usable key or a title."""
    values = entry.fields
    named = naming.named(entry.key, values.get("researchapi"))
    kind = _type(entry.kind, values, is_ours=named.is_ours)
    year, date = _dates(values, is_ours=named.is_ours)
    return named.record(
        Told(
            title=_title(values),
            abstract=_text(values, "abstract"),
            authors=fields.authors_of(authors_in(values.get("author", ""), named)),
            year=year,
            date=date,
            venue=_venue(values, kind, is_ours=named.is_ours),
            type=kind,
            identifiers=_identifiers(values),
            url=_url(values),
            retracted=(_text(values, "note") or "").lower().startswith(RETRACTED_NOTE.lower()),
        )
    )


def _text(values: dict[str, str], *names: str) -> str | None:
    return next((text for name in names if (text := from_tex(values.get(name, "")).strip())), None)


def _bare(values: dict[str, str], name: str) -> str:
    """A value that no person reads, such as an address: TeX's escapes off, everything else as it stands."""
    text = values.get(name, "")
    return (from_tex(text) if "{\\text" in text else _BARE.sub("", text)).strip()


def _title(values: dict[str, str]) -> str | None:
    title, subtitle = _text(values, "title"), _text(values, "subtitle")
    return f"{title}: {subtitle}" if title and subtitle else title


def _type(kind: str, values: dict[str, str], *, is_ours: bool) -> str | None:
    """The exact type of ours, as long as it fits the entry; somebody may have changed that."""
    exact = fields.type_of(values.get("worktype"))
    if is_ours and kind_of(exact).bibtex == kind:
        return exact
    if kind in ("misc", "online", "unpublished") and _is_arxiv(values):
        return "posted-content"
    return _TYPES.get(kind)


def _venue(values: dict[str, str], kind: str | None, *, is_ours: bool) -> str | None:
    """howpublished is often an address, which is no venue."""
    names = (*_VENUES, kind_of(kind).venue, *_VENUES_OF_TYPE.get(kind or "", ()), *_LAST_VENUES)
    venue = _text(values, *names)
    return venue if venue and (is_ours or "://" not in venue) else None


def _dates(values: dict[str, str], *, is_ours: bool) -> tuple[str | None, str | None]:
    """(year, date). The day may stand in `date`; else year and month make the date."""
    date, year = values.get("date", "").partition("/")[0].strip(), _text(values, "year")
    if year and (found := re.search(r"(?<!\d)\d{4}(?!\d)", year)):
        year = found[0]
    if date or is_ours:
        return year, fields.date_of(date)
    month = (values.get("month") or "").strip().lower()
    number = int(month) if re.fullmatch(r"[0-9]{1,2}", month) else 0
    if month[:3] in SHORT_MONTHS:
        number = SHORT_MONTHS.index(month[:3]) + 1
    return year, f"{year}-{number:02}" if number else year


def _is_arxiv(values: dict[str, str]) -> bool:
    named = {_bare(values, name).lower() for name in ("archiveprefix", "eprinttype", "journal", "publisher")}
    return any(name.startswith("arxiv") for name in named) and bool(_arxiv_id(values))


def _arxiv_id(values: dict[str, str]) -> str | None:
    found = [one.value for one in fields.identifiers_of(("arxiv", _bare(values, "eprint")))]
    return found[0] if found else None


def _identifiers(values: dict[str, str]) -> tuple[tuple[str, object], ...]:
    is_pubmed = _bare(values, "eprinttype").lower() == "pubmed"
    prefix = (_bare(values, "archiveprefix") or _bare(values, "eprinttype")).lower()
    arxiv = _arxiv_id(values) if prefix in ("", "arxiv") else None
    return (
        ("doi", _bare(values, "doi")),
        ("pmid", _bare(values, "pmid") or (_bare(values, "eprint") if is_pubmed else None)),
        ("pmcid", _bare(values, "pmcid")),
        ("arxiv", arxiv or _bare(values, "arxivid") or _bare(values, "arxiv")),
        ("openalex", _bare(values, "openalex")),
        ("s2", _bare(values, "s2")),
        ("local", from_tex(values.get("localid", ""))),
    )


def _url(values: dict[str, str]) -> str | None:
    """The address; howpublished may hold one."""
    found = (fields.url_of(_bare(values, name)) for name in ("url", "howpublished"))
    return next((address for address in found if address), None)
