"""Runs it and prints its table; WORKS, TRUE_VECTORS and JSON change what it does. Exits 1 where a goal is missed."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import psycopg2
from rich.console import Console

from ops.bench import queries
from ops.bench.__main__ import DEFAULT_CORPUS, Figures, print_figures, requests_for
from ops.bench.client import latencies
from ops.bench.million.recall import recalls
from ops.bench.million.vectors import fill, true_vectors
from ops.bench.million.works import write_many
from ops.bench.system import System, scratch_folder, system_in
from research_api.embeddings.folder import builtin_folder
from research_api.embeddings.onnx import OnnxEmbedder

WARM_UP, MEASURED = 100, 400
GOALS: dict[str, tuple[str, float]] = {
    "hybrid p95 ms": ("<=", 100),
    "strict p95 ms": ("<=", 50),
    **{
        f"recall, {name}": (">=", 0.95)
        for name in ("no filter", "half", "a tenth", "a twentieth", "a fortieth", "one type", "a thousandth")
    },
}
console = Console(stderr=True)


def main() -> int:
    """0 where every goal is met, 1 where one is not, 2 without a corpus."""
    corpus = Path(os.environ.get("CORPUS", DEFAULT_CORPUS))
    if not corpus.is_file():
        print(f"{corpus} is not there: name a gzip JSONL file of the Anthology with CORPUS=", file=sys.stderr)
        return 2
    works, true_count = int(os.environ.get("WORKS", 1_000_000)), int(os.environ.get("TRUE_VECTORS", 6_000))
    embedder = OnnxEmbedder(builtin_folder(), threads=os.cpu_count() or 1)
    with scratch_folder() as folder:
        with system_in(folder, {"EMBEDDING_MODEL": "none"}) as system:
            figures = _imported(system, corpus, folder, works)
            with _step("encode", figures):
                true = true_vectors(embedder, system.database_url(), true_count)
            with _step("vectors and their graph", figures):
                model = fill(system.database_url(), embedder, true, lambda _count: None)
        with system_in(folder, {"EMBEDDING_MODEL": "builtin"}) as system:
            figures |= _sizes(system)
            figures |= _latencies(system, corpus)
            figures |= _memory(system)
            texts = queries.lexical(corpus, MEASURED)
            figures |= {f"recall, {k}": v for k, v in recalls(system, model, embedder, texts).items()}
    is_good = print_figures(figures, GOALS)
    if os.environ.get("JSON"):
        Path(os.environ["JSON"]).write_text(json.dumps(figures, indent=2) + "\n")
    return 0 if is_good else 1


def _imported(system: System, corpus: Path, folder: Path, works: int) -> Figures:
    figures: Figures = {}
    many = folder / "many.jsonl.gz"
    with _step("write the file", figures):
        write_many(corpus, many, works)
    with _step("import", figures):
        first = system.flask("catalog", "import", str(many), "--no-wait")
    with _step("index behind import", figures):
        while (stats := system.flask("catalog", "stats"))["pending"]:
            time.sleep(2)
    many.unlink()
    return {**figures, "works": stats["works"], "import works/s": first["per_second"]}


@contextmanager
def _step(name: str, figures: Figures) -> Iterator[None]:
    console.print(f"{time.strftime('%H:%M:%S')} {name} ...")
    begin = time.monotonic()
    yield
    figures[f"{name} s"] = time.monotonic() - begin


def _sizes(system: System) -> Figures:
    stats = system.flask("catalog", "stats")
    with psycopg2.connect(system.database_url()) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT relkind, sum(pg_relation_size(oid))::float8 / 1e6 FROM pg_class"
            " WHERE relname ~ '^work_vectors_[0-9]+(_graph)?$' GROUP BY relkind"
        )
        sizes = dict(cursor.fetchall())
    return {
        "index MB": stats["index_bytes"] / 1e6,
        "catalog tables MB": stats["catalog_bytes"] / 1e6,
        "vectors MB": sizes["r"],
        "graph MB": sizes["i"],
    }


def _latencies(system: System, corpus: Path) -> Figures:
    figures: Figures = {}
    makers = {
        "lexical": queries.lexical,
        "vector": queries.lexical,
        "hybrid": queries.lexical,
        "strict": queries.strict,
    }
    for mode, make in makers.items():
        found = latencies(system.port, requests_for(system, mode, make(corpus, WARM_UP + MEASURED)))[WARM_UP:]
        figures[f"{mode} p50 ms"] = statistics.median(found)
        figures[f"{mode} p95 ms"] = statistics.quantiles(found, n=20)[-1]
    texts, years = queries.lexical(corpus, MEASURED), {"year_from": "1990", "year_to": "1991"}
    found = latencies(system.port, requests_for(system, "hybrid", texts, years))[WARM_UP:]
    figures["hybrid, two years, p95 ms"] = statistics.quantiles(found, n=20)[-1]
    return figures


def _memory(system: System) -> Figures:
    run = json.loads((system.data_dir / "run.json").read_text())
    everyone = psutil.Process(run["pid"]).children(recursive=True)
    servers = [one for one in everyone if one.name().startswith("postgres")]
    return {
        "web process USS MB": max(one.memory_full_info().uss / 1e6 for one in system.web_processes()),
        "Postgres PSS MB": sum(one.memory_full_info().pss / 1e6 for one in servers),
    }


if __name__ == "__main__":
    sys.exit(main())
