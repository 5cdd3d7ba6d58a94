"""Run after run: a configuration from afar is tried by starting anew, and left the same way."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from edge.app.gateway import RunWishes, SettingsCheck
from edge.app.running import run
from edge.clock import SYSTEM_CLOCK, Clock
from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.identity import Identity
from edge.errors import BufferDamagedError, EdgeError
from edge.settings import data_folder_of, load_settings

log = logging.getLogger(__name__)

DOES_NOT_START = "does_not_start"


async def run_configured(
    config: Path | None, wishes: RunWishes, *, clock: Clock = SYSTEM_CLOCK
) -> None:
    """Run until asked to stop, again whenever the configuration changes.

    EdgeError when the gateway cannot begin or go on with the configuration known to be good.
    """
    data = data_folder_of(config)
    while True:
        folder = ConfigurationFolder(data, Identity(data).membership())
        is_trial = folder.count_start()
        try:
            settings = load_settings(config)
            await run(settings, wishes, clock=clock, check=_checker(config))
        except BufferDamagedError:
            raise
        except EdgeError as exc:
            if not is_trial or folder.roll_back(DOES_NOT_START) is None:
                raise
            log.warning("configuration rolled back reason=%r", exc.cause)
            continue
        if wishes.stop.is_set() or not wishes.again.is_set():
            return
        wishes.again.clear()
        # Whoever waited for the first start is not told of the next ones.
        wishes = replace(wishes, ready=lambda _agents: None)
        log.info("starting anew with another configuration")


def _checker(config: Path | None) -> SettingsCheck:
    def check(candidate: Mapping[str, object]) -> None:
        load_settings(config, candidate=candidate).check_files()

    return check
