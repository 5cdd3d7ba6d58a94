"""Readings over MLLP to a receiver of a foreign library, in a process that is killed and slow."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import hl7
import pytest

from cloud.core.exchange.following import queue_vitals
from cloud.core.exchange.tables import ConnectionRow
from cloud.core.kernel.outbound import OutboundPolicy
from cloud.exchange.trying import try_connection
from tests.fixtures.authority import Authority
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import LOOPBACK, Exchange, exchange_of
from tests.postgres import PROJECT_ENVIRONMENT
from tests.waiting import wait_until

NOWHERE = OutboundPolicy()


class Receiver:
    """The neighbour and the folder it writes to; `start` begins it again on another port."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[str] | None = None
        self.port = 0
        folder.mkdir()
        self.answers("AA")

    def answers(self, way: str) -> None:
        (self.folder / "answer").write_text(way)

    def start(self, *tls: Path) -> None:
        words = [str(self.folder), *map(str, tls)]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.fixtures.mllp_neighbour", *words],
            stdout=subprocess.PIPE,
            text=True,
            env=PROJECT_ENVIRONMENT,
        )
        assert self.process.stdout is not None
        self.port = int(self.process.stdout.readline())

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        self.process.wait(10)
        assert self.process.stdout is not None
        self.process.stdout.close()

    @property
    def url(self) -> str:
        return f"mllp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[bytes]:
        return [path.read_bytes() for path in sorted(self.folder.glob("*.hl7"))]


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    opened = Receiver(tmp_path / "receiver")
    opened.start()
    yield opened
    with contextlib.suppress(ValueError):
        opened.kill()


@pytest.fixture
def exchange(embedded: Installation) -> Exchange:
    return exchange_of(embedded, timeout_seconds=2)


def connect(exchange: Exchange, receiver: Receiver) -> str:
    return exchange.connect(receiver.url, kind="mllp", wants=("handover",))


def test_a_foreign_receiver_reads_what_was_measured_and_takes_it(
    exchange: Exchange, receiver: Receiver
) -> None:
    connect(exchange, receiver)
    exchange.hand_over(exchange.open_encounter("97", "96.50"))
    assert exchange.deliver() == 1
    assert exchange.states() == ["taken"]
    (octets,) = receiver.messages
    message = hl7.parse(octets.decode())
    values = [str(one[5]) for one in message.segments("OBX") if str(one[2]) == "NM"]
    assert values == ["97", "96.50"]
    assert str(message.segment("MSH")[9]) == "ORU^R01^ORU_R01"


@pytest.mark.parametrize(
    ("way", "state", "reason"),
    [
        ("CA", "taken", ""),
        ("other", "taken", ""),
        ("AE", "refused", "acknowledged_ae"),
        ("CE", "refused", "acknowledged_ce"),
        ("AR", "waiting", "acknowledged_ar"),
        ("CR", "waiting", "acknowledged_cr"),
        ("half", "waiting", "cut_off"),
        ("silent", "waiting", "timeout"),
        ("slow", "waiting", "timeout"),
    ],
)
def test_each_acknowledgement_has_its_end(
    exchange: Exchange, receiver: Receiver, way: str, state: str, reason: str
) -> None:
    receiver.answers(way)
    connect(exchange, receiver)
    exchange.hand_over(exchange.open_encounter("97"))
    assert exchange.deliver() == 1
    (row,) = exchange.deliveries()
    assert (row.state, row.reason) == (state, reason)
    receiver.answers("AA")
    exchange.pass_(600)
    assert exchange.deliver() == (1 if state == "waiting" else 0)
    assert exchange.states() == ["refused" if state == "refused" else "taken"]
    assert len(set(receiver.messages)) == 1, "each attempt sends the same octets"


def test_messages_come_in_order_and_once_by_their_id_though_the_receiver_is_killed(
    exchange: Exchange, receiver: Receiver
) -> None:
    connection_id = connect(exchange, receiver)
    receiver.answers("silent")
    for value in ("91", "92", "93"):
        exchange.hand_over(exchange.open_encounter(value))
    assert exchange.deliver() == 1
    wait_until(lambda: len(receiver.messages) == 1, timeout=10, what="the first message")
    receiver.kill()
    exchange.pass_(600)
    # What comes later does not overtake the one that failed.
    assert exchange.deliver() == 1
    assert exchange.states() == ["waiting"] * 3
    receiver.answers("AA")
    receiver.start()
    with exchange.cloud.database.begin(now=exchange.cloud.clock()) as work:
        work.session.get_one(ConnectionRow, connection_id).address = receiver.url
    exchange.pass_(600)
    assert exchange.deliver() == 3
    assert exchange.states() == ["taken"] * 3
    messages = [hl7.parse(octets.decode()) for octets in receiver.messages]
    names = [str(one.segment("MSH")[10]) for one in messages]
    assert names[0] == names[1]
    assert len(set(names)) == 3
    values = [
        str(one[5])
        for message in messages[1:]
        for one in message.segments("OBX")
        if str(one[2]) == "NM"
    ]
    assert values == ["91", "92", "93"]


def test_under_tls_the_receiver_has_to_be_the_one_we_trust(
    exchange: Exchange, tmp_path: Path
) -> None:
    authority, other = (Authority.make(tmp_path / name) for name in ("ours", "others"))
    opened = Receiver(tmp_path / "secured")
    opened.start(authority.server_certificate, authority.server_key)
    try:
        address = f"mllps://127.0.0.1:{opened.port}"
        more = {"kind": "mllp", "wants": ("handover",)}
        for trusted, facility in ((authority, "RJ122"), (other, "RJ123")):
            exchange.connect(
                address, authorities=trusted.certificate.read_text(), facility_id=facility, **more
            )
        for facility in ("RJ122", "RJ123"):
            exchange.hand_over(exchange.open_encounter("97"), facility_id=facility)
        assert exchange.deliver() == 2
        assert exchange.states() == ["taken", "waiting"]
        assert len(opened.messages) == 1
    finally:
        opened.kill()


def test_a_test_of_the_connection_reaches_the_receiver(
    exchange: Exchange, receiver: Receiver
) -> None:
    connection = exchange.connection(connect(exchange, receiver))
    cloud = exchange.cloud
    trial = try_connection(connection, cloud.parts.vault, LOOPBACK, cloud.clock)
    assert trial.is_good
    assert not try_connection(connection, cloud.parts.vault, NOWHERE, cloud.clock).is_good
    receiver.kill()
    trial = try_connection(connection, cloud.parts.vault, LOOPBACK, cloud.clock)
    assert (trial.is_good, trial.reason) == (False, "no_answer")
    assert receiver.messages == []


def follow(exchange: Exchange) -> int:
    """What the worker's round does, and the couriers after it."""
    with exchange.cloud.database.begin(now=exchange.cloud.clock()) as work:
        queued = queue_vitals(work)
    exchange.deliver()
    return queued


def test_readings_follow_under_way_and_out_of_a_dead_zone(
    exchange: Exchange, receiver: Receiver
) -> None:
    exchange.connect(receiver.url, kind="mllp", wants=("vitals",))
    encounter_id = exchange.open_encounter("91")
    assert follow(exchange) == 0, "nobody knows yet where the patient goes"
    exchange.pre_alert(encounter_id)
    assert follow(exchange) == 1
    assert follow(exchange) == 0
    vehicle = exchange.vehicle_of(encounter_id)
    exchange.measure(vehicle, "92", "93")
    assert follow(exchange) == 1
    exchange.pass_(10)
    at = exchange.cloud.clock()
    exchange.pass_(60)
    exchange.hand_over(encounter_id)
    exchange.pass_(60)
    exchange.measure(vehicle, "94", at=at)
    assert follow(exchange) == 1
    exchange.measure(vehicle, "95")
    assert follow(exchange) == 0, "the next patient is somebody else's affair"
    values = [
        [str(one[5]) for one in hl7.parse(octets.decode()).segments("OBX") if str(one[2]) == "NM"]
        for octets in receiver.messages
    ]
    assert values == [["91"], ["92", "93"], ["94"]]
    assert exchange.states() == ["taken"] * 3


def test_a_receiver_that_is_away_gets_readings_when_it_is_back_and_is_not_flooded(
    exchange: Exchange, receiver: Receiver
) -> None:
    exchange.connect(receiver.url, kind="mllp", wants=("vitals",))
    encounter_id = exchange.open_encounter("91")
    exchange.pre_alert(encounter_id)
    receiver.answers("half")
    assert follow(exchange) == 1
    for value in ("92", "93"):
        exchange.measure(exchange.vehicle_of(encounter_id), value)
        assert follow(exchange) == 0
    receiver.answers("AA")
    exchange.pass_(600)
    exchange.deliver()
    assert follow(exchange) == 1
    assert exchange.states() == ["taken", "taken"]
    newest = hl7.parse(receiver.messages[-1].decode())
    values = [str(one[5]) for one in newest.segments("OBX") if str(one[2]) == "NM"]
    assert values == ["92", "93"]
