"""Workers as processes that are killed with webhooks in hand: the same octets go again."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.fixtures.cloud import Installation
from tests.fixtures.webhook_receivers import Manner, Receivers, receivers
from tests.fixtures.webhooks import ENROLLED, Hooks
from tests.postgres import PROJECT_ENVIRONMENT
from tests.waiting import wait_until

PATIENCE = 60.0


@contextmanager
def worker(cloud: Installation) -> Iterator[subprocess.Popen[str]]:
    """A worker, killed at the end if it still lives."""
    data = cloud.parts.settings.data
    settings = {
        "CLOUD_OUTBOUND_NETWORKS": "127.0.0.0/8",
        "CLOUD_WEBHOOK_SENDERS": "4",
        "CLOUD_DATABASE_URL": cloud.database.engine.url.render_as_string(hide_password=False),
    }
    with (data / "log").open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "cloud", "worker", "--data", str(data)],
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**PROJECT_ENVIRONMENT, **settings},
        )
    assert process.stdout is not None
    try:
        assert process.stdout.readline(), (data / "log").read_text(encoding="utf-8")
        yield process
    finally:
        process.kill()
        process.wait(10)
        process.stdout.close()


def states(hooks: Hooks, *endpoint_ids: str) -> Counter[str]:
    return Counter(row.state for one in endpoint_ids for row in hooks.deliveries(one))


def test_what_a_killed_worker_had_in_hand_goes_again_to_the_octet(embedded: Installation) -> None:
    with receivers() as there:
        _play(Hooks(embedded), there, workers=1)


@pytest.mark.soak
def test_so_it_does_on_both_databases_with_several_at_once(cloud: Installation) -> None:
    for _ in range(3):
        with receivers() as there:
            _play(Hooks(cloud), there, workers=3)


def _play(hooks: Hooks, there: Receivers, *, workers: int) -> None:
    there.manners["/hang"] = Manner(hangs=True)
    hanging, quick = hooks.endpoint(there.url("/hang")), hooks.endpoint(there.url("/quick"))
    # Committed while no worker lives: the outbox alone knows.
    hooks.publish(5)
    with worker(hooks.cloud) as process:
        wait_until(lambda: len(there.at("/quick")) == 5, timeout=PATIENCE, what="the quick one")
        wait_until(lambda: len(there.at("/hang")) == 1, timeout=PATIENCE, what="the other")
        # Sent and not settled, with four more of its portion claimed and not sent.
        assert states(hooks, hanging) == {"sending": 5}
        wait_until(
            lambda: states(hooks, quick) == {"succeeded": 5}, timeout=PATIENCE, what="the quick one"
        )
        process.kill()
    there.manners.clear()
    with ExitStack() as stack:
        for _ in range(workers):
            stack.enter_context(worker(hooks.cloud))
        hooks.publish(40)
        wait_until(
            lambda: states(hooks, hanging, quick) == {"succeeded": 90},
            timeout=PATIENCE,
            what="everything to arrive",
            every=0.2,
        )
    came = there.at("/hang")
    repeated = [one for one in came if one.message_id == came[0].message_id]
    assert [one.body for one in repeated] == [came[0].body] * 2
    assert len(came) == 46, "nothing else came twice, whichever of the workers sent it"
    assert len({one.message_id for one in there.at("/quick")}) == len(there.at("/quick")) == 45
    assert {row.event_type for row in hooks.deliveries(hanging)} == {ENROLLED}
