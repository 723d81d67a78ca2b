"""Parameters of a query string, read strictly: what cannot be read is refused, never guessed."""

from __future__ import annotations

from urllib.parse import parse_qsl

from flask import request

from research_api.domain.errors import Malformed

MAX_PARAMETERS = 100


def read_parameters() -> dict[str, list[str]]:
    """Every parameter of this request with its values, in the order given.

    Raises Malformed for what is no UTF-8, as bytes or behind percent escapes, and for too many parameters.
    """
    try:
        pairs = parse_qsl(
            request.query_string.decode(),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_PARAMETERS,
        )
    except ValueError as error:  # UnicodeDecodeError is one too
        raise Malformed(
            f"The query string cannot be read. Send at most {MAX_PARAMETERS} parameters, as UTF-8 in escapes."
        ) from error
    found: dict[str, list[str]] = {}
    for name, value in pairs:
        found.setdefault(name, []).append(value)
    return found
