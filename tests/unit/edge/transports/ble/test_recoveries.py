"""Rungs and bonds."""

from __future__ import annotations

from edge.transports.ble.recoveries import BondWatch, Rung, Wedges


def test_a_device_that_connected_begins_at_the_first_rung_again() -> None:
    wedges = Wedges()
    assert wedges.refused("hci0", "A", bonded=False) is Rung.CLOSE_STALE
    wedges.worked("hci0", "A")
    assert wedges.refused("hci0", "A", bonded=False) is Rung.CLOSE_STALE
    assert wedges.refused("hci0", "B", bonded=False) is Rung.CLOSE_STALE


def test_only_short_links_of_a_bonded_device_in_a_row_are_a_lost_bond() -> None:
    bond = BondWatch()
    short = {"seconds": 0.2, "bonded": True, "heard": False}
    assert [bond.ended(**short) for _ in range(3)] == [False, False, True]  # type: ignore[arg-type] # as they are
    bond.reset()
    assert not bond.ended(**short)  # type: ignore[arg-type] # as they are
    assert not bond.ended(seconds=0.2, bonded=True, heard=True)
    assert not bond.ended(**short)  # type: ignore[arg-type] # as they are
    assert not bond.ended(seconds=5.0, bonded=True, heard=False)
    assert not bond.ended(seconds=0.1, bonded=False, heard=False)
    assert [bond.ended(**short) for _ in range(3)] == [False, False, True]  # type: ignore[arg-type] # as they are
