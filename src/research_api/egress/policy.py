"""Which hosts and ports may be reached, and how."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from research_api.config.endpoints import Endpoint, is_address, read_url
from research_api.domain.calls import CallRefused
from research_api.egress.addresses import Address, is_allowable, is_public

PUBLIC_HUB = "https://huggingface.co"
# Where the hub's redirects lead to for large files; Xet, which has hosts of its own, is off.
# Source: Hugging Face, "Downloading models", "Downloading behind a proxy or firewall", which huggingface/hub-docs#2628
# and #2647 brought (read 2026-11)
HUB_CONTENT_URLS = (
    "https://us.aws.cdn.hf.co",
    "https://us.gcp.cdn.hf.co",
    "https://cdn-lfs-us-1.hf.co",
    "https://cdn-lfs-eu-1.hf.co",
)

NOT_PLAIN = "it is no plain http or https URL with a host in ASCII and without user or fragment"
NOT_LISTED = "its host and port are not on the list"
NEEDS_TLS = "plain http is for hosts and ports that EGRESS_ALLOW names"
NOT_PUBLIC = "its name resolves to an address that is not public"
NOT_ALLOWABLE = "it resolves to an address that is never allowed"


class Refused(CallRefused):
    """The text is the reason; host: for the log, empty where the URL has none that can be read."""

    def __init__(self, reason: str, host: str = "") -> None:
        super().__init__(reason)
        self.host = host


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes. may_be_private: EGRESS_ALLOW names it."""

    endpoint: Endpoint
    is_tls: bool
    may_be_private: bool

    @property
    def host(self) -> str:
        """A name or an address, without brackets."""
        return self.endpoint.host

    def permits(self, address: Address) -> bool:
        """True if the host may have this address."""
        return is_allowable(address) if self.may_be_private else is_public(address)


@dataclass(frozen=True, slots=True)
class EgressPolicy:
    """listed: by https, at public addresses. private: by http or https, at private addresses too."""

    listed: frozenset[Endpoint]
    private: frozenset[Endpoint] = frozenset()

    @classmethod
    def of(cls, urls: Iterable[str], private: Iterable[Endpoint] = ()) -> EgressPolicy:
        """Lists the hosts and ports of the URLs that use https and a name: the others need `private`."""
        found = [url for text in urls if (url := read_url(text)) is not None]
        listed = {
            url.endpoint for url in found if url.scheme == "https" and not is_address(url.endpoint.host)
        }
        return cls(frozenset(listed), frozenset(private))

    def target_of(self, url: str) -> Target:
        """Where a call to the URL goes; nothing is looked up. Raises Refused."""
        parts = read_url(url)
        if parts is None:
            raise Refused(NOT_PLAIN)
        return self.target(parts.endpoint, is_tls=parts.scheme == "https")

    def target(self, endpoint: Endpoint, *, is_tls: bool) -> Target:
        """The same for what is no URL any more."""
        may_be_private = endpoint in self.private
        if not may_be_private and endpoint not in self.listed:
            raise Refused(NOT_LISTED, endpoint.host)
        if not may_be_private and not is_tls:
            raise Refused(NEEDS_TLS, endpoint.host)
        return Target(endpoint, is_tls, may_be_private)

    def check(self, target: Target, addresses: Iterable[Address]) -> None:
        """Raises Refused if one of the addresses is none that the host may have."""
        if not all(target.permits(address) for address in addresses):
            raise Refused(NOT_ALLOWABLE if target.may_be_private else NOT_PUBLIC, target.host)
