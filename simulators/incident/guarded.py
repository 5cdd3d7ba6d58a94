"""Runs a command that ends when whoever started it has died: `guarded.py PARENT_PID COMMAND...`.

The demo starts its programs through this file, so that even `kill -9` of the demo leaves none of
them behind holding a port. The kernel sends SIGTERM when the parent dies (prctl(2),
PR_SET_PDEATHSIG); the request outlives exec, so the program keeps its process id and knows nothing
of it. It is not handed on to grandchildren: none of the programs starts any. The kernel means the
parent's *thread*: start from one that lives as long as the process. Only Linux has this; elsewhere
the command simply runs.

Nothing of ours is imported here: the file runs by its path, without site-packages, in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import Final

_PR_SET_PDEATHSIG: Final = 1


def guarded(command: Sequence[str]) -> list[str]:
    """The command line that runs `command` as a child which does not outlive this process."""
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *command]


def main(arguments: Sequence[str]) -> None:
    """Ask for the signal and become the command; SystemExit when the parent has gone already."""
    parent, *command = arguments
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != int(parent):
        sys.exit(f"{command[0]} is not started: whoever wanted it has gone.")
    os.execvp(command[0], command)  # noqa: S606 - our own command, no shell


if __name__ == "__main__":
    main(sys.argv[1:])
