"""Addresses in words: the strictest reading, and what is never called whatever it says."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.kernel.addresses import Address
from cloud.core.kernel.outbound import (
    AddressRefusedError,
    OutboundPolicy,
    check_address,
    check_endpoint,
    read_stream,
)
from cloud.core.kernel.outbound.target import read_target

PUBLIC_ONLY = OutboundPolicy()
OPENED = OutboundPolicy(allowed=("127.0.0.0/8", "10.0.0.0/8"))

REFUSED = {
    "https://127.1/": "number_form",
    "https://127.0.0.1/": "network",
    "https://0x7f000001/": "number_form",
    "https://0x7f.0.0.1/": "number_form",
    "https://017700000001/": "number_form",
    "https://0177.0.0.1/": "number_form",
    "https://2130706433/": "number_form",
    "https://127.0.0.1./": "number_form",
    "https://127.0.0.0x1/": "number_form",
    "https://hook.example.0x7f/": "number_form",
    "https://1.2.3.4.5/": "number_form",
    "https://256.1.1.1/": "number_form",
    "https://[::ffff:10.0.0.1]/": "network",
    "https://[::ffff:a00:1]/": "network",
    "https://[0:0:0:0:0:ffff:7f00:1]/": "network",
    "https://[::127.0.0.1]/": "network",
    "https://[64:ff9b::10.0.0.1]/": "network",
    "https://[64:ff9b::808:808]/": "network",
    "https://[2002:a00:1::]/": "network",
    "https://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/": "network",
    "https://[2606:4700::5efe:10.0.0.1]/": "network",
    "https://[::1]/": "network",
    "https://[::]/": "network",
    "https://[fe80::1]/": "network",
    "https://[fe80::1%25eth0]/": "host",
    "https://[fe80::1%eth0]/": "host",
    "https://[fc00::1]/": "network",
    "https://[fd00:ec2::254]/": "network",
    "https://[ff02::1]/": "network",
    "https://[v1.a]/": "host",
    "https://[]/": "host",
    "https://[::1/": "unreadable_address",
    "https://0.0.0.0/": "network",
    "https://0/": "number_form",
    "https://100.64.0.1/": "network",
    "https://169.254.169.254/latest/meta-data/": "network",
    "https://168.63.129.16/": "network",
    "https://224.0.0.1/": "network",
    "https://255.255.255.255/": "network",
    "https://localhost/": "local_name",
    "https://LOCALHOST/": "local_name",
    "https://localhost./": "host",
    "https://hook.localhost/": "local_name",
    "https://printer.local/": "local_name",
    "https://metadata/": "local_name",
    "https://metadata.google.internal/": "local_name",
    "https://metadata.google.internal./": "host",
    "https://hook.example./": "host",
    "https://hook..example/": "host",
    "https://-hook.example/": "host",
    "https://hook.example%2f@10.0.0.1/": "credentials_in_address",
    "https://127%2e0%2e0%2e1/": "host",
    "https://%31%32%37.0.0.1/": "number_form",
    "https://user@hook.example/": "credentials_in_address",
    "https://user:word@hook.example/": "credentials_in_address",
    "https://@hook.example/": "credentials_in_address",
    "https://hook.example@10.0.0.1/": "credentials_in_address",
    "https://hook.example\\@10.0.0.1/": "unreadable_address",
    "https:\\\\10.0.0.1/": "unreadable_address",
    "https://hook.exam\tple/": "unreadable_address",
    "https://hook.example/\n": "unreadable_address",
    " https://hook.example/": "unreadable_address",
    "https://hook.example/a b": "unreadable_address",
    "https://hook.example/\x00": "unreadable_address",
    "https://hook.example/#fragment": "unreadable_address",
    "https://hook.example#@10.0.0.1/": "unreadable_address",
    "https://\uff11\uff12\uff17.0.0.1/": "unreadable_address",
    "https://127\u3002 0\u30020\u30021/": "unreadable_address",
    "https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3/": "unreadable_address",
    "https://m\u00fcnchen.example/": "unreadable_address",
    "https://hook.example:22/": "port",
    "https://hook.example:80/": "port",
    "https://hook.example:0/": "unreadable_address",
    "https://hook.example:0443/": "unreadable_address",
    "https://hook.example:65536/": "unreadable_address",
    "https://hook.example:/": "unreadable_address",
    "https://hook.example:a/": "unreadable_address",
    "https://hook.example:443:443/": "unreadable_address",
    "http://hook.example/": "scheme",
    "ftp://hook.example/": "scheme",
    "file:///etc/passwd": "scheme",
    "gopher://hook.example/": "scheme",
    "mllps://hook.example:2575": "scheme",
    "//hook.example/": "scheme",
    "https:hook.example": "scheme",
    "https:///path": "host",
    "https://": "host",
    "https://?a": "host",
    "": "unreadable_address",
    "https://hook.example/" + "a" * 2048: "unreadable_address",
    f"https://{'a' * 64}.example/": "host",
    f"https://{'.'.join(['abcdefgh'] * 30)}/": "host",
}


def never_asked(host: str, _seconds: float) -> list[Address]:
    raise AssertionError(host)


@pytest.mark.parametrize("url", REFUSED)
def test_what_may_not_be_called_is_refused_by_its_words_and_counted_by_its_cause(url: str) -> None:
    told: list[tuple[str, str]] = []
    policy = OutboundPolicy(ear=lambda what, outcome: told.append((what, outcome)))
    with pytest.raises(AddressRefusedError) as refused:
        check_endpoint(url, policy, never_asked)
    expected = REFUSED[url].replace("number_form", "number_form")
    assert refused.value.cause == expected
    assert told == [("check", expected)]
    assert "example" not in str(refused.value), "no host in the words"


@pytest.mark.parametrize(
    ("url", "authority", "path"),
    [
        ("https://hook.example", "hook.example", "/"),
        ("HTTPS://Hook.Example:443/A?b=%20c", "hook.example", "/A?b=%20c"),
        ("https://hook.example?b", "hook.example", "/?b"),
        ("https://hook.example:8443/a//b", "hook.example:8443", "/a//b"),
        ("https://xn--mnchen-3ya.example/", "xn--mnchen-3ya.example", "/"),
        ("https://a_b.hook-1.example/@here", "a_b.hook-1.example", "/@here"),
        ("https://8.8.8.8/", "8.8.8.8", "/"),
        ("https://[2606:4700:0::1111]:8443/", "[2606:4700::1111]:8443", "/"),
        ("https://1password.example/", "1password.example", "/"),
    ],
)
def test_what_may_be_called_is_read_as_written(url: str, authority: str, path: str) -> None:
    check_address(url, PUBLIC_ONLY)
    target = read_target(url)
    assert (target.authority, target.path) == (authority, path)


def test_an_opened_network_may_have_other_ports_plain_http_and_local_names() -> None:
    for url in (
        "http://127.0.0.1:8080/",
        "https://10.1.2.3:9443/",
        "https://[::ffff:10.0.0.1]/",
        "http://fhir:8080/base",
        "https://hook.example:9443/",
    ):
        check_address(url, OPENED)
    for url, cause in (
        ("http://8.8.8.8/", "scheme"),
        ("https://8.8.8.8:9443/", "port"),
        ("https://192.168.0.1/", "network"),
        ("http://127.1:8080/", "number_form"),
    ):
        with pytest.raises(AddressRefusedError) as refused:
            check_address(url, OPENED)
        assert refused.value.cause == cause


def test_a_stream_has_a_port_of_its_own_and_nothing_behind_it() -> None:
    check_address("mllps://lab.example:2575", PUBLIC_ONLY, is_stream=True)
    check_address("mllp://127.0.0.1:2575/", OPENED, is_stream=True)
    target = read_stream("MLLPS://Lab.Example:2575/")
    assert (target.host, target.port, target.is_secure) == ("lab.example", 2575, True)
    for url, cause in (
        ("mllps://lab.example", "unreadable_address"),
        ("mllps://lab.example:2575/a", "unreadable_address"),
        ("mllps://lab.example:2575?a", "unreadable_address"),
        ("mllps://[::1", "unreadable_address"),
        ("mllps:lab.example:2575", "scheme"),
        ("https://lab.example:2575", "scheme"),
        ("mllps://user@lab.example:2575", "scheme"),
        ("mllp://lab.example:2575", "scheme"),
        ("mllps://lab.example:25", "port"),
        ("mllps://127.0.0.1:2575", "network"),
        ("mllps://127.1:2575", "number_form"),
        ("mllps://l\u00e4b.example:2575", "host"),
    ):
        with pytest.raises(AddressRefusedError) as refused:
            check_address(url, PUBLIC_ONLY, is_stream=True)
        assert refused.value.cause == cause


FORMS = st.sampled_from(["{0}", "0x{0:x}", "0{0:o}", "{0:03d}"])
OCTETS = st.integers(0, 255)


@settings(max_examples=60)
@given(st.lists(OCTETS, min_size=4, max_size=4), st.lists(FORMS, min_size=4, max_size=4))
def test_an_ipv4_address_is_read_in_its_one_right_form_alone(
    octets: list[int], forms: list[str]
) -> None:
    written = ".".join(form.format(octet) for form, octet in zip(forms, octets, strict=True))
    try:
        expected = ipaddress.IPv4Address(written)
    except ValueError:
        with pytest.raises(AddressRefusedError):
            read_target(f"https://{written}/")
    else:
        assert read_target(f"https://{written}/").literal == expected


PIECES = st.text(
    st.one_of(st.sampled_from(":/?#@[]\\.%0127x\t \n"), st.characters(max_codepoint=0x2FFF)),
    max_size=12,
)


@settings(max_examples=150)
@given(front=st.sampled_from(["", "hook.example", "8.8.8.8", "[2606:4700::1]"]), text=PIECES)
def test_what_is_taken_another_reader_reads_the_same(front: str, text: str) -> None:
    url = f"https://{front}{text}"
    try:
        target = read_target(url)
    except AddressRefusedError:
        return
    other = urlsplit(url)
    assert ipaddress_or_name(other.hostname) == target.host
    assert (other.port or 443) == target.port
    assert (other.path or "/") + (f"?{other.query}" if "?" in url else "") == target.path
    assert other.username is None


def ipaddress_or_name(text: str | None) -> str:
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return text or ""
