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
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.resolver

from research_api.config.endpoints import is_address
from research_api.domain.calls import CallBroken, CallTimedOut
from research_api.egress.addresses import Address
from research_api.egress.policy import Target

RESOLVE_SECONDS = 2.0
# a datagram may be lost, and the first of several name servers may be dead: then another is asked
_TRY_SECONDS = 0.6
_ROUNDS = 4
# what a server that knows the name, or knows that there is none, answers; the others are asked on
_FINAL = (dns.rcode.NOERROR, dns.rcode.NXDOMAIN)
NO_ADDRESS = "its name has no address"
NAMES_TOO_SLOW = "the name server does not answer in time"
LOCALHOST = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class Resolver:
    """nameservers: addresses; none for those of resolv_conf, which is read each time, like the file of hosts.

    Source: glibc manual, nsswitch.conf(5): `files dns` is the usual order; RFC 6761, 6.3 for localhost (read 2026-11)
    """

    nameservers: Sequence[str] = ()
    port: int = 53
    hosts_file: Path = Path("/etc/hosts")
    resolv_conf: Path = Path("/etc/resolv.conf")
    seconds: float = RESOLVE_SECONDS

    def addresses(self, target: Target, until: float) -> tuple[Address, ...]:
        """Its addresses, at least one, those of IPv4 first: a host without IPv6 then loses no time.

        until: time.monotonic() at the latest end. Raises CallTimedOut, CallBroken.
        """
        host = target.host
        if is_address(host):
            return (ip_address(host),)
        known = self._in_hosts_file(host) or (LOCALHOST if host == "localhost" else ())
        found = known or self._asked(
            host, min(until, time.monotonic() + self.seconds), may_be_private=target.may_be_private
        )
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

    def _asked(self, host: str, until: float, *, may_be_private: bool) -> list[str]:
        """What the name servers say."""
        try:
            system = dns.resolver.Resolver(str(self.resolv_conf), configure=not self.nameservers)
        except dns.resolver.NoResolverConfiguration:
            raise CallBroken(NO_ADDRESS) from None
        servers = [str(server) for server in self.nameservers or system.nameservers]
        for name in _full_names(host, system) if may_be_private else [dns.name.from_text(host)]:
            found = self._addresses_of(name, servers, until)
            if found:
                return found
        raise CallBroken(NO_ADDRESS)

    def _addresses_of(self, name: dns.name.Name, servers: list[str], until: float) -> list[str]:
        found = self._records(dns.message.make_query(name, "A"), servers, until)
        # some servers do not answer questions for AAAA; they get one try where an address of IPv4 is known
        latest = min(until, time.monotonic() + _TRY_SECONDS) if found else until
        try:
            return found + self._records(dns.message.make_query(name, "AAAA"), servers, latest)
        except CallTimedOut:
            if not found:
                raise
            return found

    def _records(self, query: dns.message.QueryMessage, servers: list[str], until: float) -> list[str]:
        """The addresses that the first server with an answer gives; none where it says that there are none."""
        is_late = False
        for server in servers * _ROUNDS:
            left = until - time.monotonic()
            if left <= 0:
                raise CallTimedOut(NAMES_TOO_SLOW)
            try:
                answer = self._answer(query, server, min(left, _TRY_SECONDS), until)
                if answer.rcode() in _FINAL:
                    rows = answer.resolve_chaining().answer
                    return [row.to_text() for row in rows or ()]
            except dns.exception.Timeout:
                is_late = True
            except (dns.exception.DNSException, OSError, ValueError):
                continue
        if is_late:
            raise CallTimedOut(NAMES_TOO_SLOW)
        return []

    def _answer(
        self, query: dns.message.QueryMessage, server: str, seconds: float, until: float
    ) -> dns.message.QueryMessage:
        try:
            answer = dns.query.udp(
                query,
                server,
                seconds,
                self.port,
                ignore_unexpected=True,
                raise_on_truncation=True,
                ignore_errors=True,
            )
        except dns.message.Truncated:
            left = until - time.monotonic()
            answer = dns.query.tcp(query, server, max(left, 0.001), self.port)
        if not isinstance(answer, dns.message.QueryMessage):
            raise dns.exception.FormError
        return answer


def _full_names(host: str, system: dns.resolver.Resolver) -> list[dns.name.Name]:
    """What a host of the operator's own may be called in full: in a cluster it is relative to the search list."""
    absolute = dns.name.from_text(host)
    relative = [dns.name.from_text(host, origin=suffix) for suffix in system.search]
    has_dots = host.count(".") >= (1 if system.ndots is None else system.ndots)
    return [absolute, *relative] if has_dots else [*relative, absolute]


def _is_plain_address(text: str) -> bool:
    try:
        return ip_address(text) is not None
    except ValueError:
        return False
