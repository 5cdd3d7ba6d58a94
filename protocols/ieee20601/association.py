"""Association: what both sides offer, and the pure decision on it (20601 8.7, Annex A).

AARQ and AARE carry data protocols; the one with id 20601 holds `PhdAssociationInformation`.

    for a manager:  decision = decide(aarq)                  -> Decision(result, chosen)
                    aare = answer(decision, result=..., system_id=ours)
    for an agent:   offer(system_id=..., config_id=...)      -> Aarq
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import IntEnum, IntFlag
from typing import Final

import construct as cs

from protocols.errors import DecodeError
from protocols.ieee20601.attributes import ATTRIBUTE_LIST, AttributeValue
from protocols.mder.codes import SYSTEM_ID
from protocols.mder.records import Codec, wire
from protocols.model.codes import SystemId

DATA_PROTOCOL_EMPTY: Final = 0
DATA_PROTOCOL_20601: Final = 20601
DATA_PROTOCOL_EXTERNAL: Final = 0xFFFF
ASSOCIATION_VERSION_1: Final = 0x8000_0000
NOMENCLATURE_VERSION_1: Final = 0x8000_0000

STANDARD_CONFIGURATIONS: Final = range(0x0001, 0x4000)
EXTENDED_CONFIGURATIONS: Final = range(0x4000, 0x8000)
MANAGER_CONFIG_RESPONSE: Final = 0x0000
"""What a manager puts in its own dev-config-id (ConfigId manager-config-response)."""


class ProtocolVersion(IntFlag):
    """Versions of 20601 as bits of ProtocolVersion; the most significant bit is version 1."""

    V1 = 0x8000_0000
    V2 = 0x4000_0000
    V3 = 0x2000_0000
    V4 = 0x1000_0000


class EncodingRules(IntFlag):
    """Encoding rules as bits of EncodingRules."""

    MDER = 0x8000
    XER = 0x4000
    PER = 0x2000


class FunctionalUnits(IntFlag):
    """Optional parts: what a device can do, and whether this association is a test."""

    HAVE_TEST_CAP = 0x4000_0000
    CREATE_TEST_ASSOCIATION = 0x2000_0000


class SystemType(IntFlag):
    """Which role a system plays, as bits of SystemType."""

    MANAGER = 0x8000_0000
    AGENT = 0x0080_0000


class DataRequestFlags(IntFlag):
    """Which data requests an agent supports (DataReqModeFlags)."""

    STOP = 0x8000
    SCOPE_ALL = 0x0800
    SCOPE_CLASS = 0x0400
    SCOPE_HANDLE = 0x0200
    MODE_SINGLE_RESPONSE = 0x0080
    MODE_TIME_PERIOD = 0x0040
    MODE_TIME_NO_LIMIT = 0x0020
    PERSON_ID = 0x0010
    AGENT_INITIATED = 0x0001


class AssociateResult(IntEnum):
    """The nine results of an AARE (AssociateResult)."""

    ACCEPTED = 0
    REJECTED_PERMANENT = 1
    REJECTED_TRANSIENT = 2
    ACCEPTED_UNKNOWN_CONFIG = 3
    REJECTED_NO_COMMON_PROTOCOL = 4
    REJECTED_NO_COMMON_PARAMETER = 5
    REJECTED_UNKNOWN = 6
    REJECTED_UNAUTHORIZED = 7
    REJECTED_UNSUPPORTED_ASSOC_VERSION = 8


class ReleaseReason(IntEnum):
    """Why a side releases (ReleaseRequestReason)."""

    NORMAL = 0
    NO_MORE_CONFIGURATIONS = 1
    CONFIGURATION_CHANGED = 2


class AbortReason(IntEnum):
    """Why a side aborts (Abort-reason)."""

    UNDEFINED = 0
    BUFFER_OVERFLOW = 1
    RESPONSE_TIMEOUT = 2
    CONFIGURATION_TIMEOUT = 3


@dataclass(frozen=True, slots=True)
class PhdAssociationInformation:
    """What one side offers or chose (PhdAssociationInformation).

    Bit fields stay whole numbers as sent, unknown bits included; the enums above name bits.
    `config_id` is 0 in a manager's answer.
    """

    protocol_version: int = wire(cs.Int32ub)
    encoding: int = wire(cs.Int16ub)
    nomenclature_version: int = wire(cs.Int32ub)
    functional_units: int = wire(cs.Int32ub)
    system_type: int = wire(cs.Int32ub)
    system_id: SystemId = wire(SYSTEM_ID)
    config_id: int = wire(cs.Int16ub)
    data_req_flags: int = wire(cs.Int16ub)
    init_agent: int = wire(cs.Int8ub)
    init_manager: int = wire(cs.Int8ub)
    options: tuple[AttributeValue, ...] = wire(ATTRIBUTE_LIST)

    @property
    def is_test(self) -> bool:
        """The association asks to carry test data, never a patient's."""
        return bool(self.functional_units & FunctionalUnits.CREATE_TEST_ASSOCIATION)


INFORMATION: Final = Codec(PhdAssociationInformation, clause="20601 PhdAssociationInformation")


@dataclass(frozen=True, slots=True)
class DataProtocol:
    """One offered or selected data protocol.

    `info` is typed for protocol 20601, raw octets for any other.
    """

    protocol_id: int
    info: PhdAssociationInformation | bytes


@dataclass(frozen=True, slots=True)
class Aarq:
    """Association request: version bits and the offered data protocols."""

    assoc_version: int
    protocols: tuple[DataProtocol, ...]

    @property
    def offers(self) -> tuple[PhdAssociationInformation, ...]:
        """The offers of protocol 20601, in the order of the device's preference."""
        infos = (protocol.info for protocol in self.protocols)
        return tuple(info for info in infos if isinstance(info, PhdAssociationInformation))

    @property
    def phd(self) -> PhdAssociationInformation | None:
        """The first offer of protocol 20601, None without one."""
        return next(iter(self.offers), None)


@dataclass(frozen=True, slots=True)
class Aare:
    """Association response: the result (see `AssociateResult`) and the selected protocol."""

    result: int
    selected: DataProtocol

    @property
    def phd(self) -> PhdAssociationInformation | None:
        """What was selected of protocol 20601, None in a refusal."""
        info = self.selected.info
        return info if isinstance(info, PhdAssociationInformation) else None


@dataclass(frozen=True, slots=True)
class Decision:
    """What the offer itself allows.

    `result` ACCEPTED means: nothing in the offer stands against it; whether the configuration
    is known is the caller's to say. `chosen` holds the single selected bits, None in a refusal.
    `why` is a sentence for the log.
    """

    result: AssociateResult
    chosen: PhdAssociationInformation | None
    why: str


Admission = Callable[[SystemId], AssociateResult]
"""Whether a device may associate now: ACCEPTED, or the result that says why not."""


def admit_all(_device: SystemId) -> AssociateResult:
    """Every device is welcome."""
    return AssociateResult.ACCEPTED


@dataclass(frozen=True, slots=True)
class Supported:
    """What our side can do; bit masks as in the offer.

    `admit` is asked last, of an offer nothing else stands against: unauthorized for a device
    nobody allowed, transient while resources are short, unknown where we cannot say.
    """

    protocol_versions: int = 0xF000_0000  # versions 1 to 4
    encodings: int = EncodingRules.MDER
    nomenclature_versions: int = NOMENCLATURE_VERSION_1
    test_associations: bool = True
    admit: Admission = admit_all


SUPPORTED: Final = Supported()
NO_SYSTEM_ID: Final = Decision(
    AssociateResult.REJECTED_PERMANENT, None, "the device does not say which one it is (System-Id)"
)
"""The answer to a device without a System-Id: its readings would belong to no device."""


class NoSystemIdError(DecodeError):
    """An association request with an empty System-Id; all else in it may be well built."""


def lowest_set_bit(mask: int) -> int:
    """The newest version of a mask: versions count from the most significant bit down."""
    return mask & -mask


def decide(aarq: Aarq, supported: Supported = SUPPORTED) -> Decision:
    """Accept or refuse an association request; pure (20601 8.7.3, results of Annex A).

    Of several offers of 20601 the first that can be taken counts; where none can, the result is
    that of the first.
    """
    if not aarq.assoc_version & ASSOCIATION_VERSION_1:
        return _refuse(AssociateResult.REJECTED_UNSUPPORTED_ASSOC_VERSION, "association version")
    refusals = []
    for offered in aarq.offers:
        decision = _decide_offer(offered, supported)
        if decision.chosen is not None:
            return decision
        refusals.append(decision)
    if refusals:
        return refusals[0]
    return _refuse(AssociateResult.REJECTED_NO_COMMON_PROTOCOL, "no offer of protocol 20601")


def _decide_offer(offer: PhdAssociationInformation, supported: Supported) -> Decision:
    """Accept or refuse one offer."""
    versions = offer.protocol_version & supported.protocol_versions
    encodings = offer.encoding & supported.encodings
    nomenclatures = offer.nomenclature_version & supported.nomenclature_versions
    for common, what in (
        (versions, f"protocol version 0x{offer.protocol_version:08X}"),
        (encodings, f"encoding rules 0x{offer.encoding:04X}"),
        (nomenclatures, f"nomenclature version 0x{offer.nomenclature_version:08X}"),
    ):
        if not common:
            return _refuse(AssociateResult.REJECTED_NO_COMMON_PARAMETER, what)
    if not offer.system_type & SystemType.AGENT or offer.system_type & SystemType.MANAGER:
        return _refuse(AssociateResult.REJECTED_PERMANENT, f"system type {offer.system_type:#x}")
    if offer.config_id not in STANDARD_CONFIGURATIONS and (
        offer.config_id not in EXTENDED_CONFIGURATIONS
    ):
        return _refuse(AssociateResult.REJECTED_PERMANENT, f"configuration {offer.config_id:#06x}")
    if offer.is_test and not supported.test_associations:
        return _refuse(AssociateResult.REJECTED_PERMANENT, "test associations are switched off")
    verdict = supported.admit(offer.system_id)
    if verdict is not AssociateResult.ACCEPTED:
        return _refuse(verdict, "the device is not admitted")
    chosen = replace(
        offer,
        protocol_version=lowest_set_bit(versions),
        encoding=_highest_set_bit(encodings),
        nomenclature_version=lowest_set_bit(nomenclatures),
        functional_units=offer.functional_units & FunctionalUnits.CREATE_TEST_ASSOCIATION,
    )
    return Decision(AssociateResult.ACCEPTED, chosen, "")


def answer(decision: Decision, *, result: AssociateResult, system_id: SystemId) -> Aare:
    """The AARE of a decision: our own identity and the chosen bits; a refusal carries nothing."""
    if decision.chosen is None:
        return Aare(result, DataProtocol(DATA_PROTOCOL_EMPTY, b""))
    ours = replace(
        decision.chosen,
        system_type=int(SystemType.MANAGER),
        system_id=system_id,
        config_id=MANAGER_CONFIG_RESPONSE,
        data_req_flags=0,
        init_agent=0,
        init_manager=0,
        options=(),
    )
    return Aare(result, DataProtocol(DATA_PROTOCOL_20601, ours))


def offer(
    *,
    system_id: SystemId,
    config_id: int,
    protocol_version: int = ProtocolVersion.V1,
    functional_units: int = 0,
    data_req_flags: int = DataRequestFlags.AGENT_INITIATED,
    init_agent: int = 1,
    init_manager: int = 0,
) -> Aarq:
    """An agent's request for one configuration, MDER, nomenclature version 1."""
    info = PhdAssociationInformation(
        protocol_version=int(protocol_version),
        encoding=int(EncodingRules.MDER),
        nomenclature_version=NOMENCLATURE_VERSION_1,
        functional_units=int(functional_units),
        system_type=int(SystemType.AGENT),
        system_id=system_id,
        config_id=config_id,
        data_req_flags=int(data_req_flags),
        init_agent=init_agent,
        init_manager=init_manager,
        options=(),
    )
    return Aarq(ASSOCIATION_VERSION_1, (DataProtocol(DATA_PROTOCOL_20601, info),))


def _refuse(result: AssociateResult, why: str) -> Decision:
    return Decision(result, None, why)


def _highest_set_bit(mask: int) -> int:
    return 1 << (mask.bit_length() - 1)
