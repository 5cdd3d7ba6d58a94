"""Rhythm and technical events (partition 3)."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# The number is in the sources, its reference id was not seen there: never guess one.
_UNNAMED: Final = "reference id not verified"

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(199680, 3, 3072, "MDC_EVT_APNEA", "Apnoea"),
    term(199684, 3, 3076, "MDC_EVT_ECG_ASYSTOLE", "Asystole"),
    term(199790, 3, 3182, "", "Pacer not pacing", note=_UNNAMED),
    term(199806, 3, 3198, "MDC_EVT_ECG_V_FIB", "Ventricular fibrillation"),
    term(199832, 3, 3224, "", "Ventricular tachycardia", note=_UNNAMED),
    term(199854, 3, 3246, "MDC_EVT_DESAT", "Desaturation"),
    term(196802, 3, 194, "MDC_EVT_BATT_LO", "Battery low"),
    term(196800, 3, 192, "", "Battery failed", note=_UNNAMED),
    term(196806, 3, 198, "", "Battery problem", note=_UNNAMED),
    term(196876, 3, 268, "MDC_EVT_LEAD_DISCONN", "Lead disconnected"),
    term(196880, 3, 272, "MDC_EVT_LEAD_OFF", "Lead off"),
    term(196882, 3, 274, "", "Leads off", note=_UNNAMED),
    term(196916, 3, 308, "MDC_EVT_SENSOR_DISCONN", "Sensor disconnected"),
    term(196918, 3, 310, "MDC_EVT_SENSOR_MALF", "Sensor malfunction"),
    term(196920, 3, 312, "", "Sensor problem", note=_UNNAMED),
    term(197048, 3, 440, "", "Noisy signal", note=_UNNAMED),
    term(196650, 3, 42, "MDC_EVT_HI_GT_LIM", "High limit crossed"),
    term(196672, 3, 64, "MDC_EVT_LO_LT_LIM", "Low limit crossed"),
    term(196834, 3, 226, "MDC_EVT_CUFF_INCORRECT", "Wrong cuff", sources="10101:2004, public GHS code"),
    term(196836, 3, 228, "MDC_EVT_CUFF_LEAK", "Cuff leak", sources="10101:2004, public GHS code"),
    term(196838, 3, 230, "MDC_EVT_CUFF_NOT_DEFLATED", "Cuff not deflated", sources="10101:2004, public GHS code"),
    term(197038, 3, 430, "MDC_EVT_CUFF_POSN_ERR", "Cuff position wrong", sources="10101:2004, public GHS code"),
    term(202836, 3, 6228, "", "Standby", note=_UNNAMED),
)
# fmt: on
