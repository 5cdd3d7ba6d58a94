"""Units of measure (partition 4) and how UCUM writes them.

FHIR wants `/min` for every rate; `{beat}/min` and `{breath}/min` are read as the same unit.
"""

from __future__ import annotations

from typing import Final

from protocols.nomenclature.term import Unit, unit

# fmt: off
UNITS: Final[tuple[Unit, ...]] = (
    unit(262656, 512, "MDC_DIM_DIMLESS", "1", ""),
    unit(262688, 544, "MDC_DIM_PERCENT", "%", "%"),
    unit(262880, 736, "MDC_DIM_ANG_DEG", "deg", "°"),
    unit(263424, 1280, "MDC_DIM_M", "m", "m"),
    unit(263441, 1297, "MDC_DIM_CENTI_M", "cm", "cm"),
    unit(263488, 1344, "MDC_DIM_FOOT", "[ft_i]", "ft"),
    unit(263520, 1376, "MDC_DIM_INCH", "[in_i]", "in"),
    unit(263744, 1600, "MDC_DIM_L", "L", "L", also="l"),
    unit(263762, 1618, "MDC_DIM_MILLI_L", "mL", "mL", also="ml"),
    unit(263872, 1728, "MDC_DIM_G", "g", "g"),
    unit(263875, 1731, "MDC_DIM_KILO_G", "kg", "kg"),
    unit(263890, 1746, "MDC_DIM_MILLI_G", "mg", "mg"),
    unit(263904, 1760, "MDC_DIM_LB", "[lb_av]", "lb"),
    unit(264096, 1952, "MDC_DIM_KG_PER_M_SQ", "kg/m2", "kg/m²"),
    # Grams per litre are 2048; the factor kilo adds 3.
    unit(264195, 2051, "MDC_DIM_KILO_G_PER_L", "kg/L", "kg/L"),
    unit(264274, 2130, "MDC_DIM_MILLI_G_PER_DL", "mg/dL", "mg/dL"),
    unit(264320, 2176, "MDC_DIM_SEC", "s", "s"),
    unit(264338, 2194, "MDC_DIM_MILLI_SEC", "ms", "ms"),
    unit(264352, 2208, "MDC_DIM_MIN", "min", "min"),
    unit(264384, 2240, "MDC_DIM_HR", "h", "h"),
    unit(264416, 2272, "MDC_DIM_DAY", "d", "days"),
    unit(264512, 2368, "MDC_DIM_YR", "a", "years"),
    unit(264640, 2496, "MDC_DIM_HZ", "Hz", "Hz"),
    unit(264672, 2528, "MDC_DIM_PER_MIN", "/min", "/min"),
    unit(264864, 2720, "MDC_DIM_BEAT_PER_MIN", "/min", "bpm", also="{beat}/min {beats}/min"),
    unit(264928, 2784, "MDC_DIM_RESP_PER_MIN", "/min", "/min", also="{breath}/min {breaths}/min"),
    unit(264960, 2816, "MDC_DIM_M_PER_SEC", "m/s", "m/s"),
    unit(265216, 3072, "MDC_DIM_L_PER_MIN", "L/min", "L/min"),
    unit(265987, 3843, "MDC_DIM_KILO_PASCAL", "kPa", "kPa"),
    unit(266016, 3872, "MDC_DIM_MMHG", "mm[Hg]", "mmHg"),
    unit(266048, 3904, "MDC_DIM_CM_H2O", "cm[H2O]", "cmH2O"),
    unit(266112, 3968, "MDC_DIM_JOULES", "J", "J"),
    unit(266176, 4032, "MDC_DIM_WATT", "W", "W"),
    unit(266322, 4178, "MDC_DIM_MILLI_AMP", "mA", "mA"),
    unit(266418, 4274, "MDC_DIM_MILLI_VOLT", "mV", "mV"),
    unit(266419, 4275, "MDC_DIM_MICRO_VOLT", "uV", "µV"),
    unit(266432, 4288, "MDC_DIM_OHM", "Ohm", "Ω"),
    unit(266560, 4416, "MDC_DIM_FAHR", "[degF]", "°F"),
    unit(266848, 4704, "MDC_DIM_MOLE_PER_L", "mol/L", "mol/L"),
    unit(266866, 4722, "MDC_DIM_MILLI_MOLE_PER_L", "mmol/L", "mmol/L"),
    unit(266867, 4723, "MDC_DIM_MICRO_MOLE_PER_L", "umol/L", "µmol/L"),
    unit(267616, 5472, "MDC_DIM_INTL_UNIT", "[iU]", "IU", also="[IU]"),
    unit(268192, 6048, "MDC_DIM_DEGC", "Cel", "°C"),
    unit(268384, 6240, "MDC_DIM_VOL_PERCENT", "%{vol}", "vol%"),
    unit(268704, 6560, "MDC_DIM_M_PER_MIN", "m/min", "m/min"),
    unit(268752, 6608, "MDC_DIM_INR", "{INR}", "INR"),
    unit(268800, 6656, "MDC_DIM_STEP", "{steps}", "steps", also="{step}"),
    unit(268896, 6752, "MDC_DIM_STEP_PER_MIN", "{steps}/min", "steps/min", also="{step}/min"),
    unit(268928, 6784, "MDC_DIM_CAL", "cal", "cal"),
    unit(268960, 6816, "MDC_DIM_RPM", "{rev}/min", "rpm", also="{revolutions}/min"),
    unit(268992, 6848, "MDC_DIM_TICK", "{tick}", "ticks"),
    # Our own: the one public number for it, 4724, is nmol/L by the rule of decimal factors.
    unit(323840, 0xF100, "", "mg/dL/min", "mg/dL/min"),
)
# fmt: on
