"""Fixtures everyone may use; the environment is cleaned of our own settings first."""

from __future__ import annotations

import os

for _name in [name for name in os.environ if name.startswith(("EDGE_", "CLOUD_"))]:
    del os.environ[_name]
