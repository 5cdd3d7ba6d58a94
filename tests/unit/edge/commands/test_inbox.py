"""What came is kept, what was answered stays answered, over any end of the program."""

from __future__ import annotations

import sqlite3
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from edge.commands.inbox import FILE_NAME, CommandInbox, Taken
from edge.errors import CommandStoreError
from protocols.uplink.commands import (
    CommandAnswer,
    DeviceEnrolment,
    Outcome,
    ReadClock,
    RenewCredentials,
)
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.making import NOON


def answer(command_id: UUID) -> CommandAnswer:
    return CommandAnswer(command_id=command_id, outcome=Outcome.DONE, at=NOON)


def test_a_command_is_fresh_once_and_stays_known_over_a_restart(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    first, second = command(ReadClock()), command(RenewCredentials())
    assert [inbox.take(first), inbox.take(first), inbox.take(second)] == [
        Taken.FRESH,
        Taken.IN_HAND,
        Taken.FRESH,
    ]
    inbox.finish(answer(first.command_id), {"note": "kept"})
    assert inbox.take(first) is Taken.ANSWERED
    inbox.close()
    again = CommandInbox(tmp_path)
    assert again.unanswered() == (second,)
    assert again.take(first) is Taken.ANSWERED
    assert again.take(second) is Taken.FRESH
    assert again.kept("note") == "kept"
    again.close()


def test_what_is_written_down_is_for_the_gateways_user_alone(tmp_path: Path) -> None:
    """A complaint and a person's sex are in it; also in a file that an older version left open."""
    (tmp_path / FILE_NAME).touch()
    (tmp_path / FILE_NAME).chmod(0o644)
    inbox = CommandInbox(tmp_path)
    inbox.take(command(ReadClock()))
    modes = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.iterdir()}
    inbox.close()
    assert {FILE_NAME, f"{FILE_NAME}-wal"} <= set(modes)
    assert set(modes.values()) == {0o600}


def test_an_answer_waits_until_a_way_took_it_and_again_when_it_is_asked_for(
    tmp_path: Path,
) -> None:
    inbox = CommandInbox(tmp_path)
    one = command(ReadClock())
    inbox.take(one)
    assert inbox.unsent() == ()
    inbox.finish(answer(one.command_id), {})
    assert inbox.unsent() == (answer(one.command_id),)
    inbox.note_sent(one.command_id)
    assert inbox.unsent() == ()
    inbox.say_again(one.command_id)
    assert inbox.unsent() == (answer(one.command_id),)
    inbox.close()


def test_what_is_kept_can_be_forgotten(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    inbox.keep({"a": "1", "b": "2"})
    inbox.keep({"a": None, "b": "3"})
    assert (inbox.kept("a"), inbox.kept("b")) == (None, "3")
    inbox.close()


def test_enrolments_wait_until_they_are_dropped(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    enrolment = DeviceEnrolment(
        enrolment_id=UUID(int=9),
        at=NOON,
        serial_number="S-1",
        manufacturer="Acme",
        device_class="oximeter",
    )
    inbox.add_enrolment(enrolment)
    inbox.add_enrolment(enrolment)
    assert inbox.enrolments() == (enrolment,)
    inbox.drop_enrolment(enrolment.enrolment_id)
    assert inbox.enrolments() == ()
    inbox.close()


def test_answered_commands_are_forgotten_a_month_after_they_expired(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    old, unanswered = command(ReadClock()), command(ReadClock())
    inbox.take(old)
    inbox.take(unanswered)
    inbox.finish(answer(old.command_id), {})
    assert inbox.forget(now=NOON) == 0
    assert inbox.forget(now=NOON + timedelta(days=31)) == 1
    assert inbox.take(old) is Taken.FRESH
    inbox.let_go(old.command_id)
    assert inbox.take(old) is Taken.FRESH
    inbox.close()


def test_rows_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    inbox.take(command(ReadClock()))
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("UPDATE commands SET octets = ?", (b"\xc1",))
    assert inbox.unanswered() == ()
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("UPDATE commands SET answer = ?", (b"\xc1",))
    assert inbox.unsent() == ()
    inbox.close()


def test_a_disk_that_refuses_is_told_and_leaves_nothing_behind(tmp_path: Path) -> None:
    inbox = CommandInbox(tmp_path)
    one = command(ReadClock())
    with sqlite3.connect(tmp_path / FILE_NAME) as other:
        other.execute("DROP TABLE kept")
    inbox.take(one)
    with pytest.raises(CommandStoreError, match="file of commands"):
        inbox.finish(answer(one.command_id), {"a": "1"})
    assert inbox.unsent() == ()
    assert inbox.unanswered() == (one,)
    inbox.close()
    with pytest.raises(CommandStoreError):
        CommandInbox(tmp_path / "absent")
