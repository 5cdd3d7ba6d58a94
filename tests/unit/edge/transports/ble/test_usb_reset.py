"""The last rung: an adapter's USB device is found, reset in the allowed way, and not too often."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from edge.supervision import BackoffPolicy
from edge.transports.ble.usb_reset import UsbReset, UsbResetPolicy, UsbResets, reset_port
from tests.fixtures.usb_tree import UsbTree
from tests.unit.edge.making import ManualTime

AGAIN = BackoffPolicy(first=60.0, most=3600.0, jitter=0.0, forgiven_after=7200.0)


def resets(tree: UsbTree, time: ManualTime, way: UsbReset = UsbReset.AUTHORIZED) -> UsbResets:
    return UsbResets(UsbResetPolicy(way=way, sysfs=tree.sysfs, again=AGAIN), time.clock)


async def test_the_device_is_taken_from_the_kernel_and_given_back(tmp_path: Path) -> None:
    tree, time = UsbTree(tmp_path), ManualTime()
    seen: list[str] = []

    async def sleep(_seconds: float) -> None:
        seen.append(tree.authorized)

    policy = UsbResetPolicy(way=UsbReset.AUTHORIZED, sysfs=tree.sysfs)
    one = UsbResets(policy, replace(time.clock, sleep=sleep))
    assert await one.reset("hci0")
    assert (seen, tree.authorized, one.count) == (["0"], "1", 1)


async def test_a_port_is_reset_by_its_node(tmp_path: Path) -> None:
    tree, nodes = UsbTree(tmp_path), list[Path]()
    policy = UsbResetPolicy(way=UsbReset.PORT, sysfs=tree.sysfs, devices=tmp_path / "dev")
    one = UsbResets(policy, ManualTime().clock, nodes.append)
    assert await one.reset("hci0")
    assert nodes == [tmp_path / "dev" / "bus" / "usb" / "001" / "004"]
    assert tree.authorized == "1"


async def test_without_the_settings_nothing_is_touched(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path)
    one = resets(tree, ManualTime(), UsbReset.NEVER)
    one.note(["hci0"])
    await one.restore()
    assert not await one.reset("hci0")
    assert one.wedged(()) == ()
    assert not one.is_allowed


async def test_the_waits_between_resets_double_and_are_forgiven(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tree, time = UsbTree(tmp_path), ManualTime()
    one = resets(tree, time)
    done = []
    for wait in (0.0, 59.0, 1.0, 119.0, 1.0, 7200.0, 61.0):
        time.seconds += wait
        done.append(await one.reset("hci0"))
        time.seconds -= done[-1]  # the second it was away
    assert done == [True, False, True, False, True, True, True]
    assert one.count == 5
    assert "adapter reset over USB adapter=hci0 way=authorized" in caplog.text


async def test_a_device_that_may_not_be_written_is_told_and_stays(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tree = UsbTree(tmp_path)
    (tree.place / "authorized").unlink()
    (tree.place / "authorized").mkdir()
    one = resets(tree, ManualTime())
    assert not await one.reset("hci0")
    assert "adapter not reset adapter=hci0 reason='Is a directory'" in caplog.text
    assert one.count == 0


async def test_an_adapter_that_is_no_usb_device_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    one = resets(UsbTree(tmp_path), ManualTime())
    assert not await one.reset("hci7")
    assert "it is no USB device" in caplog.text


async def test_a_vanished_adapter_is_wedged_while_its_device_is_plugged_in(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path)
    one = resets(tree, ManualTime())
    one.note(["hci0"])
    (tree.sysfs / "class" / "bluetooth" / "hci0").unlink()
    assert one.wedged(["hci0"]) == ()
    assert one.wedged([]) == ("hci0",)
    assert await one.reset("hci0")
    tree.place.rename(tmp_path / "pulled")
    assert one.wedged([]) == ()


async def test_what_a_killed_gateway_left_unauthorized_is_given_back(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tree = UsbTree(tmp_path)
    (tree.place / "authorized").write_text("0\n", encoding="ascii")
    await resets(tree, ManualTime()).restore()
    assert tree.authorized == "1"
    assert "adapter left unauthorized is authorized place=1-4" in caplog.text


async def test_other_devices_that_are_not_authorized_are_left_alone(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path)
    (tree.place / "bDeviceClass").write_text("08\n", encoding="ascii")
    (tree.place / "authorized").write_text("0\n", encoding="ascii")
    await resets(tree, ManualTime()).restore()
    assert tree.authorized == "0"


def test_a_node_that_is_no_usb_device_is_not_reset(tmp_path: Path) -> None:
    node = tmp_path / "004"
    node.touch()
    with pytest.raises(OSError, match="ioctl"):
        reset_port(node)
