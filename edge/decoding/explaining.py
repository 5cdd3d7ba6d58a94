"""What a code stands for: terms, units, attributes, events, actions, classes, configurations.

A code is written as its reference id (`MDC_PULS_OXIM_SAT_O2`), as `partition:term`, as a
context-free number, or as a 16-bit number, decimal or `0x...`, which may mean something in
several partitions: then all of it is told. A unit is written in UCUM too (`mm[Hg]`), a GATT
UUID short or long. Words find the terms whose names hold them. Numbers that 10101 leaves to
vendors mean what their vendor says.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import TypedDict
from uuid import UUID

from edge.errors import SettingsError
from protocols.errors import DecodeError
from protocols.gatt.registry import PROFILES
from protocols.gatt.uuids import short_text
from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.objects import VENDOR_TERMS
from protocols.ieee20601.vocabulary import find_named, find_term
from protocols.model.codes import PARTITION_DIMENSIONS, MdcCode, UnitCode
from protocols.nomenclature.bits import bit_meanings, bit_names
from protocols.nomenclature.lookup import TERMS, UNITS, find_unit, loincs
from protocols.nomenclature.term import Term
from protocols.specializations.registry import STANDARD_CONFIGURATIONS

_LARGEST_TERM = 0xFFFF
_LARGEST_CF = 0xFFFF_FFFF
_PARTITIONS = {
    1: "object infrastructure",
    2: "physiological (SCADA)",
    3: "events",
    4: "units",
    5: "virtual attributes",
    6: "parameter groups",
    7: "body sites",
    8: "infrastructure",
    128: "health device management",
    129: "health and fitness",
    130: "ageing independently",
}


class _Place(TypedDict):
    code: str
    cf_code: int
    partition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """One thing a code stands for; empty where there is nothing to say."""

    kind: str
    reference_id: str
    name: str = ""
    code: str = ""
    cf_code: int | None = None
    partition: str = ""
    ucum: tuple[str, ...] = ()
    loinc: tuple[str, ...] = ()
    nemsis: str = ""
    bits: tuple[str, ...] = ()
    note: str = ""
    sources: str = ""


def explain(text: str) -> tuple[Meaning, ...]:
    """Everything `text` stands for; SettingsError that names near ones when it is nothing."""
    wanted = text.strip()
    found = tuple(dict.fromkeys(_meanings(wanted))) or tuple(_of_words(wanted))
    if wanted and found:
        return found
    near = difflib.get_close_matches(wanted.upper(), _names(), n=4, cutoff=0.6)
    mend = f"Did you mean {', '.join(near)}" if near else _FORMS
    raise SettingsError(f"{text!r} is no code this program knows", mend=mend)


_KINDS = (
    ("MDC_ATTR_", "attribute"),
    ("MDC_NOTI_", "event report"),
    ("MDC_ACT_", "action"),
    ("MDC_MOC_", "object class"),
    ("MDC_DEV_", "device type"),
)
_MOST_FOUND = 20
_VENDORS_OWN = "a vendor's own code"
_FORMS = "Write MDC_..., partition:term, a number, decimal or hexadecimal (0x190), or a UUID"


def meanings_as_lines(meanings: tuple[Meaning, ...]) -> Iterator[str]:
    """For people: one block a meaning."""
    for position, meaning in enumerate(meanings):
        if position:
            yield ""
        head = meaning.reference_id or meaning.name
        yield f"{head}  [{meaning.kind}]"
        for key, value in asdict(meaning).items():
            if key in {"kind", "reference_id"} or value in ("", None, ()):
                continue
            if key == "bits":
                yield from ("  bits:", *(f"    {bit}" for bit in value))
                continue
            yield f"  {key}: {', '.join(value) if isinstance(value, tuple) else value}"


def _meanings(text: str) -> Iterator[Meaning]:
    yield from _of_gatt(text)
    number = _number(text)
    if number is not None:
        if number > _LARGEST_TERM:
            yield from _of_one_code(MdcCode.from_cf_code(number))
        else:
            yield from _of_any_partition(number)
        return
    try:
        yield from _of_one_code(MdcCode.parse(text))
    except DecodeError:
        yield from _of_name(text)
        yield from _of_ucum(text)


def _of_gatt(text: str) -> Iterator[Meaning]:
    """A service or characteristic by its UUID, short or long."""
    wanted = text.lower().removeprefix("0x")
    for profile in PROFILES:
        if profile.service is not None and wanted in _writings(profile.service):
            yield Meaning(
                kind="GATT service",
                reference_id=short_text(profile.service),
                name=profile.name,
                note=f"{profile.specification} {profile.version}".strip(),
            )
        for item in profile.characteristics:
            if wanted in _writings(item.uuid):
                yield Meaning(
                    kind="GATT characteristic",
                    reference_id=short_text(item.uuid),
                    name=item.name,
                    note=item.clause,
                )


def _writings(uuid: UUID) -> set[str]:
    return {str(uuid), uuid.hex, short_text(uuid).lower()}


def _number(text: str) -> int | None:
    base = 16 if text[:2].lower() == "0x" else 10
    try:
        number = int(text, base)
    except ValueError:
        return None
    return number if 0 <= number <= _LARGEST_CF else None


def _of_one_code(code: MdcCode) -> Iterator[Meaning]:
    """What a code means, or that a vendor says so."""
    found = tuple(_of_code(code))
    yield from found
    if not found and code.term in VENDOR_TERMS:
        yield Meaning(kind="vendor range", reference_id="", name=_VENDORS_OWN, **_place(code))


def _of_any_partition(term: int) -> Iterator[Meaning]:
    found = [meaning for at in _PARTITIONS for meaning in _of_code(MdcCode(at, term))]
    yield from found
    if not found and term in VENDOR_TERMS:
        yield Meaning(kind="vendor range", reference_id=f"0x{term:04X}", name=_VENDORS_OWN)
    configuration = STANDARD_CONFIGURATIONS.get(term)
    if configuration is not None:
        objects = ", ".join(
            f"{handle}: {_label(item.type)}" for handle, item in configuration.objects.items()
        )
        yield Meaning(
            kind="standard configuration",
            reference_id=f"0x{term:04X}",
            name=f"{len(configuration.objects)} objects",
            note=objects,
        )


def _of_code(code: MdcCode) -> Iterator[Meaning]:
    row = find_term(code)
    if row is not None:
        yield _term(row)
    if code.partition == PARTITION_DIMENSIONS:
        unit = find_unit(UnitCode(code.term))
        if unit is not None:
            yield Meaning(
                kind="unit",
                reference_id=unit.reference_id,
                name=unit.display,
                ucum=(unit.ucum, *unit.also),
                **_place(code),
            )


def _of_name(name: str) -> Iterator[Meaning]:
    wanted = name.upper()
    row = find_named(wanted)
    if row is not None:
        yield from _of_code(row.code)
    for unit in UNITS:
        if unit.reference_id == wanted:
            yield from _of_code(unit.code.code)


def _of_ucum(text: str) -> Iterator[Meaning]:
    """Units by their UCUM code, capitals and all; several units may share one."""
    for unit in UNITS:
        if text in (unit.ucum, *unit.also):
            yield from _of_code(unit.code.code)


def _of_words(text: str) -> Iterator[Meaning]:
    """Terms whose names hold all the words, a few of them."""
    words = [word for word in text.lower().split() if len(word) > 2]
    hits = [
        row
        for row in TERMS
        if words and all(word in f"{row.reference_id} {row.display}".lower() for word in words)
    ]
    yield from map(_term, hits[:_MOST_FOUND])


def _kind(reference_id: str) -> str:
    """What a term is, by the beginning of its name."""
    return next((kind for start, kind in _KINDS if reference_id.startswith(start)), "term")


def _term(row: Term) -> Meaning:
    return Meaning(
        kind=_kind(row.reference_id),
        reference_id=row.reference_id,
        name=row.display,
        ucum=row.units,
        loinc=loincs(row.code),
        nemsis=row.nemsis,
        bits=_bits(row.code),
        note=row.note,
        sources=row.sources,
        **_place(row.code),
    )


def _bits(code: MdcCode) -> tuple[str, ...]:
    """Bit 0 is the most significant one, as 20601 counts."""
    meanings = bit_meanings(code)
    return tuple(f"{bit} {name}: {meanings[bit]}" for bit, name in bit_names(code).items())


def _place(code: MdcCode) -> _Place:
    partition = _PARTITIONS.get(code.partition, "")
    return {"code": str(code), "cf_code": code.cf_code, "partition": partition}


def _label(code: MdcCode | None) -> str:
    row = find_term(code) if code is not None else None
    return row.reference_id or row.display if row is not None else str(code)


def _names() -> list[str]:
    names = [row.reference_id for row in TERMS if row.reference_id]
    names += [unit.reference_id for unit in UNITS if unit.reference_id]
    return names + [attribute.ref_id for attribute in ATTRIBUTES.values()]
