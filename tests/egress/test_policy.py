"""What is let out by its URL alone, and that all the tricks with URLs are none."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest

from research_api.config.endpoints import Endpoint, read_endpoint
from research_api.domain.calls import CallFailed, CallRefused, Outgoing
from research_api.egress import Egress, EgressPolicy
from research_api.egress.policy import NEEDS_TLS, NOT_LISTED, NOT_PLAIN

POLICY = EgressPolicy.of(
    ["https://api.example.org/v1", "https://other.example.org:8443"],
    [Endpoint("127.0.0.1", 9401), Endpoint("ollama", 11434), Endpoint("::1", 9401)],
)


def reason_for(url: str) -> str:
    with pytest.raises(CallRefused) as caught:
        POLICY.target_of(url)
    return str(caught.value)


@pytest.mark.parametrize(
    ("url", "endpoint", "is_tls", "may_be_private"),
    [
        ("https://api.example.org", ("api.example.org", 443), True, False),
        ("https://api.example.org:443/works?filter=a,b:c&x=%20", ("api.example.org", 443), True, False),
        ("https://API.Example.ORG/", ("api.example.org", 443), True, False),
        ("https://other.example.org:8443/", ("other.example.org", 8443), True, False),
        ("http://127.0.0.1:9401/works", ("127.0.0.1", 9401), False, True),
        ("https://127.0.0.1:9401/works", ("127.0.0.1", 9401), True, True),
        ("http://ollama:11434/v1", ("ollama", 11434), False, True),
        ("http://[::1]:9401/", ("::1", 9401), False, True),
    ],
)
def test_what_is_listed_is_let_out(
    url: str, endpoint: tuple[str, int], is_tls: bool, may_be_private: bool
) -> None:
    target = POLICY.target_of(url)

    assert (target.endpoint, target.is_tls, target.may_be_private) == (endpoint, is_tls, may_be_private)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://api.example.org/", NOT_LISTED),  # its port is 80
        ("http://api.example.org:443/", NEEDS_TLS),
        ("https://api.example.org:8443/", NOT_LISTED),
        ("https://example.org/", NOT_LISTED),
        ("https://api.example.org.evil.test/", NOT_LISTED),
        ("https://evil-api.example.org/", NOT_LISTED),
        ("https://ollama/", NOT_LISTED),
        ("http://127.0.0.1:9402/", NOT_LISTED),
        ("http://127.0.0.2:9401/", NOT_LISTED),
    ],
)
def test_what_is_not_listed_is_refused(url: str, reason: str) -> None:
    assert reason_for(url) == reason


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.example.org",
        "//api.example.org/",
        "ftp://api.example.org/",
        "file:///etc/passwd",
        "gopher://api.example.org/",
        "HTTPS://api.example.org/",
        "https:api.example.org/",
        "https:/api.example.org/",
        "https:///api.example.org/",
        "https://user@api.example.org/",
        "https://user:password@api.example.org/",
        "https://api.example.org@evil.test/",
        "https://api.example.org:443@evil.test/",
        "https://evil.test#@api.example.org/",
        "https://evil.test\\@api.example.org/",
        "https://api.example.org\\.evil.test/",
        "https://api.example.org/#fragment",
        "https://api.example.org./",
        "https://.api.example.org/",
        "https://api..example.org/",
        "https://api.example.org%2eevil.test/",
        "https://%61pi.example.org/",
        "https://api.example.org:/",
        "https://api.example.org:0/",
        "https://api.example.org:0443/",
        "https://api.example.org:65979/",
        "https://api.example.org:443\n/",
        "https://api.example.org/\r\nHost: evil.test",
        "https://api.example.org/\n",
        " https://api.example.org/",
        "https://api.example.org/a b",
        "https://api.example.org/\x00",
        "https://api\u3002example\u3002org/",
        "https://\uff41pi.example.org/",
        "https://api.example.\u2092rg/",
        "https://ap\u0456.example.org/",
        "https://api.exam\u00adple.org/",
        "http://2130706433:9401/",
        "http://0x7f000001:9401/",
        "http://0x7f.1:9401/",
        "http://0177.0.0.1:9401/",
        "http://127.1:9401/",
        "http://127.0.1:9401/",
        "http://127.0.0.1.:9401/",
        "http://127.000.000.001:9401/",
        "http://\uff11\uff12\uff17.0.0.1:9401/",
        "http://127\u30020\u30020\u30021:9401/",
        "http://\u2460\u2461\u2466.0.0.1:9401/",
        "http://[0:0:0:0:0:0:0:1]:9401/",
        "http://[::1%25lo]:9401/",
        "http://[::1%lo]:9401/",
        "http://[::ffff:127.0.0.1]:9401/",
        "http://::1:9401/",
        "http://[::1:9401/",
    ],
)
def test_other_spellings_are_refused(url: str) -> None:
    """Of hosts that are listed, and of hosts that some parser or resolver would take for those."""
    assert reason_for(url) in (NOT_PLAIN, NOT_LISTED)


def test_an_address_is_listed_by_nobody_but_the_operator() -> None:
    policy = EgressPolicy.of(["https://127.0.0.1:9401", "https://8.8.8.8", "http://api.example.org"])

    assert policy == EgressPolicy(frozenset())


@pytest.mark.parametrize(
    "text",
    ["", "host", ":80", "host:", "host:0", "host:65536", "host:8 0", "Host:80", "0x7f.1:80", "127.1:80", "1:80",
     "::1:80", "[::1]", "[::1%lo]:80", "[0::1]:80", "http://host:80", "a@b:80", "-a:80", "h\u00f6st:80"],
)  # fmt: skip
def test_an_endpoint_has_one_spelling(text: str) -> None:
    assert read_endpoint(text) is None


def ssrf_payloads(shared_data: Path) -> list[str]:
    lines = (shared_data / "security/ssrf_payloads.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line.strip()]


def whatwg_cases(shared_data: Path) -> list[dict[str, Any]]:
    cases = json.loads((shared_data / "security/whatwg_urltestdata.json").read_text(encoding="utf-8"))
    return [case for case in cases if isinstance(case, dict)]


def test_no_known_payload_opens_a_connection(shared_data: Path, tried: list[Any]) -> None:
    payloads = ssrf_payloads(shared_data)
    urls = [case["input"] for case in whatwg_cases(shared_data)]
    urls += [case["href"] for case in whatwg_cases(shared_data) if "href" in case]
    egress = Egress(EgressPolicy.of(["https://api.example.org"]))
    send = egress.sender(time.monotonic() + 600)

    let_out = []
    for url in [*payloads, *urls]:
        try:
            send(Outgoing(url))
            let_out.append(url)
        except CallRefused:
            continue

    assert len(payloads) > 100
    assert len(urls) > 1_000
    assert let_out == []
    assert tried == []
    assert egress.guard.outcomes() == {"refused": len(payloads) + len(urls)}


def test_we_and_the_url_standard_see_the_same_host(shared_data: Path) -> None:
    """Whatever is let out leads to the host and port that a browser would see."""
    hosts = ("example.com", "example.org", "www.example.com", "foo", "host", "test", "x", "f", "localhost")
    policy = EgressPolicy.of([], [Endpoint(host, port) for host in hosts for port in (80, 443, 8080, 81)])
    seen = []
    for case in whatwg_cases(shared_data):
        try:
            target = policy.target_of(case["input"])
        except CallFailed:
            continue
        port = int(case.get("port") or {"http:": 80, "https:": 443}[case["protocol"]])
        seen.append((target.endpoint, (case["hostname"], port)))

    assert len(seen) > 20
    assert [pair for pair in seen if pair[0] != pair[1]] == []
