"""Personal health device terms (partitions 128 to 130)."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(8410590, 128, 21982, "MDC_ECG_HEART_RATE_INSTANT", "Heart rate, instantaneous", units="/min", sources="HL7 PHD"),
    term(8410584, 128, 21976, "MDC_ECG_DEV_STAT", "ECG device status", note="bits", sources="HL7 PHD"),
    term(8410608, 128, 22000, "MDC_BLOOD_PRESSURE_MEASUREMENT_STATUS", "Blood pressure measurement status", note="bits", sources="HL7 PHD"),
)
# fmt: on
