"""The service's confinement leaves the gateway what it needs to see of its machine."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

UNIT = (
    Path(__file__).resolve().parents[2] / "packaging" / "debian" / "vitalwire-edge.service"
).read_text(encoding="utf-8")


def assigned() -> dict[str, list[str]]:
    """Every value of every key, in order."""
    values: dict[str, list[str]] = defaultdict(list)
    for line in UNIT.splitlines():
        key, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            values[key] += value.split()
    return values


def test_the_service_sees_which_run_of_the_machine_it_is() -> None:
    """`/proc/sys` is gone under `pid`: readings over a power cycle got the times of another run."""
    assert assigned().get("ProcSubset", ["all"])[-1] == "all"


def test_the_service_may_ask_whether_the_clock_is_synchronised_but_not_set_it() -> None:
    """`ProtectClock` refuses the question together with the setting."""
    values = assigned()
    assert values.get("ProtectClock", ["no"])[-1] == "no"
    assert {"adjtimex", "clock_adjtime"} <= set(values["SystemCallFilter"])
    assert values["SystemCallFilter"].index("adjtimex") > values["SystemCallFilter"].index(
        "~@privileged"
    ), "what is allowed later counts"
    assert not {"@clock", "clock_settime", "settimeofday"} & set(values["SystemCallFilter"])
    assert values["CapabilityBoundingSet"] == [], "without CAP_SYS_TIME nothing can be set"
    assert not [device for device in values["DeviceAllow"] if "rtc" in device]


def test_the_drivers_of_usb_lines_are_there_before_their_devices_are_allowed() -> None:
    """A `DeviceAllow` by name is resolved once, at the start, from the drivers loaded by then."""
    values = assigned()
    for device, module in (("char-ttyUSB", "usbserial"), ("char-ttyACM", "cdc_acm")):
        assert device in values["DeviceAllow"]
        assert f"modprobe@{module}.service" in values["Wants"]
        assert f"modprobe@{module}.service" in values["After"]
