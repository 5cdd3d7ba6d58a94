"""Whatever came over a gateway's `answers` channel, by either way, and what follows from it."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from cloud.core.devices import commands
from cloud.core.devices.certificates import issue_certificate
from cloud.core.devices.configurations import note_verdict
from cloud.core.devices.on_board import take_enrolment
from cloud.core.devices.reports import note_report
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import UnitOfWork
from protocols.uplink.commands import (
    Answer,
    CertificateRequest,
    CommandAnswer,
    DeviceEnrolment,
    GatewayReport,
    InstallCertificate,
)

LOG: Final = logging.getLogger("vitalwire.fleet")
# Names the command that brings one certificate, so that a repeated request brings it once.
_INSTALLS: Final = UUID("0a6c3e3a-98c4-5d06-9d0b-3a0e6d1c7a55")
_INSTALL_LIFE: Final = timedelta(days=7)


def take_answer(work: UnitOfWork, vault: Vault, gateway: Principal, answer: Answer) -> str:
    """Keep it; one word for the metrics that says what it was."""
    match answer:
        case CommandAnswer():
            row = commands.settle(work, gateway, answer)
            if row is None:
                return "repeated"
            if row.kind == "configuration.apply":
                note_verdict(work, gateway, row)
            return answer.outcome.value
        case GatewayReport():
            note_report(work, gateway, answer)
            return "report"
        case DeviceEnrolment():
            return take_enrolment(work, gateway, answer)
        case CertificateRequest():
            return _renew(work, vault, gateway, answer)


def _renew(work: UnitOfWork, vault: Vault, gateway: Principal, answer: CertificateRequest) -> str:
    try:
        certificate = issue_certificate(work, vault, gateway, answer.request)
        commands.queue(
            work,
            gateway,
            str(gateway.gateway_id),
            InstallCertificate(certificate=certificate.pem),
            life=_INSTALL_LIFE,
            command_id=uuid5(_INSTALLS, certificate.serial),
        )
    except DomainError as exc:
        LOG.warning(
            "event=certificate_refused gateway=%s reason=%s", gateway.gateway_id, exc.reason
        )
        return "certificate_refused"
    return "certificate"
