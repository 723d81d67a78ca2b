"""From a name to its addresses: one look-up with an end, in this thread.

The system's own has no deadline, and a thread that waits for it cannot be stopped.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, ip_address
from pathlib import Path

import dns.exception
import dns.resolver

from research_api.config.endpoints import is_address
from research_api.domain.calls import CallBroken, CallTimedOut
from research_api.egress.addresses import Address
from research_api.egress.policy import Target

RESOLVE_SECONDS = 2.0
# a datagram may be lost, and the first of several name servers may be dead: then another is asked
_TRY_SECONDS = 0.6
NO_ADDRESS = "its name has no address"
NAMES_TOO_SLOW = "the name server does not answer in time"
LOCALHOST = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Resolver:
    """nameservers: addresses; none for those of /etc/resolv.conf, which is read each time, like the file of hosts.

    Source: glibc manual, nsswitch.conf(5): `files dns` is the usual order; RFC 6761, 6.3 for localhost (read 2026-11)
    """

    nameservers: Sequence[str] = ()
    port: int = 53
    hosts_file: Path = Path("/etc/hosts")
    seconds: float = RESOLVE_SECONDS

    def addresses(self, target: Target, until: float) -> tuple[Address, ...]:
        """Its addresses, at least one, those of IPv4 first: a host without IPv6 then loses no time.

        until: time.monotonic() at the latest end. Raises CallTimedOut, CallBroken.
        """
        host = target.host
        if is_address(host):
            return (ip_address(host),)
        known = self._in_hosts_file(host) or (LOCALHOST if host == "localhost" else ())
        found = known or self._asked(host, min(until, time.monotonic() + self.seconds), target.may_be_private)
        # a set: some servers repeat themselves
        return tuple(
            sorted({ip_address(text) for text in found}, key=lambda one: not isinstance(one, IPv4Address))
        )

    def _in_hosts_file(self, host: str) -> tuple[str, ...]:
        try:
            text = self.hosts_file.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ()
        rows = (line.partition("#")[0].lower().split() for line in text.splitlines())
        return tuple(row[0] for row in rows if host in row[1:] and _is_plain_address(row[0]))

    def _asked(self, host: str, until: float, is_private: bool) -> list[str]:
        """What the name servers say. is_private: the search list applies, as in the cluster that the host is in."""
        try:
            resolver = dns.resolver.Resolver(configure=not self.nameservers)
        except dns.resolver.NoResolverConfiguration:
            raise CallBroken(NO_ADDRESS) from None
        if self.nameservers:
            resolver.nameservers = list(self.nameservers)
            resolver.port = self.port
        resolver.timeout = _TRY_SECONDS
        found: list[str] = []
        for kind in ("A", "AAAA"):
            try:
                left = until - time.monotonic()
                if left <= 0:
                    raise CallTimedOut(NAMES_TOO_SLOW)
                answer = resolver.resolve(
                    host if is_private else f"{host}.",
                    kind,
                    lifetime=left,
                    search=is_private,
                    raise_on_no_answer=False,
                )
                found += [record.to_text() for record in answer]
            except (dns.exception.DNSException, OSError, CallTimedOut) as error:
                # some servers do not answer questions for AAAA; an address of IPv4 is enough
                if not found:
                    is_late = isinstance(error, dns.exception.Timeout | CallTimedOut)
                    raise (CallTimedOut(NAMES_TOO_SLOW) if is_late else CallBroken(NO_ADDRESS)) from None
        if not found:
            raise CallBroken(NO_ADDRESS)
        return found


def _is_plain_address(text: str) -> bool:
    try:
        return ip_address(text) is not None
    except ValueError:
        return False
