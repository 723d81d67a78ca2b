"""Log lines: one JSON object each, whoever logs, and no secret in any."""

from __future__ import annotations

import json
import logging
import warnings
from dataclasses import dataclass

import pytest
import structlog

from research_api.domain.key_format import new_key
from research_api.telemetry import configure, redact
from tests.timing import LINEAR_AT_MOST, growth


@dataclass(frozen=True)
class LogChoice:
    log_level: str = "info"
    log_format: str | None = "json"


@pytest.fixture(autouse=True)
def _logging_as_before():
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:], root.level = handlers, level
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


@pytest.fixture
def lines(capsys):
    """What was logged since the last look."""
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_structlog_and_the_standard_library_give_the_same_kind_of_line(lines):
    configure(LogChoice())
    structlog.contextvars.bind_contextvars(request_id="r1")

    structlog.get_logger("ours").info("work_read", works=3)
    logging.getLogger("theirs").warning("read %d works", 3)

    ours, theirs = lines()
    assert (ours["event"], ours["works"], ours["level"], ours["logger"]) == ("work_read", 3, "info", "ours")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("read 3 works", "warning", "theirs")
    assert all(line["request_id"] == "r1" and line["timestamp"].endswith("Z") for line in (ours, theirs))


def test_configuring_twice_writes_each_line_once(lines):
    configure(LogChoice())
    configure(LogChoice())

    structlog.get_logger().info("once")

    assert len(lines()) == 1


def test_lines_below_the_level_are_left_out(lines):
    configure(LogChoice(log_level="warning"))

    structlog.get_logger().info("quiet")
    logging.getLogger("theirs").info("quiet")

    assert lines() == []


def test_an_exception_is_text_inside_the_line(lines):
    configure(LogChoice())

    try:
        raise ValueError("postgresql://app:hunter2@db/x")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("theirs").exception("failed")

    for line in lines():
        assert "Traceback" in line["exception"]
        assert "hunter2" not in line["exception"]


def test_warnings_become_lines_too(lines):
    configure(LogChoice())

    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old way", stacklevel=1)

    assert "old way" in lines()[0]["event"]


def test_text_for_a_terminal_is_redacted_too(capsys):
    configure(LogChoice(log_format="text"))
    key = new_key()

    structlog.get_logger().info("called", header=f"Bearer {key.text}")

    shown = capsys.readouterr().err
    assert "called" in shown
    assert key.secret not in shown


def test_secrets_are_removed_wherever_they_stand(lines):
    configure(LogChoice())
    key = new_key(is_test=True)

    structlog.get_logger().info(
        key.text,
        headers={"Authorization": "Basic aHVudGVyMg==", "Accept": "*/*"},
        urls=["redis://:hunter2@h/0", ("amqp://u:hunter2@h//",)],
        key_pepper=b"hunter2hunter2",
        raw=key.text.encode(),
        body=f'{{"password": "hunter2", "key": "{key.text}"}}',
    )

    line = lines()[0]
    assert "hunter2" not in json.dumps(line)
    assert key.secret not in json.dumps(line)
    assert line["headers"]["Accept"] == "*/*"


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer hunter2",
        "authorization=hunter2",
        "passwd=hunter2&x=1",
        "https://u:hunter2@h/p",
        "bearer hunter2",
    ],
)
def test_redaction_removes(text):
    assert "hunter2" not in redact(text)


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8000/v1/search", "ratio 3:1", "key 3fK9aQ2x of a reading group"]
)
def test_redaction_leaves_other_text_alone(text):
    assert redact(text) == text


@pytest.mark.slow
@pytest.mark.parametrize(
    "part", ["://a:", "rk_live_", "bearer ", "password=", "authorization: bearer ", "://"]
)
def test_redaction_of_a_long_text_costs_no_more_than_its_length(part):
    assert growth(redact, lambda size: part * (size // len(part)), 1_000_000) < LINEAR_AT_MOST


def test_a_line_that_cannot_be_made_fails_neither_the_caller_nor_leaks(lines):
    """The standard library would print the arguments of the call instead."""
    logging.getLogger().handlers.clear()  # the test runner's own would raise
    configure(LogChoice())

    logging.getLogger("theirs").warning("%d", "hunter2")

    assert lines() == [{"event": "log_line_failed", "level": "error"}]


def test_a_number_that_json_has_not_is_written_as_text(lines):
    configure(LogChoice())

    structlog.get_logger().info("ratio", value=float("nan"))

    assert lines()[0]["value"] == "nan"


@pytest.mark.parametrize(
    "name", ["alembic.runtime.migration", "httpcore2.http11", "httpx2", "openai._base_client"]
)
def test_libraries_that_tell_of_every_request_are_heard_from_warnings_on(lines, name):
    """At debug they would log what is sent: titles, abstracts and what people search for."""
    configure(LogChoice(log_level="debug"))

    logging.getLogger(name).debug("every detail")
    logging.getLogger(name).info("a request")
    logging.getLogger(name).warning("a fault")

    assert [line["event"] for line in lines()] == ["a fault"]
