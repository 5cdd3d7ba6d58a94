"""Notifications: what happened to encounters, told to whoever subscribed, until it arrives.

An event is given its number in the unit that takes it from the outbox. What is sent is made in one
unit, sent with no unit open, and settled in another; who took a subscription on holds it for two
minutes, so several workers send nothing twice but after a fault.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

from cloud.core.authorization.facilities import facility_of
from cloud.core.kernel import audit
from cloud.core.kernel.errors import DomainError
from cloud.core.kernel.outbound import Call, OutboundError, OutboundPolicy, send
from cloud.core.kernel.outbox import DomainEvent, contexts_of
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.traces import (
    ERROR,
    OK,
    TRACEPARENT,
    Span,
    Trace,
    TraceContext,
    new_span_id,
)
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Clock, Database, StorageError, UnitOfWork
from cloud.core.searching import encounters
from cloud.core.subscriptions import pacing, service
from cloud.core.subscriptions.tables import NotifiedEventRow, SubscriptionRow
from cloud.core.tracing.recorder import SpanRecorder
from cloud.fhir.json import dumps
from cloud.fhir.rest.desk import Desk, may, sees_all
from cloud.fhir.rest.notification import EVENT, HANDSHAKE, HEARTBEAT, notification
from cloud.fhir.rest.query import parse
from cloud.fhir.rest.registry import BY_NAME
from cloud.fhir.rest.searching import count
from cloud.fhir.rest.topics import TOPICS

LOG: Final = logging.getLogger("vitalwire.worker")
AT_ONCE: Final = 20
NOTIFICATION: Final = "notification"
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A notification that waits to be sent: the call, how long it may take, the last event in it,
    and the version of the subscription it was made of.

    `places` are those of the events it tells of in their traces, by the events' numbers.
    """

    call: Call
    seconds: int
    through: int
    version: int
    tenant_id: str
    topic: str
    places: Mapping[int, TraceContext]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifier:
    """What notifying takes; `outbound` says which addresses are called, `spans` takes what was
    sent of a trace that is kept.
    """

    database: Database
    vault: Vault
    clock: Clock
    outbound: OutboundPolicy
    spans: SpanRecorder | None = None

    def once(self) -> int:
        """Send what is due now; how many subscriptions were looked at."""
        with self.database.begin(now=self.clock()) as work:
            pacing.end_over(work)
            due = [row.subscription_id for row in pacing.claim(work, limit=AT_ONCE)]
        for subscription_id in due:
            self._serve(subscription_id)
        return len(due)

    def _serve(self, subscription_id: str) -> None:
        try:
            with self.database.begin(now=self.clock()) as work:
                row = work.session.get(SubscriptionRow, subscription_id)
                made = None if row is None else self._made(work, row)
        except StorageError:
            raise
        except Exception as exc:  # noqa: BLE001 - one that cannot be made keeps no other from it
            # Its words may quote the record: the class is all that is logged.
            facts = (subscription_id, type(exc).__name__)
            LOG.error("event=notification_not_made id=%s cause=%s", *facts)  # noqa: TRY400 - as above
            self._settle(subscription_id, "It could not be made.", through=0, version=None)
            return
        if made is not None:
            at, began = self.clock(), time.perf_counter_ns()
            why = self._sent(made.call, made.seconds)
            took = (time.perf_counter_ns() - began) // 1000
            self._settle(subscription_id, why, through=made.through, version=made.version)
            self._note(subscription_id, made, at, took, status=ERROR if why else OK)

    def _settle(self, subscription_id: str, why: str, *, through: int, version: int | None) -> None:
        with self.database.begin(now=self.clock()) as work:
            # Locked: an event that comes at this moment makes it due again, and that must stay.
            row = work.session.get(SubscriptionRow, subscription_id, with_for_update=True)
            # Whoever changed it meanwhile has it greeted anew.
            if row is None or version not in (None, row.version):
                return
            if why:
                pacing.failed(work, row, why)
            else:
                pacing.arrived(work, row, through=through)
            LOG.info(
                "event=subscription_notified id=%s through=%d failures=%d status=%s",
                subscription_id,
                through,
                row.failures,
                row.status,
            )

    def _note(
        self, subscription_id: str, made: Made, at: datetime, microseconds: int, *, status: str
    ) -> None:
        """Have each event's trace show what was sent."""
        if self.spans is None:
            return
        for number, place in made.places.items():
            span = Span(
                trace_id=place.trace_id,
                span_id=place.span_id,
                parent_id=place.parent_id,
                kind=NOTIFICATION,
                name=made.topic,
                started_at=at,
                microseconds=microseconds,
                status=status,
                facts={"subscription_id": subscription_id, "number": number},
            )
            self.spans.take(made.tenant_id, Trace(place), span)

    def _made(self, work: UnitOfWork, row: SubscriptionRow) -> Made | None:
        owner = service.owner_of(work, row)
        if owner is None or not may(owner, "Encounter", "r"):
            pacing.stop(row, "The client may not read encounters any more.")
            return None
        waiting = service.events_of(
            work, row, after=row.delivered, through=row.events, limit=row.most_events
        )
        is_greeting = row.status == service.REQUESTED
        kind = HANDSHAKE if is_greeting else EVENT if waiting else HEARTBEAT
        told = [] if is_greeting else waiting
        desk = desk_of(work, self.vault, owner, row.base)
        bundle = notification(desk, row, kind, told)
        for one in dict.fromkeys(event.encounter_id for event in told):
            audit.record(work, owner, "notify", "encounter", one)
        for one in desk.identified:
            audit.record(work, owner, "read-identified", "encounter", one)
        lines = service.headers_of(self.vault, row)
        headers = {name: value.strip() for name, _, value in (one.partition(":") for one in lines)}
        places = _places(work, told)
        if places and TRACEPARENT not in map(str.lower, headers):
            # A call is of one trace: that of the newest event it tells of.
            headers[TRACEPARENT] = places[max(places)].traceparent
        call = Call(
            "POST",
            row.endpoint,
            {**headers, "Content-Type": "application/fhir+json", "Accept": "*/*"},
            dumps(bundle),
        )
        return Made(
            call=call,
            seconds=row.timeout_seconds,
            through=told[-1].number if told else row.delivered,
            version=row.version,
            tenant_id=row.tenant_id,
            topic=row.topic,
            places=places,
        )

    def _sent(self, call: Call, seconds: int) -> str:
        """Empty when it was taken, else why not, in words that name no host."""
        try:
            answer = send(call, replace(self.outbound, timeout_seconds=float(seconds)))
        except OutboundError as exc:
            return f"Not delivered: {exc}."
        return "" if answer.status in _TAKEN else f"Not taken: status {answer.status}."


def _places(work: UnitOfWork, told: Sequence[NotifiedEventRow]) -> dict[int, TraceContext]:
    """A span of its own under each event that happened in a trace, by the event's number."""
    above = contexts_of(work, [event.event_id for event in told])
    return {
        event.number: replace(
            above[event.event_id],
            span_id=new_span_id(),
            parent_id=above[event.event_id].span_id,
        )
        for event in told
        if event.event_id in above
    }


def follow_subscriptions(vault: Vault) -> Callable[[DomainEvent, UnitOfWork], None]:
    """The follower that gives events their numbers."""

    def follow(event: DomainEvent, work: UnitOfWork) -> None:
        act = str(event.data.get("act"))
        for topic in TOPICS:
            if act in topic.acts:
                for row in pacing.followers_of(work, event.tenant_id, topic.name):
                    is_since = event.occurred_at >= row.created_at
                    if is_since and _concerns(work, vault, row, event.resource_id):
                        pacing.add_event(work, row, event.event_id, event.resource_id)

    return follow


def desk_of(work: UnitOfWork, vault: Vault, owner: Principal, base: str) -> Desk:
    """What a client's notifications are made of: as if it asked itself."""
    facility = None if sees_all(owner) else facility_of(work, owner) or ""
    return Desk(
        work=work,
        vault=vault,
        principal=owner,
        base=base,
        may_read=lambda kind: may(owner, kind, "r"),
        within=() if facility is None else (encounters.brought_to(facility),),
    )


def _concerns(work: UnitOfWork, vault: Vault, row: SubscriptionRow, encounter_id: str) -> bool:
    """Whether the encounter is one the client may see and asked for."""
    owner = service.owner_of(work, row)
    if owner is None or not may(owner, "Encounter", "r"):
        return False
    desk = desk_of(work, vault, owner, row.base)
    chart = desk.chart(encounter_id)
    if chart is None:
        return False
    if not row.criteria:
        return True
    kind = BY_NAME["Encounter"]
    pairs = parse_qsl(row.criteria.partition("?")[2], keep_blank_values=True)
    try:
        query = parse(
            [*pairs, ("_id", chart.names.id_of("Encounter", ""))],
            kind.by_name,
            sorts=(),
            base=row.base,
            is_strict=True,
        )
        return count(desk, kind, query) > 0
    except DomainError:
        # It was understood when it was made; what is not any more concerns nobody.
        return False
