"""Which addresses are public."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from research_api.egress.addresses import is_allowable, is_public

PUBLIC = ["1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "192.0.1.1", "223.255.255.255", "198.20.0.1"]
PUBLIC_6 = ["2606:4700:4700::1111", "2a00:1450:4001:80b::200e", "2001:4860:4860::8888", "2400:cb00::1"]
PRIVATE = [
    "127.0.0.1", "127.255.255.254", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.0.1", "100.64.0.1",
    "100.127.255.255", "::1", "fc00::1", "fd12:3456::1",
]  # fmt: skip
NEVER = {
    "this network": "0.0.0.0",  # noqa: S104 - never bound to
    "this network's last": "0.255.255.255",
    "link-local and metadata": "169.254.169.254",
    "ECS metadata": "169.254.170.2",
    "metadata of Alibaba": "100.100.100.200",
    "metadata of EC2": "fd00:ec2::254",
    "IETF protocols": "192.0.0.1",
    "documentation 1": "192.0.2.1",
    "documentation 2": "198.51.100.1",
    "documentation 3": "203.0.113.1",
    "AS112 v4": "192.31.196.1",
    "AMT": "192.52.193.1",
    "6to4 relay": "192.88.99.1",
    "direct AS112": "192.175.48.1",
    "benchmarks": "198.19.255.255",
    "multicast": "224.0.0.1",
    "multicast's last": "239.255.255.255",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "unspecified": "::",
    "compatible": "::7f00:1",
    "compatible and public": "::8.8.8.8",
    "mapped": "::ffff:127.0.0.1",
    "mapped and public": "::ffff:8.8.8.8",
    "translated": "::ffff:0:127.0.0.1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64 of a public address": "64:ff9b::808:808",
    "local NAT64": "64:ff9b:1::1",
    "discard": "100::1",
    "dummy": "100:0:0:1::1",
    "Teredo": "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    "IPv6 benchmarks": "2001:2::1",
    "AMT in IPv6": "2001:3::1",
    "ORCHID": "2001:10::1",
    "ORCHIDv2": "2001:20::1",
    "IPv6 documentation": "2001:db8::1",
    "6to4 of loopback": "2002:7f00:1::",
    "6to4 of a public address": "2002:808:808::",
    "AS112 in IPv6": "2620:4f:8000::1",
    "6bone": "3ffe::1",
    "more documentation": "3fff::1",
    "not handed out": "4000::1",
    "segment routing": "5f00::1",
    "link-local in IPv6": "fe80::1",
    "with a zone": "fe80::1%lo",
    "public with a zone": "2606:4700::1%lo",
    "site-local": "fec0::1",
    "multicast in IPv6": "ff02::1",
    "global multicast": "ff0e::1",
}


@pytest.mark.parametrize("text", [*PUBLIC, *PUBLIC_6])
def test_what_is_routed_on_the_internet_is_public(text: str) -> None:
    assert is_public(ip_address(text))
    assert is_allowable(ip_address(text))


@pytest.mark.parametrize("text", PRIVATE)
def test_private_addresses_need_an_operator(text: str) -> None:
    assert not is_public(ip_address(text))
    assert is_allowable(ip_address(text))


@pytest.mark.parametrize("name", NEVER)
def test_some_addresses_are_reached_never(name: str) -> None:
    """They are special in IANA's registries, hide another address, or are where clouds keep credentials."""
    assert not is_public(ip_address(NEVER[name]))
    assert not is_allowable(ip_address(NEVER[name]))
