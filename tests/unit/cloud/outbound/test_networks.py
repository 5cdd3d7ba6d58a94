"""Which addresses are public, held against what the standard library knows of them."""

from __future__ import annotations

import ipaddress
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.kernel.outbound import OutboundPolicy

PUBLIC_ONLY = OutboundPolicy()
EVERYTHING = OutboundPolicy(allowed=("0.0.0.0/0", "::/0"))

NOT_PUBLIC = (
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "10.0.0.1",
    "100.64.0.1",
    "100.127.255.255",
    "127.0.0.1",
    "127.255.255.255",
    "169.254.1.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.170",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.1.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:2::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "2606:4700::5efe:a00:1",
    "2606:4700::200:5efe:a00:1",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fdff::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
)
METADATA = ("169.254.169.254", "169.254.170.2", "100.100.100.200", "168.63.129.16", "fd00:ec2::254")


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "::ffff:8.8.8.8", "2606:4700::1111"])
def test_an_address_of_the_internet_is_called(text: str) -> None:
    assert PUBLIC_ONLY.permits(ipaddress.ip_address(text))


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_any_other_is_called_only_where_an_operator_opened_it(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not PUBLIC_ONLY.permits(address)
    assert EVERYTHING.permits(address)
    # These are another address in other words, which has to be opened itself.
    is_translated = text.startswith(("::ffff:", "64:ff9b::", "2001::1", "2002:"))
    assert OutboundPolicy(allowed=(text,)).permits(address) is not is_translated


@pytest.mark.parametrize("text", METADATA)
def test_where_a_cloud_hands_out_credentials_is_opened_by_that_address_alone(text: str) -> None:
    address = ipaddress.ip_address(text)
    assert not PUBLIC_ONLY.permits(address)
    assert not EVERYTHING.permits(address)
    assert OutboundPolicy(allowed=(text,)).permits(address)


def test_a_translator_that_an_operator_opened_leads_no_further_than_we_may_go_ourselves() -> None:
    translating = OutboundPolicy(allowed=("64:ff9b::/96", "2002::/16", "2001::/32"))
    for text, may in (
        ("64:ff9b::8.8.8.8", True),
        ("64:ff9b::10.0.0.1", False),
        ("64:ff9b::169.254.169.254", False),
        ("2002:808:808::1", True),
        ("2002:7f00:1::", False),
        ("2001:0:4136:e378:8000:63bf:f7f7:f7f7", True),
        ("2001:0:4136:e378:8000:63bf:f5ff:fffe", False),
    ):
        assert translating.permits(ipaddress.ip_address(text)) is may
    both = OutboundPolicy(allowed=("64:ff9b::/96", "10.0.0.0/8"))
    assert both.permits(ipaddress.ip_address("64:ff9b::10.0.0.1"))


ADDRESSES = st.one_of(
    st.integers(0, 2**32 - 1).map(IPv4Address),
    st.integers(0, 2**128 - 1).map(IPv6Address),
    st.integers(0x20 << 120, (0x40 << 120) - 1).map(IPv6Address),
    st.sampled_from(NOT_PUBLIC).map(ipaddress.ip_address),
)


@settings(max_examples=200)
@given(ADDRESSES)
def test_nothing_is_called_that_the_standard_library_calls_private(
    address: IPv4Address | IPv6Address,
) -> None:
    kinds = ["private", "loopback", "link_local", "multicast", "reserved", "unspecified"]
    kinds += ["site_local"] if isinstance(address, IPv6Address) else []
    is_special = any(getattr(address, f"is_{kind}") for kind in kinds)
    assert not (is_special and PUBLIC_ONLY.permits(address))


@settings(max_examples=200)
@given(st.integers(0, 2**32 - 1).map(IPv4Address))
def test_an_ipv4_address_and_its_mapped_form_are_one(address: IPv4Address) -> None:
    mapped = IPv6Address(f"::ffff:{address}")
    assert PUBLIC_ONLY.permits(mapped) is PUBLIC_ONLY.permits(address)
    for prefix in ("64:ff9b::", "::"):
        assert not PUBLIC_ONLY.permits(IPv6Address(f"{prefix}{address}"))


def test_all_the_internet_but_the_special_networks_is_called() -> None:
    """What we refuse is told by networks: their edges on both sides."""
    for text in ("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255"):
        assert PUBLIC_ONLY.permits(ipaddress.ip_address(text))
    for text in ("172.15.255.255", "172.32.0.0", "198.17.255.255", "198.20.0.0", "223.255.255.255"):
        assert PUBLIC_ONLY.permits(ipaddress.ip_address(text))
    for text in ("2001:200::1", "2003::1", "3ffe:ffff::1", "2001:db7::1", "2001:db9::1"):
        assert PUBLIC_ONLY.permits(ipaddress.ip_address(text))
