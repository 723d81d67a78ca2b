"""`flask catalog`: imports records, rebuilds the index, tells how far it is."""

from __future__ import annotations

import gc
import json
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import IO

import click
from flask import current_app
from flask.cli import AppGroup

from research_api.bootstrap import Services, demo_path, open_records, record_formats
from research_api.cli.output import CHECK_FAILED, json_option, print_fields, print_json, reports_errors
from research_api.cli.progress import ImportProgress, counting
from research_api.domain.errors import Invalid, Unavailable
from research_api.domain.identifiers import is_namespace
from research_api.services.importing import ImportCounts, ImportRow

# an index that did not move for this long has no worker
STALLED_SECONDS = 8.0
LOOK_EVERY_SECONDS = 0.25
# web processes look for commits four times a second: after this, a search finds what was imported
SEEN_AFTER_SECONDS = 0.3
MAX_REJECTS_SHOWN = 100
# in JSON; a file of nothing but bad lines must not fill the memory
MAX_REJECTS_KEPT = 1_000

catalog = AppGroup("catalog", help="Import records, rebuild the index, show figures.")


def _services() -> Services:
    services: Services = current_app.extensions["services"]()
    return services


@catalog.command("import")
@click.argument("paths", nargs=-1, type=click.Path(path_type=str))
@click.option(
    "--format", "format_name", help="One of the formats in docs/formats.md; recognised when left out."
)
@click.option(
    "--namespace",
    help="Names a collection, or a file of BibTeX, RIS or CSL: its ids become identifiers.local NAME:ID.",
)
@click.option(
    "--rejects",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write rejected records here, JSON lines.",
)
@click.option("--demo", is_flag=True, help="Import the built-in demo records.")
@click.option(
    "--wait/--no-wait", default=True, show_default=True, help="Wait until the index has what was imported."
)
@json_option
@click.pass_context
@reports_errors
def import_command(  # noqa: PLR0913 - one argument for each option of the command
    context: click.Context,
    paths: tuple[str, ...],
    format_name: str | None,
    namespace: str | None,
    rejects: Path | None,
    demo: bool,
    wait: bool,
    as_json: bool,
) -> None:
    """Import records from PATHS, plain or gzip, or `-` for standard input. The same import again changes nothing."""
    _check(paths, format_name, namespace, demo)
    if rejects is not None and any(path != "-" and _is_same(rejects, Path(path)) for path in paths):
        raise click.UsageError("--rejects names a file that is to be imported: it would be emptied.")
    _calm_the_collector()
    services, counts, begin = _services(), ImportCounts(), time.monotonic()
    problems: list[str] = []
    down: Unavailable | None = None
    with ExitStack() as stack:
        progress = stack.enter_context(ImportProgress())
        sink = _Rejects(stack.enter_context(_open_rejects(rejects)) if rejects else None)
        for path in (demo_path(),) if demo else paths:
            sink.file = path
            try:
                with open_records(path, format_name, namespace) as records:
                    progress.watch(path, records)
                    services.importing.run(records.rows, counts, on_reject=sink, on_batch=progress.update)
            except (Invalid, OSError) as error:
                problems.append(f"{path}: {error}")
            except Unavailable as error:
                down = error
                break
    seconds = time.monotonic() - begin
    is_awaited = wait and down is None and counts.new + counts.updated > 0
    pending = _wait_for_index(services) if is_awaited else None
    _tell(counts, seconds, sink, problems, pending, as_json)
    if down is not None:
        raise down
    if problems or counts.read == 0:
        context.exit(CHECK_FAILED)


@catalog.command("rebuild")
@json_option
@reports_errors
def rebuild(as_json: bool) -> None:
    """Build this host's index anew beside the old one and swap it in."""
    services, begin = _services(), time.monotonic()
    with counting("Indexing", services.catalog.works()) as advance:
        indexed = services.catalog.rebuild(advance)
    figures = {"indexed": indexed, "seconds": round(time.monotonic() - begin, 1)}
    print_json(figures) if as_json else print_fields(list(figures.items()))


@catalog.command("embed")
@click.option(
    "--cpu-percent",
    type=click.IntRange(1, 100),
    default=100,
    show_default=True,
    help="How much of this machine's CPU it may take over time.",
)
@json_option
@reports_errors
def embed(cpu_percent: int, as_json: bool) -> None:
    """Make vectors in the foreground until no work waits for one; workers may go on beside it."""
    services, begin = _services(), time.monotonic()
    with counting("Embedding", services.catalog.stats().without_vector) as advance:
        embedded = services.embedding.finish(cpu_percent / 100, advance)
    failed = services.catalog.stats().vectors_failed
    figures = {"embedded": embedded, "failed": failed, "seconds": round(time.monotonic() - begin, 1)}
    print_json(figures) if as_json else print_fields(list(figures.items()))


@catalog.command("stats")
@json_option
@reports_errors
def stats(as_json: bool) -> None:
    """Show how many works there are and how far this host's index is."""
    figures = asdict(_services().catalog.stats())
    print_json(figures) if as_json else print_fields(list(figures.items()))


class _Rejects:
    """Counts rejects, writes each to the file where there is one, and keeps the first few to show."""

    def __init__(self, handle: IO[str] | None) -> None:
        self._handle = handle
        self.file = ""
        self.first: list[dict[str, object]] = []

    def __call__(self, row: ImportRow) -> None:
        reject: dict[str, object] = {"file": self.file, "line": row.line, "reason": row.reason}
        if self._handle is not None:
            self._handle.write(json.dumps(reject, ensure_ascii=False) + "\n")
        if len(self.first) < MAX_REJECTS_KEPT:
            self.first.append(reject)


def _calm_the_collector() -> None:
    """Records have no cycles: looking for some every 700 objects took a tenth of an import's time."""
    gc.freeze()
    gc.set_threshold(50_000)


def _is_same(one: Path, other: Path) -> bool:
    """Under whatever names and links."""
    return one.exists() and other.exists() and one.samefile(other)


def _open_rejects(path: Path) -> IO[str]:
    try:
        return path.open("w", encoding="utf-8", errors="backslashreplace")
    except OSError as error:
        raise click.UsageError(f"--rejects: {path} cannot be written: {error.strerror}.") from error


def _check(paths: tuple[str, ...], format_name: str | None, namespace: str | None, demo: bool) -> None:
    if bool(paths) == demo:
        raise click.UsageError("Give PATHS, or --demo for the built-in records.")
    if format_name is not None and format_name not in record_formats():
        raise click.UsageError(f"--format must be one of {', '.join(record_formats())}.")
    if namespace is not None and not is_namespace(namespace):
        raise click.UsageError("--namespace takes lower case letters, digits and ._- and is at most 64 long.")


def _wait_for_index(services: Services) -> int:
    """Works that still wait for the index: 0 normally, more where no worker moves it."""
    pending = services.catalog.stats().pending
    moved_at = time.monotonic()
    with counting("Indexing", pending) as advance:
        while pending and time.monotonic() - moved_at < STALLED_SECONDS:
            time.sleep(LOOK_EVERY_SECONDS)
            now = services.catalog.stats().pending
            if now != pending:
                advance(max(pending - now, 0))
                pending, moved_at = now, time.monotonic()
    time.sleep(SEEN_AFTER_SECONDS)
    return pending


def _tell(
    counts: ImportCounts,
    seconds: float,
    sink: _Rejects,
    problems: list[str],
    pending: int | None,
    as_json: bool,
) -> None:
    rate = round(counts.read / seconds) if seconds else 0
    for problem in problems:
        click.echo(f"Error: {problem}", err=True)
    if as_json:
        print_json(
            {
                **asdict(counts),
                "seconds": round(seconds, 2),
                "per_second": rate,
                "pending": pending,
                "rejects": sink.first,
                "rejects_omitted": counts.rejected - len(sink.first),
                "problems": problems,
            }
        )
        return
    click.echo(
        f"read {counts.read} = {counts.new} new + {counts.updated} updated + {counts.unchanged} unchanged"
        f" + {counts.rejected} rejected, in {seconds:.1f} s ({rate} a second)"
    )
    shown = sink.first[:MAX_REJECTS_SHOWN]
    for reject in shown:
        click.echo(f"rejected {reject['file']}:{reject['line']}: {reject['reason']}", err=True)
    if counts.rejected > len(shown):
        click.echo(f"and {counts.rejected - len(shown)} more; --rejects FILE keeps all of them", err=True)
    if pending:
        click.echo(f"{pending} works still wait for the index: is the index worker running?", err=True)
