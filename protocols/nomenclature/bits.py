"""Bits of states: what each bit of a bit string means. Bit 0 is the most significant one.

    bit_names(MdcCode(2, 19532)) -> {0: "sensor-disconnected", ...}
    name_bits(MdcCode(2, 19532), 0x8000, width=16) -> ("sensor-disconnected",)

The names are those of the standards' ASN.1 as the HL7 personal health device guide lists them;
the meanings are our own words. `chargingOff` (1:2389, bit 10) means what its name says: the
guide's text for it says the opposite.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from protocols.model.codes import MdcCode

# Partition, term, bit, name, meaning.
# fmt: off
BIT_ROWS: Final[tuple[tuple[int, int, int, str, str], ...]] = (
    (1, 2389, 0, "onMains", "runs on mains power"),
    (1, 2389, 1, "onBattery", "runs on its battery"),
    (1, 2389, 8, "chargingFull", "the battery charges at full rate"),
    (1, 2389, 9, "chargingTrickle", "the battery is kept full by trickle charge"),
    (1, 2389, 10, "chargingOff", "the battery is not being charged"),
    (1, 2683, 0, "mds-time-capab-real-time-clock", "has a real-time clock"),
    (1, 2683, 1, "mds-time-capab-set-clock", "its clock can be set by the manager"),
    (1, 2683, 2, "mds-time-capab-relative-time", "counts relative time"),
    (1, 2683, 3, "mds-time-capab-high-res-relative-time", "counts high resolution relative time"),
    (1, 2683, 4, "mds-time-capab-sync-abs-time", "keeps its absolute time synchronised"),
    (1, 2683, 5, "mds-time-capab-sync-rel-time", "keeps its relative time synchronised"),
    (1, 2683, 6, "mds-time-capab-sync-hi-res-relative-time", "keeps its high resolution time synchronised"),
    (1, 2683, 7, "mds-time-capab-bo-time", "has a base-offset clock"),
    (1, 2683, 8, "mds-time-state-abs-time-synced", "its absolute time is synchronised now"),
    (1, 2683, 9, "mds-time-state-rel-time-synced", "its relative time is synchronised now"),
    (1, 2683, 10, "mds-time-state-hi-res-relative-time-synced", "its high resolution time is synchronised now"),
    (1, 2683, 11, "mds-time-mgr-set-time", "asks the manager to set its clock"),
    (1, 2683, 12, "mds-time-capab-sync-bo-time", "keeps its base-offset time synchronised"),
    (1, 2683, 13, "mds-time-state-bo-time-synced", "its base-offset time is synchronised now"),
    (1, 2683, 14, "mds-time-state-bo-time-UTC-aligned", "its base-offset time follows UTC"),
    (1, 2683, 15, "mds-time-dst-rules-enabled", "changes to summer time by itself"),
    (2, 19532, 0, "sensor-disconnected", "the sensor is unplugged from the device"),
    (2, 19532, 1, "sensor-malfunction", "the sensor is broken"),
    (2, 19532, 2, "sensor-displaced", "the sensor sits wrong or slipped"),
    (2, 19532, 3, "sensor-unsupported", "the device cannot use this sensor"),
    (2, 19532, 4, "sensor-off", "the sensor is not on the patient"),
    (2, 19532, 5, "sensor-interference", "light or electrical noise disturbs the sensor"),
    (2, 19532, 6, "signal-searching", "still looking for a pulse"),
    (2, 19532, 7, "signal-pulse-questionable", "what looks like a pulse may be none"),
    (2, 19532, 8, "signal-non-pulsatile", "there is a signal without a pulse"),
    (2, 19532, 9, "signal-erratic", "the signal jumps about"),
    (2, 19532, 10, "signal-low-perfusion", "too little blood flows under the sensor"),
    (2, 19532, 11, "signal-poor", "the signal is poor"),
    (2, 19532, 12, "signal-inadequate", "the signal is too poor to measure"),
    (2, 19532, 13, "signal-processing-irregularity", "the device had trouble working the signal out"),
    (2, 19532, 14, "device-equipment-malfunction", "the device is broken"),
    (2, 19532, 15, "device-extended-update", "the shown value is older than usual"),
    (2, 19533, 0, "pulse-qual-nominal", "nothing unusual about the pulse"),
    (2, 19533, 1, "pulse-qual-marginal", "the pulse is of lesser quality"),
    (2, 19533, 2, "pulse-qual-minimal", "the pulse is barely good enough"),
    (2, 19533, 3, "pulse-qual-unacceptable", "the pulse is too poor to use"),
    (128, 20000, 0, "device-status-undetermined", "the device does not say what is wrong"),
    (128, 20000, 1, "device-status-reset", "the device was reset"),
    (128, 20000, 5, "device-status-error", "the device has an error"),
    (128, 20000, 6, "device-status-error-mechanical", "a mechanical error"),
    (128, 20000, 7, "device-status-error-electronic", "an electronic error"),
    (128, 20000, 8, "device-status-error-software", "a software error"),
    (128, 20000, 9, "device-status-error-battery", "an error of the battery"),
    (128, 20000, 15, "device-status-service", "the device needs service"),
    (128, 20000, 16, "device-status-service-time-sync-required", "the clock needs to be set"),
    (128, 20000, 17, "device-status-service-calibration-required", "the device needs calibration"),
    (128, 20000, 18, "device-status-service-replenishment-required", "something must be refilled"),
    (128, 20000, 25, "device-status-battery-low", "the battery is low"),
    (128, 20000, 26, "device-status-battery-depleted", "the battery is empty"),
    (128, 20000, 27, "device-status-battery-replaced", "the battery was changed"),
    (128, 20000, 28, "device-status-battery-interrupted", "the battery was cut off for a while"),
    (128, 21976, 0, "leadwire-loss", "a lead wire or electrode is off, which one is unknown"),
    (128, 21976, 1, "leadsignal-loss", "a lead has no signal, which one is unknown"),
    (128, 21976, 2, "leadwire-loss-first-lead", "wire or electrode of the first lead is off"),
    (128, 21976, 3, "leadsignal-loss-first-lead", "the first lead has no signal"),
    (128, 21976, 4, "leadwire-loss-second-lead", "wire or electrode of the second lead is off"),
    (128, 21976, 5, "leadsignal-loss-second-lead", "the second lead has no signal"),
    (128, 21976, 6, "leadwire-loss-third-lead", "wire or electrode of the third lead is off"),
    (128, 21976, 7, "leadsignal-loss-third-lead", "the third lead has no signal"),
    (128, 22000, 0, "body-movement", "the patient moved"),
    (128, 22000, 1, "cuff-too-loose", "the cuff is loose"),
    (128, 22000, 2, "irregular-pulse", "the pulse is irregular"),
    (128, 22000, 3, "pulse-over-range-limit", "the pulse is faster than the device can measure"),
    (128, 22000, 4, "pulse-under-range-limit", "the pulse is slower than the device can measure"),
    (128, 22000, 5, "improper-body-position", "the cuff was not at the height of the heart"),
    (128, 29144, 0, "device-battery-low", "the battery is low"),
    (128, 29144, 1, "sensor-malfunction", "the sensor is broken"),
    (128, 29144, 2, "sensor-sample-size-insufficient", "there was too little blood"),
    (128, 29144, 3, "sensor-strip-insertion", "the strip was not put in right"),
    (128, 29144, 4, "sensor-strip-type-incorrect", "the strip is of the wrong kind"),
    (128, 29144, 5, "sensor-result-too-high", "above what the device can measure"),
    (128, 29144, 6, "sensor-result-too-low", "below what the device can measure"),
    (128, 29144, 7, "sensor-temp-too-high", "too warm for a right result"),
    (128, 29144, 8, "sensor-temp-too-low", "too cold for a right result"),
    (128, 29144, 9, "sensor-read-interrupt", "the strip was pulled out too early"),
    (128, 29144, 10, "device-gen-fault", "the device has a fault"),
    (128, 29144, 11, "sensor-temp-out-of-range", "too warm or too cold for a right result"),
    (128, 29301, 0, "inr-device-battery-low", "the battery is low"),
    (128, 29301, 1, "inr-sensor-malfunction", "the sensor is broken"),
    (128, 29301, 2, "inr-sensor-sample-size-insufficient", "there was too little blood"),
    (128, 29301, 3, "inr-sensor-strip-insertion", "the strip was not put in right"),
    (128, 29301, 4, "inr-sensor-strip-type-incorrect", "the strip is of the wrong kind"),
    (128, 29301, 5, "inr-sensor-result-too-high", "above what the device can measure"),
    (128, 29301, 6, "inr-sensor-result-too-low", "below what the device can measure"),
    (128, 29301, 7, "inr-sensor-temp-too-high", "too warm for a right result"),
    (128, 29301, 8, "inr-sensor-temp-too-low", "too cold for a right result"),
    (128, 29301, 9, "inr-sensor-read-interrupt", "the strip was pulled out too early"),
    (128, 29301, 10, "inr-device-gen-fault", "the device has a fault"),
    (128, 29301, 11, "inr-sensor-calibration-due", "the device needs calibration"),
    (128, 29452, 0, "sensor-session-stopped", "the session of the sensor has ended"),
    (128, 29452, 2, "sensor-type-incorrect", "the sensor is of the wrong kind"),
    (128, 29452, 3, "sensor-malfunction", "the sensor is broken"),
    (128, 29452, 4, "device-specific-alert", "the maker's own alert"),
    (128, 29452, 7, "sensor-calibration-not-allowed", "calibration is not possible now"),
    (128, 29452, 8, "sensor-calibration-recommended", "calibration is recommended"),
    (128, 29452, 9, "sensor-calibration-required", "calibration is required"),
    (128, 29452, 10, "sensor-temp-too-high", "too warm for a right result"),
    (128, 29452, 11, "sensor-temp-too-low", "too cold for a right result"),
    (128, 29452, 12, "sensor-result-below-patient-low", "below the patient's own low threshold"),
    (128, 29452, 13, "sensor-result-above-patient-high", "above the patient's own high threshold"),
    (128, 29452, 14, "sensor-low-hypo", "below the threshold of hypoglycaemia"),
    (128, 29452, 15, "sensor-high-hyper", "above the threshold of hyperglycaemia"),
    (128, 29452, 16, "sensor-rate-decrease-exceeded", "falls faster than the set threshold"),
    (128, 29452, 17, "sensor-rate-increase-exceeded", "rises faster than the set threshold"),
    (128, 29452, 18, "sensor-result-too-low", "below what the device can measure"),
    (128, 29452, 19, "sensor-result-too-high", "above what the device can measure"),
    (128, 29452, 20, "sensor-com-out-of-range", "the sensor is out of reach"),
    (128, 29904, 0, "Battery-status-Undetermined", "the device does not know"),
    (128, 29904, 1, "Battery-absent", "there is no battery"),
    (128, 29904, 2, "Battery-active", "the battery is in use"),
    (128, 29904, 3, "Battery-charging", "the battery is being charged"),
    (128, 29904, 4, "Battery-fullyCharged", "the battery is full"),
    (128, 29904, 5, "Battery-disposable", "the battery cannot be charged again"),
    (128, 29904, 6, "Battery-rechargeable", "the battery can be charged again"),
    (128, 29904, 7, "Battery-overTemperature", "the battery is too hot"),
    (128, 29904, 8, "Battery-faulty", "the battery is broken"),
    (128, 29904, 9, "Battery-incompatible", "the battery does not fit this device"),
)
# fmt: on


def _by_code(
    texts: Iterable[tuple[int, int, int, str]],
) -> dict[MdcCode, Mapping[int, str]]:
    found: dict[MdcCode, dict[int, str]] = {}
    for partition, term, bit, text in texts:
        found.setdefault(MdcCode(partition, term), {})[bit] = text
    return {code: MappingProxyType(bits) for code, bits in found.items()}


_NAMES: Final = _by_code((part, term, bit, name) for part, term, bit, name, _ in BIT_ROWS)
_MEANINGS: Final = _by_code((part, term, bit, text) for part, term, bit, _, text in BIT_ROWS)
_NONE: Final[Mapping[int, str]] = MappingProxyType({})


def bit_names(code: MdcCode) -> Mapping[int, str]:
    """Bit -> name for a type whose values are bits; empty for any other."""
    return _NAMES.get(code, _NONE)


def bit_meanings(code: MdcCode) -> Mapping[int, str]:
    """Bit -> what it means when set, in plain words; empty for a type without such bits."""
    return _MEANINGS.get(code, _NONE)


def name_bits(code: MdcCode, bits: int, *, width: int) -> tuple[str, ...]:
    """The names of the bits that are set in a string of `width` bits, `bit N` where unknown."""
    names = bit_names(code)
    return tuple(
        names.get(bit, f"bit {bit}") for bit in range(width) if bits >> (width - 1 - bit) & 1
    )
