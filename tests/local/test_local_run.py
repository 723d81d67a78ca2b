"""`make run` from the outside: what it prints and leaves, and that no end leaves anything running."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from celery import Celery

from research_api.local.servers import ServerUrls
from tests.local.conftest import Project, given, query, stop

pytestmark = pytest.mark.services
NOBODY = 65534


def environment_of_web(project: Project) -> dict[str, Any]:
    """What the web process of the project sees."""
    with urllib.request.urlopen(project.url) as answer:  # noqa: S310 - our own URL
        seen: dict[str, Any] = json.load(answer)
    return seen


def test_a_run_says_where_it_is_and_how_to_try_it(project: Project) -> None:
    run = project.start_until_ready()
    facts = project.run_facts()
    seen = environment_of_web(project)
    run_file_mode = (project.data_dir / "run.json").stat().st_mode & 0o777

    printed = stop(run).splitlines()

    key = (project.data_dir / "demo-key").read_text().strip()
    curl = f'Try: curl -H "Authorization: Bearer {key}" "{project.url}/v1/search?q=dna+structure"'
    assert run.returncode == 0
    assert [line for line in printed if line.startswith(("Ready", "Key", "Try"))] == [
        f"Ready: {project.url}",
        f"Key: {key}",
        curl,
    ]
    assert len(printed) <= 12
    assert facts == {
        "pid": run.pid,
        "url": project.url,
        "internal_url": f"http://127.0.0.1:{project.port + 1}",
        "flower_url": f"http://127.0.0.1:{project.port + 2}",
        "database_url": seen["DATABASE_URL"],
        "redis_url": seen["REDIS_URL"],
    }
    assert run_file_mode == 0o600
    assert project.run_facts() == {}
    assert seen["DATA_DIR"] == str(project.data_dir)
    assert seen["PUBLIC_URL"] == project.url
    assert seen["KEY_PEPPER"] == (project.data_dir / "key-pepper").read_text()
    assert project.survivors() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_stop_signal_ends_everything(project: Project, servers: ServerUrls, number: int) -> None:
    """The supervisor alone gets it; Ctrl-C goes to its group, in which it is alone."""
    run = project.start_until_ready(**given(servers))
    assert len(project.survivors()) >= 2

    stop(run, number)

    assert run.returncode == 0
    assert project.survivors() == []


def test_a_signal_during_the_setup_ends_it(project: Project, servers: ServerUrls) -> None:
    run = project.start(**given(servers), MIGRATE_CODE="import time; time.sleep(60)")
    while not (project.folder / "commands.txt").exists() and not project.survivors():
        time.sleep(0.05)

    stop(run)

    assert run.returncode == 0
    assert project.survivors() == []


def test_a_second_run_on_the_same_folder_says_so(project: Project, servers: ServerUrls) -> None:
    first = project.start_until_ready(**given(servers))

    second = project.start(**given(servers), PORT="1")
    printed = second.communicate(timeout=100)[0]

    assert second.returncode == 1
    assert f"Already running on {project.data_dir} (process {first.pid})" in printed
    assert first.poll() is None
    assert project.run_facts()["pid"] == first.pid


def test_after_kill_9_the_next_run_works_on_the_same_data(project: Project) -> None:
    killed = project.start_until_ready()
    query(project.run_facts()["database_url"], "CREATE TABLE kept AS SELECT 42 AS answer")
    key = (project.data_dir / "demo-key").read_text()
    killed.kill()
    killed.wait()
    assert len(project.survivors()) > 5

    run = project.start_until_ready()
    rows = query(project.run_facts()["database_url"], "SELECT answer FROM kept")
    printed = stop(run)

    assert rows == [(42,)]
    assert "an earlier run had left" in printed
    assert f"Key: {key.strip()}" in printed
    assert project.commands() == ["migrate", "demo", "key", "migrate"]
    assert project.survivors() == []


def test_demo_records_and_key_are_made_anew_for_another_database(
    project: Project, servers: ServerUrls
) -> None:
    stop(project.start_until_ready(**given(servers)))

    stop(project.start_until_ready(**given(servers) | {"KEY_PEPPER": "another pepper of its own"}))

    assert project.commands() == ["migrate", "demo", "key"] * 2


def test_demo_0_leaves_the_demo_records_out(project: Project, servers: ServerUrls) -> None:
    stop(project.start_until_ready(**given(servers), DEMO="0"))

    assert project.commands() == ["migrate", "key"]


@pytest.mark.long
def test_a_process_that_ignores_sigterm_is_killed_in_time(project: Project, servers: ServerUrls) -> None:
    """Its children too, and none of it changes the exit code."""
    stubborn = "stubborn: sh -c 'trap \"\" TERM; setsid sleep 1000 & sleep 1001; wait'\n"
    (project.folder / "Procfile").write_text("web: python web.py\n" + stubborn)
    run = project.start_until_ready(**given(servers))

    stop(run)

    assert run.returncode == 0
    assert project.survivors() == []


@pytest.mark.long
@pytest.mark.skipif(os.geteuid() != 0, reason="as an ordinary user every other test is this one")
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_an_ordinary_user_can_run_everything(project: Project) -> None:
    """The right to read all files lets the account use a Python that is installed in root's home."""
    right = "+dac_read_search"
    account = [f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    project.python = ("setpriv", *account, f"--inh-caps={right}", f"--ambient-caps={right}", sys.executable)
    shutil.chown(project.folder, NOBODY, NOBODY)

    run = project.start_until_ready()
    rows = query(project.run_facts()["database_url"], "SELECT 1")
    printed = stop(run)

    assert rows == [(1,)]
    assert run.returncode == 0, printed
    assert project.data_dir.stat().st_mode & 0o777 == 0o700
    assert {path.owner() for path in project.data_dir.rglob("*")} == {"nobody"}
    assert project.survivors() == []


@pytest.mark.long
def test_a_stop_lets_a_running_task_finish_and_leaves_no_pool(project: Project) -> None:
    """gunicorn's workers and the children of Celery's pool are processes nobody asked honcho to start."""
    gunicorn_settings = Path(__file__).parents[2] / "ops" / "gunicorn.py"
    (project.folder / "Procfile").write_text(
        f"web: gunicorn -c {gunicorn_settings} --bind ${{HOST}}:${{PORT}} probe_web:app\n"
        "worker: nice -n 10 celery -A probe_tasks worker --concurrency 2 --without-mingle\n"
    )
    (project.folder / "probe_web.py").write_text(
        "def app(environ, start_response):\n    start_response('200 OK', [])\n    return [b'{\"status\": \"ready\"}']\n"
        # nothing of it is to be loaded beforehand
        "app.config = {'INTERNAL': True}\n"
    )
    (project.folder / "probe_tasks.py").write_text(
        "import os, time\n"
        "from pathlib import Path\n"
        "from celery import Celery\n"
        "app = Celery('probe', broker=os.environ['REDIS_URL'])\n"
        "app.conf.broker_connection_retry_on_startup = True\n"
        "@app.task(name='probe')\n"
        "def probe():\n"
        "    Path('began').touch()\n"
        "    time.sleep(2)\n"
        "    Path('finished').touch()\n"
    )
    run = project.start_until_ready()
    broker = Celery("probe", broker=str(project.run_facts()["redis_url"]))
    broker.send_task("probe", ignore_result=True)
    broker.close()
    deadline = time.monotonic() + 100
    while not (project.folder / "began").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert project.survivors().count("gunicorn") == 3
    assert project.survivors().count("celery") == 3

    stop(run)

    assert run.returncode == 0
    assert (project.folder / "finished").exists()
    assert project.survivors() == []
