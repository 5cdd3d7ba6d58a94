"""Every request has one name, and a command knows its own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from protocols.uplink import commands as cmd

NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)


def test_a_command_bears_the_name_of_its_request() -> None:
    for kind, request in (
        ("clock.read", cmd.ReadClock()),
        ("credentials.renew", cmd.RenewCredentials()),
        ("station.here", cmd.ArriveAtStation()),
        ("station.left", cmd.LeaveStation()),
        ("revoke", cmd.Revoke(reason="stolen")),
        ("coffee.brew", cmd.UnknownRequest(kind="coffee.brew", octets=b"\x90")),
    ):
        command = cmd.Command(
            command_id=UUID(int=1),
            issued_at=NOON,
            expires_at=NOON + timedelta(hours=1),
            request=request,
        )
        assert command.kind == kind == cmd.kind_of(request)
        assert command.is_unknown is (kind == "coffee.brew")


def test_no_two_requests_share_a_name() -> None:
    assert len(set(cmd.KINDS.values())) == len(cmd.KINDS)
