"""The row of any code a 20601 exchange may hold: the nomenclature's, or an attribute's.

    find_term(MdcCode(1, 2454)) -> Term(reference_id="MDC_ATTR_UNIT_CODE", ...)
    find_named("MDC_ATTR_UNIT_CODE"), find_named("67990")     the same row

Attributes have their names in `attribute_table` and stand nowhere else; this joins both.
"""

from __future__ import annotations

from typing import Final

from protocols.ieee20601.attribute_table import ATTRIBUTES
from protocols.ieee20601.attributes import Attribute
from protocols.model.codes import MdcCode
from protocols.nomenclature import lookup
from protocols.nomenclature.term import Term

PARTITION_OBJECTS: Final = 1
_LARGEST_CF: Final = 0xFFFF_FFFF
_DIGITS: Final = len(str(_LARGEST_CF))


def _row(kind: Attribute[object]) -> Term:
    code = MdcCode(PARTITION_OBJECTS, kind.attribute_id)
    words = kind.ref_id.removeprefix("MDC_ATTR_").replace("_", " ").lower()
    return Term(
        code=code,
        listed_cf=code.cf_code,
        reference_id=kind.ref_id,
        display=f"{words} (attribute)",
        sources="20601 attribute table",
    )


_ATTRIBUTES: Final = {row.code: row for row in map(_row, ATTRIBUTES.values())}
_BY_NAME: Final = {row.reference_id: row for row in _ATTRIBUTES.values()}


def find_term(code: MdcCode) -> Term | None:
    """The row of a code, attributes included; None for one nobody here knows."""
    return lookup.find(code) or _ATTRIBUTES.get(code)


def find_named(text: str) -> Term | None:
    """The row of a reference id or of a context-free number in decimal digits."""
    name = text.strip()
    if name.isascii() and name.isdecimal() and len(name) <= _DIGITS:
        number = int(name)
        return find_term(MdcCode.from_cf_code(number)) if number <= _LARGEST_CF else None
    return lookup.find_by_name(name) or _BY_NAME.get(name)
