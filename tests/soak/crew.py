"""The crew at its page: a screen to unlock and to press, and a release tried until it holds."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import httpx

from edge.crew.folder import crew_folder
from edge.crew.pin import PinStore

PIN: Final = "4711"
MEMBER: Final = "crew-201"
_OWN: Final = {"X-Vitalwire": "crew"}
_PATIENCE: Final = 2.0
_LOCKED: Final = 401


class Answer(Enum):
    """What came of a press on *Release*."""

    TAKEN = "the gateway has it on its disk"
    NOT_ON_BOARD = "the page shows another encounter, or none"
    AWAY = "there is no gateway to ask"
    UNKNOWN = "it may have been taken or not"


def choose_pin(data: Path) -> None:
    """Before the gateway's first start, as `vitalwire-edge crew-pin` does."""
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    PinStore(crew_folder(data)).set(PIN)


class CrewScreen:
    """A tablet in the vehicle's network. A gateway that was killed has locked it: PIN again."""

    def __init__(self, port: int) -> None:
        self._http = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers=_OWN, timeout=_PATIENCE, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._http.close()

    def release(self, encounter_id: str) -> Answer:
        """*Release*, when this encounter is the one the page shows."""
        try:
            if self._on_board() != encounter_id:
                return Answer.NOT_ON_BOARD
        except httpx.HTTPError:
            return Answer.AWAY
        try:
            answer = self._http.post("/encounter/release")
        except httpx.HTTPError:
            return Answer.UNKNOWN
        return Answer.TAKEN if answer.is_success else Answer.UNKNOWN

    def _on_board(self) -> str:
        """The encounter the page shows, empty for none; HTTPError when it shows nothing."""
        if self._http.post("/touch").status_code == _LOCKED:
            given = {"pin": PIN, "member": MEMBER}
            self._http.post("/unlock", json=given).raise_for_status()
        with self._http.stream("GET", "/live") as stream:
            stream.raise_for_status()
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    shown = json.loads(line.removeprefix("data: "))["encounter"]
                    return str(shown["id"]) if shown else ""
        raise httpx.RemoteProtocolError("the page's stream ended before it showed anything")


@dataclass(slots=True)
class Release:
    """One patient's release. `span`: the seconds of the shift within which it was taken.

    An answer that got lost says nothing: from then on it may have been taken, until the page says.
    """

    encounter_id: str
    is_known: bool = False
    span: tuple[float, float] | None = None

    def attempt(self, press: Callable[[str], Answer], now: Callable[[], float]) -> bool:
        """Press once; whether the patient is released."""
        pressed_at = now()
        answer = press(self.encounter_id)
        begin = self.span[0] if self.span is not None else pressed_at
        match answer:
            case Answer.UNKNOWN:
                self.span = (begin, math.inf)
            case Answer.TAKEN:
                self.span, self.is_known = (begin, now()), True
            case Answer.NOT_ON_BOARD if self.span is not None:
                self.span, self.is_known = (begin, now()), True
        return self.is_known
