"""What can go wrong in an evaluation; each text is for the person who started it."""

from __future__ import annotations


class BadUsage(Exception):
    """What was asked for cannot be done; nothing was started."""


class MalformedCollection(BadUsage):
    """A collection cannot be read; one line that names file and line, and says what is wrong."""


class EvalFailed(Exception):
    """The measurement cannot go on; the text says what happened."""
