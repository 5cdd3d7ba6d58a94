"""The cloud: API and hospital board, broker, ingest and worker, and what an operator does by hand.

Exit codes: 0 done, 1 the audit is broken, 2 it cannot start (one line on stderr says why and what
to do).
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, Final

from cloud.app.administration import ADMINISTRATION, run_administration
from cloud.app.arguments import add_acts, add_settings
from cloud.app.bootstrap import ADMIN_EMAIL, Made, bootstrap
from cloud.app.fleet_commands import (
    add_broker_arguments,
    add_gateway_commands,
    run_fleet_command,
)
from cloud.app.logs import log_to_stderr
from cloud.app.opening import StartError, opened, opened_existing
from cloud.app.parts import Parts
from cloud.app.programs import run_broker, run_ingest, run_worker, serve
from cloud.app.tracing import traced
from cloud.broker.embedded import BrokerStartError
from cloud.settings import CloudSettings, SettingsFaultError, read_settings

PROGRAM: Final = "vitalwire-cloud"
CANNOT_START: Final = 2

_RUNNING: Final[dict[str, Callable[[Parts], Coroutine[Any, Any, None]]]] = {
    "serve": serve,
    "broker": run_broker,
    "ingest": run_ingest,
    "worker": run_worker,
}
_SETTINGS: Final = (
    "data",
    "host",
    "port",
    "mqtt_host",
    "mqtt_port",
    "database_url",
    "log_level",
    "log_format",
)
_FLEET: Final = ("gateways", "broker-config")
_ACTS: Final = {**ADMINISTRATION, "gateways": add_gateway_commands}


def run(arguments: Sequence[str] | None = None) -> int:
    """One command; the exit code."""
    given = _parser().parse_args(arguments)
    try:
        return _run(given)
    except (StartError, BrokerStartError, SettingsFaultError) as exc:
        print(f"{PROGRAM}: {exc}.", file=sys.stderr)
        return CANNOT_START


def _run(given: argparse.Namespace) -> int:
    settings = read_settings(given.config, _chosen(given))
    log_to_stderr(settings.log_level, settings.log_format)
    if given.command == "migrate":
        with opened(settings, migrating=True):
            print("The database has the newest schema.")
        return 0
    if given.command == "bootstrap":
        _bootstrap(settings, given)
        return 0
    with opened_existing(settings) if given.command in _ACTS else opened(settings) as parts:
        if given.command in _FLEET:
            for line in run_fleet_command(parts, given):
                print(line)
            return 0
        if given.command in ADMINISTRATION:
            return run_administration(parts, given, _show)
        with traced(parts):
            asyncio.run(_RUNNING[given.command](parts))
    return 0


def _bootstrap(settings: CloudSettings, given: argparse.Namespace) -> None:
    with opened(settings) as parts:
        bootstrap(
            parts,
            given.name,
            lambda made: _show(_secrets(made, as_json=given.json)),
            email=given.admin_email,
        )


def _secrets(made: Made, *, as_json: bool) -> str:
    if as_json:
        return json.dumps(made)
    rows = (
        f"  {key}: {' '.join(value) if isinstance(value, list) else value}"
        for key, value in made.items()
    )
    return "\n".join(("These secrets are shown only now:", *rows))


def _show(text: str) -> None:
    """Print, past every buffer of ours; OSError when nobody reads. Nothing makes no line."""
    try:
        print(text, end="\n" if text else "", flush=True)
    except OSError:
        # What is left in the buffer would fail once more, and loudly, at the interpreter's end.
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
        raise


def _chosen(given: argparse.Namespace) -> dict[str, Any]:
    """The settings that were given on the command line."""
    values = vars(given)
    chosen = {name: values[name] for name in _SETTINGS if values.get(name) is not None}
    if given.command == "broker-config":
        del chosen["port"]
    for name in ("broker", "ingest", "worker", "migrate"):
        if values.get(f"no_{name}"):
            chosen[name] = False
    return chosen


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, words in (
        ("serve", "the whole service, or the parts the --no- flags leave"),
        ("broker", "the embedded MQTT broker alone"),
        ("ingest", "ingest from the broker alone"),
        ("worker", "the work after commits alone"),
        ("migrate", "bring the database to the newest schema"),
        ("bootstrap", "create a first tenant and print its secrets once"),
        ("gateways", "invite, list or revoke gateways"),
        ("broker-config", "write the configuration of a Mosquitto for the fleet"),
        ("apps", "register, approve, suspend or end clients and partners"),
        ("users", "add people, set their passwords and roles, suspend or delete them"),
        ("tenants", "list the tenants"),
        ("products", "add or list the products of a tenant"),
        ("sites", "add or list the places of a tenant"),
        ("hospitals", "connect hospitals' servers, test them and follow deliveries"),
        ("webhooks", "list webhooks, follow what is sent to them, and serve one again"),
        ("retention", "say how long what is kept, and place or lift legal holds"),
        ("erase", "erase an encounter or a patient, or say what would go"),
        ("access", "list, approve, refuse or revoke what organisations ask to be let into"),
        ("operations", "list, grant or take back curated GraphQL operations"),
        ("keys", "list, rotate or retire the keys that sign tokens"),
        ("audit", "prove that nothing of the audit was changed or removed"),
    ):
        command = commands.add_parser(name, help=words)
        add_settings(command)
        if name in ("serve", "broker", "ingest"):
            command.add_argument(
                "--mqtt-host", metavar="HOST", help="the embedded broker's address"
            )
            command.add_argument(
                "--mqtt-port", type=int, metavar="PORT", help="its port, 0 for a free one"
            )
        if name == "serve":
            command.add_argument("--host", metavar="HOST", help="address to listen on")
            command.add_argument(
                "--port", type=int, metavar="PORT", help="port to listen on, 0 for a free one"
            )
            for part in ("broker", "ingest", "worker"):
                command.add_argument(
                    f"--no-{part}", action="store_true", help=f"run the {part} elsewhere"
                )
        if name in ("serve", "broker", "ingest", "worker"):
            command.add_argument(
                "--no-migrate", action="store_true", help="refuse to start on another schema"
            )
        if name == "bootstrap":
            command.add_argument(
                "--name", default="First tenant", metavar="NAME", help="the tenant's name"
            )
            command.add_argument(
                "--admin-email",
                default=ADMIN_EMAIL,
                metavar="ADDRESS",
                help=f"what the first person signs in by ({ADMIN_EMAIL})",
            )
            command.add_argument("--json", action="store_true", help="print one JSON object")
        if name == "broker-config":
            add_broker_arguments(command)
        if name in _ACTS:
            add_acts(command, _ACTS[name])
    return parser
