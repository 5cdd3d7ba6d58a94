"""Device profiles (partition 8)."""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Term, term

# The number is in the sources, its reference id was not seen there: never guess one.
_UNNAMED: Final = "reference id not verified"

# fmt: off
TERMS: Final[tuple[Term, ...]] = (
    term(528386, 8, 4098, "MDC_DEV_SPEC_PROFILE_VENT", "Ventilator"),
    term(528387, 8, 4099, "MDC_DEV_SPEC_PROFILE_VS_MON", "Vital signs monitor"),
    term(528388, 8, 4100, "MDC_DEV_SPEC_PROFILE_PULS_OXIM", "Pulse oximeter", sources="10101:2004, HL7 PHD"),
    term(528389, 8, 4101, "MDC_DEV_SPEC_PROFILE_DEFIB", "Defibrillator"),
    term(528390, 8, 4102, "MDC_DEV_SPEC_PROFILE_MIN_ECG", "Basic ECG", sources="HL7 PHD; named ECG in 2004"),
    term(528391, 8, 4103, "MDC_DEV_SPEC_PROFILE_BP", "Blood pressure monitor", sources="10101:2004, HL7 PHD"),
    term(528392, 8, 4104, "MDC_DEV_SPEC_PROFILE_TEMP", "Thermometer", sources="10101:2004, HL7 PHD"),
    term(528395, 8, 4107, "", "Capnometer", note=_UNNAMED),
    term(528397, 8, 4109, "MDC_DEV_SPEC_PROFILE_RESP_RATE", "Respiration rate monitor", sources="HL7 PHD; another name in 2004"),
    term(528399, 8, 4111, "MDC_DEV_SPEC_PROFILE_SCALE", "Weighing scale", sources="HL7 PHD"),
    term(528401, 8, 4113, "MDC_DEV_SPEC_PROFILE_GLUCOSE", "Glucose meter", sources="HL7 PHD"),
    term(528456, 8, 4168, "MDC_DEV_SPEC_PROFILE_AI_MED_MINDER", "Medication monitor", sources="HL7 PHD, NovoPen capture"),
    term(528524, 8, 4236, "MDC_DEV_SUB_SPEC_PROFILE_ECG", "ECG with waveform", sources="HL7 PHD"),
    term(528525, 8, 4237, "MDC_DEV_SUB_SPEC_PROFILE_HR", "Heart rate only", sources="HL7 PHD"),
)
# fmt: on
