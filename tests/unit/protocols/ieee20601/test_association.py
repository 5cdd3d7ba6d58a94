"""Which association requests are acceptable, with which result and which chosen bits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from protocols.ieee20601.apdus import decode_apdu, encode_apdu
from protocols.ieee20601.association import (
    Aarq,
    AssociateResult,
    DataProtocol,
    PhdAssociationInformation,
    Supported,
    SystemType,
    answer,
    decide,
    offer,
)
from protocols.model.codes import SystemId

OURS = SystemId(b"GATEWAY1")
DEVICE = SystemId(bytes.fromhex("1122334455667788"))


def request(**changes: int) -> Aarq:
    """A good request with some fields changed."""
    base = offer(system_id=DEVICE, config_id=0x4000)
    information = base.phd
    assert information is not None
    return Aarq(
        base.assoc_version,
        (DataProtocol(20601, replace(information, **changes)),),  # type: ignore[arg-type]  # keyword names are field names
    )


def chosen(aarq: Aarq, supported: Supported | None = None) -> PhdAssociationInformation:
    decision = decide(aarq, supported) if supported else decide(aarq)
    assert decision.result is AssociateResult.ACCEPTED, decision.why
    assert decision.chosen is not None
    return decision.chosen


def test_a_plain_request_is_acceptable() -> None:
    assert chosen(request()).protocol_version == 0x80000000


@pytest.mark.parametrize(
    ("offered", "ours", "version"),
    [
        (0x80000000, 0xF0000000, 0x80000000),
        (0xC0000000, 0xF0000000, 0x40000000),
        (0xC0000000, 0x80000000, 0x80000000),
        (0xF0000000, 0xF0000000, 0x10000000),
        (0xC0000002, 0xF0000000, 0x40000000),
    ],
)
def test_of_several_versions_the_newest_common_one_is_chosen(
    offered: int, ours: int, version: int
) -> None:
    supported = Supported(protocol_versions=ours)
    assert chosen(request(protocol_version=offered), supported).protocol_version == version


def test_of_several_encodings_mder_alone_is_chosen() -> None:
    assert chosen(request(encoding=0xA000)).encoding == 0x8000
    assert chosen(request(encoding=0xE000)).encoding == 0x8000


@pytest.mark.parametrize(
    ("changes", "result"),
    [
        ({"protocol_version": 0}, AssociateResult.REJECTED_NO_COMMON_PARAMETER),
        ({"protocol_version": 0x08000000}, AssociateResult.REJECTED_NO_COMMON_PARAMETER),
        ({"encoding": 0x4000}, AssociateResult.REJECTED_NO_COMMON_PARAMETER),
        ({"nomenclature_version": 0}, AssociateResult.REJECTED_NO_COMMON_PARAMETER),
        ({"system_type": SystemType.MANAGER}, AssociateResult.REJECTED_PERMANENT),
        ({"system_type": 0x80800000}, AssociateResult.REJECTED_PERMANENT),
        ({"system_type": 0}, AssociateResult.REJECTED_PERMANENT),
        ({"config_id": 0}, AssociateResult.REJECTED_PERMANENT),
        ({"config_id": 0x8001}, AssociateResult.REJECTED_PERMANENT),
    ],
)
def test_an_unacceptable_offer_is_refused_with_its_reason(
    changes: dict[str, int], result: AssociateResult
) -> None:
    decision = decide(request(**changes))
    assert decision.result is result
    assert decision.chosen is None
    assert decision.why


@pytest.mark.parametrize("config_id", [0x0001, 0x0190, 0x3FFF, 0x4000, 0x7FFF])
def test_standard_and_extended_configuration_ids_are_acceptable(config_id: int) -> None:
    assert chosen(request(config_id=config_id)).config_id == config_id


def test_another_association_version_is_refused() -> None:
    aarq = replace(request(), assoc_version=0x40000000)
    result = decide(aarq).result
    assert result is AssociateResult.REJECTED_UNSUPPORTED_ASSOC_VERSION


@pytest.mark.parametrize("protocols", [(), (DataProtocol(0xFFFF, b"\x01"),)])
def test_an_offer_without_20601_is_refused(protocols: tuple[DataProtocol, ...]) -> None:
    result = decide(Aarq(0x80000000, protocols)).result
    assert result is AssociateResult.REJECTED_NO_COMMON_PROTOCOL


def test_of_several_offers_the_first_that_can_be_taken_counts() -> None:
    future = request(protocol_version=0x0800_0000).protocols
    versions = (*future, *request(config_id=0x4001).protocols, *request().protocols)
    assert chosen(replace(request(), protocols=versions)).config_id == 0x4001


def test_where_no_offer_can_be_taken_the_result_is_that_of_the_first() -> None:
    protocols = (*request(protocol_version=0x0800_0000).protocols, *request(config_id=0).protocols)
    result = decide(replace(request(), protocols=protocols)).result
    assert result is AssociateResult.REJECTED_NO_COMMON_PARAMETER


def test_a_test_association_is_echoed_and_a_mere_capability_is_not() -> None:
    asked = chosen(request(functional_units=0x60000000))
    assert asked.is_test
    assert asked.functional_units == 0x20000000
    able = chosen(request(functional_units=0x40000000))
    assert not able.is_test
    assert able.functional_units == 0


REFUSALS = [result for result in AssociateResult if result not in (0, 3)]


@pytest.mark.parametrize("result", REFUSALS)
def test_a_device_that_is_not_admitted_is_refused_with_the_result_of_the_admission(
    result: AssociateResult,
) -> None:
    supported = Supported(admit=lambda device: result if device == DEVICE else AssociateResult(0))
    assert decide(request(), supported).result is result
    assert decide(offer(system_id=OURS, config_id=0x4000), supported).chosen is not None


def test_a_manager_without_test_associations_refuses_one() -> None:
    decision = decide(request(functional_units=0x20000000), Supported(test_associations=False))
    assert decision.result is AssociateResult.REJECTED_PERMANENT


def test_the_answer_carries_our_identity_and_nothing_of_the_device() -> None:
    decision = decide(request(config_id=0x4001, data_req_flags=0x0081, init_agent=1))
    aare = answer(decision, result=AssociateResult.ACCEPTED_UNKNOWN_CONFIG, system_id=OURS)
    assert aare.result == 3
    selected = aare.phd
    assert selected is not None
    assert selected.system_id == OURS
    assert selected.system_type == 0x80000000
    assert (selected.config_id, selected.data_req_flags, selected.init_agent) == (0, 0, 0)
    assert decode_apdu(encode_apdu(aare)) == aare


def test_a_refusal_is_six_octets() -> None:
    decision = decide(request(encoding=0x4000))
    octets = encode_apdu(answer(decision, result=decision.result, system_id=OURS))
    assert octets.hex() == "e3000006000500000000"
