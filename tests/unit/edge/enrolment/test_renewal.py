"""A certificate is asked for in time and taken into use once, whatever is repeated."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from edge.clock import SYSTEM_CLOCK
from edge.enrolment.identity import Identity
from edge.enrolment.renewal import CertificateKeeper
from edge.errors import UplinkUnreachableError
from protocols.uplink.commands import (
    CertificateRequest,
    InstallCertificate,
    Outcome,
    ReadClock,
    RenewCredentials,
    Revoke,
)
from tests.unit.edge.commands.ordering import command
from tests.unit.edge.enrolment.authority import BEGAN, Cloud

CLOUD = Cloud()


class Box:
    """A keeper at a time of day, and what it sent."""

    def __init__(self, data: Path, at: datetime) -> None:
        self.identity = Identity(data)
        self.sent: list[CertificateRequest] = []
        self.came = asyncio.Event()
        self.is_up = True
        self.told = 0
        self.known: datetime | None = at
        self.keeper = CertificateKeeper(
            identity=self.identity,
            clock=replace(SYSTEM_CLOCK, utc=lambda: at),
            known_utc=lambda: self.known,
            send=self.send,
            changed=[self.tell],
        )

    def tell(self) -> None:
        self.told += 1

    async def send(self, request: CertificateRequest) -> None:
        self.sent.append(request)
        self.came.set()
        if not self.is_up:
            raise UplinkUnreachableError("no way is up")

    async def run_until(self, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(10), asyncio.TaskGroup() as tasks:
            running = tasks.create_task(self.keeper.run())
            while not enough():
                self.came.clear()
                await self.came.wait()
            running.cancel()


async def test_it_asks_at_two_thirds_of_the_certificates_life(tmp_path: Path) -> None:
    CLOUD.enrol(tmp_path)
    box = Box(tmp_path, BEGAN + timedelta(days=60))
    await box.run_until(lambda: len(box.sent) == 1)
    carried = await box.keeper.install(
        command(InstallCertificate(certificate=CLOUD.certify(box.sent[0].request)))
    )
    assert carried.outcome is Outcome.DONE
    carried.then()
    assert box.told == 1


async def test_it_does_not_ask_while_nobody_knows_what_time_it_is(tmp_path: Path) -> None:
    CLOUD.enrol(tmp_path)
    box = Box(tmp_path, BEGAN + timedelta(days=60))
    box.known = None
    await box.keeper.renew(command(RenewCredentials()))
    await box.run_until(lambda: len(box.sent) == 1)
    assert box.sent[0].at == BEGAN + timedelta(days=60), "only as wished, dated by the wall clock"


async def test_it_goes_by_the_time_that_is_known_and_not_by_the_wall_clock(tmp_path: Path) -> None:
    CLOUD.enrol(tmp_path)
    box = Box(tmp_path, datetime(1970, 1, 1, tzinfo=UTC))
    box.known = BEGAN + timedelta(days=60)
    await box.run_until(lambda: len(box.sent) == 1)
    assert box.sent[0].at == box.known


async def test_it_asks_early_when_that_is_wished_and_goes_on_without_a_way(
    tmp_path: Path,
) -> None:
    CLOUD.enrol(tmp_path)
    box = Box(tmp_path, BEGAN)
    box.is_up = False
    wish = command(RenewCredentials())
    carried = await box.keeper.renew(wish)
    assert carried.facts == (("renewal", "requested"),)
    await box.run_until(lambda: len(box.sent) == 1)
    box.is_up = True
    await box.keeper.renew(wish)
    await box.run_until(lambda: len(box.sent) == 2)
    assert box.sent[0].request != "", "the same key while it is pending"


async def test_an_install_repeated_after_a_power_cut_is_done_and_another_is_refused(
    tmp_path: Path,
) -> None:
    CLOUD.enrol(tmp_path)
    box = Box(tmp_path, BEGAN)
    certificate = CLOUD.certify(box.identity.request())
    for _ in range(2):
        carried = await box.keeper.install(command(InstallCertificate(certificate=certificate)))
        assert carried.outcome is Outcome.DONE
    for other in ("nothing", CLOUD.certify(Identity(tmp_path / "other").request())):
        carried = await box.keeper.install(command(InstallCertificate(certificate=other)))
        assert carried.reason == "not_our_key"


async def test_a_box_that_never_joined_renews_nothing(tmp_path: Path) -> None:
    box = Box(tmp_path, BEGAN)
    assert (await box.keeper.renew(command(RenewCredentials()))).reason == "not_enrolled"


async def test_a_revocation_is_remembered_with_its_reason(tmp_path: Path) -> None:
    box = Box(tmp_path, BEGAN)
    await box.keeper.revoke(command(Revoke(reason="stolen")))
    assert Identity(tmp_path).revoked() == "stolen"


async def test_another_request_is_refused(tmp_path: Path) -> None:
    box, one = Box(tmp_path, BEGAN), command(ReadClock())
    for handler in (box.keeper.renew, box.keeper.install, box.keeper.revoke):
        assert (await handler(one)).reason == "another_request"
