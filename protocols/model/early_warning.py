"""The National Early Warning Score 2 (Royal College of Physicians, 2017), worked out by its chart.

Seven parameters, each 0 to 3 points (supplemental oxygen 0 or 2). A missing one is missing: it
counts no points, and without it there is no total, only the least that the total can be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import Final

MONITORED: Final = timedelta(minutes=2)
"""For how long a number of a monitor is the patient's state; older, it is missing."""
CUFF: Final = timedelta(minutes=20)
"""The same of a cuff's pressure."""
THERMOMETER: Final = timedelta(hours=1)
"""The same of a temperature."""
TOLD: Final = timedelta(minutes=30)
"""The same of what a person looked for: consciousness, oxygen."""
NAMES: Final[Mapping[str, str]] = {
    "respiration_rate": "Respiration rate",
    "saturation": "SpO\u2082",
    "oxygen": "Air or oxygen",
    "systolic": "Systolic pressure",
    "pulse": "Pulse",
    "consciousness": "Consciousness",
    "temperature": "Temperature",
}
"""The chart's seven parameters in its order, each with its name for a person."""
PARTS: Final = tuple(NAMES)
_YOUNGEST_YEARS: Final = 16
_WHOLE: Final = Decimal(1)
_TENTH: Final = Decimal("0.1")
_RED: Final = 3
_MEDIUM: Final = 5
_HIGH: Final = 7


class Consciousness(Enum):
    """ACVPU: anything but alert scores 3; new confusion is the C."""

    ALERT = "A"
    CONFUSION = "C"
    VOICE = "V"
    PAIN = "P"
    UNRESPONSIVE = "U"


class SaturationScale(Enum):
    """Scale 2 is for hypercapnic respiratory failure with a target of 88 to 92 %, on request."""

    ONE = 1
    TWO = 2


class Risk(Enum):
    """The chart's clinical risk."""

    LOW = "low"
    LOW_MEDIUM = "low-medium"
    """A red score: 3 in one parameter, with a total under 5."""
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Fitness:
    """Whether the chart is made for this patient; None: nobody told.

    It is not for children under 16 and not for pregnancy, by its authors' own words.
    """

    age_years: int | None
    is_pregnant: bool | None

    @property
    def unfit(self) -> str:
        """Whom the chart is not made for, in words; empty where it may be used."""
        if self.age_years is not None and self.age_years < _YOUNGEST_YEARS:
            return f"under {_YOUNGEST_YEARS}"
        return "pregnancy" if self.is_pregnant else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What is known: breaths and beats a minute, per cent, mmHg, degrees Celsius; None: missing."""

    respiration_rate: Decimal | None = None
    saturation: Decimal | None = None
    scale: SaturationScale = SaturationScale.ONE
    on_oxygen: bool | None = None
    systolic: Decimal | None = None
    pulse: Decimal | None = None
    consciousness: Consciousness | None = None
    temperature: Decimal | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """Each of `PARTS` as a person reads it, without its unit; empty where it is missing."""
        oxygen = {None: "", True: "oxygen", False: "air"}[self.on_oxygen]
        level = "" if self.consciousness is None else self.consciousness.name.lower()
        return (
            _text(self.respiration_rate),
            _text(self.saturation),
            oxygen,
            _text(None if self.systolic is None else self.systolic.to_integral_value()),
            _text(self.pulse),
            level,
            _text(self.temperature),
        )


@dataclass(frozen=True, slots=True)
class Part:
    """One parameter's points, None where it is missing."""

    name: str
    points: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """The parts in the chart's order."""

    parts: tuple[Part, ...]

    @property
    def missing(self) -> tuple[str, ...]:
        """The parameters nobody measured."""
        return tuple(part.name for part in self.parts if part.points is None)

    @property
    def least(self) -> int:
        """The points of what is known: the total cannot be less."""
        return sum(part.points or 0 for part in self.parts)

    @property
    def total(self) -> int | None:
        """The aggregate score; None while a parameter is missing."""
        return None if self.missing else self.least

    @property
    def has_red(self) -> bool:
        """Whether any single parameter scores 3."""
        return any(part.points == _RED for part in self.parts)

    @property
    def risk(self) -> Risk | None:
        """The clinical risk; of an incomplete score only what more points could not lower."""
        if self.least >= _HIGH:
            return Risk.HIGH
        if self.total is None:
            return None
        if self.total >= _MEDIUM:
            return Risk.MEDIUM
        return Risk.LOW_MEDIUM if self.has_red else Risk.LOW


def score(known: Parameters) -> Score:
    """Work the score out. Numbers are rounded to the chart's digits first, halves upwards."""
    points = (
        _points(known.respiration_rate, _RESPIRATION),
        _saturation(known),
        None if known.on_oxygen is None else 2 * known.on_oxygen,
        _points(known.systolic, _SYSTOLIC),
        _points(known.pulse, _PULSE),
        _consciousness(known.consciousness),
        _points(known.temperature, _TEMPERATURE, _TENTH),
    )
    return Score(tuple(Part(*pair) for pair in zip(PARTS, points, strict=True)))


_Bands = tuple[tuple[Decimal, int], ...]


def _bands(*pairs: tuple[str, int]) -> _Bands:
    return tuple((Decimal(highest), points) for highest, points in pairs)


# Each pair: up to and including this value, so many points; the last band has no end.
_RESPIRATION: Final = _bands(("8", 3), ("11", 1), ("20", 0), ("24", 2), ("Infinity", 3))
_SCALE_1: Final = _bands(("91", 3), ("93", 2), ("95", 1), ("Infinity", 0))
_SCALE_2_AIR: Final = _bands(("83", 3), ("85", 2), ("87", 1), ("Infinity", 0))
_SCALE_2_OXYGEN: Final = _bands(
    ("83", 3), ("85", 2), ("87", 1), ("92", 0), ("94", 1), ("96", 2), ("Infinity", 3)
)
_SYSTOLIC: Final = _bands(("90", 3), ("100", 2), ("110", 1), ("219", 0), ("Infinity", 3))
_PULSE: Final = _bands(("40", 3), ("50", 1), ("90", 0), ("110", 1), ("130", 2), ("Infinity", 3))
_TEMPERATURE: Final = _bands(("35.0", 3), ("36.0", 1), ("38.0", 0), ("39.0", 1), ("Infinity", 2))


def _points(value: Decimal | None, bands: _Bands, digits: Decimal = _WHOLE) -> int | None:
    if value is None:
        return None
    charted = value.quantize(digits, ROUND_HALF_UP)
    return next(points for highest, points in bands if charted <= highest)


def _saturation(known: Parameters) -> int | None:
    if known.scale is SaturationScale.ONE:
        return _points(known.saturation, _SCALE_1)
    on_air = _points(known.saturation, _SCALE_2_AIR)
    if known.on_oxygen is None:
        # Up to 92 % oxygen changes nothing; above, the points hang on what nobody told.
        on_oxygen = _points(known.saturation, _SCALE_2_OXYGEN)
        return on_air if on_air == on_oxygen else None
    return _points(known.saturation, _SCALE_2_OXYGEN) if known.on_oxygen else on_air


def _consciousness(level: Consciousness | None) -> int | None:
    if level is None:
        return None
    return 0 if level is Consciousness.ALERT else _RED


def _text(number: Decimal | None) -> str:
    return "" if number is None else f"{number.normalize():f}"
