"""The recorded third-party octets, which stay outside the tree."""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent
FOLDER = Path(os.environ.get("VITALWIRE_VECTORS") or PROJECT.parent / "shared" / "vectors")
PHD_FILE = FOLDER / "phd.json"

needs_vectors = pytest.mark.skipif(
    not PHD_FILE.is_file(),
    reason="third-party vectors absent: set VITALWIRE_VECTORS to the folder that holds phd.json",
)


@cache
def phd() -> dict[str, Any]:
    """The whole file: `vectors` and `sessions`; empty lists when the folder is absent."""
    if not PHD_FILE.is_file():
        return {"vectors": [], "sessions": []}
    document: dict[str, Any] = json.loads(PHD_FILE.read_text(encoding="utf-8"))
    return document
