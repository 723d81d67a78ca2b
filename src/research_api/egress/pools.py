"""`requests` on connections that the guard opens: one pool for each host and port, kept alive and bounded."""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping
from threading import Lock
from typing import Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from research_api.config.endpoints import DEFAULT_PORTS
from research_api.egress.bounds import MAX_HEAD_BYTES, bounds_of_call
from research_api.egress.guard import Guard
from research_api.egress.policy import Target

# connections that are kept to one host; more may be open at a time, and are closed after their call
KEPT_CONNECTIONS = 8


class GuardedAdapter(HTTPAdapter):
    """Sends where the policy lets it, whatever else the request says. It knows no proxy.

    Source: requests 2.34, `HTTPAdapter.get_connection_with_tls_context`, the place for own pools (read 2026-11)
    """

    def __init__(self, guard: Guard) -> None:
        super().__init__(max_retries=0)
        self._guard = guard
        self._lock = Lock()
        self._pools: dict[Target, _Pool] = {}
        # its warnings and debug lines have whole URLs, and so keys; what goes wrong is raised anyway
        logging.getLogger("urllib3").setLevel(logging.CRITICAL + 1)

    def get_connection_with_tls_context(
        self,
        request: PreparedRequest,
        verify: object,  # noqa: ARG002 - the guard's own context checks certificates
        proxies: Mapping[str, str] | None = None,  # noqa: ARG002 - there are none
        cert: object = None,  # noqa: ARG002 - we have none
    ) -> HTTPConnectionPool:
        """The pool of the host that the finished URL names. Raises Refused."""
        target = self._guard.policy.target_of(str(request.url))
        pool = self._pools.get(target)
        if pool is None:
            # the policy has few targets, so there are few pools
            with self._lock:
                pool = self._pools.setdefault(target, _Pool(self._guard, target))
        return pool

    def cert_verify(self, conn: object, url: object, verify: object, cert: object) -> None:
        """Nothing: the guard's own context checks certificates."""

    def close(self) -> None:
        """Idle connections are closed."""
        super().close()
        with self._lock:
            pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()


class _Pool(HTTPConnectionPool):
    """Made of connections that may already be secured, hence no pool for https."""

    def __init__(self, guard: Guard, target: Target) -> None:
        super().__init__(target.host, target.endpoint.port, maxsize=KEPT_CONNECTIONS, block=False)
        self._guard = guard
        self._target = target

    def _new_conn(self) -> HTTPConnection:
        return _Connection(self._guard, self._target)


class _Connection(HTTPConnection):
    def __init__(self, guard: Guard, target: Target) -> None:
        super().__init__(target.host, target.endpoint.port)
        # decides whether the header Host has the port
        self.default_port = DEFAULT_PORTS["https" if target.is_tls else "http"]  # type: ignore[misc] # of this one
        self._guard = guard
        self._target = target

    def _new_conn(self) -> socket.socket:
        return self._guard.open(self._target)

    def getresponse(self) -> Any:
        """The answer with its headers, which have a bound of their own: http.client would read 6 MB of them."""
        bounds = bounds_of_call()
        bounds.head_bytes_left = MAX_HEAD_BYTES
        response = super().getresponse()
        bounds.head_bytes_left = None
        return response
