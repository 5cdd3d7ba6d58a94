"""Log lines: what a fault was and where, never what it was about."""

from __future__ import annotations

import json
import logging

import pytest

from cloud.app.logs import Fault, JsonFormatter, TextFormatter

SAID = "Ottersby 943 476 5919"


def fault() -> BaseException:
    """A fault whose words quote a record, behind another and beside a third."""

    def read(text: str) -> None:
        try:
            int(text)
        except ValueError as exc:
            exc.add_note(text)
            raise KeyError(text) from exc

    try:
        read(SAID)
    except KeyError as exc:
        return ExceptionGroup(SAID, [exc, RuntimeError(SAID)])
    raise AssertionError("unreachable")


def line_of(what: Fault) -> logging.LogRecord:
    """A line about a fault."""
    words = "event=fault request_id=%s kind=%s"
    return logging.LogRecord("vitalwire.api", 40, "x.py", 1, words, ("r-1", "KeyError"), what)


@pytest.mark.parametrize("formatter", [TextFormatter(), JsonFormatter()])
def test_a_fault_is_logged_by_its_classes_and_places(formatter: logging.Formatter) -> None:
    one = fault()
    told = formatter.format(line_of((type(one), one, one.__traceback__)))
    for word in ("event", "r-1", "ExceptionGroup", "KeyError", "RuntimeError", "ValueError"):
        assert word in told, told
    assert "test_logs.py" in told
    assert "in read" in told
    assert "Ottersby" not in told
    assert "5919" not in told


def test_a_json_line_is_one_line() -> None:
    line = JsonFormatter().format(line_of((KeyError, KeyError(SAID), None)))
    assert "\n" not in line
    assert json.loads(line)["traceback"] == "KeyError"
    assert json.loads(line)["kind"] == "KeyError"
