"""One row of the nomenclature: a term and what it is called elsewhere."""

from __future__ import annotations

from dataclasses import dataclass

from protocols.model.codes import MdcCode, UnitCode


@dataclass(frozen=True, slots=True)
class Term:
    """A term of ISO/IEEE 11073-10101, hand verified; `sources` names where.

    `ref_id` is the standard's name, empty for a vendor term. `units` are those a reading of
    this type may carry (empty: none, it is no quantity, or any); `nemsis` the NEMSIS element,
    `note` what a reader must know.
    """

    code: MdcCode
    ref_id: str
    display: str
    units: tuple[UnitCode, ...] = ()
    nemsis: str = ""
    note: str = ""
    sources: str = "10101:2004"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit of partition 4; `ucum` as FHIR wants it, `also` other writings of the same unit."""

    code: UnitCode
    ref_id: str
    ucum: str
    display: str
    also: tuple[str, ...] = ()
    sources: str = "10101:2004"
