"""Terms of the device itself (partition 1)."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(67996, 1, 2460, "MDC_ATTR_VAL_BATT_CHARGE", "Battery level", units="%", sources="10101:2004, Antidote, universAAL"),
    term(67925, 1, 2389, "MDC_ATTR_POWER_STAT", "Power status", note="bits", sources="10101:2004, Antidote, universAAL"),
    term(67976, 1, 2440, "MDC_ATTR_TIME_BATT_REMAIN", "Battery time remaining", units="s min h", sources="10101:2004, Antidote, universAAL"),
    term(69768, 1, 4232, "MDC_DEV_GEN_ELEC_POTL_HEART_DEFIB", "Defibrillator", note="device type"),
)
# fmt: on
