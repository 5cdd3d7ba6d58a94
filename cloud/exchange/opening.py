"""Everything a program needs to send: carriers by kind of connection, and their rounds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from cloud.core.authorization.keys import KeyRing
from cloud.core.exchange.connections import FHIR, MLLP
from cloud.core.kernel.outbound import OutboundPolicy
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database
from cloud.exchange.couriers import Rounds
from cloud.exchange.doors import Doors
from cloud.exchange.fhir_carrier import FhirCarrier
from cloud.exchange.fhir_sending import FhirSender
from cloud.exchange.mllp_carrier import MllpCarrier
from cloud.exchange.mllp_sending import MllpSender
from cloud.fhir.document_making import document_maker


def rounds_of(
    database: Database,
    vault: Vault,
    clock: Clock,
    *,
    outbound: OutboundPolicy,
    timeout_seconds: float,
) -> Rounds:
    """Rounds over the connections of every tenant; a call takes `timeout_seconds` at most."""
    policy = replace(outbound, timeout_seconds=timeout_seconds)
    maker = document_maker(KeyRing(database, vault, clock), clock)
    sender = FhirSender(Doors(vault, policy, clock), policy, clock)
    return Rounds(
        database=database,
        vault=vault,
        clock=clock,
        carriers={
            FHIR: FhirCarrier(vault, sender, maker, timeout_seconds),
            MLLP: MllpCarrier(vault, MllpSender(vault, policy)),
        },
        longest=timedelta(seconds=timeout_seconds),
    )
