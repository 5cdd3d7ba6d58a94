"""Find a term or a unit: by code, by reference id, by UCUM. Unknown ones stay numbers (None)."""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature import (
    aging_independently,
    dimensions,
    disease_management,
    events,
    health_fitness,
    infrastructure,
    object_infrastructure,
    private,
    scada,
)
from protocols.nomenclature.loinc import LOINC_ROWS
from protocols.nomenclature.term import Term, Unit

TERMS: Final[tuple[Term, ...]] = (
    *scada.TERMS,
    *private.TERMS,
    *events.TERMS,
    *object_infrastructure.TERMS,
    *infrastructure.TERMS,
    *disease_management.TERMS,
    *health_fitness.TERMS,
    *aging_independently.TERMS,
)
"""Every term with a row, partition 4 aside."""
UNITS: Final[tuple[Unit, ...]] = dimensions.UNITS
"""Every unit with a row."""

_BY_CODE: Final = {row.code: row for row in TERMS}
_BY_NAME: Final = {row.reference_id: row for row in TERMS if row.reference_id}
_UNITS: Final = {row.code: row for row in UNITS}
_LARGEST_CF: Final = 0xFFFF_FFFF

# A plain `/min` is MDC_DIM_PER_MIN: the row whose own UCUM code comes first wins.
_BY_UCUM: Final = {
    **{text: row.code for row in reversed(UNITS) for text in (row.ucum, *row.also)},
    "/min": UnitCode(2528),
}


def find(code: MdcCode) -> Term | None:
    """The row of a code, None for one this table does not know."""
    return _BY_CODE.get(code)


def find_by_name(text: str) -> Term | None:
    """The row of a reference id (`MDC_...`) or of a context-free number in decimal digits."""
    name = text.strip()
    if name.isascii() and name.isdecimal() and len(name) <= 10:
        number = int(name)
        return find(MdcCode.from_cf_code(number)) if number <= _LARGEST_CF else None
    return _BY_NAME.get(name)


def find_unit(code: UnitCode) -> Unit | None:
    """The row of a unit, None for one this table does not know."""
    return _UNITS.get(code)


def ucum(code: UnitCode) -> str | None:
    """The UCUM code of a unit as FHIR wants it, None for an unknown unit."""
    row = _UNITS.get(code)
    return row.ucum if row else None


def unit_from_ucum(text: str) -> UnitCode | None:
    """The unit of a UCUM code, annotated rates (`{beat}/min`) included; None when unknown."""
    return _BY_UCUM.get(text)


def loincs(code: MdcCode, unit: UnitCode | None = None) -> tuple[str, ...]:
    """The LOINC codes of a term measured in a unit; empty when there is none."""
    spelled = ucum(unit) if unit is not None else None
    for cf_code, units, codes in LOINC_ROWS:
        if cf_code == code.cf_code and (not units or spelled in units):
            return codes
    return ()
