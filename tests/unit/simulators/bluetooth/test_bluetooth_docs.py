"""The how-to names every order and every kind of device there is."""

from __future__ import annotations

import re
from pathlib import Path

from simulators.bluetooth.faults.plan import ORDERS
from simulators.bluetooth.personalities.registry import KINDS

PAGE = Path(__file__).parents[4] / "docs/how-to/simulate-bluetooth.md"


def test_the_page_lists_every_order_as_it_is() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|[^|]*\| (.*) \|$", PAGE.read_text(), flags=re.MULTILINE)
    assert dict(rows) == {kind.name: kind.words for kind in ORDERS}


def test_the_page_names_every_kind_of_device() -> None:
    text = PAGE.read_text()
    assert [kind.name for kind in KINDS if f"`{kind.name}`" not in text] == []


def test_no_two_devices_are_mistaken_for_each_other() -> None:
    identities = [kind.identity for kind in KINDS]
    for field in ("name", "shown_name", "address"):
        assert len({getattr(one, field) for one in identities}) == len(identities)
    assert len({one.info.system_id for one in identities}) == len(identities)
