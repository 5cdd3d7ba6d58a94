"""What the Bluetooth service asks its pairing agent, and what each question is to a person.

`org.bluez.Agent1` as a table of members; who answers stands behind `PairingAnswers`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from edge.errors import PairingError
from edge.transports.ble.base import PairingAnswers

REFUSED: Final = "org.bluez.Error.Rejected"
ASKS_AND_SHOWS: Final = "KeyboardDisplay"
"""A person is there who can read a number, type one and compare two."""
ASKS_NOBODY: Final = "NoInputNoOutput"

Reply = tuple[str, list[object]]
_NOTHING: Final[Reply] = ("", [])


@dataclass(frozen=True, slots=True)
class Agent:
    """Who answers, and what the service is told our end can do."""

    answers: PairingAnswers
    capability: str = ASKS_AND_SHOWS


async def _passkey(agent: Agent, address: str, _rest: Sequence[object]) -> Reply:
    return "u", [await agent.answers.passkey(address)]


async def _pin_code(agent: Agent, address: str, _rest: Sequence[object]) -> Reply:
    return "s", [f"{await agent.answers.passkey(address):06d}"]


async def _show(agent: Agent, address: str, rest: Sequence[object]) -> Reply:
    number = rest[0]
    # A legacy device's PIN may be letters; only numbers are shown to a person here.
    if isinstance(number, int) or (isinstance(number, str) and number.isdecimal()):
        await agent.answers.show(address, int(number))
        return _NOTHING
    raise PairingError("the device wants a code that is no number")


async def _compare(agent: Agent, address: str, rest: Sequence[object]) -> Reply:
    if not isinstance(rest[0], int):
        raise PairingError("the service asks to compare what is no number")
    await agent.answers.compare(address, rest[0])
    return _NOTHING


async def _allow(agent: Agent, address: str, _rest: Sequence[object]) -> Reply:
    await agent.answers.allow(address)
    return _NOTHING


async def _ended(agent: Agent, _address: str, _rest: Sequence[object]) -> Reply:
    await agent.answers.ended()
    return _NOTHING


_MEMBERS: Final[dict[str, Callable[[Agent, str, Sequence[object]], Awaitable[Reply]]]] = {
    "RequestPasskey": _passkey,
    "RequestPinCode": _pin_code,
    "DisplayPasskey": _show,
    "DisplayPinCode": _show,
    "RequestConfirmation": _compare,
    "RequestAuthorization": _allow,
    "AuthorizeService": _allow,
    "Cancel": _ended,
    "Release": _ended,
}


async def answer(agent: Agent, member: str, body: Sequence[object]) -> Reply:
    """Signature and body of the reply; PairingError for a refusal, and for what nobody knows."""
    act = _MEMBERS.get(member)
    if act is None:
        raise PairingError(f"the agent knows no {member}")
    path, *rest = body or [""]
    address = str(path).rsplit("/dev_", 1)[-1].replace("_", ":")
    return await act(agent, address, rest)
