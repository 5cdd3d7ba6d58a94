"""Terms of our own, where ISO/IEEE 11073-10101 has none.

They lie in the range 10101 leaves to vendors (0xF000..0xFBFF) and have no reference id: the
2004 text, the RTMMS names and public code hold no term for the energy, the count or the
impedance of a shock, for chest compressions or for pacing as a therapy. MDC_IMPED_TTHOR is
respiration impedance and must not stand for that of a shock.
"""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode
from protocols.nomenclature.term import Term, term

SHOCK_ENERGY: Final = MdcCode(2, 0xF000)
SHOCK_COUNT: Final = MdcCode(2, 0xF001)
SHOCK_IMPEDANCE: Final = MdcCode(2, 0xF002)
DEFIBRILLATOR_EVENT: Final = MdcCode(2, 0xF003)
MONITOR_EVENT: Final = MdcCode(2, 0xF004)
COMPRESSION_RATE: Final = MdcCode(2, 0xF005)
COMPRESSION_DEPTH: Final = MdcCode(2, 0xF006)
PACING_RATE: Final = MdcCode(2, 0xF007)
PACING_CURRENT: Final = MdcCode(2, 0xF008)

GATEWAY_EVENT: Final = MdcCode(2, 0xF200)
"""What the gateway says of itself, as text: rows it had to drop, a file it set aside."""

CGM_QUALITY: Final = MdcCode(2, 0xF100)

# Values of DEFIBRILLATOR_EVENT.
CHARGED: Final = MdcCode(2, 0xF010)
SHOCK_DELIVERED: Final = MdcCode(2, 0xF011)
CIRCULATION_RETURNED: Final = MdcCode(2, 0xF012)

_NO_TERM: Final = "our own term: ISO/IEEE 11073-10101 has none for it"
_SOURCE: Final = "vendor range of 10101"

TERMS: Final[tuple[Term, ...]] = (
    term(
        193024,
        2,
        0xF200,
        "",
        "Gateway event",
        note=f"{_NO_TERM}; its value is text",
        sources=_SOURCE,
    ),
    term(
        192512,
        2,
        0xF000,
        "",
        "Delivered shock energy",
        units="J",
        nemsis="eDevice.10",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(
        192513,
        2,
        0xF001,
        "",
        "Number of shocks",
        units="1",
        nemsis="eDevice.11",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(
        192514,
        2,
        0xF002,
        "",
        "Transthoracic impedance at shock",
        units="Ohm",
        note=f"{_NO_TERM}; not the respiration impedance MDC_IMPED_TTHOR",
        sources=_SOURCE,
    ),
    term(
        192515,
        2,
        0xF003,
        "",
        "Defibrillator event",
        nemsis="eDevice.03",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(
        192516,
        2,
        0xF004,
        "",
        "Monitor event",
        nemsis="eDevice.03",
        note=f"{_NO_TERM}; its values are event codes of partition 3",
        sources=_SOURCE,
    ),
    term(
        192517,
        2,
        0xF005,
        "",
        "Chest compression rate",
        units="/min",
        note=f"{_NO_TERM}, and NEMSIS has no numeric element",
        sources=_SOURCE,
    ),
    term(
        192518,
        2,
        0xF006,
        "",
        "Chest compression depth",
        units="cm",
        note=f"{_NO_TERM}, and NEMSIS has no numeric element",
        sources=_SOURCE,
    ),
    term(
        192519,
        2,
        0xF007,
        "",
        "Pacing rate",
        units="/min",
        nemsis="eDevice.12",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(
        192520,
        2,
        0xF008,
        "",
        "Pacing current",
        units="mA",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(
        192768,
        2,
        0xF100,
        "",
        "Quality of a continuous glucose reading",
        units="%",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
    term(192528, 2, 0xF010, "", "Defibrillator charged", note=_NO_TERM, sources=_SOURCE),
    term(192529, 2, 0xF011, "", "Shock delivered", note=_NO_TERM, sources=_SOURCE),
    term(
        192530,
        2,
        0xF012,
        "",
        "Return of spontaneous circulation",
        note=_NO_TERM,
        sources=_SOURCE,
    ),
)
