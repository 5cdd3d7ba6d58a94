"""Object classes, actions, events and terms of the device itself (partition 1)."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(65540, 1, 4, "MDC_MOC_VMO_METRIC", "Metric (object class)", sources="Antidote, LNI"),
    term(65541, 1, 5, "MDC_MOC_VMO_METRIC_ENUM", "Enumeration (object class)", sources="Antidote, LNI"),
    term(65542, 1, 6, "MDC_MOC_VMO_METRIC_NU", "Numeric (object class)", sources="Antidote, LNI"),
    term(65545, 1, 9, "MDC_MOC_VMO_METRIC_SA_RT", "Real-time sample array (object class)", sources="Antidote, LNI"),
    term(65552, 1, 16, "MDC_MOC_SCAN", "Scanner (object class)", sources="Antidote, LNI"),
    term(65553, 1, 17, "MDC_MOC_SCAN_CFG", "Configurable scanner (object class)", sources="Antidote, LNI"),
    term(65554, 1, 18, "MDC_MOC_SCAN_CFG_EPI", "Episodic scanner (object class)", sources="Antidote, LNI"),
    term(65555, 1, 19, "MDC_MOC_SCAN_CFG_PERI", "Periodic scanner (object class)", sources="Antidote, LNI"),
    term(65573, 1, 37, "MDC_MOC_VMS_MDS_SIMP", "Medical device system (object class)", sources="Antidote, LNI"),
    term(65597, 1, 61, "MDC_MOC_VMO_PMSTORE", "PM-store (object class)", sources="Antidote, LNI"),
    term(65598, 1, 62, "MDC_MOC_PM_SEGMENT", "PM-segment (object class)", sources="Antidote, LNI"),
    term(67996, 1, 2460, "MDC_ATTR_VAL_BATT_CHARGE", "Battery level", units="%", sources="10101:2004, Antidote, universAAL"),
    term(67925, 1, 2389, "MDC_ATTR_POWER_STAT", "Power status", note="bits", sources="10101:2004, Antidote, universAAL"),
    term(67976, 1, 2440, "MDC_ATTR_TIME_BATT_REMAIN", "Battery time remaining", units="s min h", sources="10101:2004, Antidote, universAAL"),
    term(68219, 1, 2683, "MDC_TIME_CAP_STATE", "Clock abilities and state", note="bits", sources="HL7 PHD, LNI"),
    term(68620, 1, 3084, "MDC_ACT_SEG_CLR", "Clear segments (action)", sources="Antidote, LNI"),
    term(68621, 1, 3085, "MDC_ACT_SEG_GET_INFO", "Get segment information (action)", sources="Antidote, LNI"),
    term(68631, 1, 3095, "MDC_ACT_SET_TIME", "Set time (action)", sources="Antidote, LNI"),
    term(68635, 1, 3099, "MDC_ACT_DATA_REQUEST", "Data request (action)", sources="Antidote, LNI"),
    term(68636, 1, 3100, "MDC_ACT_SEG_TRIG_XFER", "Transfer a segment (action)", sources="Antidote, LNI"),
    term(68637, 1, 3101, "MDC_ACT_SET_BO_TIME", "Set base-offset time (action)", sources="IEEE11073Analyser, a public C header"),
    term(68638, 1, 3102, "MDC_ACT_SEG_GET_ID_LIST", "Get segment id list (action)", sources="Tidepool, a public Rust port"),
    term(68892, 1, 3356, "MDC_NOTI_CONFIG", "Configuration (event)", sources="Antidote, LNI"),
    term(68893, 1, 3357, "MDC_NOTI_SCAN_REPORT_FIXED", "Scan report, fixed (event)", sources="Antidote, LNI"),
    term(68894, 1, 3358, "MDC_NOTI_SCAN_REPORT_VAR", "Scan report, variable (event)", sources="Antidote, LNI"),
    term(68895, 1, 3359, "MDC_NOTI_SCAN_REPORT_MP_FIXED", "Scan report, several persons, fixed (event)", sources="Antidote, LNI"),
    term(68896, 1, 3360, "MDC_NOTI_SCAN_REPORT_MP_VAR", "Scan report, several persons, variable (event)", sources="Antidote, LNI"),
    term(68897, 1, 3361, "MDC_NOTI_SEGMENT_DATA", "Segment data (event)", sources="Antidote, LNI"),
    term(68898, 1, 3362, "MDC_NOTI_UNBUF_SCAN_REPORT_VAR", "Scanner report, unbuffered, variable (event)", sources="Antidote, LNI"),
    term(68899, 1, 3363, "MDC_NOTI_UNBUF_SCAN_REPORT_FIXED", "Scanner report, unbuffered, fixed (event)", sources="Antidote, LNI"),
    term(68900, 1, 3364, "MDC_NOTI_UNBUF_SCAN_REPORT_GROUPED", "Scanner report, unbuffered, grouped (event)", sources="Antidote, LNI"),
    term(68901, 1, 3365, "MDC_NOTI_UNBUF_SCAN_REPORT_MP_VAR", "Scanner report, unbuffered, several persons, variable (event)", sources="Antidote, LNI"),
    term(68902, 1, 3366, "MDC_NOTI_UNBUF_SCAN_REPORT_MP_FIXED", "Scanner report, unbuffered, several persons, fixed (event)", sources="Antidote, LNI"),
    term(68903, 1, 3367, "MDC_NOTI_UNBUF_SCAN_REPORT_MP_GROUPED", "Scanner report, unbuffered, several persons, grouped (event)", sources="Antidote, LNI"),
    term(68904, 1, 3368, "MDC_NOTI_BUF_SCAN_REPORT_VAR", "Scanner report, buffered, variable (event)", sources="Antidote, LNI"),
    term(68905, 1, 3369, "MDC_NOTI_BUF_SCAN_REPORT_FIXED", "Scanner report, buffered, fixed (event)", sources="Antidote, LNI"),
    term(68906, 1, 3370, "MDC_NOTI_BUF_SCAN_REPORT_GROUPED", "Scanner report, buffered, grouped (event)", sources="Antidote, LNI"),
    term(68907, 1, 3371, "MDC_NOTI_BUF_SCAN_REPORT_MP_VAR", "Scanner report, buffered, several persons, variable (event)", sources="Antidote, LNI"),
    term(68908, 1, 3372, "MDC_NOTI_BUF_SCAN_REPORT_MP_FIXED", "Scanner report, buffered, several persons, fixed (event)", sources="Antidote, LNI"),
    term(68909, 1, 3373, "MDC_NOTI_BUF_SCAN_REPORT_MP_GROUPED", "Scanner report, buffered, several persons, grouped (event)", sources="Antidote, LNI"),
    term(69768, 1, 4232, "MDC_DEV_GEN_ELEC_POTL_HEART_DEFIB", "Defibrillator", note="device type"),
)
# fmt: on
