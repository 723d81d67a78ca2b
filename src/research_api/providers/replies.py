"""What all sources have in common in their answers: refusals, JSON, XML, and records that cannot be taken."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TypeVar
from xml.etree.ElementTree import Element, ParseError

import orjson
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from research_api.domain.calls import Reply
from research_api.domain.search import SourceOutcome
from research_api.domain.sources import SourceFailed
from research_api.domain.works import Record
from research_api.records.errors import Rejected

TOO_MANY_REQUESTS = 429
_MAX_RETRY_AFTER_SECONDS = 86_400.0

Part = TypeVar("Part")


def checked(reply: Reply) -> Reply:
    """The reply, if its status says that it is an answer. Raises SourceFailed."""
    if reply.status == TOO_MANY_REQUESTS:
        raise asked_too_often(reply)
    if not 200 <= reply.status < 300:
        raise SourceFailed(
            f"The source answered with HTTP status {reply.status}.",
            status=reply.status,
            retry_after_seconds=retry_after_of(reply),
        )
    return reply


def asked_too_often(reply: Reply) -> SourceFailed:
    """What to raise for a reply that says so, with the time after which it may be asked again."""
    return SourceFailed(
        "The source says that it is asked too often.",
        SourceOutcome.RATE_LIMITED,
        status=reply.status,
        retry_after_seconds=retry_after_of(reply),
    )


def retry_after_of(reply: Reply) -> float | None:
    """The seconds of Retry-After, given as a number or as a date; None where it says nothing usable.

    Source: RFC 9110, 10.2.3 (read 2026-11)
    """
    value = reply.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdecimal():
        return min(float(value), _MAX_RETRY_AFTER_SECONDS)
    try:
        left = (parsedate_to_datetime(value).astimezone(UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):
        return None
    return min(max(left, 0.0), _MAX_RETRY_AFTER_SECONDS)


def json_of(reply: Reply) -> dict[str, object]:
    """The object that the body holds. Raises SourceFailed for a refusal and for all that is no JSON object."""
    body = _json(reply)
    if not isinstance(body, dict):
        raise SourceFailed("The source answered JSON of another shape.", status=reply.status)
    return body


def json_rows_of(reply: Reply) -> list[object]:
    """The list that the body holds. Raises SourceFailed for a refusal and for all that is no JSON list."""
    body = _json(reply)
    if not isinstance(body, list):
        raise SourceFailed("The source answered JSON of another shape.", status=reply.status)
    return body


def _json(reply: Reply) -> object:
    data = checked(reply).body
    try:
        body: object = _parsed(data)
    except (ValueError, RecursionError) as error:
        raise SourceFailed("The source answered something else than JSON.", status=reply.status) from error
    return body


def _parsed(data: bytes) -> object:
    """By orjson, which takes half the time, where the body keeps all rules of JSON.

    A whole number of more than 64 bits is a float then; identifiers that long are texts everywhere.
    """
    try:
        return orjson.loads(data)
    except ValueError:
        # a lone surrogate, a byte order mark, NaN: sources send them, and the standard library takes them
        return json.loads(data)


def xml_of(reply: Reply) -> Element:
    """The root of the body; no entity is defined or fetched. Raises SourceFailed."""
    try:
        root: Element = fromstring(checked(reply).body, forbid_dtd=False)
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise SourceFailed("The source answered something else than XML.", status=reply.status) from error
    return root


def records_of(parts: Iterable[Part], to_record: Callable[[Part], Record]) -> tuple[tuple[Record, ...], int]:
    """The records in their order, each (source, id) once, and how many parts gave none."""
    found: dict[tuple[str, str], Record] = {}
    rejected = 0
    for part in parts:
        try:
            record = to_record(part)
        except Rejected:
            rejected += 1
            continue
        found.setdefault((record.source, record.source_id), record)
    return tuple(found.values()), rejected
