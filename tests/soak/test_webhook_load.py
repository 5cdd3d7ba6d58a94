"""A load of webhooks while workers are killed: nothing lost, nothing changed, few made to wait."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from tests.postgres import running_server
from tests.soak.webhook_ledger import Ledger
from tests.soak.webhook_load import Load, run

LOG = logging.getLogger("vitalwire.soak")
_MOST_GROWTH_KIB = 40_000
_MOST_SECONDS = 30.0


@pytest.mark.soak
@pytest.mark.timeout(3 * 3600)
def test_a_hundred_thousand_events_reach_two_hundred_receivers(tmp_path: Path) -> None:
    load = Load()
    with running_server() as server:
        figures = run(tmp_path, server.new_database(), load, say=LOG.info)

    LOG.info("%s", "; ".join(figures.lines()))
    assert (figures.missing, figures.changed) == (0, 0)
    assert figures.rows == load.events, "what was refused is kept and tried again"
    assert figures.kills == load.kills
    assert figures.p99 < _MOST_SECONDS
    # A worker that was not killed, from its first fifth on.
    first, last = figures.memory[max(figures.memory, key=lambda pid: figures.memory[pid][0])]
    assert last - first < _MOST_GROWTH_KIB


def test_receivers_that_misbehave_are_as_many_as_was_asked_for() -> None:
    load = Load()
    kinds = [load.kind(number) for number in range(load.receivers)]

    assert [kinds.count(one) for one in ("hang", "fail", "redirect", "ok")] == [20, 20, 10, 150]


def test_the_ledger_knows_what_was_lost_changed_and_late(tmp_path: Path) -> None:
    log = tmp_path / "heard"
    log.write_text("10.5 0 a x\n11.0 0 a x\n11.0 1 b x\n12.0 1 b y\n12.0 0 c x\n12.0 0 d", "ascii")
    ledger = Ledger(published={"a": (10.0, 0), "b": (10.0, 1), "e": (10.0, 0)})
    ledger.read(log)

    assert ledger.missing(frozenset({0, 1})) == {"e"}
    assert sorted(ledger.changed()) == ["b", "c"], "two contents; of no event"
    assert ledger.repeated(frozenset({0})) == 1
    assert ledger.delays(frozenset({0, 1})) == [0.5, 1.0]
