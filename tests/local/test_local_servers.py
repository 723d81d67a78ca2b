"""Real Postgres and Valkey: they keep their data, want a password, and leave nothing behind."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import psycopg2
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from research_api.local.accounts import Account, Ground, hand_over
from research_api.local.data_folder import run_lock
from research_api.local.errors import AlreadyRunningError, StartupError
from research_api.local.local_server import LocalServer
from research_api.local.memory import shared_buffers
from research_api.local.postgres import LocalPostgres
from research_api.local.servers import ServerUrls, start, stop_left_servers, throwaway_servers
from research_api.local.valkey import LocalValkey
from tests.local.conftest import query

pytestmark = pytest.mark.services
ONCE = Retry(NoBackoff(), 0)


def process_of(server: LocalServer) -> psutil.Process:
    """The server's process, found from outside by the port it listens on."""
    [pid] = {
        found.pid
        for found in psutil.net_connections("tcp")
        if found.status == psutil.CONN_LISTEN and found.laddr.port == server.port
    }
    return psutil.Process(pid)


def test_data_and_port_outlive_a_restart(ground: Ground, stack: ExitStack) -> None:
    first = LocalPostgres(ground, is_throwaway=True)
    start(first, stack)
    query(first.url, "CREATE TABLE kept AS SELECT 42 AS answer")
    first.stop()

    second = LocalPostgres(ground, is_throwaway=True)
    start(second, stack)

    assert query(second.url, "SELECT answer FROM kept") == [(42,)]
    assert second.url == first.url


def test_acknowledged_messages_outlive_a_killed_valkey(ground: Ground, stack: ExitStack) -> None:
    first = LocalValkey(ground)
    start(first, stack)
    with redis.Redis.from_url(first.url) as client:
        client.rpush("queue", *range(1000))
        client.execute_command("WAITAOF", 1, 0, 5000)
    process_of(first).kill()
    first.stop()

    second = LocalValkey(ground)
    start(second, stack)

    with redis.Redis.from_url(second.url) as client:
        assert client.llen("queue") == 1000


def test_another_port_is_taken_where_the_kept_one_is_in_use(ground: Ground, stack: ExitStack) -> None:
    first = LocalValkey(ground)
    start(first, stack)

    second = LocalValkey(ground)
    stack.callback(second.stop)
    second.start()

    assert second.port != first.port


def test_postgres_refuses_a_client_without_the_password(servers: ServerUrls) -> None:
    address = urlsplit(servers.database_url)

    for password in ("", "wrong"):
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(
                host="127.0.0.1",
                port=address.port,
                user=address.username,
                password=password,
                dbname="postgres",
            )


def test_valkey_refuses_a_client_without_the_password(servers: ServerUrls) -> None:
    port = urlsplit(servers.redis_url).port or 0

    with (
        redis.Redis(host="127.0.0.1", port=port, retry=ONCE) as client,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        client.ping()


def test_both_listen_on_loopback_alone_and_show_no_password(ground: Ground, stack: ExitStack) -> None:
    for server in (LocalPostgres(ground, is_throwaway=True), LocalValkey(ground)):
        start(server, stack)
        process = process_of(server)
        listening = [found for found in process.net_connections("tcp") if found.status == psutil.CONN_LISTEN]

        assert {found.laddr.ip for found in listening} == {"127.0.0.1"}
        assert (urlsplit(server.url).password or "") not in " ".join(process.cmdline())
        assert process.uids().real != 0


def test_the_database_is_what_the_service_counts_on(servers: ServerUrls) -> None:
    """Checksums on, SCRAM, code point order, letters beyond ASCII, no file forced out for tests; its memory."""
    [row] = query(
        servers.database_url,
        """SELECT current_setting('data_checksums'), current_setting('server_encoding'),
                  current_setting('max_connections'), current_setting('fsync'),
                  lower('ÉÖ'), 'Z' < 'a', (SELECT rolpassword LIKE 'SCRAM-SHA-256$%%' FROM pg_authid
                                           WHERE rolname = current_user)""",
    )

    assert row == ("on", "UTF8", "40", "off", "éö", True, True)
    buffers = query(
        servers.database_url,
        "SELECT setting::int / 128 || 'MB' FROM pg_settings WHERE name = 'shared_buffers'",
    )
    assert buffers == [(shared_buffers(),)]


def test_a_lasting_pair_forces_its_writes_out_and_keeps_its_secrets(ground: Ground, stack: ExitStack) -> None:
    postgres, valkey = LocalPostgres(ground), LocalValkey(ground)

    start(postgres, stack)
    start(valkey, stack)

    assert query(postgres.url, "SHOW fsync") == [("on",)]
    with redis.Redis.from_url(valkey.url) as client:
        assert client.config_get("append*") | client.config_get("maxmemory-policy") == {
            "appendonly": "yes",
            "appendfsync": "everysec",
            "appendfilename": "appendonly.aof",
            "appenddirname": "appendonlydir",
            "maxmemory-policy": "noeviction",
        }
    files = [path for path in ground.data_dir.rglob("*") if path.is_file()]
    assert [path for path in files if path.stat().st_mode & 0o077] == []


def test_servers_left_by_a_killed_supervisor_are_stopped(ground: Ground, stack: ExitStack) -> None:
    servers = (LocalPostgres(ground, is_throwaway=True), LocalValkey(ground))
    for server in servers:
        start(server, stack)
    processes = [process_of(server) for server in servers]

    stop_left_servers(ground)

    assert psutil.wait_procs(processes, timeout=5)[1] == []


def test_another_folders_servers_are_left_alone(ground: Ground, servers: ServerUrls) -> None:
    stop_left_servers(ground)

    assert query(servers.database_url, "SELECT 1") == [(1,)]


def test_a_pid_file_that_names_a_stranger_does_not_stop_the_start(ground: Ground, stack: ExitStack) -> None:
    """After a crash and a reboot its number may belong to anything, even to a program of the same account."""
    first = LocalPostgres(ground, is_throwaway=True)
    start(first, stack)
    first.stop()
    stranger = subprocess.Popen(["sleep", "60"], user=ground.account.user_id)
    stack.callback(stranger.wait)
    stack.callback(stranger.kill)
    (first.data_folder / "postmaster.pid").write_text(
        f"{stranger.pid}\n{first.data_folder}\n1\n{first.port}\n"
    )

    second = LocalPostgres(ground, is_throwaway=True)
    start(second, stack)

    assert query(second.url, "SELECT 1") == [(1,)]
    assert stranger.poll() is None


def test_a_broken_start_shows_the_end_of_the_log(ground: Ground, stack: ExitStack) -> None:
    server = LocalPostgres(ground)
    server.password_path.write_text("secret")
    settings = ground.own_folder("postgres") / "data" / "postgresql.conf"
    settings.parent.mkdir(mode=0o700)
    settings.write_text("no_such_setting = 1\n")
    for path in (settings.parent, settings):
        hand_over(path, ground.account)

    with pytest.raises(StartupError, match="no_such_setting"):
        start(server, stack)


def test_a_broken_start_shows_nothing_of_an_earlier_one(ground: Ground) -> None:
    """`make run` keeps the logs; the server itself may say nothing at all."""
    (ground.logs / "postgres.log").write_text("words of yesterday\n")
    server = LocalPostgres(ground)

    with pytest.raises(StartupError) as caught:
        server.run_once(["/bin/sh", "-c", "exit 1"])

    assert "failed" in str(caught.value)
    assert "words of yesterday" not in str(caught.value)


def test_an_account_without_a_name_is_told_what_to_do(ground: Ground) -> None:
    """initdb would end with "could not look up effective user ID"."""
    known = {entry.pw_uid for entry in pwd.getpwall()}
    nameless = next(number for number in range(54_321, 60_000) if number not in known)
    server = LocalPostgres(replace(ground, account=Account(nameless, nameless)))

    with pytest.raises(StartupError, match=f"user number {nameless}.*DATABASE_URL"):
        server.prepare()

    assert not server.log.path.exists()


def test_a_lost_password_is_not_replaced_in_silence(ground: Ground) -> None:
    server = LocalPostgres(ground)
    (ground.own_folder("postgres") / "data").mkdir()

    with pytest.raises(StartupError, match="postgres-password is gone"):
        server.prepare()

    assert not server.password_path.exists()


def test_throwaway_servers_leave_neither_processes_nor_files() -> None:
    with throwaway_servers() as urls:
        ports = {urlsplit(urls.database_url).port, urlsplit(urls.redis_url).port}
        [folder] = query(urls.database_url, "SHOW data_directory")

    assert not Path(str(folder[0])).exists()
    assert not [found for found in psutil.net_connections("tcp") if found.laddr.port in ports and found.pid]


@pytest.mark.long
def test_throwaway_servers_of_a_killed_test_run_are_cleared_by_the_next() -> None:
    program = (
        "import os, signal\n"
        "from research_api.local.servers import throwaway_servers\n"
        "with throwaway_servers() as urls:\n"
        "    print(urls.redis_url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL
    with redis.Redis.from_url(killed.stdout.strip(), retry=ONCE) as client:
        client.ping()

        with throwaway_servers():
            pass

        with pytest.raises(redis.exceptions.ConnectionError):
            client.ping()


def test_a_data_folder_is_locked_by_one_run(ground: Ground) -> None:
    with (
        run_lock(ground.data_dir),
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()}"),
        run_lock(ground.data_dir),
    ):
        pass
