"""The gateway in the vehicle: devices in, readings durable, everything up to the cloud."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import sys
from collections.abc import Sequence
from typing import Final

from edge.cli.base import BAD_START, FAILED, INTERRUPTED
from edge.cli.registry import adders
from edge.errors import BufferDamagedError, EdgeError, SettingsError

PROGRAM: Final = "vitalwire-edge"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, 1 when it failed under way, 2 when it cannot begin."""
    words = sys.argv[1:] if arguments is None else arguments
    # What is loaded stays: to look for waste among it makes a start a tenth longer.
    gc.disable()
    parser = _parser(words)
    gc.enable()
    options = parser.parse_args(words)
    try:
        code: int = options.act(options)
        sys.stdout.flush()  # a full disk is told here, not by the interpreter's last words
    except BufferDamagedError as exc:
        # The next start sets the broken file aside and goes on with what can be read.
        return _complain(exc, FAILED)
    except EdgeError as exc:
        return _complain(exc, BAD_START)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nothing left to say.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except PermissionError as exc:
        if exc.filename is None:
            raise
        return _complain(_forbidden(exc.filename), BAD_START)
    except OSError as exc:
        if exc.errno != errno.ENOSPC:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _complain(SettingsError("the output's disk is full", mend="Make room"), FAILED)
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in adders(words):
        add(commands)
    return parser


def _forbidden(path: object) -> SettingsError:
    return SettingsError(
        f"{path} may not be used by this user",
        mend="Run this as the user that the data folder belongs to, or give it to that user",
    )


def _complain(exc: EdgeError, code: int) -> int:
    print(f"{PROGRAM}: {exc}", file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
