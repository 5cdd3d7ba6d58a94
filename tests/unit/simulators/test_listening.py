"""Ports that are taken: named together, with the words that mend it for whoever reads them."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from simulators.errors import PortTakenError
from simulators.incident.listening import FixedPort, free_port, require_free


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def complaint(*ports: FixedPort, **environment: str) -> str:
    with pytest.raises(PortTakenError) as caught:
        require_free(ports, environment=environment)
    return str(caught.value)


def test_a_taken_port_is_named_with_the_option_and_a_free_port(taken: int) -> None:
    told = complaint(FixedPort(taken, "board", "--cloud-port"))
    assert told.startswith(f"port {taken} (board) is taken. ")
    found = re.search(r"with: --cloud-port (\d+)$", told)
    assert found is not None
    require_free([FixedPort(int(found[1]), "board", "--cloud-port")])


def test_under_make_the_mend_is_a_line_for_make_that_keeps_the_other_flags(taken: int) -> None:
    port = FixedPort(taken, "board", "--cloud-port")
    assert re.search(
        r'with: make demo DEMO_FLAGS="--cloud-port \d+"$', complaint(port, MAKELEVEL="1")
    )
    told = complaint(port, MAKELEVEL="1", DEMO_FLAGS="--no-open")
    assert re.search(r'DEMO_FLAGS="--no-open --cloud-port \d+"$', told)


def test_all_taken_ports_are_named_at_once_and_get_different_ones(taken: int) -> None:
    told = complaint(FixedPort(taken, "cloud", "--a"), FixedPort(taken, "broker", "--b"))
    assert f"port {taken} (cloud) and port {taken} (broker) are taken" in told
    found = re.search(r"--a (\d+) --b (\d+)$", told)
    assert found is not None
    assert found[1] != found[2]


def test_free_ports_and_ports_left_open_are_fine() -> None:
    require_free([FixedPort(0, "cloud", "--a"), FixedPort(free_port(), "broker", "--b")])


def test_a_free_port_is_none_that_outgoing_connections_are_given() -> None:
    found = {free_port() for _ in range(50)}
    assert len(found) > 40, "two programs that look at once rarely find the same"
    with socket.socket() as caller, socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))
        listener.listen()
        caller.connect(listener.getsockname())
        dialled_from = caller.getsockname()[1]
    assert max(found) < 32_768 <= dialled_from
