"""The desk where pairing questions lie: who may pair, who answers, what expires."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import cast

import pytest

from edge.clock import SYSTEM_CLOCK, Clock
from edge.errors import PairingError
from edge.transports.ble.agent import Agent, answer
from edge.transports.ble.pairing import (
    PairingDesk,
    PairingKind,
    PairingPolicy,
    PairingRequest,
)
from tests.fixtures.gatt_peer import turns
from tests.unit.edge.making import ManualTime

OXI = "F0:00:00:00:00:01"
PATH = "/org/bluez/hci0/dev_F0_00_00_00_00_01"


def desk(clock: Clock = SYSTEM_CLOCK, **policy: object) -> PairingDesk:
    made = PairingDesk(clock, PairingPolicy(**policy))  # type: ignore[arg-type] # as it takes
    made.is_enrolled = OXI.__eq__
    made.name_of = {OXI: "Oxi"}.__getitem__
    return made


Asked = tuple[PairingRequest, Awaitable[object]]


async def asked(desk: PairingDesk, question: Awaitable[object]) -> Asked:
    """The question as it lies on the desk, and the answer to come."""
    coming = asyncio.ensure_future(question)
    await turns(3)
    (request,) = desk.open_requests()
    assert desk.changed.is_set()
    return request, coming


async def test_a_typed_number_is_the_answer() -> None:
    one = desk()
    request, coming = await asked(one, one.passkey(OXI))
    assert (request.kind, request.name, request.number) == (PairingKind.ASK_PASSKEY, "Oxi", None)
    assert not one.answer(request.request_id, accept=True)
    assert not one.answer(request.request_id, passkey=1_000_000)
    assert one.answer(request.request_id, passkey=123456)
    assert not one.answer(request.request_id, passkey=123456)
    assert await coming == 123456
    assert one.open_requests() == ()
    assert not one.answer(99, passkey=1)


async def test_a_number_of_the_settings_needs_nobody() -> None:
    one = desk(passkeys={OXI: 42})
    assert await one.passkey(OXI.lower()) == 42


async def test_numbers_are_compared_by_a_person() -> None:
    one = desk()
    request, coming = await asked(one, one.compare(OXI, 7))
    assert (request.kind, request.number) == (PairingKind.COMPARE_NUMBER, 7)
    assert not one.answer(request.request_id)
    assert one.answer(request.request_id, accept=True)
    await coming


async def test_a_person_may_refuse() -> None:
    one = desk()
    request, coming = await asked(one, one.compare(OXI, 7))
    assert one.refuse(request.request_id)
    with pytest.raises(PairingError, match="by a person"):
        await coming
    assert not one.refuse(request.request_id)


async def test_just_works_is_a_policy() -> None:
    await desk().allow(OXI)
    one = desk(just_works=False)
    request, coming = await asked(one, one.allow(OXI))
    assert request.kind is PairingKind.CONFIRM
    one.answer(request.request_id, accept=True)
    await coming


async def test_a_number_to_type_on_the_device_lies_there_until_it_is_over() -> None:
    one = desk()
    await one.show(OXI, 123456)
    (request,) = one.open_requests()
    assert (request.kind, request.number) == (PairingKind.SHOW_PASSKEY, 123456)
    request, coming = await asked_second(one)
    await one.ended()
    with pytest.raises(PairingError, match="ended the pairing"):
        await coming
    assert one.open_requests() == ()


async def asked_second(one: PairingDesk) -> Asked:
    coming = asyncio.ensure_future(one.passkey(OXI))
    await turns(3)
    return one.open_requests()[-1], coming


async def test_nobody_answers_in_time() -> None:
    with pytest.raises(PairingError, match="in time"):
        await desk(answer_seconds=0.01).passkey(OXI)


async def test_a_stranger_gets_no_question_onto_the_screen() -> None:
    one = desk()
    with pytest.raises(PairingError, match="nobody asked"):
        await one.passkey("F0:00:00:00:00:99")
    assert one.open_requests() == ()


async def test_a_device_somebody_asked_for_may_pair_for_a_while() -> None:
    time = ManualTime()
    begun: list[str] = []
    one = desk(time.clock, begin_seconds=120.0)
    one.on_begin, one.on_forget = begun.append, begun.append
    stranger = "F0:00:00:00:00:99"
    one.name_of = lambda address: address
    one.begin(stranger.lower())
    assert begun == [stranger]
    assert one.is_begun(stranger)
    await one.allow(stranger)
    time.seconds += 121
    assert not one.is_begun(stranger)
    one.begin(stranger)
    one.forget(stranger)
    assert not one.is_begun(stranger)
    assert begun == [stranger] * 3
    assert one.nearby() == ()


async def test_too_many_open_questions_are_refused_and_old_ones_give_way() -> None:
    time = ManualTime()
    one = desk(time.clock)
    for number in range(8):
        await one.show(OXI, number)
    with pytest.raises(PairingError, match="too many"):
        await one.show(OXI, 9)
    time.seconds += 61
    await one.show(OXI, 10)
    assert [item.number for item in one.open_requests()] == [10]


@pytest.mark.parametrize(
    ("member", "rest", "reply"),
    [
        ("RequestPasskey", [], ("u", [42])),
        ("RequestPinCode", [], ("s", ["000042"])),
        ("DisplayPasskey", [42, 0], ("", [])),
        ("DisplayPinCode", ["000042"], ("", [])),
        ("RequestAuthorization", [], ("", [])),
        ("AuthorizeService", ["uuid"], ("", [])),
        ("Cancel", None, ("", [])),
        ("Release", None, ("", [])),
    ],
)
async def test_each_question_of_the_host_is_answered(
    member: str, rest: list[object] | None, reply: tuple[str, list[object]]
) -> None:
    agent = Agent(desk(passkeys={OXI: 42}))
    body = [] if rest is None else [PATH, *rest]
    assert await answer(agent, member, body) == reply


async def test_the_host_asks_to_compare() -> None:
    one = desk()
    request, coming = await asked(one, answer(Agent(one), "RequestConfirmation", [PATH, 7]))
    one.answer(request.request_id, accept=True)
    assert await coming == ("", [])


@pytest.mark.parametrize(
    ("member", "body"),
    [
        ("Introspect", [PATH]),
        ("DisplayPinCode", [PATH, "letters"]),
        ("RequestConfirmation", [PATH, cast("object", "seven")]),
    ],
)
async def test_what_cannot_be_put_to_a_person_is_refused(member: str, body: list[object]) -> None:
    with pytest.raises(PairingError):
        await answer(Agent(desk()), member, body)
