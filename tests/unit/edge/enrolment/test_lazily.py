"""A module that is loaded on demand is the module itself to whoever looks into it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edge.enrolment.lazily import lazily


def test_what_is_asked_for_is_the_modules_own() -> None:
    import_of = lazily("decimal")
    assert import_of.Decimal is sys.modules["decimal"].Decimal


def test_a_module_that_is_not_there_is_told_when_it_is_needed() -> None:
    missing = lazily("no_such_module_of_ours")
    with pytest.raises(ModuleNotFoundError):
        _ = missing.anything


def test_a_key_and_its_request_are_made_in_a_fresh_process() -> None:
    """Modules that load one another do not meet half of themselves."""
    program = (
        "import sys, tempfile; from pathlib import Path;"
        "from edge.enrolment.identity import Identity;"
        "assert 'cryptography.x509' not in sys.modules;"
        "print(Identity(Path(tempfile.mkdtemp())).request()[:30])"
    )
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert told.stdout.startswith("-----BEGIN CERTIFICATE REQUEST"[:30])
