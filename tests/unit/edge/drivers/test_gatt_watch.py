"""How long a stream may be silent."""

from __future__ import annotations

import pytest

from edge.drivers.gatt_watch import Patience, StreamWatch, WatchPolicy
from protocols.gatt import blood_pressure, heart_rate, pulse_oximeter

PULSE = heart_rate.MEASUREMENT.uuid
SPO2 = pulse_oximeter.CONTINUOUS.uuid
POLICY = WatchPolicy(factor=5.0, least_seconds=4.0, most_seconds=30.0)


def watch(*uuids: object, patience: Patience | None = None) -> StreamWatch:
    return StreamWatch.of(uuids, POLICY, patience or Patience(), now=100.0)  # type: ignore[arg-type] # uuids


def test_what_comes_when_something_happens_is_not_watched() -> None:
    one = watch(blood_pressure.MEASUREMENT.uuid)
    assert one.next_deadline() is None
    assert one.silence(now=1e9) is None


def test_a_stream_is_silent_after_some_of_its_intervals() -> None:
    one = watch(SPO2)
    assert one.next_deadline() == 105.0
    one.heard(SPO2, at=103.0)
    assert one.next_deadline() == 108.0
    assert one.silence(now=107.9) is None
    assert one.silence(now=108.0) == 5.0


def test_one_stream_that_stops_beside_another_that_flows_is_noticed() -> None:
    one = watch(SPO2, PULSE)
    one.heard(SPO2, at=101.0)
    one.heard(PULSE, at=105.0)
    assert one.next_deadline() == 106.0


def test_a_stream_that_was_never_heard_is_not_missed_while_another_flows() -> None:
    one = watch(SPO2, PULSE)
    one.heard(SPO2, at=110.0)
    assert one.next_deadline() == 115.0


def test_patience_doubles_up_to_a_limit_and_ends_with_the_first_value() -> None:
    patience = Patience()
    windows = []
    for _ in range(5):
        one = watch(SPO2, patience=patience)
        deadline = one.next_deadline()
        assert deadline is not None
        windows.append(deadline - 100.0)
        assert one.silence(now=deadline) is not None
    assert windows == [5.0, 10.0, 20.0, 30.0, 30.0]
    watch(SPO2, patience=patience).heard(SPO2, at=101.0)
    assert patience.trips == 0


@pytest.mark.parametrize(
    "wrong", [{"least_seconds": 0}, {"least_seconds": 400}, {"factor": 0.5}, {"probe_seconds": 0}]
)
def test_a_policy_that_makes_no_sense_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="is"):
        WatchPolicy(**wrong)
