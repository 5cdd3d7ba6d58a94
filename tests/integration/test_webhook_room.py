"""How many webhooks an application may have, whoever asks at the same time."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import text

from cloud.core.kernel.errors import ConflictError
from cloud.core.webhooks import endpoints
from cloud.core.webhooks.endpoints import MOST_OF_A_CLIENT, Wanted
from tests.fixtures.cloud import Installation
from tests.fixtures.webhooks import ENROLLED, SECRET, Hooks
from tests.waiting import wait_until

WAITING = text("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")


@pytest.mark.parametrize("cloud", ["postgresql"], indirect=True)
def test_the_last_place_is_given_once(cloud: Installation) -> None:
    hooks = Hooks(cloud)
    for _ in range(MOST_OF_A_CLIENT - 1):
        hooks.endpoint()
    came_to = list[str]()

    def make() -> None:
        try:
            came_to.append(hooks.endpoint())
        except ConflictError as exc:
            came_to.append(exc.reason)

    def is_waiting() -> bool:
        with cloud.database.reading(now=cloud.clock()) as work:
            return bool(came_to) or bool(work.session.scalar(WAITING))

    other = threading.Thread(target=make)
    with cloud.database.begin(now=cloud.clock()) as work:
        wanted = Wanted(url="https://hook.test/", events=(ENROLLED,), secret=SECRET)
        endpoints.create(work, cloud.parts.vault, cloud.mine.caller, wanted)
        other.start()
        wait_until(is_waiting, timeout=20, what="the other to count")
    other.join(20)
    assert came_to == ["too_many_webhooks"]
