"""Writes docs/sources.md: every source by its own manual, and how much of each field it fills in recorded answers.

`make sources-table` runs it, over all modules of `research_api.providers`. What a source is stands in the docstring of
its module. Where ../shared/data is not beside the project, the table of fields stays as the page has it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

from ops.markdown import table
from research_api import providers
from research_api.domain.calls import CallFailed, Send
from research_api.domain.identifiers import normalise
from research_api.domain.query import parse_strict
from research_api.domain.search import SOURCE_NAMES, Filters, Sort
from research_api.domain.sources import Edges, Source, SourceFailed, SourceQuestion
from research_api.domain.works import Identifier, Record
from research_api.providers.access import Access
from tests.providers.endpoints import CALLED
from tests.providers.recordings import Recording, called, filled
from tests.providers.sending import Given

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "docs" / "sources.md"
RECORDED = ROOT.parent / "shared" / "data"
BEGIN, END = "<!-- what each source fills: begin -->", "<!-- what each source fills: end -->"
# who asks for less of each work says nothing of how much a source has
MIN_SELECTED_FIELDS = 8
# answers are short unless more is asked for, as we do
ASKED_FOR_MORE = {"europepmc": "resultType=core"}
# as a source is asked for more than any recording has
MANY = 1_000
FIELDS = (
    "title", "abstract", "authors", "year", "date", "venue", "type", "doi", "pmid", "pmcid", "arxiv", "openalex", "s2",
    "url", "is_oa", "open_access_url", "license", "citation_count", "retracted", "references",
)  # fmt: skip
EXAMPLES = {
    "doi": "10.5555/a", "pmid": "1", "pmcid": "PMC1", "arxiv": "2101.00001", "openalex": "W1", "s2": "0" * 40,
    "local": "core:1",
}  # fmt: skip
_LABEL = re.compile(
    r"(?:API|Pages?|Asked|Query|Limits|Licence|Key|Contact|It cannot|What it cannot|Not read)\b"
)
INTRODUCTION = """# Sources

Where the service looks for works, besides its own catalog. `make sources-table` writes this page from the modules in
`src/research_api/providers`: change it there. How sources are chosen, reached and given keys stands in
[settings.md](settings.md).

A *verified* source is tested against recorded answers of its API. An *unverified* one was written from documentation
alone: a search asks it only where it is named.

Without a network, `.venv/bin/python -m tests.replay` answers for the sources on this machine, over invented works, and
prints the settings that point `make run` at it.
"""
FILLED = """
## What each source fills

Percent of the works in recorded answers that have the field. A work that was recorded several times counts once, as
the fullest record tells it. Recordings that asked for little of each work are left out. Few works were
recorded of some sources, and none of them by chance: the table says what a source can fill, not what it fills on
average. `is_oa` counts works of which the source says either that they are open or that they are not; `retracted` those
that it marks.
"""


def main() -> None:
    """The page is written anew."""
    lines = list(_filled_table()) if RECORDED.is_dir() else table_in(TARGET.read_text(encoding="utf-8"))
    TARGET.write_text(page_with(lines), encoding="utf-8")
    print(f"Wrote {TARGET.relative_to(ROOT)}")


def table_in(page: str) -> list[str]:
    """The lines of the table of fields that the page has."""
    return page.partition(BEGIN)[2].partition(END)[0].strip().splitlines()


def page_with(filled_table: Sequence[str]) -> str:
    """The whole page; all of it but that table comes from the modules."""
    modules = _modules()
    columns = ("source", "public address", "key", "looks up", "references of", "citations of", "")
    lines = [INTRODUCTION, *table(columns, map(_row, modules)), FILLED, BEGIN, *filled_table, END]
    for module in modules:
        lines += ["", f"## {module.NAME}", "", *_manual(module)]
    return "\n".join(lines) + "\n"


def _modules() -> list[ModuleType]:
    """Of the sources, in the order in which answers name them; those that searches cannot name come last."""
    names = [f"{providers.__name__}.{one.name}" for one in iter_modules(providers.__path__)]
    found = [module for module in map(import_module, names) if hasattr(module, "NEEDS_KEY")]
    order = {name: place for place, name in enumerate(SOURCE_NAMES)}
    return sorted(found, key=lambda module: (order.get(module.NAME, len(order)), module.NAME))


def _source(module: ModuleType) -> Source:
    """Of the one class there that answers look-ups."""
    classes = [
        value for value in vars(module).values() if isinstance(value, type) and hasattr(value, "look_up")
    ]
    (make,) = [one for one in classes if one.__module__ == module.__name__]
    made: Source = make(Access(module.BASE_URL, api_key="key", contact="me@example.org"))
    return made


def _row(module: ModuleType) -> tuple[str, ...]:
    source = _source(module)
    return (
        f"[{module.NAME}](#{module.NAME})",
        module.BASE_URL,
        "needed" if module.NEEDS_KEY else "",
        ", ".join(sorted(source.looks_up)),
        ", ".join(sorted(source.follows)),
        ", ".join(sorted(source.cited_by)),
        "verified" if module.VERIFIED else "unverified",
    )


def _manual(module: ModuleType) -> Iterator[str]:
    """The docstring, its labelled lines as a list: `Limits: ...`."""
    is_listed = False
    for line in (module.__doc__ or "").strip().splitlines():
        is_label = _LABEL.match(line) is not None
        is_listed = is_label or (is_listed and bool(line))
        yield f"- {line}" if is_label else f"  {line}" if is_listed else line


def _filled_table() -> Iterator[str]:
    found = {module.NAME: _records(module) for module in _modules()}
    shown = {name: records for name, records in found.items() if records}
    counts = {name: filled(records) for name, records in shown.items()}
    rows = [("works", *(str(len(records)) for records in shown.values()))]
    rows += [
        (f"`{field}`", *(_percent(counts[name][field], len(shown[name])) for name in shown))
        for field in FIELDS
    ]
    yield from table(("field", *shown), rows)


def _percent(count: int, total: int) -> str:
    if not count:
        return "-"
    return "<1" if count * 100 < total else str(count * 100 // total)


def _records(module: ModuleType) -> list[Record]:
    """What the source reads in its recordings, each work once."""
    if module.NAME not in CALLED:
        return []
    source = _source(module)
    fullest: dict[str, Record] = {}
    for recording in filter(_is_whole, called(RECORDED, module.NAME)):
        for record in _read(source, recording):
            best = fullest.setdefault(record.source_id, record)
            if _fullness(record) > _fullness(best):
                fullest[record.source_id] = record
    return list(fullest.values())


def _fullness(record: Record) -> int:
    return filled([record]).total()


def _is_whole(recording: Recording) -> bool:
    asked = parse_qs(urlsplit(recording.url).query)
    selected = [value for name in ("fields", "select") for value in asked.get(name, ())]
    is_long = ASKED_FOR_MORE.get(recording.source, "") in recording.url
    return is_long and all(len(value.split(",")) >= MIN_SELECTED_FIELDS for value in selected)


def _read(source: Source, recording: Recording) -> tuple[Record, ...]:
    """By whichever of the four questions makes most of the answer."""
    return max((_answered(ask, recording) for ask in _questions(source, recording)), key=len)


def _answered(ask: Callable[[Send], Iterable[Record]], recording: Recording) -> tuple[Record, ...]:
    try:
        return tuple(ask(Given(recording.reply)))
    except (SourceFailed, CallFailed):
        return ()


def _questions(source: Source, recording: Recording) -> Iterator[Callable[[Send], Iterable[Record]]]:
    """One of each kind, and of look-ups and citations one for each scheme."""
    question = SourceQuestion("a", parse_strict("a"), False, Filters(), Sort.RELEVANCE, MANY)
    yield lambda send: source.search(question, send).records
    for scheme in sorted(source.looks_up):
        yield partial(source.look_up, _named_in(recording, scheme) or [Identifier(scheme, EXAMPLES[scheme])])
    for ask, schemes in ((source.references, source.follows), (source.citations, source.cited_by)):
        for scheme in sorted(schemes):
            yield partial(_records_at_the_other_ends, ask, Identifier(scheme, EXAMPLES[scheme]))


def _named_in(recording: Recording, scheme: str) -> list[Identifier]:
    """What a recorded look-up asked for; some sources leave out what was not asked."""
    asked = parse_qs(urlsplit(recording.url).query).get("id", [""])[0].split(",")
    return [Identifier(scheme, value) for text in asked if (value := normalise(scheme, text))]


def _records_at_the_other_ends(
    ask: Callable[[Identifier, int, Send], Edges], identifier: Identifier, send: Send
) -> tuple[Record, ...]:
    return ask(identifier, MANY, send).records


if __name__ == "__main__":
    main()
