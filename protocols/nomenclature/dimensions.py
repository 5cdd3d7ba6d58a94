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
    unit(263441, 1297, "MDC_DIM_CENTI_M", "cm", "cm"),
    unit(263875, 1731, "MDC_DIM_KILO_G", "kg", "kg"),
    unit(264096, 1952, "MDC_DIM_KG_PER_M_SQ", "kg/m2", "kg/m²"),
    unit(264274, 2130, "MDC_DIM_MILLI_G_PER_DL", "mg/dL", "mg/dL"),
    unit(264320, 2176, "MDC_DIM_SEC", "s", "s"),
    unit(264338, 2194, "MDC_DIM_MILLI_SEC", "ms", "ms"),
    unit(264352, 2208, "MDC_DIM_MIN", "min", "min"),
    unit(264384, 2240, "MDC_DIM_HR", "h", "h"),
    unit(264640, 2496, "MDC_DIM_HZ", "Hz", "Hz"),
    unit(264672, 2528, "MDC_DIM_PER_MIN", "/min", "/min"),
    unit(264864, 2720, "MDC_DIM_BEAT_PER_MIN", "/min", "bpm", also="{beat}/min {beats}/min"),
    unit(264928, 2784, "MDC_DIM_RESP_PER_MIN", "/min", "/min", also="{breath}/min {breaths}/min"),
    unit(265216, 3072, "MDC_DIM_L_PER_MIN", "L/min", "L/min"),
    unit(265987, 3843, "MDC_DIM_KILO_PASCAL", "kPa", "kPa"),
    unit(266016, 3872, "MDC_DIM_MMHG", "mm[Hg]", "mmHg"),
    unit(266048, 3904, "MDC_DIM_CM_H2O", "cm[H2O]", "cmH2O"),
    unit(266112, 3968, "MDC_DIM_JOULES", "J", "J"),
    unit(266322, 4178, "MDC_DIM_MILLI_AMP", "mA", "mA"),
    unit(266418, 4274, "MDC_DIM_MILLI_VOLT", "mV", "mV"),
    unit(266419, 4275, "MDC_DIM_MICRO_VOLT", "uV", "µV"),
    unit(266432, 4288, "MDC_DIM_OHM", "Ohm", "Ω"),
    unit(266560, 4416, "MDC_DIM_FAHR", "[degF]", "°F"),
    unit(266866, 4722, "MDC_DIM_MILLI_MOLE_PER_L", "mmol/L", "mmol/L"),
    unit(267616, 5472, "MDC_DIM_INTL_UNIT", "[iU]", "IU", also="[IU]"),
    unit(268192, 6048, "MDC_DIM_DEGC", "Cel", "°C"),
    unit(268384, 6240, "MDC_DIM_VOL_PERCENT", "%{vol}", "vol%"),
    unit(268992, 6848, "MDC_DIM_TICK", "{tick}", "ticks"),
)
# fmt: on
