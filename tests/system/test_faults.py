"""Parts that break while people search: what is left answers, says so, and heals by itself."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.system.figures import has_all_vectors
from tests.system.running import Answer, System, wait_until

pytestmark = pytest.mark.services
# what one call of a frozen Redis costs with the library's default time-outs
HANGS_SECONDS = 10


def build_in_use(system: System) -> Path:
    """The folder of the index that is searched."""
    [pointer] = (system.data_dir / "index").glob("v*/current")
    return pointer.parent / "builds" / pointer.read_text().strip()


def segments_of(system: System) -> list[Path]:
    """Files with words and places in it."""
    found = [one for one in build_in_use(system).iterdir() if one.suffix in {".idx", ".pos", ".term"}]
    assert found
    return found


def remove_the_index(system: System) -> None:
    shutil.rmtree(system.data_dir / "index")


def truncate_a_segment(system: System) -> None:
    for segment in segments_of(system):
        os.truncate(segment, 10)


def replace_the_segments(system: System) -> None:
    """Who has them open reads on in the old ones; whoever opens the index next cannot."""
    for segment in segments_of(system):
        segment.with_suffix(".new").write_bytes(b"broken")
        segment.with_suffix(".new").replace(segment)
    for process in system.processes("research_api.wsgi:app"):
        if process.children() == []:
            process.send_signal(signal.SIGTERM)


def overwrite_the_list_of_segments(system: System) -> None:
    (build_in_use(system) / "meta.json").write_text("{")


def empty_the_pointer(system: System) -> None:
    [pointer] = (system.data_dir / "index").glob("v*/current")
    pointer.write_text("")


@pytest.mark.parametrize(
    ("damage", "most_dropped"),
    [
        (remove_the_index, 0),
        # the kernel ends a process that reads a mapped file behind its new end: once for each web process
        (truncate_a_segment, 2),
        pytest.param(replace_the_segments, 0, marks=pytest.mark.long),
        pytest.param(overwrite_the_list_of_segments, 0, marks=pytest.mark.long),
        pytest.param(empty_the_pointer, 0, marks=pytest.mark.long),
    ],
)
def test_a_damaged_index_heals_while_searches_are_answered(
    system: System, damage: Callable[[System], None], most_dropped: int
) -> None:
    # what is near counts too, so the total grows while vectors are made
    wait_until(lambda: has_all_vectors(system), "vectors of all works")
    wait_until(lambda: is_whole(system), "the index is whole before")
    expected = system.search("structure", limit=1)["total"]
    build, answers, dropped = build_in_use(system), [], []
    assert expected["value"] > 0

    def has_healed() -> bool:
        try:
            answers.append(system.get("/v1/search?q=structure&limit=1"))
        except (OSError, http.client.HTTPException) as error:
            dropped.append(error)
            return False
        return is_another(system, build) and not answers[-1].json["degraded"] and is_whole(system)

    damage(system)
    wait_until(has_healed, "the index heals")

    assert system.search("structure", limit=1)["total"] == expected
    assert {one.status for one in answers} == {200}
    assert len(dropped) <= most_dropped
    short = [one.json for one in answers if one.json["total"]["value"] < expected["value"]]
    assert all(one["degraded"] and not one["complete"] for one in short)


def is_another(system: System, broken: Path) -> bool:
    """Another build than the broken one is in use."""
    try:
        return build_in_use(system).name not in ("builds", broken.name)
    except ValueError:
        return False


def is_whole(system: System) -> bool:
    """Search says that nothing is missing, whichever web process answers."""
    return all(not system.search("structure", limit=1)["degraded"] for _ in range(12))


def test_a_named_work_is_found_without_an_index(system: System) -> None:
    """Searching needs the index, knowing a work by its title or DOI does not."""
    wait_until(lambda: is_whole(system), "the index is whole before")
    [work] = system.search("a structure for deoxyribose nucleic acid", limit=1)["results"]
    build = build_in_use(system)
    with system.frozen("worker -Q index"):
        shutil.rmtree(build)
        time.sleep(0.4)

        answer = system.search(work["title"])
        by_doi = system.work(work["identifiers"]["doi"])

    assert [one["id"] for one in answer["results"]] == [work["id"]]
    assert answer["degraded"]
    assert answer["sources"][0]["outcome"] == "stale"
    assert by_doi.status == 200
    wait_until(lambda: is_whole(system), "the index heals")


def test_a_frozen_valkey_costs_paging_and_nothing_else(system: System) -> None:
    wait_until(lambda: is_whole(system), "the index is whole before")
    cursor = system.search("structure", limit=1)["next_cursor"]
    assert cursor

    with system.frozen("valkey-server"):
        answer = system.get("/v1/search?q=structure&limit=1")
        whole = system.get("/v1/search?q=structure&limit=100")
        next_page = system.get(f"/v1/search?cursor={quote(cursor)}&limit=1")
        health = system.get("/readyz")

    assert (answer.status, len(answer.json["results"]), answer.json["next_cursor"]) == (200, 1, None)
    assert answer.json["degraded"]
    assert "paging_unavailable" in [one["code"] for one in answer.json["warnings"]]
    assert whole.status == 200
    assert_is_unavailable(next_page)
    assert (health.status, health.json) == (200, {"status": "degraded"})
    assert max(one.seconds for one in (answer, whole, next_page, health)) < HANGS_SECONDS
    wait_until(lambda: system.search("structure", limit=1)["next_cursor"], "paging works again")
    assert system.get(f"/v1/search?cursor={quote(cursor)}&limit=1").status == 200


@pytest.mark.long
def test_works_are_still_imported_and_indexed_after_valkey_was_frozen(system: System) -> None:
    with system.frozen("valkey-server"):
        ended = system.flask(
            "catalog",
            "import",
            "-",
            "--namespace",
            "frozen",
            "--no-wait",
            given='{"_id": "1", "title": "Glyptodon armour", "text": "Found in ice."}\n',
        )

    assert ended.code == 0, ended.err
    wait_until(
        lambda: system.search("glyptodon", mode="strict")["results"], "the work is found after the thaw"
    )


def assert_is_unavailable(answer: Answer) -> None:
    assert (answer.status, answer.headers["content-type"]) == (503, "application/problem+json")
    assert int(answer.headers["retry-after"]) == answer.json["retry_after_seconds"] > 0


@pytest.mark.long
def test_a_frozen_postgres_is_a_503_and_is_forgotten_after_the_thaw(system: System) -> None:
    """All its processes: those that hold a pooled connection as well as the one that would open another."""
    with system.frozen("postgres"):
        answers = [system.get("/v1/search?q=structure&limit=1"), system.get("/readyz")]

    for answer in answers:
        assert_is_unavailable(answer)
    wait_until(lambda: system.get("/v1/search?q=structure&limit=1").status == 200, "it works again")
    wait_until(lambda: system.get("/readyz").json == {"status": "ready"}, "all parts are ready again")
