"""What every command has."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

BAD_START: Final = 2
FAILED: Final = 1
INTERRUPTED: Final = 130
