"""`configuration.apply` is answered when the trial is over, in whichever run that is."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import pytest

from edge.clock import SYSTEM_CLOCK
from edge.commands.carrying import Carried
from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.trial import ConfigurationTrial
from edge.errors import SettingsError
from protocols.uplink.commands import ApplyConfiguration, Command, Outcome, ReadClock
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.enrolment.authority import Cloud

CLOUD = Cloud()


class Box:
    """A gateway's configuration and what its trial asked for."""

    def __init__(self, folder: ConfigurationFolder, *, trial_seconds: float = 10.0) -> None:
        self.folder = folder
        self.restarts = 0
        self.concluded: list[tuple[UUID, Carried]] = []
        self.was_concluded = asyncio.Event()
        self.was_restarted = asyncio.Event()
        self.trial = ConfigurationTrial(
            folder=folder,
            clock=SYSTEM_CLOCK,
            check=self.check,
            restart=self.restart,
            conclude=self.conclude,
            trial_seconds=trial_seconds,
        )

    def check(self, settings: Mapping[str, object]) -> None:
        if "nonsense" in settings:
            raise SettingsError("nonsense is no setting of the gateway")

    def restart(self) -> None:
        self.restarts += 1
        self.was_restarted.set()

    async def conclude(self, command_id: UUID, carried: Carried) -> None:
        self.concluded.append((command_id, carried))
        self.was_concluded.set()

    async def run_until(self, event: asyncio.Event) -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.trial.run())
            await event.wait()
            running.cancel()


def apply(version: int, settings: dict[str, object], cloud: Cloud = CLOUD) -> Command:
    return command(ApplyConfiguration(signed=cloud.sign(version, settings)))


async def test_a_configuration_that_reaches_the_cloud_is_kept_and_answered(tmp_path: Path) -> None:
    before, one = Box(CLOUD.enrol(tmp_path)), apply(2, {"vehicle_id": "AMB-8"})
    carried = await before.trial.apply(one)
    assert carried.is_pending
    carried.then()
    assert before.restarts == 1
    after = Box(before.folder)
    assert (await after.trial.apply(one)).is_pending, "the same command, found in the inbox"
    after.trial.reached.set()
    await after.run_until(after.was_concluded)
    ((command_id, answer),) = after.concluded
    assert (command_id, answer.outcome) == (one.command_id, Outcome.DONE)
    assert answer.facts == (("version", "2"),)
    assert before.folder.version == 2
    assert (await after.trial.apply(one)).outcome is Outcome.DONE


async def test_one_that_does_not_is_rolled_back_and_the_next_run_says_so(tmp_path: Path) -> None:
    before, one = Box(CLOUD.enrol(tmp_path)), apply(2, {})
    await before.trial.apply(one)
    cut_off = Box(before.folder, trial_seconds=0.01)
    await cut_off.run_until(cut_off.was_restarted)
    assert (cut_off.folder.version, cut_off.concluded) == (1, [])
    answer = await Box(before.folder).trial.apply(one)
    assert (answer.outcome, answer.reason) == (Outcome.FAILED, "cloud_not_reached")


@pytest.mark.parametrize(
    ("one", "reason"),
    [
        (apply(1, {}), "not_newer"),
        (apply(2, {"nonsense": 1}), "invalid_settings"),
        (apply(2, {}, Cloud()), "not_verified"),
        (command(ReadClock()), "another_request"),
    ],
)
async def test_what_cannot_be_right_is_refused_at_once(
    tmp_path: Path, one: Command, reason: str
) -> None:
    box = Box(CLOUD.enrol(tmp_path))
    carried = await box.trial.apply(one)
    assert (carried.outcome, carried.reason) == (Outcome.REFUSED, reason)
    assert box.folder.trial() is None


async def test_a_box_that_never_joined_or_tries_another_refuses(tmp_path: Path) -> None:
    stranger = Box(ConfigurationFolder(tmp_path, None))
    assert (await stranger.trial.apply(apply(2, {}))).reason == "not_enrolled"
    box = Box(CLOUD.enrol(tmp_path))
    await box.trial.apply(apply(2, {}))
    assert (await box.trial.apply(apply(3, {}))).reason == "another_trial"
