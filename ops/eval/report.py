"""What was measured, as a table for people and as JSON for programs, and whether hybrid meets its goal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ops.eval.asking import MODES, ModeFigures

HYBRID = "hybrid"
# outside a terminal rich would fold at 80 columns
PIPE_COLUMNS = 140
_ODD = {
    "refused": "queries refused by the API, which score 0",
    "empty": "queries that find nothing, which score 0",
    "degraded": "answers that call themselves degraded",
}


@dataclass(frozen=True, slots=True)
class CollectionFigures:
    """What was measured of one collection. scored: the queries with a judgement above 0."""

    name: str
    model: str
    works: int
    queries: int
    scored: int
    modes: dict[str, ModeFigures]
    import_seconds: float
    vectors_seconds: float
    remarks: tuple[str, ...] = ()

    @property
    def hybrid_margin(self) -> float:
        """By how much nDCG@10 of hybrid is above that of the better of its two lists."""
        lists = (figures.ndcg_at_10 for mode, figures in self.modes.items() if mode != HYBRID)
        return self.modes[HYBRID].ndcg_at_10 - max(lists)

    def meets(self, least_margin: float) -> bool:
        """The goal is met; a rounding error does not miss it."""
        return self.hybrid_margin >= least_margin - 1e-9


def as_json(found: Sequence[CollectionFigures], least_margin: float, made_at: str) -> dict[str, object]:
    """All figures, unrounded."""
    return {
        "made_at": made_at,
        "min_hybrid_margin": least_margin,
        "is_met": all(one.meets(least_margin) for one in found),
        "collections": [
            asdict(one) | {"hybrid_margin": one.hybrid_margin, "is_met": one.meets(least_margin)}
            for one in found
        ],
    }


def print_report(found: Sequence[CollectionFigures], least_margin: float) -> None:
    """The table, what is to be known beside it, and the verdict."""
    console = Console()
    if not console.is_terminal:
        console = Console(width=PIPE_COLUMNS)
    console.print(_table(found, least_margin))
    for one in found:
        for remark in (*one.remarks, *_remarks(one)):
            console.print(f"{escape(one.name)}: {escape(remark)}", highlight=False)
    missed = [one.name for one in found if not one.meets(least_margin)]
    goal = f"hybrid is at least {_signed(least_margin)} from the better of its lists"
    verdict = f"MISSED on {escape(', '.join(missed))}" if missed else f"met on {_all(len(found))}"
    console.print(f"Goal ({goal}): {verdict}", highlight=False)


def _table(found: Sequence[CollectionFigures], least_margin: float) -> Table:
    table = Table("collection", "works", "queries", "mode")
    for name in ("nDCG@10", "recall@100", "p50 ms", "p95 ms", "hybrid - better list"):
        table.add_column(name, justify="right")
    for one in found:
        for place, mode in enumerate(MODES):
            figures = one.modes[mode]
            head = (escape(one.name), f"{one.works:,}", f"{one.scored:,}") if place == 0 else ("", "", "")
            goal = _verdict(one, least_margin) if mode == HYBRID else ""
            table.add_row(
                *head,
                mode,
                f"{figures.ndcg_at_10:.3f}",
                f"{figures.recall_at_100:.3f}",
                f"{figures.p50_ms:.1f}",
                f"{figures.p95_ms:.1f}",
                goal,
            )
        table.add_section()
    return table


def _verdict(one: CollectionFigures, least_margin: float) -> str:
    return f"{_signed(one.hybrid_margin)} {'met' if one.meets(least_margin) else 'MISSED'}"


def _signed(value: float) -> str:
    return f"{value:+.3f}"


def _all(count: int) -> str:
    return "the one collection" if count == 1 else f"all {count} collections"


def _remarks(one: CollectionFigures) -> Iterator[str]:
    for name, what in _ODD.items():
        counts = {mode: getattr(figures, name) for mode, figures in one.modes.items()}
        if any(counts.values()):
            yield f"{what}: {', '.join(f'{count:,} {mode}' for mode, count in counts.items())}"
