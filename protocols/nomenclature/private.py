"""Terms of our own, where ISO/IEEE 11073-10101 has none.

They lie in the range 10101 leaves to vendors (0xF000..0xFBFF) and have no reference id: the
2004 text, the RTMMS names and public code hold no term for the energy, the count or the
impedance of a shock. MDC_IMPED_TTHOR is respiration impedance and must not stand for it.
"""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.term import Term

SHOCK_ENERGY: Final = MdcCode(2, 0xF000)
SHOCK_COUNT: Final = MdcCode(2, 0xF001)
SHOCK_IMPEDANCE: Final = MdcCode(2, 0xF002)
DEFIBRILLATOR_EVENT: Final = MdcCode(2, 0xF003)

_NO_TERM: Final = "Vitalwire's own term: ISO/IEEE 11073-10101 has none for it"

TERMS: Final = (
    Term(
        SHOCK_ENERGY,
        "",
        "Delivered shock energy",
        (UnitCode(3968),),
        nemsis="eDevice.10",
        note=_NO_TERM,
        sources="vendor range of 10101",
    ),
    Term(
        SHOCK_COUNT,
        "",
        "Number of shocks",
        (UnitCode(512),),
        nemsis="eDevice.11",
        note=_NO_TERM,
        sources="vendor range of 10101",
    ),
    Term(
        SHOCK_IMPEDANCE,
        "",
        "Transthoracic impedance at shock",
        (UnitCode(4288),),
        note=f"{_NO_TERM}; not the respiration impedance MDC_IMPED_TTHOR",
        sources="vendor range of 10101",
    ),
    Term(
        DEFIBRILLATOR_EVENT,
        "",
        "Defibrillator event",
        nemsis="eDevice.03",
        note=_NO_TERM,
        sources="vendor range of 10101",
    ),
)
