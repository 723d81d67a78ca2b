"""What a caller in another process tells the replay."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest
import requests

from tests.replay.found import replays_over
from tests.replay.server import ReplayServer
from tests.replay.steering import steer
from tests.replay.works import sample_works


@pytest.fixture
def server() -> Iterator[ReplayServer]:
    with ReplayServer(replays_over(sample_works(5), "openalex")) as running:
        yield running


def told(server: ReplayServer, *lines: str) -> list[str]:
    answers: list[str] = []
    steer(server, lines, answers.append)
    return answers


def status(server: ReplayServer) -> int:
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{server.base_url('openalex')}/works", timeout=5).status_code


def test_a_fault_strikes_until_it_is_cleared(server: ReplayServer) -> None:
    answers = told(server, "fault openalex SERVER_ERROR")
    struck = status(server)
    answers += told(server, "clear openalex")

    assert answers == ["ok", "ok"]
    assert (struck, status(server)) == (500, 200)


def test_calls_are_counted_until_they_are_forgotten(server: ReplayServer) -> None:
    status(server)

    answers = told(server, "count openalex", "forget", "count openalex")

    assert answers == ["1", "ok", "0"]


@pytest.mark.parametrize(
    "line", ["", "delay openalex", "delay openalex soon", "fault openalex NONE", "count nobody", "stop"]
)
def test_what_is_not_understood_is_said_and_ends_nothing(server: ReplayServer, line: str) -> None:
    answers = told(server, line, "delay openalex 0")

    assert answers[0].startswith("no: ")
    assert answers[1] == "ok"


def test_a_steered_replay_ends_with_its_input() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "tests.replay", "--steered", "--works", "5"],
        input="count openalex\n",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    settings, _, answers = ended.stdout.partition("\n\n")
    assert "OPENALEX_BASE_URL=http://127.0.0.1:" in settings
    assert (answers, ended.returncode) == ("0\n", 0)
