"""The certificate is renewed at two thirds of its life over whatever way is up, with a new key."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from edge.clock import Clock
from edge.commands.carrying import Carried, refused
from edge.enrolment.identity import Identity
from edge.enrolment.lazily import lazily
from edge.errors import EnrolmentError, UplinkUnreachableError
from protocols.uplink.commands import (
    CertificateRequest,
    Command,
    InstallCertificate,
    RenewCredentials,
    Revoke,
)

if TYPE_CHECKING:
    from cryptography import x509
else:
    x509 = lazily("cryptography.x509")

log = logging.getLogger(__name__)

LOOK_SECONDS: Final = 60.0
ASK_AGAIN_SECONDS: Final = 600.0


@dataclass(slots=True, kw_only=True)
class CertificateKeeper:
    """Asks for certificates and takes them into use. `changed` are told of a new one.

    `known_utc`: the time as far as anybody knows it; None while nobody does.
    """

    identity: Identity
    clock: Clock
    known_utc: Callable[[], datetime | None]
    send: Callable[[CertificateRequest], Awaitable[None]]
    changed: list[Callable[[], None]] = field(default_factory=list)
    _wish: asyncio.Event = field(default_factory=asyncio.Event)
    _is_wanted: bool = False

    async def run(self) -> None:
        """Renew when it is time, or when it is wished. Until cancelled."""
        while True:
            waits = LOOK_SECONDS
            if self._is_due():
                waits = ASK_AGAIN_SECONDS if await self._ask() else LOOK_SECONDS
            self._wish.clear()
            try:
                async with asyncio.timeout(waits):
                    await self._wish.wait()
            except TimeoutError:
                continue

    async def renew(self, command: Command) -> Carried:
        """Carry out `credentials.renew`: the request goes up now."""
        if not isinstance(command.request, RenewCredentials):
            return refused("another_request")
        if self.identity.membership() is None:
            return refused("not_enrolled")
        self._is_wanted = True
        self._wish.set()
        return Carried(facts=(("renewal", "requested"),))

    async def install(self, command: Command) -> Carried:
        """Carry out `credentials.install`."""
        if not isinstance(command.request, InstallCertificate):
            return refused("another_request")
        present = self.identity.certificate()
        try:
            certificate = self.identity.install(command.request.certificate)
        except EnrolmentError as exc:
            if present is not None and _is_same(present, command.request.certificate):
                # The power went between the file and the answer.
                return Carried(facts=(("serial", f"{present.serial_number:x}"),))
            log.warning("certificate refused reason=%r", exc.cause)
            return refused("not_our_key")
        self._is_wanted = False
        log.info("certificate renewed until=%s", certificate.not_valid_after_utc.isoformat())

        def tell() -> None:
            for observer in self.changed:
                observer()

        return Carried(facts=(("serial", f"{certificate.serial_number:x}"),), then=tell)

    async def revoke(self, command: Command) -> Carried:
        """Carry out `revoke`: the status says so, and why."""
        if not isinstance(command.request, Revoke):
            return refused("another_request")
        self.identity.revoke(command.request.reason, at=self.clock.utc())
        log.warning("gateway revoked reason=%r", command.request.reason)
        return Carried()

    def _is_due(self) -> bool:
        due_at = self.identity.renewal_due_at()
        if due_at is None or self.identity.membership() is None:
            return False
        now = self.known_utc()
        return self._is_wanted or (now is not None and now >= due_at)

    async def _ask(self) -> bool:
        try:
            request = await asyncio.to_thread(self.identity.request)
            at = self.known_utc() or self.clock.utc()
            await self.send(CertificateRequest(at=at, request=request))
        except (EnrolmentError, UplinkUnreachableError) as exc:
            log.info("certificate not asked for reason=%r", exc.cause)
            return False
        return True


def _is_same(present: x509.Certificate, pem: str) -> bool:
    try:
        return present == x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return False
