"""Why a payload gives no record."""

from __future__ import annotations


class Rejected(Exception):
    """One record cannot be taken; the text is the reason that the person who imports it reads."""
