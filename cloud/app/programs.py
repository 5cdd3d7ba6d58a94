"""The programs: the service in one process, or each of its parts in its own."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import ssl
import sys
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from typing import Final

import uvicorn
from fastapi import FastAPI

from cloud.app.client_trust import trusting_clients
from cloud.app.listening import Server, listening, printable, served
from cloud.app.memory import bound_memory, nothing_is_waste, set_program_apart
from cloud.app.opening import StartError, ingest_secret
from cloud.app.parts import Parts
from cloud.app.tls import is_own_authority, server_tls
from cloud.app.worker_page import page_config
from cloud.app.working import working
from cloud.broker.access import INGEST_USER, AccessList
from cloud.broker.embedded import EmbeddedBroker, TlsListener
from cloud.core.devices.joining import Offer
from cloud.core.federation.connections import is_any_active
from cloud.core.federation.signatures import is_there
from cloud.core.kernel.health import Health
from cloud.core.kernel.outbound import look_up
from cloud.ingest.batches import BatchRecorder
from cloud.ingest.messages import AnswerRecorder, MessageDesk
from cloud.ingest.mqtt import BrokerAddress, IngestSettingsError, MqttIngest
from cloud.settings import CloudSettings
from cloud.worker.runner import Job, Worker

READY_SECONDS: Final = 5.0


def announce(**facts: object) -> None:
    """The one line on stdout that says a program is ready."""
    sys.stdout.write(json.dumps({"ready": "cloud", **facts, "pid": os.getpid()}) + "\n")
    sys.stdout.flush()


async def serve(parts: Parts) -> None:
    """API, and as far as the settings want them here: broker, ingest and worker."""
    # The API takes longest to load, and no other program serves it.
    with nothing_is_waste():
        from cloud.app.composition import create_app  # noqa: PLC0415 - as above

    bound_memory()
    settings = parts.settings
    stop = _stop_event()
    async with AsyncExitStack() as stack:
        listener = stack.enter_context(listening(settings.host, settings.port))
        tls = server_tls(parts)
        scheme = "http" if tls is None else "https"
        base_url = f"{scheme}://{printable(settings.host)}:{listener.getsockname()[1]}"
        broker = None
        if settings.broker:
            broker = await stack.enter_async_context(_broker(parts, tls))
            parts.probes["broker"] = lambda: Health(ok=broker.is_listening, details={})
        if settings.worker:
            stack.enter_context(working(parts))
        else:
            stack.enter_context(_writing_spans(parts))
        parts.probes["traces"] = lambda: _writing(parts)
        ingest = None
        if settings.ingest:
            ingest = stack.enter_context(_ingesting(parts, broker))
        issuer = settings.public_url.rstrip("/") or base_url
        parts.probes["outbound"] = _calling
        parts.probes["federation"] = lambda: _federation(parts)
        app = create_app(parts, issuer=issuer, offer=_offer(settings, issuer, broker))
        # The broker's handshakes stay as they are: registered clients have no business there.
        http_tls = server_tls(parts)
        stack.enter_context(trusting_clients(parts, http_tls))
        server = Server(_http_config(app, http_tls))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(server.serve(sockets=[listener]), name="http")
            await server.serving.wait()
            if ingest is not None:
                await asyncio.to_thread(ingest.wait_ready, READY_SECONDS)
            set_program_apart()
            announce(http=base_url, **_mqtt_facts(settings, broker))
            await stop.wait()
            # Open boards end first: the server waits for whatever still streams.
            await asyncio.to_thread(app.state.live_feed.close)
            server.should_exit = True


async def run_broker(parts: Parts) -> None:
    """The embedded broker alone."""
    bound_memory()
    stop = _stop_event()
    async with _broker(parts, server_tls(parts)) as broker:
        settings = parts.settings
        announce(http=None, **_mqtt_facts(settings, broker))
        await stop.wait()


async def run_ingest(parts: Parts) -> None:
    """Ingest alone, from the broker of the settings."""
    bound_memory()
    stop = _stop_event()
    with _ingesting(parts, None) as ingest:
        await asyncio.to_thread(ingest.wait_ready, READY_SECONDS)
        set_program_apart()
        announce(http=None, mqtt=_mqtt_url(parts.settings, None))
        await stop.wait()


async def run_worker(parts: Parts) -> None:
    """The worker alone; health and metrics where the settings have a port for them."""
    bound_memory()
    stop = _stop_event()
    settings = parts.settings
    async with AsyncExitStack() as stack:
        shown = {}
        if settings.worker_port is not None:
            # A port that is taken is told before anything is begun.
            host, port = settings.worker_host, settings.worker_port
            advice = "Correct the settings worker_host and worker_port"
            listener = stack.enter_context(listening(host, port, advice=advice))
            base_url = f"http://{printable(host)}:{listener.getsockname()[1]}"
            shown = {"health": f"{base_url}/health", "metrics": f"{base_url}/metrics"}
        stack.enter_context(working(parts))
        parts.probes["traces"] = lambda: _writing(parts)
        if shown:
            await stack.enter_async_context(served(page_config(parts), listener))
        announce(http=None, mqtt=None, **shown)
        await stop.wait()


def _writing(parts: Parts) -> Health:
    """Whether spans are written down."""
    return Health(ok=parts.spans.is_writing, details=parts.spans.details())


def _federation(parts: Parts) -> Health:
    """Whether signatures can be looked at, where anybody signs in by them."""
    if is_there():
        return Health(ok=True, details={"program": "there"})
    with parts.database.reading(now=parts.clock()) as work:
        return Health(ok=not is_any_active(work), details={"program": "missing"})


def _stop_event() -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def _broker(parts: Parts, tls: ssl.SSLContext | None) -> EmbeddedBroker:
    settings = parts.settings
    access = AccessList(
        parts.database,
        ingest_secret=ingest_secret(settings.data),
        clock=parts.clock,
        monotonic=time.monotonic,
    )
    over_tls = None
    if tls is not None:
        host = settings.mqtts_host or settings.mqtt_host
        over_tls = TlsListener(host, settings.mqtts_port, tls)
    return EmbeddedBroker(access, host=settings.mqtt_host, port=settings.mqtt_port, tls=over_tls)


def _http_config(app: FastAPI, tls: ssl.SSLContext | None) -> uvicorn.Config:
    from cloud.api.shared.peer import PeerProtocol  # noqa: PLC0415 - only the API answers callers

    config = uvicorn.Config(
        app,
        http=PeerProtocol,
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
        h11_max_incomplete_event_size=65_536,
    )
    config.load()
    config.ssl = tls
    return config


def _offer(settings: CloudSettings, issuer: str, broker: EmbeddedBroker | None) -> Offer:
    """What a gateway that joins is told."""
    return Offer(
        http_url=settings.gateway_http_url.rstrip("/") or issuer,
        mqtt_url=settings.gateway_mqtt_url
        or _mqtts_url(settings, broker)
        or _mqtt_url(settings, broker)
        or "",
        is_own_authority=is_own_authority(settings),
    )


def _mqtt_facts(settings: CloudSettings, broker: EmbeddedBroker | None) -> dict[str, object]:
    over_tls = _mqtts_url(settings, broker)
    return {
        "mqtt": _mqtt_url(settings, broker),
        **({} if over_tls is None else {"mqtts": over_tls}),
    }


def _mqtts_url(settings: CloudSettings, broker: EmbeddedBroker | None) -> str | None:
    if broker is None or broker.tls_port is None:
        return None
    return f"mqtts://{printable(settings.mqtts_host or settings.mqtt_host)}:{broker.tls_port}"


@contextmanager
def _ingesting(parts: Parts, broker: EmbeddedBroker | None) -> Iterator[MqttIngest]:
    recorder = BatchRecorder(
        parts.database,
        parts.ingest_metrics,
        parts.clock,
        max_octets=parts.settings.max_batch_octets,
        traces=parts.traces,
    )
    answers = AnswerRecorder(parts.database, parts.vault, parts.fleet_metrics, parts.clock)
    desk = MessageDesk(recorder, answers)
    ingest = MqttIngest(_address(parts.settings, broker), desk)
    parts.probes["ingest"] = lambda: Health(
        ok=ingest.is_connected and ingest.is_working, details=ingest.details()
    )
    ingest.start()
    try:
        yield ingest
    finally:
        ingest.stop()


@contextmanager
def _writing_spans(parts: Parts) -> Iterator[None]:
    """Where the worker is elsewhere, what this process noted of its calls is written here."""
    worker = Worker((Job("spans", 1.0, parts.spans.flush),))
    worker.start()
    try:
        yield
    finally:
        worker.stop()


def _calling() -> Health:
    """Calls out wait once every look-up of a name hangs."""
    return Health(ok=look_up.has_room, details={"lookups": look_up.hanging})


def _address(settings: CloudSettings, broker: EmbeddedBroker | None) -> BrokerAddress:
    if not settings.mqtt_url:
        return BrokerAddress(
            host=settings.mqtt_host,
            port=broker.port if broker is not None else settings.mqtt_port,
            username=INGEST_USER,
            password=ingest_secret(settings.data),
            is_embedded=True,
        )
    try:
        password = ""
        if settings.mqtt_password_file is not None:
            password = settings.mqtt_password_file.read_text(encoding="utf-8").strip()
        return BrokerAddress.parse(
            settings.mqtt_url, username=settings.mqtt_username, password=password
        )
    except IngestSettingsError as exc:
        raise StartError(f"{exc}. Correct the setting mqtt_url") from exc
    except OSError as exc:
        raise StartError(
            f"the file of mqtt_password_file cannot be read ({exc.strerror}). Correct the setting"
        ) from exc


def _mqtt_url(settings: CloudSettings, broker: EmbeddedBroker | None) -> str | None:
    if broker is not None:
        return f"mqtt://{printable(settings.mqtt_host)}:{broker.port}"
    if settings.mqtt_url or not settings.ingest:
        return settings.mqtt_url or None
    return f"mqtt://{printable(settings.mqtt_host)}:{settings.mqtt_port}"
