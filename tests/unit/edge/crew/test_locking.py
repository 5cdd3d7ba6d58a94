"""PIN, waits and sessions."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.crew.pin import FREE_GUESSES, MOST_WAIT, PinStore, PinThrottle
from edge.crew.sessions import MOST_SESSIONS, Sessions
from edge.errors import SettingsError


class Time:
    """Seconds that pass when told."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_pin_is_kept_as_a_salted_hash_alone(tmp_path: Path) -> None:
    store = PinStore(tmp_path)
    assert not store.is_set
    assert not store.matches("4711")
    store.set("4711")
    first = (tmp_path / "pin").read_bytes()
    assert b"4711" not in first
    assert (tmp_path / "pin").stat().st_mode & 0o077 == 0
    assert store.matches("4711")
    assert not any(store.matches(wrong) for wrong in ("4712", "", "47110", "471"))
    store.set("4711")
    assert (tmp_path / "pin").read_bytes() != first


@pytest.mark.parametrize("pin", ["", "123", "1234567890123", "12a4", "\u0661\u0662\u0663\u0664"])
def test_what_no_keypad_types_is_no_pin(tmp_path: Path, pin: str) -> None:
    with pytest.raises(SettingsError, match="digits"):
        PinStore(tmp_path).set(pin)


@pytest.mark.parametrize("content", [b"", b"{}", b"[]", b'{"scrypt":"zz","salt":"00"}'])
def test_a_spoilt_file_opens_for_nobody(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pin").write_bytes(content)
    assert not PinStore(tmp_path).matches("4711")


def test_waits_grow_end_and_outlive_a_restart(tmp_path: Path) -> None:
    time = Time()
    throttle = PinThrottle(tmp_path, time)
    waits = []
    for _ in range(FREE_GUESSES + 7):
        throttle.fail()
        waits.append(throttle.seconds_left)
    assert waits == [0, 0, 2, 4, 8, 16, 32, 60, 60, 60]
    assert PinThrottle(tmp_path, time).seconds_left == MOST_WAIT
    time.now += 30
    assert throttle.seconds_left == 30
    throttle.succeed()
    assert throttle.seconds_left == 0
    assert PinThrottle(tmp_path, time).seconds_left == 0
    (tmp_path / "pin-failures").write_text("many")
    assert PinThrottle(tmp_path, time).failures == 0


def test_a_session_lives_while_it_is_touched() -> None:
    time = Time()
    sessions = Sessions(60, time)
    token = sessions.begin("crew-11")
    session = sessions.find(token)
    assert session is not None
    assert session.member == "crew-11"
    for _ in range(3):
        time.now += 50
        sessions.touch(session)
    assert sessions.find(token) is session
    time.now += 61
    assert not sessions.is_live(session)
    assert sessions.find(token) is None
    assert sessions.find("") is None


def test_locking_one_screen_or_all_of_them() -> None:
    sessions = Sessions(60, Time())
    one, other = sessions.begin(), sessions.begin()
    sessions.end(one)
    sessions.end(one)
    assert sessions.find(one) is None
    kept = sessions.find(other)
    assert kept is not None
    sessions.end_all()
    assert not kept.is_open
    assert len(sessions) == 0


def test_the_screen_touched_longest_ago_gives_way() -> None:
    time = Time()
    sessions = Sessions(10_000, time)
    tokens = []
    for _ in range(MOST_SESSIONS + 1):
        time.now += 1
        tokens.append(sessions.begin())
    assert sessions.find(tokens[0]) is None
    assert sessions.find(tokens[-1]) is not None
