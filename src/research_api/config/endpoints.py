"""Hosts and URLs in the one spelling that is taken; every other spelling is no host at all.

Libraries disagree about `127.1`, `0x7f000001`, full-width digits, percent signs, zones, dots at the end, backslashes
and what stands before an `@`. Nothing of that is normalised here: it is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address, IPv6Address
from typing import NamedTuple

MAX_HOST_CHARACTERS = 253
MAX_PORT = 65_535
DEFAULT_PORTS = {"http": 80, "https": 443}
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
# what ends so is a number for some resolver. Source: WHATWG URL, "ends in a number checker" (read 2026-11)
_NUMBER_AT_THE_END = re.compile(r"(?:^|\.)(?:[0-9]+|0x[0-9a-f]*)$")
_ENDPOINT = re.compile(r"(?P<host>\[[0-9a-f:.]+\]|[^:\[\]]+):(?P<port>[1-9][0-9]{0,4})")
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    # RFC 3986: what a path and a query may hold, and nothing that some parser takes for the end of the host
    r"(?P<rest>(?:/[A-Za-z0-9._~!$&'()*+,;=:@%/\[\]-]*)?(?:\?[A-Za-z0-9._~!$&'()*+,;=:@%/?\[\]-]*)?)"
)


class Endpoint(NamedTuple):
    """A host and a port. host: lower case; a name, or an address as `ipaddress` writes it, without brackets."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class PlainUrl:
    """The parts of a URL that has neither user nor fragment. rest: path and query as they were."""

    scheme: str
    endpoint: Endpoint
    rest: str


def read_host(text: str) -> str | None:
    """The host, if it is a name in lower-case ASCII, or an address in its one spelling (IPv6 in brackets)."""
    if text.startswith("[") and text.endswith("]"):
        return _canonical(IPv6Address, text[1:-1])
    if _NUMBER_AT_THE_END.search(text):
        return _canonical(IPv4Address, text)
    return text if _NAME.fullmatch(text) and len(text) <= MAX_HOST_CHARACTERS else None


def read_endpoint(text: str) -> Endpoint | None:
    """`host:port`, or None."""
    found = _ENDPOINT.fullmatch(text)
    host = read_host(found["host"]) if found else None
    if found is None or host is None or int(found["port"]) > MAX_PORT:
        return None
    return Endpoint(host, int(found["port"]))


def read_url(text: str) -> PlainUrl | None:
    """The parts of an http or https URL, or None. The host of a URL may have capitals."""
    found = _URL.fullmatch(text)
    host = read_host(found["host"].lower()) if found else None
    if found is None or host is None:
        return None
    port = int(found["port"] or DEFAULT_PORTS[found["scheme"]])
    return PlainUrl(found["scheme"], Endpoint(host, port), found["rest"]) if port <= MAX_PORT else None


def is_address(host: str) -> bool:
    """True for what `read_host` gave for an address."""
    return ":" in host or _NUMBER_AT_THE_END.search(host) is not None


def _canonical(kind: type[IPv4Address] | type[IPv6Address], text: str) -> str | None:
    try:
        return text if str(kind(text)) == text else None
    except AddressValueError:
        return None
