"""Progress bars on a terminal; silence elsewhere, so that pipes and logs stay clean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from research_api.services.importing import ImportCounts


class Watched(Protocol):
    """What is being read."""

    @property
    def fraction(self) -> float | None:
        """How much of it was read, 0 to 1; None where its length is unknown."""
        ...


class ImportProgress:
    """Counts, rate, and how much of the file was read."""

    def __init__(self) -> None:
        console = Console(stderr=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TimeElapsedColumn(),
            TextColumn("{task.fields[rate]}"),
            console=console,
            disable=not console.is_terminal,
            transient=True,
        )
        self._task = self._progress.add_task("Importing", total=None, rate="")
        self._name = ""
        self._watched: Watched | None = None

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def watch(self, name: str, watched: Watched) -> None:
        """The next input is being read."""
        self._name, self._watched = name, watched

    def update(self, counts: ImportCounts) -> None:
        """Shows how far it is."""
        task = self._progress.tasks[0]
        rate = f"{counts.read / task.elapsed:.0f} a second" if task.elapsed else ""
        fraction = self._watched.fraction if self._watched else None
        self._progress.update(
            self._task,
            description=f"{self._name}: {counts.read} read, {counts.rejected} rejected",
            total=None if fraction is None else 1.0,
            completed=fraction or 0.0,
            rate=rate,
        )


@contextmanager
def counting(label: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar for a known length; yields what moves it by a number."""
    console = Console(stderr=True)
    with Progress(
        TextColumn(label),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task(label, total=total)
        yield lambda count: progress.advance(task, count)
