"""One row of the nomenclature: a term and what it is called elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.model.codes import MdcCode, UnitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A term of ISO/IEEE 11073-10101, hand verified; `sources` says against what.

    `reference_id` is the standard's name, empty for a term of our own. `listed_cf` is the
    context-free code as the sources list it; a test holds it against the code. `units` are the
    UCUM codes a reading of this type may carry (empty: it is no quantity). `nemsis` names the
    NEMSIS element where one fits; `note` what a reader must know.
    """

    code: MdcCode
    listed_cf: int
    reference_id: str
    display: str
    units: tuple[str, ...] = ()
    nemsis: str = ""
    note: str = ""
    sources: str = "10101:2004"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A unit of partition 4: `ucum` as FHIR wants it, `also` other writings of the same unit."""

    code: UnitCode
    listed_cf: int
    reference_id: str
    ucum: str
    display: str
    also: tuple[str, ...] = ()


def term(
    listed_cf: int,
    partition: int,
    number: int,
    reference_id: str,
    display: str,
    *,
    units: str = "",
    nemsis: str = "",
    note: str = "",
    sources: str = "10101:2004",
) -> Term:
    """One row of a table; `units` are UCUM codes with blanks between."""
    return Term(
        code=MdcCode(partition, number),
        listed_cf=listed_cf,
        reference_id=reference_id,
        display=display,
        units=tuple(units.split()),
        nemsis=nemsis,
        note=note,
        sources=sources,
    )


def unit(
    listed_cf: int, number: int, reference_id: str, ucum: str, display: str, *, also: str = ""
) -> Unit:
    """One row of the unit table; `also` holds UCUM codes with blanks between."""
    return Unit(
        code=UnitCode(number),
        listed_cf=listed_cf,
        reference_id=reference_id,
        ucum=ucum,
        display=display,
        also=tuple(also.split()),
    )
