"""vitalwire-edge pair: pair a Bluetooth device with the gateway that runs on this machine."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from edge.cli.base import FAILED, add_command
from edge.cli.place import add_place, folder_of
from edge.errors import SettingsError
from edge.status.control import ask

if TYPE_CHECKING:
    from edge.cli.base import Commands

_PATIENCE_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.3
_PAIRED: Final = frozenset({"associated", "receiving"})
_QUESTIONS: Final = {
    "ask_passkey": "{name} shows a number; type it here: ",
    "compare_number": "Does {name} show {number:06d}? [y/N] ",
    "confirm": "Let {name} pair without a number? [y/N] ",
}


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(
        commands, "pair", "pair a Bluetooth device, or show what is near and what is asked"
    )
    add_place(command)
    command.add_argument(
        "address", nargs="?", metavar="ADDRESS", help="the device; without it: what is near"
    )
    command.add_argument(
        "--forget", action="store_true", help="drop the bond and serve the device no more"
    )
    command.add_argument(
        "--seconds",
        type=float,
        default=_PATIENCE_SECONDS,
        metavar="N",
        help="how long to wait for the device (default 120)",
    )
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Show, pair or forget."""
    folder = folder_of(options)
    if options.address is None:
        if options.forget:
            raise SettingsError(
                "--forget needs an address", mend="Name the device: ADDRESS --forget"
            )
        _show(ask(folder, "pairing"))
        return 0
    if options.forget:
        ask(folder, "pairing.forget", address=options.address)
        print(f"{options.address} is forgotten")
        return 0
    ask(folder, "pairing.begin", address=options.address)
    print(f"Waiting for {options.address}: switch it to pairing now (Ctrl-C ends)", flush=True)
    return follow(folder, options.address.upper(), options.seconds, input)


def _show(said: dict[str, Any]) -> None:
    for item in said["requests"]:
        number = "" if item["number"] is None else f" {item['number']:06d}"
        print(f"asked     {item['name']} ({item['address']}): {item['kind']}{number}")
    for item in said["nearby"]:
        state = item["state"] or "not enrolled"
        services = ", ".join(item["services"]) or "no service named"
        print(
            f"near      {item['address']} {item['rssi']:4d} dBm {item['name']}: {state}, {services}"
        )
    if not said["nearby"]:
        print("nothing is near, or the radio is down: look at the status")


def follow(folder: Path, address: str, seconds: float, read: Callable[[str], str]) -> int:
    """Put each question to the person until the device is served, or the time is over."""
    deadline = time.monotonic() + seconds
    answered: set[int] = set()
    reason = "it was not heard"
    while time.monotonic() < deadline:
        said = ask(folder, "pairing")
        for item in said["requests"]:
            if item["address"] == address and item["id"] not in answered:
                answered.add(item["id"])
                _put(folder, item, read)
        for item in said["nearby"]:
            if item["address"] == address:
                if item["state"] in _PAIRED:
                    print(f"{item['name']} is paired")
                    return 0
                reason = item["reason"] or reason
        time.sleep(_LOOK_SECONDS)
    print(f"{address} was not paired: {reason.rstrip('.')}")
    return FAILED


def _put(folder: Path, item: dict[str, Any], read: Callable[[str], str]) -> None:
    """One question to the person, and the answer to the gateway."""
    if item["kind"] == "show_passkey":
        print(f"Type {item['number']:06d} on {item['name']}", flush=True)
        return
    said = read(_QUESTIONS[item["kind"]].format(**item)).strip()
    if item["kind"] == "ask_passkey" and said.isdecimal():
        ask(folder, "pairing.answer", id=item["id"], passkey=int(said))
    elif said.lower() in ("y", "yes"):
        ask(folder, "pairing.answer", id=item["id"], accept=True)
    else:
        ask(folder, "pairing.refuse", id=item["id"])
