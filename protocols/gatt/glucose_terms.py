"""What the codes of the Glucose Service mean in 10101 (10417 uses the same terms).

Context terms lie in partition 128. Codes a table does not have are reserved, or say "not known".
"""

from __future__ import annotations

from typing import Final

from protocols.model.codes import MdcCode, UnitCode

_DISEASE_MANAGEMENT: Final = 128

GLUCOSE: Final = MdcCode(2, 28948)
GLUCOSE_CONTROL: Final = MdcCode(2, 29136)
GLUCOSE_INTERSTITIAL: Final = MdcCode(2, 29140)
HBA1C: Final = MdcCode(2, 29148)
METER_STATUS: Final = MdcCode(_DISEASE_MANAGEMENT, 29144)
EXERCISE: Final = MdcCode(_DISEASE_MANAGEMENT, 29152)
HEALTH: Final = MdcCode(_DISEASE_MANAGEMENT, 29212)
SAMPLE_LOCATION: Final = MdcCode(_DISEASE_MANAGEMENT, 29236)
MEAL: Final = MdcCode(_DISEASE_MANAGEMENT, 29256)
TESTER: Final = MdcCode(_DISEASE_MANAGEMENT, 29276)

GRAMS: Final = UnitCode(1728)


def _context(*terms: int) -> dict[int, MdcCode]:
    """Codes from 1 on, in the order of the service."""
    return {code: MdcCode(_DISEASE_MANAGEMENT, term) for code, term in enumerate(terms, start=1)}


CONTROL_SOLUTION: Final = 10
"""The sample is a test of the meter and no patient's."""
CONTROL_SOLUTION_LOCATION: Final = 4
LOCATION_NOT_AVAILABLE: Final = 15

SAMPLE_TYPES: Final = {
    code: MdcCode(2, term)
    for code, term in enumerate(
        (29112, 29116, 29120, 29124, 29128, 29132, 29292, 29296, 29140, 29136), start=1
    )
}
"""Capillary, venous, arterial, undetermined (whole blood, plasma each), interstitial, control."""
SAMPLE_LOCATIONS: Final = _context(29240, 29244, 29248, 29252)
"""Finger, alternate site, earlobe, control solution."""
CARBOHYDRATES: Final = _context(29160, 29164, 29168, 29172, 29176, 29180, 29184)
"""Breakfast, lunch, dinner, snack, drink, supper, and breakfast and lunch in one."""
MEALS: Final = _context(29260, 29264, 29268, 29272, 29261)
"""Before a meal, after a meal, fasting, casual, bedtime."""
TESTERS: Final = _context(29280, 29284, 29288)
"""Self, health care professional, laboratory."""
HEALTHS: Final = _context(29216, 29220, 29224, 29228, 29232)
"""Minor and major health issues, menses, stress, none."""
MEDICATIONS: Final = _context(29192, 29196, 29200, 29204, 29208)
"""Insulin: rapid, short, intermediate and long acting, pre-mixed."""

STATUS_NAMES: Final = {
    0: "battery low",
    1: "sensor malfunction",
    2: "sample size insufficient",
    3: "strip insertion error",
    4: "strip type incorrect",
    5: "result above range",
    6: "result below range",
    7: "sensor temperature too high",
    8: "sensor temperature too low",
    9: "strip pulled too soon",
    10: "general device fault",
    11: "time fault",
}
"""Bits of the Sensor Status Annunciation, the least significant first."""
FEATURE_NAMES: Final = {
    0: "low battery detection",
    1: "sensor malfunction detection",
    2: "sample size detection",
    3: "strip insertion error detection",
    4: "strip type error detection",
    5: "result range detection",
    6: "sensor temperature detection",
    7: "read interrupt detection",
    8: "general device fault",
    9: "time fault",
    10: "multiple bonds",
}
"""Bits of the Glucose Feature."""
