"""Whether the system can serve, and which parts of it cannot yet."""

from __future__ import annotations

import http.client
import json
from typing import Any
from urllib.parse import urlsplit

READY = "ready"
# What /readyz calls its parts, and what a person can look at.
PARTS = {
    "database": "the database (DATABASE_URL)",
    "redis": "Redis (REDIS_URL)",
    "index": "the search index",
}


def readiness(url: str) -> str | None:
    """What /readyz of the public port says, None where it does not answer 200."""
    code, answer = _ask(url)
    return str(answer.get("status")) if code == http.client.OK else None


def parts_not_ready(internal_url: str) -> list[str]:
    """For people: the parts that /readyz of the internal port calls anything but ready.

    Empty where it tells none, also because it does not answer.
    """
    checks = _ask(internal_url)[1].get("checks")
    return [
        PARTS.get(check["name"], check["name"])
        for check in (checks if isinstance(checks, list) else [])
        if check["state"] != READY
    ]


def _ask(url: str) -> tuple[int | None, dict[str, Any]]:
    """Asked directly: a proxy from the environment has no part in it."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        response = connection.getresponse()
        answer = json.load(response)
        return response.status, answer if isinstance(answer, dict) else {}
    except (OSError, http.client.HTTPException, ValueError):
        return None, {}
    finally:
        connection.close()
