"""Settings: read once, all problems at once, never a secret in a message; the three lists of them agree."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from research_api.config import KNOWN_SOURCES, Settings, SettingsInvalid, data_dir_of, load
from research_api.domain.search import SOURCE_NAMES

ROOT = Path(__file__).parent.parent
PEPPER = "p3pper-of-these-T3sts"
GIVEN = {
    "DATABASE_URL": "postgresql://app:hunter22@db:5432/research",
    "REDIS_URL": "redis://:hunter33@cache:6379/0",
    "KEY_PEPPER": PEPPER,
}


class RecordingEnvironment(Mapping[str, str]):
    """Remembers every name that was asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        self.asked: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.asked.add(name)
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


def load_in(data_dir: Path, **values: str) -> Settings:
    return load({"DATA_DIR": str(data_dir), **values})


def problems_of(data_dir: Path, **values: str) -> tuple[str, ...]:
    with pytest.raises(SettingsInvalid) as caught:
        load_in(data_dir, **values)
    return caught.value.problems


def write_private(path: Path, text: str, mode: int = 0o600) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


def example_values() -> dict[str, str]:
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE))


def test_code_example_and_docs_know_the_same_settings():
    environment = RecordingEnvironment(GIVEN | {"PRODUCTION": "1"})
    load(environment)
    in_code = {name for name in environment.asked if not name.endswith("_FILE")}
    in_docs = set(re.findall(r"^\| `([A-Z_]+)`", (ROOT / "docs/settings.md").read_text(), re.MULTILINE))

    assert in_code == set(example_values())
    assert in_code == in_docs


def test_the_docs_mark_exactly_the_settings_that_may_come_from_a_file_as_secret():
    environment = RecordingEnvironment(GIVEN)
    load(environment)
    from_file = {name.removesuffix("_FILE") for name in environment.asked if name.endswith("_FILE")}

    marked = re.findall(r"^\| `([A-Z_]+)` \(secret\)", (ROOT / "docs/settings.md").read_text(), re.MULTILINE)

    assert from_file == set(marked)


def test_the_example_states_the_defaults():
    assert load(example_values() | GIVEN) == load(GIVEN)


def test_defaults_follow_the_port_and_the_data_folder(data_dir):
    settings = load_in(data_dir, **GIVEN, PORT="9100")

    assert (settings.port, settings.internal_port, settings.flower_port) == (9100, 9101, 9102)
    assert settings.public_url == "http://127.0.0.1:9100"
    assert settings.index_dir == data_dir / "index"
    assert settings.celery_broker_url == settings.redis_url
    assert settings.sources == ()


def test_a_relative_data_folder_becomes_absolute(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)

    assert load(GIVEN).data_dir == tmp_path / ".data"
    assert data_dir_of({"DATA_DIR": "here"}) == tmp_path / "here"


@pytest.mark.parametrize("scheme", ["postgres", "postgresql"])
def test_sqlalchemy_is_told_the_driver_and_others_get_the_url_as_given(data_dir, scheme):
    settings = load_in(data_dir, **(GIVEN | {"DATABASE_URL": f"{scheme}://u:p@h:1/d?sslmode=require"}))

    assert settings.sqlalchemy_url == "postgresql+psycopg2://u:p@h:1/d?sslmode=require"
    assert settings.database_url == f"{scheme}://u:p@h:1/d?sslmode=require"


def test_all_that_is_missing_or_bad_is_told_at_once(data_dir):
    problems = problems_of(
        data_dir, KEY_PEPPER="short", PORT="many", SOURCES="catalog,nowhere", LOG_LEVEL="loud"
    )

    named = [problem.split(" ")[0] for problem in problems]
    assert sorted(named) == ["DATABASE_URL", "KEY_PEPPER", "LOG_LEVEL", "PORT", "REDIS_URL", "SOURCES"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://u:hunter22@h/d"),
        ("DATABASE_URL", "postgresql://u:hunter22@h:port/d"),
        ("DATABASE_URL", "hunter22"),
        ("REDIS_URL", "http://:hunter22@h"),
        ("CELERY_BROKER_URL", "sqs://hunter22"),
        ("KEY_PEPPER", "hunter22"),
        ("KEY_PEPPER", "hunter22\udcff" * 3),
        ("PUBLIC_URL", "ftp://example.org"),
        ("PUBLIC_URL", "https://u:hunter22@example.org"),
        ("PUBLIC_URL", "https://example.org/?hunter22"),
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "٨٠"),
        ("WEB_WORKERS", "-1"),
        ("WEB_THREADS", "2.5"),
        ("DATABASE_POOL_SIZE", "1" * 5000),
        ("DEMO", "maybe"),
        ("PRODUCTION", "2"),
        ("LOG_FORMAT", "xml"),
        ("HOST", "127.0.0.1\n"[:-1] + "\x00"),
        ("EGRESS_ALLOW", "hunter22"),
        ("EGRESS_ALLOW", "127.0.0.1:9401,hunter22:0"),
        ("EGRESS_ALLOW", "0x7f.hunter22.1:80"),
        ("CONTACT_EMAIL", "hunter22"),
        ("CONTACT_EMAIL", "hunter22@example.org, b@example.org"),
        ("CONTACT_EMAIL", "hunter22@example.org\r\nX: y"),
        ("HF_ENDPOINT", "https://u:hunter22@example.org"),
        ("OPENALEX_BASE_URL", "https://u:hunter22@example.org"),
        ("CROSSREF_BASE_URL", "https://example.org/?key=hunter22"),
        ("ARXIV_BASE_URL", "https://example.org/#hunter22"),
        ("PUBMED_BASE_URL", "hunter22.example.org"),
        ("DOAJ_BASE_URL", "https://hunter\u0456.example.org"),
        ("UNPAYWALL_BASE_URL", "http://127.1/hunter"),
    ],
)
def test_a_bad_value_is_named_and_never_shown(data_dir, name, value):
    problems = problems_of(data_dir, **(GIVEN | {name: value}))

    assert any(problem.startswith(name) for problem in problems)
    assert "hunter" not in " ".join(problems)


def test_sources_have_addresses_and_keys_of_their_own(data_dir, tmp_path):
    write_private(tmp_path / "key", "hunter44\n")

    settings = load_in(
        data_dir,
        **GIVEN,
        OPENALEX_BASE_URL="http://127.0.0.1:9401/",
        UNPAYWALL_BASE_URL="https://mirror.example.org/v2",
        CORE_API_KEY="hunter55",
        SEMANTICSCHOLAR_API_KEY_FILE=str(tmp_path / "key"),
        EGRESS_ALLOW=" 127.0.0.1:9401, ollama:11434,",
        CONTACT_EMAIL="me+api@example.org",
    )

    assert settings.source_base_urls == {
        "openalex": "http://127.0.0.1:9401",
        "unpaywall": "https://mirror.example.org/v2",
    }
    assert settings.source_api_keys == {"core": "hunter55", "semanticscholar": "hunter44"}
    assert settings.egress_allow == {("127.0.0.1", 9401), ("ollama", 11434)}
    assert settings.contact_email == "me+api@example.org"
    assert "hunter" not in repr(settings)


def test_without_overrides_there_are_none(data_dir):
    settings = load_in(data_dir, **GIVEN)

    assert (settings.source_base_urls, settings.source_api_keys) == ({}, {})
    assert settings.egress_allow == frozenset()
    assert settings.contact_email == ""


def test_two_services_on_one_port_are_refused(data_dir):
    assert "must differ" in problems_of(data_dir, **GIVEN, PORT="8000", FLOWER_PORT="8000")[0]


def test_bad_ports_are_each_told_and_clash_with_nothing(data_dir):
    """Their stand-ins were chosen by nobody."""
    problems = problems_of(data_dir, **GIVEN, PORT="abc", INTERNAL_PORT="zz", FLOWER_PORT="1")

    assert [problem.split(" ")[0] for problem in problems] == ["PORT", "INTERNAL_PORT"]


def test_settings_shown_by_a_debugger_or_a_log_hide_the_secrets(data_dir):
    shown = repr(load_in(data_dir, **GIVEN))

    assert "hunter" not in shown
    assert PEPPER not in shown


def test_a_secret_may_come_from_a_file(data_dir, tmp_path):
    """Container secrets are files, often with a newline at the end and readable by all."""
    write_private(tmp_path / "pepper", PEPPER + "\n", mode=0o444)
    given = {name: value for name, value in GIVEN.items() if name != "KEY_PEPPER"}

    settings = load_in(data_dir, **given, KEY_PEPPER_FILE=str(tmp_path / "pepper"))

    assert settings.key_pepper == PEPPER.encode()


@pytest.mark.parametrize("content", [None, "", " \n", b"\xff\xfe" * 20])
def test_a_secret_file_that_gives_no_secret_is_told(data_dir, tmp_path, content):
    if content is not None:
        (tmp_path / "pepper").write_bytes(content if isinstance(content, bytes) else content.encode())
    given = {name: value for name, value in GIVEN.items() if name != "KEY_PEPPER"}

    problems = problems_of(data_dir, **given, KEY_PEPPER_FILE=str(tmp_path / "pepper"))

    assert len(problems) == 1
    assert problems[0].startswith("KEY_PEPPER cannot be read from")


def test_a_secret_given_twice_is_refused(data_dir, tmp_path):
    """Which of the two is meant cannot be known, and the wrong pepper makes every key useless."""
    assert "twice" in problems_of(data_dir, **GIVEN, KEY_PEPPER_FILE=str(tmp_path / "pepper"))[0]


def write_run(data_dir: Path, mode: int = 0o600) -> None:
    run = {"pid": 1, "database_url": GIVEN["DATABASE_URL"], "redis_url": GIVEN["REDIS_URL"]}
    write_private(data_dir / "run.json", json.dumps(run), mode)
    write_private(data_dir / "key-pepper", PEPPER + "\n", mode)


def test_what_make_run_wrote_fills_in_what_is_unset(data_dir):
    write_run(data_dir)

    assert load_in(data_dir) == load_in(data_dir, **GIVEN)


def test_the_environment_wins_over_what_make_run_wrote(data_dir):
    write_run(data_dir)

    settings = load_in(data_dir, REDIS_URL="redis://elsewhere/1")

    assert settings == replace(
        load_in(data_dir, **GIVEN), redis_url="redis://elsewhere/1", celery_broker_url="redis://elsewhere/1"
    )


def test_what_is_missing_is_told_with_where_it_comes_from(data_dir):
    """An operator whose `make run` has another DATA_DIR would else look for URLs to type."""
    for missing in (GIVEN, {"REDIS_URL"}):
        with pytest.raises(SettingsInvalid) as caught:
            load_in(data_dir, **{name: value for name, value in GIVEN.items() if name not in missing})

        assert "`make run`" in str(caught.value)
        assert f"DATA_DIR, now {data_dir}" in str(caught.value)


@pytest.mark.parametrize("values", [{"PRODUCTION": "1"}, {**GIVEN, "PORT": "many"}])
def test_make_run_is_no_advice_where_it_would_not_help(data_dir, values):
    with pytest.raises(SettingsInvalid) as caught:
        load_in(data_dir, **values)

    assert "make run" not in str(caught.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o622])
def test_a_run_file_open_to_other_users_is_refused(data_dir, mode):
    """Its passwords may be known, or it may lead to another's database."""
    write_run(data_dir, mode)

    problems = problems_of(data_dir)

    assert len(problems) == 3
    assert all("chmod 600" in problem for problem in problems)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}'])
def test_a_broken_run_file_is_told(data_dir, text):
    write_private(data_dir / "run.json", text)

    problems = problems_of(data_dir, KEY_PEPPER=PEPPER)

    assert [problem.split(" ")[0] for problem in problems] == ["REDIS_URL", "DATABASE_URL"]


def test_production_reads_nothing_that_make_run_wrote(data_dir):
    write_run(data_dir)

    assert len(problems_of(data_dir, PRODUCTION="1")) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql://app:postgres@db/research"),
        ("REDIS_URL", "redis://:changeme@cache/0"),
        ("CELERY_BROKER_URL", "amqp://guest:guest@rabbit//"),
        ("KEY_PEPPER", "change-me-change-me"),
        ("KEY_PEPPER", "0123" * 10),
        ("FLASK_DEBUG", "1"),
    ],
)
def test_production_refuses_what_anyone_could_guess_and_debug(data_dir, name, value):
    load_in(data_dir, **(GIVEN | {name: value}))

    problems = problems_of(data_dir, **(GIVEN | {name: value, "PRODUCTION": "1"}))

    assert [problem.split(" ")[0] for problem in problems] == [name]
    assert value not in problems[0]


def test_a_well_kept_production_starts(data_dir):
    assert load_in(data_dir, **GIVEN, PRODUCTION="1").production


def test_the_known_sources_are_those_of_the_domain():
    assert KNOWN_SOURCES == SOURCE_NAMES
