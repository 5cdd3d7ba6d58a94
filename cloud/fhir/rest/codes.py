"""From codes of FHIR back to types of readings: the concepts our Observations bear, turned round.

The table is made by the very function that writes the concepts, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from cloud.core.searching.clauses import Clause, either
from cloud.core.searching.readings import Codes, of_codes, of_makers_codes
from cloud.fhir import systems, terms
from cloud.fhir.rest.parameters import Token
from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.lookup import TERMS, UNITS

_LARGEST: Final = 0xFFFF_FFFF
_SCADA: Final = 2
MAKERS: Final = (_SCADA * 65_536 + 0xF000, _SCADA * 65_536 + 0xFFFF)
"""The codes 10101 leaves to makers, first and last."""


def types_of(token: Token) -> Codes:
    """The types of readings that bear a code, each with the units it holds for."""
    found: dict[int, frozenset[int] | None] = dict(_by_coding().get((token.system, token.code), {}))
    if token.system in (None, systems.MDC, systems.PRIVATE_TERMS) and token.code.isdecimal():
        number = int(token.code[:10])
        if number <= _LARGEST and _bears(number, token):
            found[number] = None
    return found


def of_tokens(tokens: Iterable[Token]) -> Clause:
    """Readings of any of these codes."""
    return either(of_codes(types_of(one)) for one in tokens)


def of_category(code: str) -> Clause | None:
    """Readings of one of the categories our Observations bear; None for any other."""
    vital = of_codes(_vital())
    own = of_makers_codes(*MAKERS)
    match code:
        case "vital-signs":
            return vital
        case "therapy":
            return own
        case "exam":
            return ~vital & ~own
        case _:
            return None


def _bears(number: int, token: Token) -> bool:
    system = (
        systems.PRIVATE_TERMS if terms.is_private(MdcCode.from_cf_code(number)) else systems.MDC
    )
    return token.system in (None, system)


@cache
def _by_coding() -> Mapping[tuple[str | None, str], Codes]:
    table: dict[tuple[str | None, str], dict[int, frozenset[int] | None]] = {}
    for term in TERMS:
        number = term.code.cf_code
        plain = _codings(term.code, None)
        for unit in (None, *(one.code for one in UNITS)) if _varies(term.code) else (None,):
            for system, code in _codings(term.code, unit):
                for key in ((system, code), (None, code)):
                    units = table.setdefault(key, {})
                    if (system, code) in plain:
                        units[number] = None
                    elif unit is not None and units.get(number, frozenset()) is not None:
                        units[number] = (units.get(number) or frozenset()) | {unit.term}
    return table


@cache
def _vital() -> Codes:
    merged: dict[int, frozenset[int] | None] = {}
    for (system, code), types in _by_coding().items():
        if system == systems.LOINC and code in terms.VITAL_SIGN_CODES:
            for number, units in types.items():
                known = merged.get(number, frozenset())
                merged[number] = None if units is None or known is None else known | units
    return merged


def _varies(code: MdcCode) -> bool:
    """Whether the unit picks one of several codes."""
    return bool({unit for unit in UNITS if terms.loincs_of(code, unit.code)})


def _codings(code: MdcCode, unit: UnitCode | None) -> set[tuple[str, str]]:
    concept = terms.concept(code, unit)["coding"]
    found = concept if isinstance(concept, list) else []
    return {(str(one["system"]), str(one["code"])) for one in found if isinstance(one, Mapping)}
