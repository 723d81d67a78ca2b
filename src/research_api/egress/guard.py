"""Opens connections: to checked addresses of listed hosts, and to nothing else."""

from __future__ import annotations

import os
import socket
import ssl
from collections import Counter
from ipaddress import ip_address
from threading import Lock

import certifi
import structlog

from research_api.domain.calls import CallBroken, CallFailed, CallRefused, CallTimedOut
from research_api.egress.addresses import Address
from research_api.egress.bounds import TIME_IS_OVER, bounds_of_call
from research_api.egress.policy import EgressPolicy, Refused, Target
from research_api.egress.resolving import Resolver
from research_api.egress.sockets import BoundedSocket, BoundedTlsSocket

log = structlog.get_logger(__name__)

# a name may have dozens of addresses; if four do not answer, the fifth will not
MAX_TRIES = 4
NOT_REACHED = "the host cannot be reached"
ANOTHER_PEER = "the connection leads to another address"
NO_TLS = "no TLS with the host, or its certificate is not valid for it"
_OUTCOMES: tuple[tuple[type[CallFailed], str], ...] = (
    (CallRefused, "refused"),
    (CallTimedOut, "timed_out"),
    (CallFailed, "broken"),
)


class Guard:
    """The policy with what it needs to be kept. Nothing is opened, read or looked up before the first call."""

    def __init__(self, policy: EgressPolicy, resolver: Resolver | None = None) -> None:
        self.policy = policy
        self._resolver = resolver or Resolver()
        self._lock = Lock()
        self._context: ssl.SSLContext | None = None
        self._outcomes: Counter[str] = Counter()

    def outcomes(self) -> dict[str, int]:
        """How many calls were `allowed` (and answered), `refused`, `timed_out` and `broken` so far."""
        with self._lock:
            return dict(self._outcomes)

    def count(self, failure: CallFailed | None = None) -> None:
        """One more call is over; a refusal is logged by host and reason."""
        outcome = "allowed"
        if failure is not None:
            outcome = next(name for kind, name in _OUTCOMES if isinstance(failure, kind))
        with self._lock:
            self._outcomes[outcome] += 1
        if isinstance(failure, CallRefused):
            log.warning("call_refused", host=getattr(failure, "host", ""), reason=str(failure))

    def resolved(self, target: Target, until: float) -> tuple[Address, ...]:
        """The addresses of the host, looked up once and not yet checked. Raises CallFailed."""
        return self._resolver.addresses(target, until)

    def connect(self, target: Target) -> BoundedSocket:
        """Plain TCP to one of the addresses, within the bounds of the call. Raises CallFailed."""
        bounds = bounds_of_call()
        addresses = self.resolved(target, bounds.until)
        self.policy.check(target, addresses)
        addresses = addresses[:MAX_TRIES]
        failure: CallFailed = CallBroken(NOT_REACHED)
        for number, address in enumerate(addresses):
            # each of those that are left gets the same share of the time that is left
            seconds = bounds.seconds_left() / (len(addresses) - number)
            try:
                return _opened(target, address, seconds)
            except TimeoutError:
                failure = CallTimedOut(TIME_IS_OVER)
            except OSError:
                failure = CallBroken(NOT_REACHED)
        raise failure

    def secure(self, plain: BoundedSocket, host: str) -> ssl.SSLSocket:
        """TLS over the connection, with a certificate that is valid for the host. Raises CallFailed."""
        try:
            plain.settimeout(bounds_of_call().seconds_left())
            return self.tls_context().wrap_socket(plain, server_hostname=host)
        except TimeoutError:
            raise CallTimedOut(TIME_IS_OVER) from None
        except (OSError, ValueError):
            raise CallBroken(NO_TLS) from None
        finally:
            # where TLS began, its socket has taken the connection over and nothing is left to close here
            plain.close()

    def open(self, target: Target) -> socket.socket:
        """A connection as the target needs it, within the bounds of the call. Raises CallFailed."""
        plain = self.connect(target)
        return self.secure(plain, target.host) if target.is_tls else plain

    def tls_context(self) -> ssl.SSLContext:
        """Believes whom SSL_CERT_FILE or SSL_CERT_DIR name, else those that come with certifi."""
        with self._lock:
            if self._context is None:
                self._context = _make_context()
            return self._context


def _opened(target: Target, address: Address, seconds: float) -> BoundedSocket:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    opened = BoundedSocket(family, socket.SOCK_STREAM)
    try:
        opened.settimeout(seconds)
        opened.connect((str(address), target.endpoint.port))
        if ip_address(opened.getpeername()[0]) != address:
            raise Refused(ANOTHER_PEER, target.host)
        # a request is sent in two parts; the second would wait for the receipt of the first
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except BaseException:
        opened.close()
        raise
    return opened


def _make_context() -> ssl.SSLContext:
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    context = ssl.create_default_context(cafile=file or (None if folder else certifi.where()), capath=folder)
    context.sslsocket_class = BoundedTlsSocket
    context.set_alpn_protocols(["http/1.1"])
    return context
