"""What stops a start; the text tells the person at the terminal what to do."""

from __future__ import annotations


class StartupError(Exception):
    """The system cannot start or cannot stay up; the message is shown as it is."""


class AlreadyRunningError(StartupError):
    """Another supervisor holds the same data folder."""
