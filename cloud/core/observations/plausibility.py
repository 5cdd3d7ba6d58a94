"""Which units a code takes, and beyond which values a reading is flagged, never refused.

Limits are what a living patient or a working device can show at the very most, so that a flag
means a fault, not an illness.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Final

from protocols.model.codes import MdcCode, UnitCode
from protocols.nomenclature.lookup import ucum

_RATE: Final = {"/min": (Decimal(0), Decimal(400))}
_BREATHS: Final = {"/min": (Decimal(0), Decimal(150))}
_PRESSURE: Final = {
    "mm[Hg]": (Decimal(0), Decimal(320)),
    "kPa": (Decimal(0), Decimal("42.7")),
}
_PERCENT: Final = {"%": (Decimal(0), Decimal(100))}
_TEMPERATURE: Final = {
    "Cel": (Decimal(10), Decimal(46)),
    "[degF]": (Decimal(50), Decimal(115)),
}
_GLUCOSE: Final = {
    "mmol/L": (Decimal(0), Decimal(80)),
    "mg/dL": (Decimal(0), Decimal(1440)),
}
_CARBON_DIOXIDE: Final = {
    "%": (Decimal(0), Decimal(20)),
    "mm[Hg]": (Decimal(0), Decimal(150)),
    "kPa": (Decimal(0), Decimal(20)),
}

Limits = dict[str, tuple[Decimal, Decimal]]

RULES: Final[dict[int, Limits]] = {
    150456: _PERCENT,  # MDC_PULS_OXIM_SAT_O2
    149530: _RATE,  # MDC_PULS_OXIM_PULS_RATE
    149546: _RATE,  # MDC_PULS_RATE_NON_INV
    147842: _RATE,  # MDC_ECG_HEART_RATE
    150021: _PRESSURE,  # MDC_PRESS_BLD_NONINV_SYS
    150022: _PRESSURE,  # MDC_PRESS_BLD_NONINV_DIA
    150023: _PRESSURE,  # MDC_PRESS_BLD_NONINV_MEAN
    160184: _GLUCOSE,  # MDC_CONC_GLU_CAPILLARY_WHOLEBLOOD
    151708: _CARBON_DIOXIDE,  # MDC_CONC_AWAY_CO2_ET
    151728: _CARBON_DIOXIDE,  # MDC_AWAY_CO2_ET
    150364: _TEMPERATURE,  # MDC_TEMP_BODY
    151562: _BREATHS,  # MDC_RESP_RATE
}
"""By context-free code: the allowed UCUM units, each with the widest believable range."""

_SAME_UNIT: Final = {"{beat}/min": "/min", "{breath}/min": "/min", "{beats}/min": "/min"}
_SPELLED_WRONG: Final = {
    "bpm": "/min",
    "mmHg": "mm[Hg]",
    "degC": "Cel",
    "°C": "Cel",
    "C": "Cel",
    "F": "[degF]",
    "mmol/litre": "mmol/L",
    "percent": "%",
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """What the rules say of one value: whether its unit fits, whether the value can be."""

    unit_fits: bool
    is_plausible: bool


_FITS: Final = Judgement(unit_fits=True, is_plausible=True)
_BEYOND: Final = Judgement(unit_fits=True, is_plausible=False)


def canonical_ucum(text: str) -> str:
    """The UCUM code we use for a caller's spelling of the same unit (`{beat}/min` is `/min`)."""
    return _SAME_UNIT.get(text, text)


def suggested_ucum(text: str) -> str | None:
    """The UCUM code a developer probably meant, None when nothing is known."""
    return _SPELLED_WRONG.get(text)


def allowed_units(code: MdcCode) -> tuple[str, ...]:
    """The UCUM codes a code takes; empty when any is fine."""
    return tuple(RULES.get(code.cf_code, ()))


def judge(code: MdcCode, value: Decimal | None, unit: UnitCode) -> Judgement:
    """Hold one value against the rules; codes without a rule pass."""
    found = _range_of(code.cf_code, unit.term)
    if isinstance(found, Judgement):
        return found
    low, high = found
    return _FITS if value is None or low <= value <= high else _BEYOND


@lru_cache(maxsize=4096)
def _range_of(cf_code: int, unit_term: int) -> tuple[Decimal, Decimal] | Judgement:
    """The believable range of a code in a unit; the judgement where no value changes it."""
    limits = RULES.get(cf_code)
    if limits is None:
        return _FITS
    spelled = ucum(UnitCode(unit_term))
    found = limits.get(canonical_ucum(spelled)) if spelled is not None else None
    return Judgement(unit_fits=False, is_plausible=True) if found is None else found
