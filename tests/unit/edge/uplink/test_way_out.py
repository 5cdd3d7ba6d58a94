"""Over which network the vehicle's packets go, and whether that is one of the station's."""

from __future__ import annotations

import sys
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from edge.uplink.way_out import StationPolicy, WayOut, read_way_out

HEAD = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
ARP_HEAD = "IP address       HW type     Flags       HW address            Mask     Device\n"
YARD = WayOut("wlan0", IPv4Address("10.20.1.1"), "02:fc:00:00:00:05")


def number(address: str) -> str:
    """As the kernel prints an address."""
    return f"{int.from_bytes(IPv4Address(address).packed, sys.byteorder):08X}"


def route(interface: str, router: str, *, metric: int, flags: str = "0003") -> str:
    fields = (interface, "00000000", number(router), flags, "0", "0", str(metric), "00000000")
    return "\t".join((*fields, "0", "0", "0")) + "\n"


def machine(folder: Path, routes: str, neighbours: str = "") -> Path:
    (folder / "route").write_text(HEAD + routes, encoding="ascii")
    (folder / "arp").write_text(ARP_HEAD + neighbours, encoding="ascii")
    return folder


def test_the_default_route_that_is_taken_first_is_the_way_out(tmp_path: Path) -> None:
    routes = route("wwan0", "100.64.0.1", metric=700) + route("wlan0", "10.20.1.1", metric=600)
    local = (
        f"eth0\t{number('192.168.0.0')}\t00000000\t0001\t0\t0\t0\t{number('255.255.255.0')}\t0\n"
    )
    down = route("eth1", "10.0.0.1", metric=1, flags="0002")
    neighbours = (
        "192.168.0.9      0x1         0x2         02:fc:00:00:00:09     *        eth0\n"
        "10.20.1.1        0x1         0x2         02:FC:00:00:00:05     *        wlan0\n"
    )
    assert read_way_out(machine(tmp_path, local + down + routes, neighbours)) == YARD


@pytest.mark.parametrize("neighbours", ["", "10.20.1.1 0x1 0x0 00:00:00:00:00:00 * wlan0\n"])
def test_a_router_that_has_not_answered_has_no_hardware_address(
    tmp_path: Path, neighbours: str
) -> None:
    found = read_way_out(machine(tmp_path, route("wlan0", "10.20.1.1", metric=0), neighbours))
    assert found == WayOut("wlan0", IPv4Address("10.20.1.1"))


def test_without_a_default_route_there_is_no_way_out(tmp_path: Path) -> None:
    assert read_way_out(machine(tmp_path, "")) is None


def test_what_cannot_be_read_is_no_way_out(tmp_path: Path) -> None:
    assert read_way_out(tmp_path) is None
    assert read_way_out(machine(tmp_path, "wlan0 nonsense\n")) is None


def test_this_machine_is_asked_and_its_kernel_writes_what_is_read() -> None:
    own = Path("/proc/self/net")
    first, *routes = (own / "route").read_text(encoding="ascii").splitlines()
    assert first.split()[:8] == HEAD.split()[:8]
    assert (own / "arp").read_text(encoding="ascii").splitlines()[0].split() == ARP_HEAD.split()
    ways = {line.split()[0] for line in routes if line.split()[1] == line.split()[7] == "0" * 8}
    found = read_way_out()
    assert found == read_way_out(own)
    assert (found.interface in ways) if found is not None else not ways


@pytest.mark.parametrize(
    ("network", "is_it"),
    [
        ("02:fc:00:00:00:05", True),
        ("02:fc:00:00:00:06", False),
        ("10.20.0.0/16", True),
        ("10.21.0.0/16", False),
        ("10.20.1.1", True),
        ("wlan0", True),
        ("wlan1", False),
    ],
)
def test_a_network_is_named_by_router_prefix_or_interface(network: str, *, is_it: bool) -> None:
    policy = StationPolicy(networks=("eth9", network))
    assert policy.network_of(YARD) == (network if is_it else "")
    assert policy.network_of(None) == ""


@pytest.mark.parametrize(
    ("networks", "hours", "words"),
    [
        (("10.20.0.0/99",), 8.0, "no hardware address"),
        (("fe80::/10",), 8.0, "no hardware address"),
        (("",), 8.0, "no hardware address"),
        (("wlan0",) * 33, 8.0, "at most 32"),
        ((), 0.0, "hours"),
        ((), 73.0, "hours"),
    ],
)
def test_a_policy_that_means_nothing_is_refused(
    networks: tuple[str, ...], hours: float, words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        StationPolicy(networks=networks, hours=hours)
