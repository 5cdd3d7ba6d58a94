"""What holds for every test: an environment without our own settings, and patience."""

from __future__ import annotations

import gc
import logging
import os
from typing import Final

import anyio
from hypothesis import HealthCheck, settings

for _name in [name for name in os.environ if name.startswith(("EDGE_", "CLOUD_"))]:
    del os.environ[_name]

# A busy machine is no fault of the code under test: pytest's own timeout bounds a test. The default
# tests say the same of the same tree each time; the long ones search for new examples.
PATIENT: Final = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("steady", PATIENT, derandomize=True)
settings.register_profile("searching", PATIENT)
settings.load_profile("steady")

# anyio imports its parts when they are first asked for, and pytest compiles them anew at that
# moment. CPython 3.11 may fail at that while another thread compiles too, so a server that runs in
# a thread must not be the first to ask.
AT_ONCE: Final = (anyio.open_file, anyio.create_task_group, anyio.to_thread, anyio.from_thread)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the cycle collector need not walk it again and again.

    A quarter of the processor time of tests that call the API went into that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_runtest_teardown() -> None:
    """A command called in a test logs to the stderr of that test, which is closed after it."""
    root = logging.getLogger()
    for handler in [one for one in root.handlers if type(one) is logging.StreamHandler]:
        root.removeHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("edge").setLevel(logging.NOTSET)
