"""What a person sees at /docs, in a real browser that can reach no other host."""

from __future__ import annotations

import http.server
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.system.running import System, ask

pytestmark = pytest.mark.services
CHROMIUM = "chromium"
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr", "--v=0", "--virtual-time-budget=8000",
)  # fmt: skip

Browse = Callable[[str], "Page"]


class Page:
    """A page that was opened: its DOM after the scripts ran, what the console said, what the page asked for."""

    def __init__(self, dom: str, said: str, network_log: dict[str, Any]) -> None:
        self.dom = dom
        # chromium has its own complaints, about D-Bus and the like; the page's stand under CONSOLE
        self.console = [line for line in said.splitlines() if ":CONSOLE" in line]
        self.requested = set(_requests_of_pages(network_log))


def _requests_of_pages(network_log: dict[str, Any]) -> list[str]:
    """URLs that a page asked for, failed ones too; the browser's own requests have no page as initiator."""
    started = network_log["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    found = [event.get("params", {}) for event in network_log["events"] if event["type"] == started]
    return [one["url"] for one in found if str(one.get("initiator", "")).startswith("http")]


@pytest.fixture
def browse(tmp_path: Path) -> Browse:
    """Opens a URL in a browser with an empty profile."""
    if shutil.which(CHROMIUM) is None:
        reason = f"{CHROMIUM} is not installed: `make tools` as root installs it"
        if os.environ.get("REQUIRE_TOOLS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)

    def opened(url: str) -> Page:
        log = tmp_path / "network.json"
        run = subprocess.run(
            [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"--log-net-log={log}",
             "--window-size=1280,2000", "--dump-dom", url],
            capture_output=True, text=True, timeout=60, check=True,
        )  # fmt: skip
        return Page(run.stdout, run.stderr, json.loads(log.read_text()))

    return opened


def test_the_viewer_lists_every_operation(system: System, browse: Browse) -> None:
    document = ask(f"{system.url}/openapi.json").json
    operations = {
        operation["operationId"] for methods in document["paths"].values() for operation in methods.values()
        if "operationId" in operation
    }  # fmt: skip

    page = browse(f"{system.url}/docs")

    shown = set(re.findall(r'id="operations-(?!tag-)[^"]*?-([^"-]+)"', page.dom))
    assert len(operations) >= 7
    assert shown == operations
    assert "Failed to load" not in page.dom


def test_the_viewer_asks_no_other_host_and_breaks_no_policy(system: System, browse: Browse) -> None:
    page = browse(f"{system.url}/docs")

    assert page.console == []
    assert f"{system.url}/openapi.json" in page.requested
    assert f"{system.url}/docs/assets/swagger-ui.css" in page.requested
    assert [url for url in page.requested if not url.startswith(f"{system.url}/")] == []


def test_an_operation_can_be_linked_to_and_opened(system: System, browse: Browse) -> None:
    """Its parameters and the button to try it are there, and the styles that scripts set are let pass."""
    page = browse(f"{system.url}/docs#/search/search")

    assert 'data-param-name="year_from"' in page.dom
    assert "Try it out" in page.dom
    assert page.console == []


class FaultyPage(http.server.BaseHTTPRequestHandler):
    """Breaks its own policy, and asks another host for a picture."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Security-Policy", "default-src 'none'; img-src *")
        self.end_headers()
        self.wfile.write(b"<script>1</script><img src='http://elsewhere.example/x.png'>")

    def log_message(self, *_: object) -> None:
        """Tests are quiet."""


def test_the_browser_would_tell(browse: Browse) -> None:
    """The faults that the tests above look for are seen on a page that has them."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), FaultyPage) as server:
        threading.Thread(target=server.serve_forever).start()
        page = browse(f"http://127.0.0.1:{server.server_port}/")
        server.shutdown()

    assert any("violates the following Content Security Policy" in line for line in page.console)
    assert "http://elsewhere.example/x.png" in page.requested
