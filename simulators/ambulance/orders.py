"""Orders to a vehicle that plays, one line each on its standard input.

    unplug defibrillator      plug defibrillator      away oximeter 20
    corrupt ecg 3             truncate monitor 5      stall ecg 2

`away` pulls the wire for so many seconds of the patient's time, as a device that walks out of
reach. An order that nobody understands is answered and changes nothing.
"""

from __future__ import annotations

import asyncio
import json
import os
import select
import sys
from collections.abc import Callable
from typing import Final, TextIO

from simulators.ambulance.vehicle import Vehicle
from simulators.faulty_link import FaultyLink

_WORDS: Final = 3
_READ_OCTETS: Final = 4096


class Orders:
    """Reads a vehicle's standard input and obeys; its end ends the orders, not the vehicle."""

    def __init__(self, vehicle: Vehicle, source: TextIO) -> None:
        self._vehicle = vehicle
        self._source = source
        self._lines: asyncio.Queue[str] = asyncio.Queue()
        self._rest = b""

    async def obey(self) -> None:
        """Until the source ends."""
        loop = asyncio.get_running_loop()
        try:
            loop.add_reader(self._source, self._read)
        except (OSError, ValueError):
            return  # a file or nothing at all: nobody will order anything
        try:
            async with asyncio.TaskGroup() as tasks:
                while line := await self._lines.get():
                    self._one(line.split(), tasks)
        finally:
            loop.remove_reader(self._source)

    def _read(self) -> None:
        # Never a whole line: who waits for the end of one that is not finished hears no signal.
        descriptor = self._source.fileno()
        if not select.select([descriptor], [], [], 0)[0]:
            return  # another process that has the same input was faster
        octets = os.read(descriptor, _READ_OCTETS)
        *lines, self._rest = (self._rest + octets).split(b"\n")
        if not octets:
            asyncio.get_running_loop().remove_reader(self._source)
            lines += [self._rest, b""] if self._rest else [b""]
        for line in lines:
            text = line.decode(errors="replace")
            self._lines.put_nowait(f"{text}\n" if line or octets else "")

    def _one(self, words: list[str], tasks: asyncio.TaskGroup) -> None:
        if not words:
            return
        order, name, amount = (*words, "", "", "")[:_WORDS]
        aboard = self._vehicle.devices.get(name)
        if aboard is None or not self._carry_out(order, aboard.link, amount, tasks):
            sys.stderr.write(json.dumps({"not_understood": " ".join(words)}) + "\n")

    def _carry_out(
        self, order: str, link: FaultyLink, amount: str, tasks: asyncio.TaskGroup
    ) -> bool:
        number = float(amount) if amount.replace(".", "", 1).isdecimal() else None
        plain: dict[str, Callable[[], None]] = {"unplug": link.unplug, "plug": link.plug}
        if order in plain:
            plain[order]()
            return True
        if number is None:
            return False
        if order == "away":
            tasks.create_task(self._away(link, number), name="away")
            return True
        counted: dict[str, Callable[[], None]] = {
            "corrupt": lambda: link.corrupt(octets=int(number)),
            "truncate": lambda: link.truncate(keep=int(number)),
            "stall": lambda: link.stall(seconds=number),
        }
        if order not in counted:
            return False
        counted[order]()
        return True

    async def _away(self, link: FaultyLink, seconds: float) -> None:
        link.unplug()
        await self._vehicle.clock.sleep(seconds)
        link.plug()
