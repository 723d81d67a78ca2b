"""Which addresses are public, and which private ones an operator may allow."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network

Address = IPv4Address | IPv6Address
_Networks = tuple[IPv4Network | IPv6Network, ...]


def _networks(*texts: str) -> _Networks:
    return tuple(ip_network(text) for text in texts)


# Python 3.11's `is_global` passes some of these: multicast, 192.88.99.0/24, 6to4, NAT64, IPv4 inside IPv6.
# Source: IANA IPv4 Special-Purpose Address Registry; RFC 5771 for 224.0.0.0/4; RFC 7526 for 192.88.99.0/24
# (read 2026-11)
_SPECIAL_4 = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
# Nothing else is handed out to hosts: so ::1, ::a.b.c.d, ::ffff:a.b.c.d, NAT64 (64:ff9b::/96 and 64:ff9b:1::/48),
# 100::/64, 5f00::/16, fc00::/7, fe80::/10, fec0::/10 and ff00::/8 are outside.
# Source: IANA IPv6 Global Unicast Address Assignments (read 2026-11)
_GLOBAL_6 = IPv6Network("2000::/3")
# Source: IANA IPv6 Special-Purpose Address Registry; RFC 3701 for 3ffe::/16 (read 2026-11)
_SPECIAL_6 = _networks(
    "2001::/23",  # Teredo, benchmarking, ORCHID and others
    "2001:db8::/32",
    "2002::/16",  # 6to4: an IPv4 address inside
    "2620:4f:8000::/48",
    "3ffe::/16",
    "3fff::/20",
)
# Loopback, the nets of RFC 1918, RFC 6598 and RFC 4193. Link-local ones are missing: clouds keep their metadata there.
_PRIVATE = _networks(
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "::1/128",
    "fc00::/7",
)
# metadata of Alibaba Cloud and of EC2, in nets that are private else. Source: the two manuals (read 2026-11)
_METADATA = frozenset({IPv4Address("100.100.100.200"), IPv6Address("fd00:ec2::254")})


def is_public(address: Address) -> bool:
    """True for what is routed on the internet and leads to no other address inside it."""
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return (
        address in _GLOBAL_6
        and address.scope_id is None
        and not any(address in network for network in _SPECIAL_6)
    )


def is_allowable(address: Address) -> bool:
    """True for what may be reached if an operator names the host: public, or private and no cloud's metadata."""
    if is_public(address):
        return True
    return address not in _METADATA and any(address in network for network in _PRIVATE)
