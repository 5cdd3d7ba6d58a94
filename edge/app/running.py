"""One run of the gateway, from open to end in good order."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from contextlib import AsyncExitStack

from edge.app.buffering import open_buffer
from edge.app.gateway import EndedError, Gateway, RunWishes, SettingsCheck, accept_any
from edge.app.opening import data_folder, make_links
from edge.app.recording import open_recorder
from edge.app.tracing import make_tracing
from edge.buffer.recovery import FILE_NAME as BUFFER_FILE
from edge.clock import SYSTEM_CLOCK, Clock
from edge.drivers.stored_pages import StoredPages
from edge.errors import BufferFaultError, EdgeError
from edge.settings import EdgeSettings
from edge.status.file import sole_use
from edge.transports.registry import check_line

log = logging.getLogger(__name__)


async def run(
    settings: EdgeSettings,
    wishes: RunWishes,
    *,
    clock: Clock = SYSTEM_CLOCK,
    check: SettingsCheck = accept_any,
) -> None:
    """Run the gateway until asked to stop. Raises EdgeError when it cannot begin or go on.

    `check` says whether settings from afar could be run with.
    """
    for device in settings.devices:
        await check_line(device.transport)
    folder = data_folder(settings.data)
    with sole_use(folder):
        async with AsyncExitStack() as stack:
            begins_anew = not (folder / BUFFER_FILE).is_file()
            buffer = await stack.enter_async_context(open_buffer(settings, folder, clock))
            recorder = await stack.enter_async_context(open_recorder(settings, folder, clock))
            links = await make_links(settings, clock, buffer.keeper, stack)
            # What the buffer no longer holds, and nobody was sent, must come from the devices.
            forget = begins_anew or buffer.recovery is not None
            pages = StoredPages(folder, forget=forget)
            tracing = make_tracing(settings.tracing.otlp_url, monotonic=clock.monotonic)
            if tracing is not None:
                stack.push_async_callback(asyncio.to_thread, tracing.close)
            gateway = Gateway(
                settings,
                folder,
                buffer,
                links,
                pages,
                recorder,
                clock,
                forget_marks=forget,
                check=check,
                tracing=tracing,
            )
            try:
                with gateway.tail.listening():
                    async with asyncio.TaskGroup() as tasks:
                        await gateway.live(wishes, tasks)
            except* EndedError:
                log.info("ended")
            except* EdgeError as group:
                raise _first(group) from group
            finally:
                with contextlib.suppress(BufferFaultError):
                    await gateway.reporter.report(ended=True)


def _first(group: BaseExceptionGroup[EdgeError]) -> EdgeError:
    for item in group.exceptions:
        if isinstance(item, BaseExceptionGroup):
            return _first(item)
        return item
    raise AssertionError("a group of errors without an error")
