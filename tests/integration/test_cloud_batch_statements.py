"""What a batch asks of the store whatever its size: few statements, and none that says nothing."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import event, select

from cloud.core.devices.tables import DeviceRow, GatewayRow
from cloud.core.encounters.uplink import record_uplink
from protocols.uplink.codec import encode_batch, read_batch
from protocols.uplink.messages import UplinkAck
from tests.fixtures.cloud import DEFIBRILLATOR, OXIMETER, START, Installation, batch, numeric

QUIET = 11
"""Stream, gateway, devices, encounters, decisions, numbers, history, savepoint, event, receipt; on
SQLite its beginning, the rows and the savepoint's end, and no numbers."""


def record(cloud: Installation, first: int) -> UplinkAck:
    """Ten seconds of two devices, in columns."""
    readings = [
        numeric("97", START + timedelta(seconds=first + one), device=device)
        for one in range(10)
        for device in (OXIMETER, DEFIBRILLATOR)
    ]
    sent = batch(cloud.mine, readings, first_sequence=2 * first + 1, boot_epoch=7)
    gateway = cloud.mine.gateway
    read = read_batch(encode_batch(sent, 2), gateway_id=str(gateway.gateway_id))
    assert len(read.readings) == 20
    with cloud.database.begin(now=cloud.clock()) as work:
        return record_uplink(work, gateway, read)


def told(cloud: Installation) -> list[str]:
    """Filled with the statements from now on."""
    statements: list[str] = []
    event.listen(
        cloud.database.engine,
        "before_cursor_execute",
        lambda *words: statements.append(str(words[2])),
    )
    return statements


def test_a_batch_like_the_one_before_asks_little(cloud: Installation) -> None:
    record(cloud, 0)
    statements = told(cloud)
    assert record(cloud, 10).stored == 20
    assert len(statements) <= QUIET, statements
    written = [one.split()[1:3] for one in statements if one.startswith(("UPDATE", "INSERT"))]
    assert [one for one in written if "observations" not in one] == [
        ["INTO", "outbox"],
        ["uplink_streams", "SET"],
    ]


def test_that_a_gateway_and_its_devices_are_heard_is_written_once_a_second(
    cloud: Installation,
) -> None:
    record(cloud, 0)
    cloud.clock.pass_(1)
    statements = told(cloud)
    record(cloud, 10)
    assert [one.split()[1] for one in statements if one.startswith("UPDATE")] == [
        "gateways",
        "devices",
        "uplink_streams",
    ]
    with cloud.database.reading(now=cloud.clock()) as work:
        assert cloud.clock() in set(work.session.scalars(select(GatewayRow.last_seen_at)))
        assert set(work.session.scalars(select(DeviceRow.last_seen_at))) == {cloud.clock()}
