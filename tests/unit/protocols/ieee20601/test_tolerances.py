"""Tolerances: every one is data, is told once with its id, and can be switched off."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from protocols.errors import DecodeError
from protocols.ieee20601 import attribute_table as at
from protocols.ieee20601 import tolerances as module
from protocols.ieee20601.attribute_values import (
    MdsTimeInfo,
    ProductSpecification,
    SaFlags,
    SampleSpecification,
    ScaleAndRange,
    SegmentEntryMap,
    SystemModel,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import (
    build_configuration,
    decode_configuration,
    encode_configuration,
)
from protocols.ieee20601.device_clock import DeviceClock
from protocols.ieee20601.device_description import read_mds
from protocols.ieee20601.event_reports import ConfigObject, decode_event_info
from protocols.ieee20601.metric_objects import WaveformShape, waveform
from protocols.ieee20601.objects import ObjectClass
from protocols.ieee20601.persistent_store import SegmentData
from protocols.ieee20601.segment_transcription import transcribe_segment
from protocols.ieee20601.tolerances import (
    DEFAULT_TOLERANCES,
    DUPLICATE_HANDLE,
    EVERY_TOLERANCE,
    LIST_COUNT,
    STRICT_TOLERANCES,
    SURPLUS_OCTETS,
    TOLERANCES,
    Tolerance,
    Tolerances,
    tolerances_of,
)
from protocols.ieee20601.transcription import Transcription, transcribe
from protocols.mder.records import LENIENT, STRICT
from protocols.model.codes import MdcCode, UnitCode
from protocols.specializations.registry import STANDARD_CONFIGURATIONS
from tests.unit.protocols.ieee20601.reports import (
    DEVICE,
    TWO_HOURS_AHEAD,
    event,
    reception,
    stamp,
    var_report,
)

OXIMETER = STANDARD_CONFIGURATIONS[0x0190]
NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
FIXED = 0x0D1D
ONE_OBJECT = bytes.fromhex("f0000001 0001 0006 0001 0002 0061".replace(" ", ""))
Reads = Callable[[Tolerances], tuple[str, ...]]
"""Reads what deviates: its notes, or DecodeError."""


def numeric(handle: int, *attributes: AttributeValue) -> ConfigObject:
    return ConfigObject(int(ObjectClass.NUMERIC), handle, attributes)


def configured(*objects: ConfigObject) -> Reads:
    octets = encode_configuration(build_configuration(0x4000, objects))
    return lambda tolerances: decode_configuration(octets, leniency=tolerances).warnings


def content(octets: bytes) -> Reads:
    def read(tolerances: Tolerances) -> tuple[str, ...]:
        notes: list[str] = []
        decode_event_info(FIXED, octets, leniency=tolerances, notes=notes)
        return tuple(notes)

    return read


def reported(*values: AttributeValue, unit: bool = True) -> Reads:
    """A report whose only value cannot be read is what a manager refuses."""
    units = (at.UNIT_CODE.of(UnitCode(544)),) if unit else ()
    known = build_configuration(0x4000, [numeric(1, at.ID_TYPE.of(MdcCode(2, 1)), *units)])

    def read(tolerances: Tolerances) -> tuple[str, ...]:
        facts = replace(reception(TWO_HOURS_AHEAD), tolerances=tolerances)
        result = transcribe(event(), var_report((1, values)), known, facts)
        if result.is_unreadable:
            raise DecodeError("; ".join(item.reason for item in result.unread))
        return (*result.notes, *missing_units(result))

    return read


def missing_units(result: Transcription) -> list[str]:
    """As a manager tells them."""
    notes: list[str] = []
    for handle in result.without_unit:
        DEFAULT_TOLERANCES.forgive(module.MISSING_UNIT, notes, handle=handle)
    return notes


def described(*attributes: AttributeValue, clock: bool = False) -> Reads:
    """An MDS is never refused: what is not forgiven is left out, with a note that says so."""

    def read(tolerances: Tolerances) -> tuple[str, ...]:
        facts = read_mds(attributes, system_id=DEVICE, utc=NOON, tolerances=tolerances)
        if clock and facts.clock.tick_us == DeviceClock().tick_us:
            raise DecodeError("steps of 125 us")
        for note in facts.notes:
            if "cannot be read" in note:
                raise DecodeError(note)
        return facts.notes

    return read


def page(tolerances: Tolerances) -> tuple[str, ...]:
    facts = replace(reception(), tolerances=tolerances)
    data = SegmentData(0, 0, 2, 0xC000, bytes(8))
    return transcribe_segment(data, SegmentEntryMap(0x8000, ()), OXIMETER, facts).notes


def sampled(*values: AttributeValue, flags: int = 0) -> Reads:
    """A report of two samples of twelve bits; a scale that is not forgiven is left out."""
    lead = waveform(1, MdcCode(2, 258), UnitCode(4274), WAVE)
    specification = at.SA_SPECN.of(SampleSpecification(2, 16, 12, flags))
    others = (item for item in lead.attributes if item.attribute_id != specification.attribute_id)
    described = replace(lead, attributes=(specification, *others))
    known = build_configuration(0x4000, [described])

    def read(tolerances: Tolerances) -> tuple[str, ...]:
        facts = replace(reception(TWO_HOURS_AHEAD), tolerances=tolerances)
        result = transcribe(event(), var_report((1, (*values, stamp()))), known, facts)
        refused = [item.reason for item in result.unread]
        refused += [note for note in result.notes if "the scale before it counts" in note]
        if refused:
            raise DecodeError("; ".join(refused))
        return result.notes

    return read


SCALE = ScaleAndRange(Decimal(0), Decimal(10), 0, 100)
WAVE = WaveformShape(samples=2, period_ticks=40, bits=16, scale=SCALE)
VALUE = at.NU_VAL_OBS_BASIC.of(Decimal(97))
CASES: dict[str, Reads] = {
    "duplicate-handle": configured(*[numeric(1, at.ID_TYPE.of(MdcCode(2, 1)))] * 2),
    "private-term": configured(numeric(1, at.ID_TYPE.of(MdcCode(2, 0xF012)))),
    "clock-in-value-map": configured(
        numeric(
            1,
            at.ID_TYPE.of(MdcCode(2, 1)),
            at.ATTRIBUTE_VAL_MAP.of((ValueMapEntry(at.TIME_ABS.attribute_id, 8),)),
        )
    ),
    "surplus-zeros": content(ONE_OBJECT + bytes(2)),
    "surplus-octets": content(ONE_OBJECT + b"\1"),
    "list-count": content(ONE_OBJECT[:5] + b"\4" + ONE_OBJECT[6:]),
    "private-attribute": reported(AttributeValue(0xF001, b"\1\2")),
    "missing-unit": reported(VALUE, unit=False),
    "unset-clock": reported(VALUE, AttributeValue(at.TIME_STAMP_ABS.attribute_id, bytes(8))),
    "ticks-of-seconds": described(
        at.ID_MODEL.of(SystemModel(b"Novo Nordisk A/S", b"NovoPen\0")),
        at.MDS_TIME_INFO.of(MdsTimeInfo(0, 0, 0, 0, 8000, 0)),
        clock=True,
    ),
    "odd-string": described(
        at.ID_MODEL.of(SystemModel(b"Acme", b"OX2")),
        at.ID_PROD_SPECN.of((ProductSpecification(5, 0, b"1.0.00"),)),
    ),
    "page-count": page,
    "non-significant-bits": sampled(at.SIMP_SA_OBS_VAL.of(b"\xf0\1\0\2")),
    "changed-static-scale": sampled(
        at.SCALE_SPECN_I16.of(replace(SCALE, upper_scaled=200)), flags=int(SaFlags.STATIC_SCALE)
    ),
}


def test_the_ids_are_words_and_no_two_are_the_same() -> None:
    ids = [item.id for item in TOLERANCES]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", text) for text in ids)


def test_every_tolerance_of_the_file_is_in_the_registry() -> None:
    written = [item for item in vars(module).values() if isinstance(item, Tolerance)]
    assert sorted(item.id for item in written) == sorted(item.id for item in TOLERANCES)


@pytest.mark.parametrize("tolerance", TOLERANCES, ids=lambda item: item.id)
def test_every_tolerance_says_who_what_where_and_why(tolerance: Tolerance) -> None:
    for text in (
        tolerance.devices,
        tolerance.deviation,
        tolerance.clause,
        tolerance.answer,
        tolerance.warning,
        tolerance.shown_by,
    ):
        assert text.strip()
    assert re.match(r"20601|10101", tolerance.clause)


@pytest.mark.parametrize("name", CASES)
def test_what_is_forgiven_is_told_once_with_its_id(name: str) -> None:
    notes = CASES[name](EVERY_TOLERANCE)
    assert [note for note in notes if note.startswith(f"tolerated {name}: ")] == list(notes)
    assert len(notes) == 1


@pytest.mark.parametrize("name", CASES)
def test_what_is_switched_off_is_refused(name: str) -> None:
    (tolerance,) = (item for item in TOLERANCES if item.id == name)
    with pytest.raises(DecodeError):
        CASES[name](EVERY_TOLERANCE.without(tolerance))
    with pytest.raises(DecodeError):
        CASES[name](STRICT_TOLERANCES)


def test_what_could_hide_a_damaged_octet_is_off_by_default() -> None:
    assert {item.id for item in TOLERANCES} - DEFAULT_TOLERANCES.ids == {
        LIST_COUNT.id,
        SURPLUS_OCTETS.id,
    }
    assert not STRICT_TOLERANCES.ids


def test_a_codecs_plain_leniency_stands_for_the_default_tolerances() -> None:
    assert tolerances_of(STRICT) == DEFAULT_TOLERANCES
    assert tolerances_of(LENIENT) == EVERY_TOLERANCE
    assert tolerances_of(STRICT_TOLERANCES) is STRICT_TOLERANCES


def test_the_sentence_names_the_clause_when_it_is_refused() -> None:
    with pytest.raises(DecodeError, match=r"handle 7 is defined twice.*20601 6\.3\.3"):
        STRICT_TOLERANCES.forgive(DUPLICATE_HANDLE, [], handle=7)
    assert EVERY_TOLERANCE.allow(DUPLICATE_HANDLE)


def test_every_tolerance_is_tried_by_what_deviates() -> None:
    of_an_exchange = {"system-id-form", "echoed-system-id"}  # test_manager_tolerances
    assert {item.id for item in TOLERANCES} == {*CASES, *of_an_exchange}


def test_what_does_not_deviate_is_not_told() -> None:
    assert reported(VALUE, stamp())(STRICT_TOLERANCES) == ()
    assert content(ONE_OBJECT)(STRICT_TOLERANCES) == ()
