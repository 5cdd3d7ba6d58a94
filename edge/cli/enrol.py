"""vitalwire-edge enrol: join a fleet with a one-time code."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edge.cli.base import add_command
from edge.cli.leaving import leave_fleet
from edge.cli.ownership import act_as_owner
from edge.enrolment.joining import join
from edge.settings import data_folder_of

if TYPE_CHECKING:
    from edge.cli.base import Commands


def add(commands: Commands) -> None:
    """The command and its arguments."""
    command = add_command(commands, "enrol", "join a fleet with a one-time code")
    command.add_argument("code", metavar="CODE", help="as the operator of the cloud gave it")
    command.add_argument("--cloud", required=True, metavar="URL", help="https://HOST[:PORT]")
    command.add_argument("--config", type=Path, metavar="FILE", help="the gateway's settings")
    command.add_argument("--data", type=Path, metavar="DIR", help="the gateway's data folder")
    command.add_argument(
        "--ca-file", default="", metavar="FILE", help="trust this authority for the cloud, PEM"
    )
    command.set_defaults(act=act)


def act(options: argparse.Namespace) -> int:
    """Join and say as whom; EnrolmentError when the cloud does not want us."""
    data = options.data if options.data is not None else data_folder_of(options.config)
    act_as_owner(data, reads=options.ca_file)
    joined = join(
        data,
        cloud=options.cloud,
        code=options.code,
        ca_file=options.ca_file,
        leave=partial(leave_fleet, data),
    )
    print(f"Enrolled as {joined.gateway_id} in vehicle {joined.vehicle_id}.")
    return 0
