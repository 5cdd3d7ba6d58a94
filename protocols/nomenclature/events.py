"""Rhythm and technical events (partition 3). A number whose name was not seen has none here."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(196650, 3, 42, "MDC_EVT_HI_GT_LIM", "High limit crossed"),
    term(196652, 3, 44, "", "High limit crossed, second", note="reference id not verified"),
    term(196672, 3, 64, "MDC_EVT_LO_LT_LIM", "Low limit crossed"),
    term(196674, 3, 66, "", "Low limit crossed, second", note="reference id not verified"),
    term(196800, 3, 192, "", "Battery failed", note="reference id not verified"),
    term(196802, 3, 194, "MDC_EVT_BATT_LO", "Battery low", sources="10101:2004, IntelliVue interface"),
    term(196806, 3, 198, "MDC_EVT_BATT_PROB", "Battery problem", sources="10101:2004, IntelliVue interface"),
    term(196834, 3, 226, "MDC_EVT_CUFF_INCORRECT", "Wrong cuff", sources="10101:2004, public GHS code"),
    term(196836, 3, 228, "MDC_EVT_CUFF_LEAK", "Cuff leak", sources="10101:2004, public GHS code"),
    term(196838, 3, 230, "MDC_EVT_CUFF_NOT_DEFLATED", "Cuff not deflated", sources="10101:2004, public GHS code, IntelliVue interface"),
    term(196840, 3, 232, "MDC_EVT_CUFF_INFLAT_OVER", "Cuff over-inflated", sources="public GHS code, IntelliVue interface"),
    term(196876, 3, 268, "MDC_EVT_LEAD_DISCONN", "Lead disconnected", sources="10101:2004, IntelliVue interface"),
    term(196880, 3, 272, "MDC_EVT_LEAD_OFF", "Lead off"),
    term(196882, 3, 274, "MDC_EVT_LEADS_OFF", "Leads off", sources="10101:2004, IntelliVue interface"),
    term(196916, 3, 308, "MDC_EVT_SENSOR_DISCONN", "Sensor disconnected", sources="10101:2004, IntelliVue interface, public GHS code"),
    term(196918, 3, 310, "MDC_EVT_SENSOR_MALF", "Sensor malfunction", sources="10101:2004, IntelliVue interface, public GHS code"),
    term(196920, 3, 312, "MDC_EVT_SENSOR_PROB", "Sensor problem", sources="10101:2004, IntelliVue interface"),
    term(196964, 3, 356, "MDC_EVT_MSMT_FAIL", "Measurement failed", sources="10101:2004, IntelliVue interface"),
    term(196968, 3, 360, "", "Measurement disturbed", note="reference id not verified"),
    term(196972, 3, 364, "MDC_EVT_MSMT_RANGE_OVER", "Measurement above range", sources="10101:2004, IntelliVue interface"),
    term(196974, 3, 366, "MDC_EVT_MSMT_RANGE_UNDER", "Measurement below range", sources="10101:2004, IntelliVue interface"),
    term(197038, 3, 430, "MDC_EVT_CUFF_POSN_ERR", "Cuff position wrong", sources="10101:2004, public GHS code"),
    term(197048, 3, 440, "", "Noisy signal", note="reference id not verified"),
    term(199680, 3, 3072, "MDC_EVT_APNEA", "Apnoea", sources="10101:2004, IntelliVue interface"),
    term(199684, 3, 3076, "MDC_EVT_ECG_ASYSTOLE", "Asystole", sources="10101:2004, IntelliVue interface"),
    term(199704, 3, 3096, "", "Paced beats", note="reference id not verified"),
    term(199716, 3, 3108, "MDC_EVT_ECG_PAUSE", "Pause", sources="10101:2004, IntelliVue interface"),
    term(199790, 3, 3182, "MDC_EVT_ECG_PACER_NOT_PACING", "Pacer not pacing", sources="10101:2004, IntelliVue interface"),
    term(199806, 3, 3198, "MDC_EVT_ECG_V_FIB", "Ventricular fibrillation"),
    term(199832, 3, 3224, "MDC_EVT_ECG_V_TACHY", "Ventricular tachycardia", sources="10101:2004, IntelliVue interface"),
    term(199834, 3, 3226, "MDC_EVT_ECG_V_TACHY_NON_SUST", "Ventricular tachycardia, not sustained", sources="10101:2004, IntelliVue interface"),
    term(199836, 3, 3228, "", "Ventricular tachycardia, third form", note="reference id not verified"),
    term(199838, 3, 3230, "", "Ventricular tachycardia, fourth form", note="reference id not verified"),
    term(199854, 3, 3246, "MDC_EVT_DESAT", "Desaturation", sources="10101:2004, IntelliVue interface"),
    term(202836, 3, 6228, "MDC_EVT_STAT_STANDBY", "Standby", sources="10101:2004, IntelliVue interface"),
)
# fmt: on
