"""APDUs of a device with two PM-stores, written by hand, and a manager that asks them."""

from __future__ import annotations

from decimal import Decimal

from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601.attribute_values import SegmentElement, SegmentEntryMap, ValueMapEntry
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import Configuration, build_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.ieee20601.events import (
    Event,
    ObservationsReported,
    OctetsDiscarded,
)
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SEGMENT_INFOS, SegmentInfo
from protocols.ieee20601.policies import ManagerPolicy
from protocols.model.codes import MdcCode
from protocols.model.observation import NumericObservation
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.apdu_octets import aarq, prst, report, sized
from tests.unit.protocols.ieee20601.exchange import AGENT, NOON, SEGMENT, Bench, mds_answer

STORE, OTHER_STORE = 0x0100, 0x0101


def patient(capability: int = 0x0100, *attributes: AttributeValue) -> Configuration:
    return build_configuration(
        0x4001,
        (
            *STANDARD_CONFIGURATIONS[0x0190].report.objects,
            ConfigObject(
                int(ObjectClass.PM_STORE),
                STORE,
                (at.PM_STORE_CAPAB.of(capability), *attributes),
            ),
            ConfigObject(int(ObjectClass.PM_STORE), OTHER_STORE, ()),
        ),
    )


ENTRY_MAP = SegmentEntryMap(
    0x8000,
    (
        SegmentElement(
            int(ObjectClass.NUMERIC),
            MdcCode(2, 19384),
            1,
            (ValueMapEntry(at.NU_VAL_OBS_BASIC.attribute_id, 2),),
        ),
    ),
)


def segment(instance: int, entries: int | None, *more: AttributeValue) -> SegmentInfo:
    usage = () if entries is None else (at.SEG_USAGE_CNT.of(entries),)
    return SegmentInfo(instance, (at.PM_SEG_MAP.of(ENTRY_MAP), *usage, *more))


def get_info(invoke_id: int, store: int = STORE) -> bytes:
    message = store.to_bytes(2, "big") + bytes.fromhex("0C0D 0006 0001 0002 0000")
    return prst(invoke_id, 0x0107, message)


def get_ids(invoke_id: int) -> bytes:
    message = STORE.to_bytes(2, "big") + bytes.fromhex("0C1E 0006 0001 0002 0000")
    return prst(invoke_id, 0x0107, message)


def infos(invoke_id: int, *segments: SegmentInfo, store: int = STORE) -> bytes:
    message = store.to_bytes(2, "big") + b"\x0c\x0d" + sized(SEGMENT_INFOS.encode(segments))
    return prst(invoke_id, 0x0207, message)


def trigger(invoke_id: int, instance: int, store: int = STORE) -> bytes:
    message = store.to_bytes(2, "big") + b"\x0c\x1c\x00\x02" + instance.to_bytes(2, "big")
    return prst(invoke_id, 0x0107, message)


def triggered(invoke_id: int, instance: int, result: int, store: int = STORE) -> bytes:
    answer = instance.to_bytes(2, "big") + result.to_bytes(2, "big")
    return prst(invoke_id, 0x0207, store.to_bytes(2, "big") + b"\x0c\x1c" + sized(answer))


def page(
    invoke_id: int, instance: int, first: int, values: list[int], status: int, store: int = STORE
) -> bytes:
    entries = b"".join(NOON + value.to_bytes(2, "big") for value in values)
    info = (
        instance.to_bytes(2, "big")
        + first.to_bytes(4, "big")
        + len(values).to_bytes(4, "big")
        + status.to_bytes(2, "big")
        + sized(entries)
    )
    return report(invoke_id, SEGMENT, info, handle=store)


def page_answer(
    invoke_id: int, instance: int, first: int, count: int, status: int = 0x0080
) -> bytes:
    reply = (
        instance.to_bytes(2, "big")
        + first.to_bytes(4, "big")
        + count.to_bytes(4, "big")
        + status.to_bytes(2, "big")
    )
    head = STORE.to_bytes(2, "big") + bytes.fromhex("FFFFFFFF 0D21")
    return prst(invoke_id, 0x0201, head + sized(reply))


def start(policy: ManagerPolicy | None = None, *, capability: int = 0x0100) -> Bench:
    """A manager that has just asked the first store (invoke id 1)."""
    bench = Bench(policy=policy, configurations=lambda _id, _config: patient(capability))
    bench.receive(aarq(config_id=0x4001))
    assert bench.receive(mds_answer(0)) == get_info(1)
    bench.take_events()
    return bench


CLEARING = ManagerPolicy(clear_after_storage=frozenset({AGENT}))
RESTING = at.OP_STAT.of(0)


def clear(invoke_id: int, instance: int) -> bytes:
    message = STORE.to_bytes(2, "big") + bytes.fromhex("0C0C 000A 0002 0006 0001 0002")
    return prst(invoke_id, 0x0107, message + instance.to_bytes(2, "big"))


def cleared(invoke_id: int) -> bytes:
    return prst(invoke_id, 0x0207, STORE.to_bytes(2, "big") + bytes.fromhex("0C0C 0000"))


def fetch_one(bench: Bench, *attributes: AttributeValue, usage: int = 1) -> bytes:
    """One segment of one entry, up to the confirm of its page."""
    bench.receive(infos(1, segment(16, usage, *attributes)) + triggered(2, 16, 0))
    bench.receive(page(7, 16, 0, [91], 0xC000))
    return bench.confirm(7)


def values_of(events: list[Event | OctetsDiscarded]) -> list[Decimal | None]:
    return [
        observation.value.number
        for event in events
        if isinstance(event, ObservationsReported)
        for observation in event.observations
        if isinstance(observation, NumericObservation)
    ]
