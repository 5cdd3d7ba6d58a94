"""What holds for every test: an environment without our own settings, and patience."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

for _name in [name for name in os.environ if name.startswith(("EDGE_", "CLOUD_"))]:
    del os.environ[_name]

# A busy machine is no fault of the code under test: pytest's own timeout bounds a test.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
