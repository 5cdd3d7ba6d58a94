"""Codes on the wire: TYPE, unit codes and handles as construct atoms (20601 Annex A)."""

from __future__ import annotations

from typing import Final

import construct as cs

from protocols.mder.records import Wire
from protocols.model.codes import MdcCode, SystemId, UnitCode

TYPE: Final[Wire] = cs.ExprAdapter(
    cs.Int32ub, lambda raw, _: MdcCode.from_cf_code(raw), lambda code, _: code.cf_code
)
UNIT: Final[Wire] = cs.ExprAdapter(
    cs.Int16ub, lambda raw, _: UnitCode(raw), lambda unit, _: unit.term
)
SYSTEM_ID: Final[Wire] = cs.ExprAdapter(
    cs.Prefixed(cs.Int16ub, cs.GreedyBytes),
    lambda octets, _: SystemId(octets),
    lambda system_id, _: system_id.octets,
)
