"""The last lines of the log in memory."""

from __future__ import annotations

import logging

from edge.status.log_tail import MOST_LINES, LogTail


def test_the_last_lines_are_kept_on_one_line_each() -> None:
    tail = LogTail()
    logger = logging.getLogger("edge.test_tail")
    logger.setLevel(logging.INFO)
    with tail.listening("edge.test_tail"):
        logger.info("line open device=%s", "ox\nbad")
        logger.debug("too small")
        logger.warning("x" * 5000)
    logger.warning("after")
    first, second = tail.lines()
    assert first.endswith("info line open device=ox bad")
    assert len(second) == 300
    assert tail.lines(1) == [second]
    assert tail.lines(0) == []


def test_they_are_bounded() -> None:
    tail = LogTail()
    for number in range(MOST_LINES + 50):
        tail.emit(logging.LogRecord("edge", logging.INFO, "f", 1, "%d", (number,), None))
    assert len(tail.lines()) == MOST_LINES
    assert tail.lines()[-1].endswith(f" {MOST_LINES + 49}")
