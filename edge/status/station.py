"""The station by the commands of this machine: how it stands, and a technician's word."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edge.commands.station import Station
from edge.status.control import Answer, ControlSocket


def register_station(control: ControlSocket, station: Station) -> None:
    """`station` says whether the vehicle is there; `station.here` and `station.left` say it is."""

    async def show(_asked: Mapping[str, Any]) -> Answer:
        return {"station": station.describe()}

    async def here(_asked: Mapping[str, Any]) -> Answer:
        station.arrive()
        return {"station": station.describe()}

    async def left(_asked: Mapping[str, Any]) -> Answer:
        station.leave()
        return {"station": station.describe()}

    control.register("station", show)
    control.register("station.here", here)
    control.register("station.left", left)
