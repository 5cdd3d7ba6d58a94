"""What the audit's chains ended in when they were last proven, kept beside the master key.

A chain that leads no longer over what was seen was set back, by whoever could write to the
database and had a copy of it from before.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cloud.app.opening import StartError

FILE: Final = "audit.seen"
Head = tuple[str, int, str]
"""Whose chain, at which position, with which hash."""
_HEAD: Final = re.compile(r"([A-Za-z0-9_-]{1,80})=([0-9]{1,18}):([0-9a-f]{64})")


def head_in(text: str) -> Head:
    """`ID=POSITION:HASH`; argparse.ArgumentTypeError for anything else."""
    found = _HEAD.fullmatch(text.strip())
    if found is None:
        raise argparse.ArgumentTypeError("write ID=POSITION:HASH")
    return found[1], int(found[2]), found[3]


class SeenHeads:
    """The file of them in a data folder, a line each."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE

    def read(self) -> list[Head]:
        """All of them, none where there is no file; StartError for one that cannot be read."""
        try:
            lines = self._path.read_text(encoding="utf-8").splitlines()
            return [head_in(line) for line in lines]
        except FileNotFoundError:
            return []
        except OSError as exc:
            raise StartError(f"{self._path} cannot be read ({exc.strerror})") from exc
        except (ValueError, argparse.ArgumentTypeError) as exc:
            raise StartError(
                f"{self._path} is damaged. Put the last good copy in its place"
            ) from exc

    def write(self, heads: Mapping[str, tuple[int, str]]) -> None:
        """Put these in the place of what was kept of the same chains; StartError."""
        kept = {owner: (position, digest) for owner, position, digest in self.read()} | dict(heads)
        text = "".join(f"{owner}={at}:{digest}\n" for owner, (at, digest) in sorted(kept.items()))
        try:
            self._replace(text)
        except OSError as exc:
            raise StartError(f"{self._path} cannot be written ({exc.strerror})") from exc

    def _replace(self, text: str) -> None:
        draft = self._path.with_name(f".{FILE}.{secrets.token_hex(4)}")
        try:
            handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path)
        finally:
            with contextlib.suppress(FileNotFoundError):
                draft.unlink()
