"""`flask` commands in another process, which know nothing but DATA_DIR."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.system.records import lines, plain, write_gzip
from tests.system.running import System, wait_until

pytestmark = pytest.mark.services


def test_a_key_works_until_it_is_revoked(system: System) -> None:
    created = system.flask("keys", "create", "--name", "Trial", "--scopes", "search", "--test", "--json").json
    system.issued_keys.append(created["key"])
    assert system.get("/v1/search?q=dna", key=created["key"]).status == 200
    shown = system.flask("keys", "show", created["id"], "--json")
    listed = system.flask("keys", "list", "--json")

    revoked = system.flask("keys", "revoke", created["id"], "--json")
    refused = system.get("/v1/search?q=dna", key=created["key"])

    assert set(created) == {"id", "key", "name", "scopes", "organization", "limits", "created_at"}
    assert shown.json["name"] == "Trial"
    assert created["id"] in [one["id"] for one in listed.json]
    assert created["key"] not in shown.out + listed.out + revoked.out
    assert revoked.json["revoked_at"]
    assert (refused.status, refused.headers["content-type"]) == (401, "application/problem+json")


def test_a_key_without_the_scope_may_not_search(system: System) -> None:
    created = system.flask("keys", "create", "--name", "Reader", "--scopes", "read", "--json").json
    system.issued_keys.append(created["key"])

    assert system.get("/v1/search?q=dna", key=created["key"]).status == 403


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("keys", "show", "nobody00"), 3),
        (("keys", "create", "--name", "x", "--scopes", "nonsense"), 2),
        (("catalog", "import"), 2),
        (("catalog", "import", "--format", "nonsense", "x"), 2),
        (("catalog", "import", "/nowhere/at-all.jsonl"), 1),
    ],
)
def test_a_command_that_cannot_do_it_says_so_in_one_line(
    system: System, arguments: tuple[str, ...], code: int
) -> None:
    ended = system.flask(*arguments)

    assert ended.code == code, ended.err
    assert ended.err.count("Error: ") == 1
    assert "Traceback" not in ended.err


def test_the_same_import_again_changes_nothing(system: System, tmp_path: Path) -> None:
    path = write_gzip(tmp_path / "kiwi.jsonl.gz", plain("kiwi", 300))
    arguments = ("catalog", "import", path, "--namespace", "kiwis", "--json")

    first, again = system.flask(*arguments), system.flask(*arguments)

    counts = ("read", "new", "updated", "unchanged", "rejected")
    assert (first.code, again.code) == (0, 0)
    assert [first.json[name] for name in counts] == [300, 300, 0, 0, 0]
    assert [again.json[name] for name in counts] == [300, 0, 0, 300, 0]
    assert first.json["pending"] == 0


def test_bad_lines_are_told_and_stop_nothing(system: System, tmp_path: Path) -> None:
    good = plain("kea", 3)
    path, rejects = tmp_path / "kea.jsonl", tmp_path / "rejects.jsonl"
    path.write_text(lines(good[:1]) + "{broken\n" + lines(good[1:2]) + '{"_id": "4"}\n' + lines(good[2:]))

    ended = system.flask(
        "catalog", "import", str(path), "--namespace", "keas", "--rejects", str(rejects), "--no-wait"
    )

    assert ended.code == 0
    assert "read 5 = 3 new + 0 updated + 0 unchanged + 2 rejected" in ended.out
    kept = [json.loads(line) for line in rejects.read_text().splitlines()]
    assert [(one["file"], one["line"]) for one in kept] == [(str(path), 2), (str(path), 4)]
    assert "not valid JSON" in kept[0]["reason"]
    assert "neither a title nor a text" in kept[1]["reason"]
    assert f"{path}:2: {kept[0]['reason']}" in ended.err


def test_the_file_of_rejects_is_never_the_input_and_can_be_written(system: System, tmp_path: Path) -> None:
    path, link = tmp_path / "in.jsonl", tmp_path / "same.jsonl"
    path.write_text(lines([*plain("kea", 1), {"title": "no id"}]))
    link.hardlink_to(path)
    before = path.read_bytes()

    to_itself = system.flask("catalog", "import", str(path), "--namespace", "keas", "--rejects", str(link))
    to_nowhere = system.flask(
        "catalog", "import", str(path), "--namespace", "keas", "--rejects", "/no/such/folder"
    )
    misnamed = system.flask("catalog", "import", str(path), "--namespace", "KEAS/")

    assert [one.code for one in (to_itself, to_nowhere, misnamed)] == [2, 2, 2]
    assert "it would be emptied" in to_itself.err
    assert "/no/such/folder cannot be written: No such file or directory." in to_nowhere.err
    assert "--namespace takes" in misnamed.err
    assert path.read_bytes() == before


def test_nothing_to_read_is_a_failure(system: System, tmp_path: Path) -> None:
    empty = tmp_path / "empty.jsonl"
    empty.touch()

    ended = system.flask("catalog", "import", str(empty))

    assert ended.code == 1
    assert f"{empty}: The input is empty." in ended.err
    assert ended.out.startswith("read 0 = ")


def test_records_may_come_by_standard_input(system: System) -> None:
    ended = system.flask(
        "catalog", "import", "-", "--namespace", "moas", "--json", given=lines(plain("moa", 5))
    )

    assert (ended.code, ended.json["new"]) == (0, 5)
    assert system.search("moa", mode="strict")["total"] == {"value": 5, "relation": "eq"}


def test_figures_agree_with_the_database(system: System) -> None:
    wait_until(lambda: system.flask("catalog", "stats", "--json").json["pending"] == 0, "nothing pending")

    figures = system.flask("catalog", "stats", "--json").json

    [(works,)] = system.query("SELECT count(*) FROM works")
    vectors = figures["with_vector"] + figures["without_vector"] + figures["vectors_failed"]
    assert (figures["works"], figures["indexed"], vectors) == (works, works, works)
    assert works > 100
    assert figures["model"].startswith("bge-small")
    assert figures["catalog_bytes"] > 0
    assert figures["index_bytes"] > 0
    assert figures["lag_seconds"] == 0


def test_a_rebuild_disturbs_no_search(system: System) -> None:
    before = system.search("the", limit=1)["total"]["value"]
    build = (system.data_dir / "index").glob("v*/current")
    pointer = next(iter(build))
    old = pointer.read_text()

    running, seen = system.command("catalog", "rebuild", "--json"), []
    with running:
        while running.poll() is None:
            answer = system.search("the", limit=1)
            seen.append((answer["total"]["value"], answer["degraded"]))
        printed = running.communicate()[0]

    assert running.returncode == 0
    assert json.loads(printed)["indexed"] >= before > 100
    assert pointer.read_text() != old
    assert len(seen) > 5
    assert set(seen) == {(before, False)}
    assert system.search("the", limit=1)["total"]["value"] == before
