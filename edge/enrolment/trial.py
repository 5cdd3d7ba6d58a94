"""`configuration.apply`: verify, validate, try, and say what became of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from edge.clock import Clock
from edge.commands.carrying import Carried, refused
from edge.enrolment.configuration import ConfigurationFolder, Trial, Verdict, verify
from edge.errors import EnrolmentError, SettingsError
from protocols.uplink.commands import ApplyConfiguration, Command, Outcome

log = logging.getLogger(__name__)

TRIAL_SECONDS: Final = 180.0
NO_WAY_UP: Final = "cloud_not_reached"


@dataclass(slots=True, kw_only=True)
class ConfigurationTrial:
    """Applies configurations. `check` refuses settings (SettingsError); `restart` starts anew.

    `conclude` answers the command of a trial that is over; `reached` is set whenever the cloud
    took something from us.
    """

    folder: ConfigurationFolder
    clock: Clock
    check: Callable[[Mapping[str, object]], None]
    restart: Callable[[], None]
    conclude: Callable[[UUID, Carried], Awaitable[None]]
    trial_seconds: float = TRIAL_SECONDS
    reached: asyncio.Event = field(default_factory=asyncio.Event)

    async def apply(self, command: Command) -> Carried:
        """Carry out `configuration.apply`; the answer comes when the trial is over."""
        request = command.request
        if not isinstance(request, ApplyConfiguration):
            return refused("another_request")
        verdict, trial = self.folder.verdict(), self.folder.trial()
        if verdict is not None and verdict.command == command.command_id.hex:
            return carried_of(verdict)
        if trial is not None:
            # Ours, interrupted by a restart, or another one first: the answer comes with its end.
            is_ours = trial.command == command.command_id.hex
            return Carried(is_pending=True) if is_ours else refused("another_trial")
        return self._begin(command, request.signed)

    async def run(self) -> None:
        """Watch over the trial this run began with, if there is one. Until cancelled."""
        trial = self.folder.trial()
        if trial is not None:
            await self._watch(trial)
        await asyncio.get_running_loop().create_future()

    async def _watch(self, trial: Trial) -> None:
        try:
            async with asyncio.timeout(self.trial_seconds):
                await self.reached.wait()
        except TimeoutError:
            log.warning("configuration rolled back version=%d", trial.version)
            await asyncio.to_thread(self.folder.roll_back, NO_WAY_UP)
            # The command is answered by the run with the good one: it has a way up.
            self.restart()
            return
        verdict = await asyncio.to_thread(self.folder.keep_trial)
        log.info("configuration kept version=%d", trial.version)
        if verdict is not None:
            await self.conclude(UUID(hex=verdict.command), carried_of(verdict))

    def _begin(self, command: Command, text: str) -> Carried:
        if self.folder.membership is None:
            return refused("not_enrolled")
        try:
            signed = verify(text, self.folder.membership)
        except EnrolmentError as exc:
            log.warning("configuration refused reason=%r", exc.cause)
            return refused("not_verified")
        if signed.version <= self.folder.highest_version():
            return refused("not_newer")
        try:
            self.check(signed.settings)
        except SettingsError as exc:
            return Carried(
                outcome=Outcome.REFUSED,
                reason="invalid_settings",
                facts=(("why", exc.cause[:500]),),
            )
        trial = Trial(command=command.command_id.hex, version=signed.version)
        self.folder.begin_trial(text, trial)
        log.info("configuration on trial version=%d", signed.version)
        return Carried(is_pending=True, then=self.restart)


def carried_of(verdict: Verdict) -> Carried:
    """What to answer when a trial is over."""
    facts = (("version", str(verdict.version)),)
    if verdict.is_kept:
        return Carried(facts=facts)
    return Carried(outcome=Outcome.FAILED, reason=verdict.reason, facts=facts)
