"""vitalwire-sim: simulated devices, their patient, and the whole incident from one command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Final

from simulators import device_command
from simulators.errors import SimulatorError
from simulators.incident import demo_command
from simulators.patient_story import story_lines
from simulators.scenario import SCENARIOS
from simulators.vital_signs import Patient

PROGRAM: Final = "vitalwire-sim"


def _patient(arguments: argparse.Namespace) -> int:
    patient = Patient(
        seed=arguments.seed, scenario=SCENARIOS[arguments.scenario], seconds=arguments.seconds
    )
    for line in story_lines(patient):
        print(line)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    demo = commands.add_parser("demo", help="a whole incident, from the devices to the bundle")
    demo_command.add_arguments(demo)
    demo.set_defaults(run=demo_command.run)

    device = commands.add_parser("device", help="one simulated device")
    device_command.add_arguments(device)
    device.set_defaults(run=device_command.run)

    patient = commands.add_parser("patient", help="the patient's story, second by second")
    device_command.add_story_arguments(patient)
    patient.add_argument("--seconds", type=float, default=device_command.STORY_SECONDS)
    patient.set_defaults(run=_patient)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it did what was asked, 1 or 2 when it could not."""
    arguments = _parser().parse_args(argv)
    run: Callable[[argparse.Namespace], int] = arguments.run
    try:
        return run(arguments)
    except SimulatorError as error:
        print(f"{PROGRAM}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
