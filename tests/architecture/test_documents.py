"""Makefile, README and docs tell what is there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.architecture.source import ROOT

RULE = re.compile(r"^([a-z][a-z-]*):(?!=)")
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MAKE_IN_TEXT = re.compile(
    r"`(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)|^\$? ?(?:[A-Z_]+=\S+ )*make ([a-z][a-z-]*)", re.M
)
MAX_COMMANDS = 3
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def targets() -> dict[str, tuple[str, list[str]]]:
    """Each target with its head line and its commands."""
    found: dict[str, tuple[str, list[str]]] = {}
    commands: list[str] = []
    for line in (ROOT / "Makefile").read_text(encoding="utf-8").splitlines():
        if line.startswith("\t"):
            commands.append(line)
        elif rule := RULE.match(line):
            commands = []
            found[rule[1]] = (line, commands)
    return found


def made_in(path: Path) -> set[str]:
    """Targets that the text tells people to make."""
    return {one or other for one, other in MAKE_IN_TEXT.findall(path.read_text(encoding="utf-8"))}


def test_targets_only_call_what_stands_elsewhere() -> None:
    assert len(targets()) >= 13
    assert {name: commands for name, (_, commands) in targets().items() if len(commands) > MAX_COMMANDS} == {}


def test_every_target_is_described_and_listed() -> None:
    helped = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    assert [name for name, (head, _) in targets().items() if not re.search(r" ## \S.{8}", head)] == []
    assert [line.split()[0] for line in helped.splitlines()] == list(targets())


def test_every_target_is_phony() -> None:
    """A file or folder of the same name would stop it from running."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    phony = {name for line in re.findall(r"^\.PHONY: (.*)$", makefile, re.M) for name in line.split()}

    assert phony == set(targets())


def test_documents_name_targets_that_exist() -> None:
    named = {path: made_in(path) for path in DOCUMENTS}

    assert set().union(*named.values()) >= {"run"}
    assert {
        path.name: names - set(targets()) for path, names in named.items() if names - set(targets())
    } == {}


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```|`[^`]*`", "", path.read_text(encoding="utf-8"), flags=re.S)
    broken = [link for link in LINK.findall(text) if "://" not in link and not leads_somewhere(path, link)]

    assert broken == []


def leads_somewhere(path: Path, link: str) -> bool:
    """The file is there, and so is the heading after `#`."""
    name, _, anchor = link.partition("#")
    target = (path.parent / name).resolve() if name else path
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in {anchor_of(one) for one in headings_of(target)}


def headings_of(path: Path) -> list[str]:
    """The texts of its headings, outside code."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.S)
    return re.findall(r"^#+ (.*)$", text, re.M)


def anchor_of(heading: str) -> str:
    """As GitHub makes it: lower case, punctuation gone, blanks to hyphens."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_the_documents_hold_links_at_all() -> None:
    """Else the test above could not fail."""
    assert any(LINK.search(path.read_text(encoding="utf-8")) for path in DOCUMENTS)
