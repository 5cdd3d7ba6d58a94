"""A device enrolled by a scan: the device itself says what the scan did not, before or after it."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from cloud.core.devices import commands
from cloud.core.devices.answers import take_answer
from cloud.core.devices.board_enrolments import class_of
from cloud.core.devices.gateways import create_gateway, note_gateway
from cloud.core.devices.on_board import SETTLED_FOR, device_list
from cloud.core.devices.service import Enrolment, enrol
from cloud.core.devices.tables import DeviceRow
from cloud.core.kernel.principal import Principal, gateway_principal
from cloud.core.kernel.tenancy import scoped
from cloud.core.observations.service import record_batch
from protocols.model.codes import MdcCode, SystemId
from protocols.model.device import DeviceInfo
from protocols.uplink.command_codec import decode_command
from protocols.uplink.commands import DeviceEnrolment, EnrolmentOutcome, ListDevices
from protocols.uplink.messages import UplinkBatch, UplinkRow
from tests.fixtures.cloud import VEHICLE, Installation

OXIMETER_KIND = ((MdcCode(8, 4100), 1),)
CLIP = DeviceInfo(
    system_id=SystemId.parse("0102030405060708"),
    manufacturer="Acme",
    model="OX-1",
    serial_number="S-77",
    specializations=OXIMETER_KIND,
)


def scan(cloud: Installation, **said: str) -> UUID:
    """What the crew page sends of a code."""
    one = DeviceEnrolment(
        enrolment_id=uuid4(),
        at=cloud.clock(),
        serial_number=said.get("serial", ""),
        manufacturer=said.get("manufacturer", ""),
        device_class=said.get("kind", ""),
        system_id=said.get("system_id", ""),
    )
    again(cloud, one)
    return one.enrolment_id


def again(cloud: Installation, one: DeviceEnrolment) -> str:
    with cloud.database.begin(now=cloud.clock()) as work:
        return take_answer(work, cloud.parts.vault, cloud.mine.gateway, one)


def speaks(
    cloud: Installation, info: DeviceInfo, gateway: Principal | None = None, vehicle: str = VEHICLE
) -> None:
    """The device is connected: its description goes up."""
    cloud.clock.pass_(1)
    sender = gateway or cloud.mine.gateway
    number = int(cloud.clock().timestamp())
    batch = UplinkBatch(
        batch_id=uuid4(), gateway_id=str(sender.gateway_id), vehicle_id=vehicle,
        stream="numerics", boot_epoch=number, sent_at=cloud.clock(),
        rows=(UplinkRow(sequence=1, captured_at=cloud.clock(), content=info),),
    )  # fmt: skip
    with cloud.database.begin(now=cloud.clock()) as work:
        assert not record_batch(work, sender, batch).rejected


def outcome(cloud: Installation, enrolment_id: UUID) -> EnrolmentOutcome:
    """How it stands, as the gateway is told over the air."""
    with cloud.database.begin(now=cloud.clock()) as work:
        commands.make_due(work, cloud.mine.gateway)
        due = commands.claim_due(work, gateway=cloud.mine.gateway)
        lists = [decode_command(one.octets).request for one in due]
    (newest,) = (one for one in lists if isinstance(one, ListDevices))
    assert enrolment_id in newest.settled, "the cloud has it, whatever becomes of it"
    return next(one for one in newest.outcomes if one.enrolment_id == enrolment_id)


def devices(cloud: Installation) -> list[tuple[str | None, str, str, str, str | None, bool]]:
    with cloud.database.begin(now=cloud.clock()) as work:
        rows = work.session.scalars(scoped(cloud.mine.caller, DeviceRow)).all()
        return [
            (r.system_id, r.serial_number, r.manufacturer, r.device_class or "", r.vehicle_id,
             r.enrolment_key is not None)
            for r in rows
        ]  # fmt: skip


KNOWN = ("0102030405060708", "S-77", "Acme", "oximeter", VEHICLE, True)


def test_a_scan_waits_for_its_device_and_is_enrolled_once_it_has_spoken(
    cloud: Installation,
) -> None:
    scans = {
        scan(cloud, **said): next(iter(said.values()))
        for said in ({"system_id": "0102030405060708"}, {"serial": "s-77"})
    }
    for enrolment_id, code in scans.items():
        waiting = outcome(cloud, enrolment_id)
        assert (waiting.state, waiting.reason, waiting.code) == ("waiting", "device", code)
    assert devices(cloud) == []
    speaks(cloud, CLIP)
    assert {outcome(cloud, one).state for one in scans} == {"enrolled"}
    found = devices(cloud)
    assert [(row[0], row[1].upper(), *row[2:]) for row in found] == [KNOWN]
    speaks(cloud, CLIP)
    assert devices(cloud) == found, "once only"


@pytest.mark.parametrize("said", [{"system_id": "0102030405060708"}, {"serial": "S-77"}])
def test_a_device_that_spoke_before_is_enrolled_at_once(
    embedded: Installation, said: dict[str, str]
) -> None:
    speaks(embedded, CLIP)
    assert outcome(embedded, scan(embedded, **said)).state == "enrolled"
    assert outcome(embedded, scan(embedded, **said)).state == "enrolled"
    assert devices(embedded) == [KNOWN]


def test_an_address_is_the_identity_that_is_made_of_it(embedded: Installation) -> None:
    enrolment_id = scan(embedded, system_id="001F5BFFFEAA0102")
    speaks(embedded, replace(CLIP, system_id=SystemId.parse("001F5BAA0102")))
    assert outcome(embedded, enrolment_id).state == "enrolled"
    assert devices(embedded)[0][0] == "001F5BAA0102"


def test_a_device_without_a_number_is_known_by_its_system_id(embedded: Installation) -> None:
    enrolment_id = scan(embedded, system_id="0102030405060708")
    speaks(embedded, replace(CLIP, serial_number="", manufacturer=""))
    assert outcome(embedded, enrolment_id).state == "enrolled"
    assert devices(embedded) == [("0102030405060708", "", "", "oximeter", VEHICLE, True)]


def test_a_device_that_does_not_tell_its_kind_waits_until_a_person_does(
    embedded: Installation,
) -> None:
    silent = replace(CLIP, specializations=())
    first = scan(embedded, serial="S-77")
    speaks(embedded, silent)
    assert outcome(embedded, first).reason == "kind"
    second = scan(embedded, serial="S-77", kind="oximeter")
    assert outcome(embedded, second).state == "enrolled"
    speaks(embedded, silent)
    assert outcome(embedded, first).state == "enrolled"
    assert devices(embedded) == [KNOWN]


def test_a_serial_number_alone_is_of_the_device_that_speaks_in_this_vehicle(
    embedded: Installation,
) -> None:
    with embedded.database.begin(now=embedded.clock()) as work:
        made = create_gateway(work, tenant_id=embedded.mine.tenant_id, name="Another")
        other = gateway_principal(tenant_id=embedded.mine.tenant_id, gateway_id=made.client_id)
        note_gateway(work, other, "AMB-9")
    enrolment_id = scan(embedded, serial="S-77")
    theirs = replace(CLIP, system_id=SystemId.parse("1112131415161718"), manufacturer="Other")
    speaks(embedded, theirs, other, "AMB-9")
    assert outcome(embedded, enrolment_id).state == "waiting"
    speaks(embedded, CLIP)
    assert outcome(embedded, enrolment_id).state == "enrolled"
    speaks(embedded, replace(theirs, system_id=SystemId.parse("2122232425262728")))
    several = scan(embedded, serial="S-77")
    assert outcome(embedded, several).reason == "one_of_several"


def test_another_vehicles_device_stays_theirs(embedded: Installation) -> None:
    with embedded.database.begin(now=embedded.clock()) as work:
        note_gateway(work, embedded.mine.gateway, VEHICLE)
        theirs = Enrolment(
            serial_number="S-77", device_class="oximeter", manufacturer="Acme", vehicle_id="AMB-9"
        )
        enrol(work, embedded.mine.caller, theirs)
    said = outcome(embedded, scan(embedded, serial="S-77"))
    assert (said.state, said.reason, said.vehicle_id) == ("refused", "other_vehicle", "AMB-9")


def test_what_cannot_be_enrolled_is_refused_with_its_reason(embedded: Installation) -> None:
    for said, reason in (
        ({}, "invalid_enrolment"),
        ({"serial": "S-1", "kind": "toaster"}, "invalid_enrolment"),
        ({"system_id": "no identity"}, "invalid_system_id"),
    ):
        told = outcome(embedded, scan(embedded, **said))
        assert (told.state, told.reason) == ("refused", reason)


def test_a_gateway_that_was_off_for_long_is_told_all_the_same(embedded: Installation) -> None:
    one = DeviceEnrolment(
        enrolment_id=uuid4(), at=embedded.clock(), serial_number="S-1", manufacturer="Acme",
        device_class="bp",
    )  # fmt: skip
    assert again(embedded, one) == "enrolment"
    embedded.clock.pass_(SETTLED_FOR.total_seconds() + 1)
    with embedded.database.begin(now=embedded.clock()) as work:
        assert device_list(work, embedded.mine.gateway).settled == ()
    assert again(embedded, one) == "repeated"
    assert outcome(embedded, one.enrolment_id).state == "enrolled"


def test_a_maker_that_is_not_known_is_no_other_maker(embedded: Installation) -> None:
    """A device enrolled over the API by its number alone, which does not name its maker."""
    with embedded.database.begin(now=embedded.clock()) as work:
        for maker, serial in (("Acme", "S-77"), ("Other", "S-78")):
            wanted = Enrolment(serial_number=serial, device_class="bp", manufacturer=maker)
            enrol(work, embedded.mine.caller, wanted)
    speaks(embedded, replace(CLIP, manufacturer=""))
    speaks(embedded, replace(CLIP, system_id=SystemId.parse("21" * 8), serial_number="S-78"))
    found = {(row[0], row[1], row[5]) for row in devices(embedded)}
    assert ("0102030405060708", "S-77", True) in found
    assert (None, "S-78", True) in found, "another maker's"


def kinds(*terms: int) -> list[tuple[int, int]]:
    return [(MdcCode(8, term).cf_code, 1) for term in terms]


def test_the_class_is_read_from_what_the_device_is_specialized_in() -> None:
    assert class_of(kinds(4102, 4236, 4237)) == "ecg"
    assert class_of(kinds(4096, 4103)) == "bp"
    assert class_of(kinds(4100, 4103)) == "multiparameter"
    assert class_of(kinds(4099)) == "multiparameter"
    assert class_of(kinds(4111)) is None
    assert class_of([]) is None
