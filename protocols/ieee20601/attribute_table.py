"""Attribute id -> codec: one line per attribute of the domain information model (20601 6.3).

An id without a line is an attribute this package cannot read; its octets stay as they are.
"""

from __future__ import annotations

from typing import Final

import construct as cs

from protocols.ieee20601.attribute_values import (
    BASE_OFFSET_TIME,
    BATTERY_MEASURE,
    CERTIFICATIONS,
    HANDLE_VALUE_MAPS,
    METRIC_STRUCTURE,
    OBSERVED_ENUMERATION,
    OBSERVED_NUMBER,
    PRODUCT_SPECIFICATIONS,
    SAMPLE_SPECIFICATION,
    SCALE_8,
    SCALE_16,
    SCALE_32,
    SEGMENT_ENTRY_MAP,
    SEGMENT_STATISTICS,
    SYSTEM_MODEL,
    TIME_INFO,
    TYPE_VERSIONS,
    VALUE_MAP,
    BaseOffsetTime,
    BatteryMeasure,
    Certification,
    HandleValueMap,
    MdsTimeInfo,
    MetricStructure,
    ObservedEnumeration,
    ObservedNumber,
    ProductSpecification,
    SampleSpecification,
    ScaleAndRange,
    SegmentEntryMap,
    SegmentStatistic,
    SystemModel,
    TypeVersion,
    ValueMapEntry,
)
from protocols.ieee20601.attributes import Attribute
from protocols.mder.codes import SYSTEM_ID, TYPE, UNIT
from protocols.mder.numbers import FLOAT_TYPE, SFLOAT_TYPE, Number
from protocols.mder.records import Wire
from protocols.mder.sequences import OCTET_STRING, SequenceOf
from protocols.mder.times import ABSOLUTE_TIME, HIGH_RESOLUTION_TIME, RELATIVE_TIME, AbsoluteTime
from protocols.model.codes import MdcCode, SystemId, UnitCode

_U16: Final[Wire] = cs.Int16ub
_U32: Final[Wire] = cs.Int32ub

# fmt: off
CONFIRM_MODE: Final[Attribute[int]] = Attribute(2323, "MDC_ATTR_CONFIRM_MODE", _U16)
CONFIRM_TIMEOUT: Final[Attribute[int]] = Attribute(2324, "MDC_ATTR_CONFIRM_TIMEOUT", RELATIVE_TIME)
ID_HANDLE: Final[Attribute[int]] = Attribute(2337, "MDC_ATTR_ID_HANDLE", _U16)
ID_INSTNO: Final[Attribute[int]] = Attribute(2338, "MDC_ATTR_ID_INSTNO", _U16)
ID_LABEL_STRING: Final[Attribute[bytes]] = Attribute(2343, "MDC_ATTR_ID_LABEL_STRING", OCTET_STRING)
ID_MODEL: Final[Attribute[SystemModel]] = Attribute(2344, "MDC_ATTR_ID_MODEL", SYSTEM_MODEL)
ID_PHYSIO: Final[Attribute[int]] = Attribute(2347, "MDC_ATTR_ID_PHYSIO", _U16)
ID_PROD_SPECN: Final[Attribute[tuple[ProductSpecification, ...]]] = Attribute(2349, "MDC_ATTR_ID_PROD_SPECN", PRODUCT_SPECIFICATIONS)
ID_TYPE: Final[Attribute[MdcCode]] = Attribute(2351, "MDC_ATTR_ID_TYPE", TYPE)
METRIC_STORE_CAPAC_CNT: Final[Attribute[int]] = Attribute(2369, "MDC_ATTR_METRIC_STORE_CAPAC_CNT", _U32)
METRIC_STORE_SAMPLE_ALG: Final[Attribute[int]] = Attribute(2371, "MDC_ATTR_METRIC_STORE_SAMPLE_ALG", _U16)
METRIC_STORE_USAGE_CNT: Final[Attribute[int]] = Attribute(2372, "MDC_ATTR_METRIC_STORE_USAGE_CNT", _U32)
MSMT_STAT: Final[Attribute[int]] = Attribute(2375, "MDC_ATTR_MSMT_STAT", _U16)
NU_ACCUR_MSMT: Final[Attribute[Number]] = Attribute(2378, "MDC_ATTR_NU_ACCUR_MSMT", FLOAT_TYPE)
NU_CMPD_VAL_OBS: Final[Attribute[tuple[ObservedNumber, ...]]] = Attribute(2379, "MDC_ATTR_NU_CMPD_VAL_OBS", SequenceOf(ObservedNumber))
NU_VAL_OBS: Final[Attribute[ObservedNumber]] = Attribute(2384, "MDC_ATTR_NU_VAL_OBS", OBSERVED_NUMBER)
NUM_SEG: Final[Attribute[int]] = Attribute(2385, "MDC_ATTR_NUM_SEG", _U16)
OP_STAT: Final[Attribute[int]] = Attribute(2387, "MDC_ATTR_OP_STAT", _U16)
POWER_STAT: Final[Attribute[int]] = Attribute(2389, "MDC_ATTR_POWER_STAT", _U16)
SA_SPECN: Final[Attribute[SampleSpecification]] = Attribute(2413, "MDC_ATTR_SA_SPECN", SAMPLE_SPECIFICATION)
SCALE_SPECN_I16: Final[Attribute[ScaleAndRange]] = Attribute(2415, "MDC_ATTR_SCALE_SPECN_I16", SCALE_16)
SCALE_SPECN_I32: Final[Attribute[ScaleAndRange]] = Attribute(2416, "MDC_ATTR_SCALE_SPECN_I32", SCALE_32)
SCALE_SPECN_I8: Final[Attribute[ScaleAndRange]] = Attribute(2417, "MDC_ATTR_SCALE_SPECN_I8", SCALE_8)
SCAN_REP_PD: Final[Attribute[int]] = Attribute(2421, "MDC_ATTR_SCAN_REP_PD", RELATIVE_TIME)
SEG_USAGE_CNT: Final[Attribute[int]] = Attribute(2427, "MDC_ATTR_SEG_USAGE_CNT", _U32)
SYS_ID: Final[Attribute[SystemId]] = Attribute(2436, "MDC_ATTR_SYS_ID", SYSTEM_ID)
SYS_TYPE: Final[Attribute[MdcCode]] = Attribute(2438, "MDC_ATTR_SYS_TYPE", TYPE)
TIME_ABS: Final[Attribute[AbsoluteTime]] = Attribute(2439, "MDC_ATTR_TIME_ABS", ABSOLUTE_TIME)
TIME_BATT_REMAIN: Final[Attribute[BatteryMeasure]] = Attribute(2440, "MDC_ATTR_TIME_BATT_REMAIN", BATTERY_MEASURE)
TIME_END_SEG: Final[Attribute[AbsoluteTime]] = Attribute(2442, "MDC_ATTR_TIME_END_SEG", ABSOLUTE_TIME)
TIME_PD_SAMP: Final[Attribute[int]] = Attribute(2445, "MDC_ATTR_TIME_PD_SAMP", RELATIVE_TIME)
TIME_REL: Final[Attribute[int]] = Attribute(2447, "MDC_ATTR_TIME_REL", RELATIVE_TIME)
TIME_STAMP_ABS: Final[Attribute[AbsoluteTime]] = Attribute(2448, "MDC_ATTR_TIME_STAMP_ABS", ABSOLUTE_TIME)
TIME_STAMP_REL: Final[Attribute[int]] = Attribute(2449, "MDC_ATTR_TIME_STAMP_REL", RELATIVE_TIME)
TIME_START_SEG: Final[Attribute[AbsoluteTime]] = Attribute(2450, "MDC_ATTR_TIME_START_SEG", ABSOLUTE_TIME)
TX_WIND: Final[Attribute[int]] = Attribute(2453, "MDC_ATTR_TX_WIND", _U16)
UNIT_CODE: Final[Attribute[UnitCode]] = Attribute(2454, "MDC_ATTR_UNIT_CODE", UNIT)
UNIT_LABEL_STRING: Final[Attribute[bytes]] = Attribute(2457, "MDC_ATTR_UNIT_LABEL_STRING", OCTET_STRING)
VAL_BATT_CHARGE: Final[Attribute[int]] = Attribute(2460, "MDC_ATTR_VAL_BATT_CHARGE", _U16)
VAL_ENUM_OBS: Final[Attribute[ObservedEnumeration]] = Attribute(2462, "MDC_ATTR_VAL_ENUM_OBS", OBSERVED_ENUMERATION)
TIME_REL_HI_RES: Final[Attribute[int]] = Attribute(2536, "MDC_ATTR_TIME_REL_HI_RES", HIGH_RESOLUTION_TIME)
TIME_STAMP_REL_HI_RES: Final[Attribute[int]] = Attribute(2537, "MDC_ATTR_TIME_STAMP_REL_HI_RES", HIGH_RESOLUTION_TIME)
DEV_CONFIG_ID: Final[Attribute[int]] = Attribute(2628, "MDC_ATTR_DEV_CONFIG_ID", _U16)
MDS_TIME_INFO: Final[Attribute[MdsTimeInfo]] = Attribute(2629, "MDC_ATTR_MDS_TIME_INFO", TIME_INFO)
METRIC_SPEC_SMALL: Final[Attribute[int]] = Attribute(2630, "MDC_ATTR_METRIC_SPEC_SMALL", _U16)
SOURCE_HANDLE_REF: Final[Attribute[int]] = Attribute(2631, "MDC_ATTR_SOURCE_HANDLE_REF", _U16)
SIMP_SA_OBS_VAL: Final[Attribute[bytes]] = Attribute(2632, "MDC_ATTR_SIMP_SA_OBS_VAL", OCTET_STRING)
ENUM_OBS_VAL_SIMP_OID: Final[Attribute[int]] = Attribute(2633, "MDC_ATTR_ENUM_OBS_VAL_SIMP_OID", _U16)
ENUM_OBS_VAL_SIMP_STR: Final[Attribute[bytes]] = Attribute(2634, "MDC_ATTR_ENUM_OBS_VAL_SIMP_STR", OCTET_STRING)
REG_CERT_DATA_LIST: Final[Attribute[tuple[Certification, ...]]] = Attribute(2635, "MDC_ATTR_REG_CERT_DATA_LIST", CERTIFICATIONS)
NU_VAL_OBS_BASIC: Final[Attribute[Number]] = Attribute(2636, "MDC_ATTR_NU_VAL_OBS_BASIC", SFLOAT_TYPE)
PM_STORE_CAPAB: Final[Attribute[int]] = Attribute(2637, "MDC_ATTR_PM_STORE_CAPAB", _U16)
PM_SEG_MAP: Final[Attribute[SegmentEntryMap]] = Attribute(2638, "MDC_ATTR_PM_SEG_MAP", SEGMENT_ENTRY_MAP)
PM_SEG_PERSON_ID: Final[Attribute[int]] = Attribute(2639, "MDC_ATTR_PM_SEG_PERSON_ID", _U16)
SEG_STATS: Final[Attribute[tuple[SegmentStatistic, ...]]] = Attribute(2640, "MDC_ATTR_SEG_STATS", SEGMENT_STATISTICS)
SCAN_HANDLE_ATTR_VAL_MAP: Final[Attribute[tuple[HandleValueMap, ...]]] = Attribute(2643, "MDC_ATTR_SCAN_HANDLE_ATTR_VAL_MAP", HANDLE_VALUE_MAPS)
SCAN_REP_PD_MIN: Final[Attribute[int]] = Attribute(2644, "MDC_ATTR_SCAN_REP_PD_MIN", RELATIVE_TIME)
ATTRIBUTE_VAL_MAP: Final[Attribute[tuple[ValueMapEntry, ...]]] = Attribute(2645, "MDC_ATTR_ATTRIBUTE_VAL_MAP", VALUE_MAP)
NU_VAL_OBS_SIMP: Final[Attribute[Number]] = Attribute(2646, "MDC_ATTR_NU_VAL_OBS_SIMP", FLOAT_TYPE)
PM_STORE_LABEL_STRING: Final[Attribute[bytes]] = Attribute(2647, "MDC_ATTR_PM_STORE_LABEL_STRING", OCTET_STRING)
PM_SEG_LABEL_STRING: Final[Attribute[bytes]] = Attribute(2648, "MDC_ATTR_PM_SEG_LABEL_STRING", OCTET_STRING)
TIME_PD_MSMT_ACTIVE: Final[Attribute[Number]] = Attribute(2649, "MDC_ATTR_TIME_PD_MSMT_ACTIVE", FLOAT_TYPE)
SYS_TYPE_SPEC_LIST: Final[Attribute[tuple[TypeVersion, ...]]] = Attribute(2650, "MDC_ATTR_SYS_TYPE_SPEC_LIST", TYPE_VERSIONS)
METRIC_ID_PART: Final[Attribute[int]] = Attribute(2655, "MDC_ATTR_METRIC_ID_PART", _U16)
ENUM_OBS_VAL_PART: Final[Attribute[int]] = Attribute(2656, "MDC_ATTR_ENUM_OBS_VAL_PART", _U16)
SUPPLEMENTAL_TYPES: Final[Attribute[tuple[MdcCode, ...]]] = Attribute(2657, "MDC_ATTR_SUPPLEMENTAL_TYPES", SequenceOf(TYPE))
TIME_ABS_ADJUST: Final[Attribute[bytes]] = Attribute(2658, "MDC_ATTR_TIME_ABS_ADJUST", cs.Bytes(6))
CLEAR_TIMEOUT: Final[Attribute[int]] = Attribute(2659, "MDC_ATTR_CLEAR_TIMEOUT", RELATIVE_TIME)
TRANSFER_TIMEOUT: Final[Attribute[int]] = Attribute(2660, "MDC_ATTR_TRANSFER_TIMEOUT", RELATIVE_TIME)
ENUM_OBS_VAL_SIMP_BIT_STR: Final[Attribute[int]] = Attribute(2661, "MDC_ATTR_ENUM_OBS_VAL_SIMP_BIT_STR", _U32)
ENUM_OBS_VAL_BASIC_BIT_STR: Final[Attribute[int]] = Attribute(2662, "MDC_ATTR_ENUM_OBS_VAL_BASIC_BIT_STR", _U16)
METRIC_STRUCT_SMALL: Final[Attribute[MetricStructure]] = Attribute(2675, "MDC_ATTR_METRIC_STRUCT_SMALL", METRIC_STRUCTURE)
NU_CMPD_VAL_OBS_SIMP: Final[Attribute[tuple[Number, ...]]] = Attribute(2676, "MDC_ATTR_NU_CMPD_VAL_OBS_SIMP", SequenceOf(FLOAT_TYPE))
NU_CMPD_VAL_OBS_BASIC: Final[Attribute[tuple[Number, ...]]] = Attribute(2677, "MDC_ATTR_NU_CMPD_VAL_OBS_BASIC", SequenceOf(SFLOAT_TYPE))
ID_PHYSIO_LIST: Final[Attribute[tuple[int, ...]]] = Attribute(2678, "MDC_ATTR_ID_PHYSIO_LIST", SequenceOf(_U16))
SCAN_HANDLE_LIST: Final[Attribute[tuple[int, ...]]] = Attribute(2679, "MDC_ATTR_SCAN_HANDLE_LIST", SequenceOf(_U16))
TIME_BO: Final[Attribute[BaseOffsetTime]] = Attribute(2689, "MDC_ATTR_TIME_BO", BASE_OFFSET_TIME)
TIME_STAMP_BO: Final[Attribute[BaseOffsetTime]] = Attribute(2690, "MDC_ATTR_TIME_STAMP_BO", BASE_OFFSET_TIME)
TIME_START_SEG_BO: Final[Attribute[BaseOffsetTime]] = Attribute(2691, "MDC_ATTR_TIME_START_SEG_BO", BASE_OFFSET_TIME)
TIME_END_SEG_BO: Final[Attribute[BaseOffsetTime]] = Attribute(2692, "MDC_ATTR_TIME_END_SEG_BO", BASE_OFFSET_TIME)
# fmt: on


ATTRIBUTES: Final[dict[int, Attribute[object]]] = {
    kind.attribute_id: kind for kind in tuple(globals().values()) if isinstance(kind, Attribute)
}
"""Every attribute this package can read, by id."""


def name_of(attribute_id: int) -> str:
    """The reference id, or `1:id` for one this package does not know."""
    kind = ATTRIBUTES.get(attribute_id)
    return kind.ref_id if kind else f"1:{attribute_id}"
