"""`python -m research_api.local run`; `processes` is what a run starts to hold the Procfile's processes."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from research_api.local.console import complain
from research_api.local.errors import StartupError
from research_api.local.processes import run_processes
from research_api.local.run_settings import read_run_settings
from research_api.local.supervisor import Plan, run


def main(arguments: list[str]) -> int:
    """The exit code: 0 after a signal, 1 after an error, 2 for wrong usage."""
    chosen = _parser().parse_args(arguments)
    try:
        if chosen.command == "processes":
            return run_processes(chosen.procfile, chosen.log_dir)
        return run(read_run_settings(), Plan(procfile=Path.cwd() / "Procfile"))
    except StartupError as error:
        complain(f"Error: {error}")
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m research_api.local")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="start everything in the project folder, until Ctrl-C")
    processes = commands.add_parser(
        "processes", help="only the processes of a Procfile; a run starts this itself"
    )
    processes.add_argument("procfile", type=Path)
    processes.add_argument("log_dir", type=Path)
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
