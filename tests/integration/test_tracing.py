"""One trace from the device to the cloud's commit, put together from both processes' spans."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry

from cloud.app.spans import CloudTracing
from cloud.core.observations.batch_traces import BatchTraces
from cloud.core.observations.ingest_metrics import IngestMetrics
from cloud.ingest.batches import BatchRecorder
from edge.app.spans import EdgeTracing
from edge.app.tracing import make_tracing
from edge.buffer.buffer import ObservationBuffer
from edge.clock import SYSTEM_CLOCK
from edge.pipeline.descriptions import DescribedSource, DescriptionBook
from edge.pipeline.traces import MOST_OBSERVATIONS, ReportTimes, ReportTraces
from edge.uplink.link import LinkHealth
from edge.uplink.policy import Way
from edge.uplink.sender import Sender
from protocols.gatt import thermometer
from protocols.gatt.uuids import assigned_uuid
from protocols.uplink.channels import UP, Channel
from protocols.uplink.codec import decode_ack
from protocols.uplink.messages import UplinkAck, UplinkBatch
from protocols.uplink.trace_ids import root_span_id_of, traceparent_of
from tests.fixtures.cloud import Installation, Tenant, install
from tests.fixtures.gateway import Gateway
from tests.fixtures.gatt_peer import peer
from tests.fixtures.oximeter import Oximeter, connect
from tests.fixtures.uplinks import drained, until, uplink
from tests.integration.test_cloud_programs import started
from tests.unit.edge.drivers.gatt_bench import Bench
from tests.unit.edge.making import spo2
from tests.waiting import wait_until

SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "AMB-7"
gateway_secret = "{secret}"
data = "{data}"
listen = "tcp:127.0.0.1:0"
[uplink]
mqtt_url = "{mqtt}"
[tracing]
otlp_url = "{collector}"
"""


class Collector:
    """What came over OTLP, span by span with the service that sent it."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Span]] = []

    def take(self, octets: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(octets)
        for resource in request.resource_spans:
            names = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(names["service.name"], span) for span in scope.spans]

    def traces(self) -> dict[bytes, set[str]]:
        """The names of the spans of each trace."""
        found: dict[bytes, set[str]] = {}
        for service, span in self.spans:
            found.setdefault(span.trace_id, set()).add(f"{service}/{span.name}")
        return found


@contextmanager
def collecting() -> Iterator[tuple[Collector, str]]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/traces"
            collector.take(self.rfile.read(int(self.headers["content-length"])))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield collector, f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


WHOLE = {
    "vitalwire-edge/batch",
    "vitalwire-edge/device.receive",
    "vitalwire-edge/buffer.append",
    "vitalwire-edge/device.confirm",
    "vitalwire-edge/uplink.batch",
    "vitalwire-cloud/cloud.ingest",
    "vitalwire-cloud/cloud.decode",
    "vitalwire-cloud/cloud.commit",
}


def test_a_report_is_one_trace_from_the_device_to_the_commit(tmp_path: Path) -> None:
    (tmp_path / "cloud").mkdir()
    mine, _ = install(tmp_path / "cloud")
    with collecting() as (collector, url):
        arguments: list[str | Path] = [
            "serve",
            "--data",
            tmp_path / "cloud",
            "--port",
            "0",
            "--mqtt-port",
            "0",
        ]
        with started(*arguments, log=tmp_path / "cloud.log", CLOUD_TRACING_URL=url) as (_, ready):
            text = SETTINGS.format(
                gateway=mine.gateway_id,
                tenant=mine.tenant_id,
                secret=mine.gateway_secret,
                data=tmp_path / "edge" / "data",
                mqtt=ready["mqtt"],
                collector=url,
            )
            edge = Gateway.start_with(tmp_path / "edge", text)
            line = connect(edge.agents)
            oximeter = Oximeter(line)
            oximeter.associate()
            oximeter.send_confirmed(1)
            wait_until(
                lambda: any(names >= WHOLE for names in collector.traces().values()),
                timeout=30,
                what="a whole trace",
            )
            line.close()
            assert edge.stop() == 0
    trace_id = next(one for one, names in collector.traces().items() if names >= WHOLE)
    spans = {span.name: span for _, span in collector.spans if span.trace_id == trace_id}
    root = root_span_id_of(UUID(bytes=trace_id)).to_bytes(8)
    assert spans["batch"].span_id == root
    assert not spans["batch"].parent_span_id
    assert spans["uplink.batch"].parent_span_id == root
    assert spans["cloud.ingest"].parent_span_id == root
    assert spans["cloud.commit"].parent_span_id == spans["cloud.ingest"].span_id
    order = ["device.receive", "buffer.append", "uplink.batch", "cloud.ingest", "cloud.commit"]
    ends = [spans[name].end_time_unix_nano for name in order if name != "uplink.batch"]
    assert ends == sorted(ends)
    attributes = {one.key: one.value.string_value for one in spans["uplink.batch"].attributes}
    assert attributes["vitalwire.batch"] == str(UUID(bytes=trace_id))


@dataclass(slots=True)
class CloudInside:
    """A way that ends in the cloud's own ingest; keeps what was sent."""

    recorder: BatchRecorder
    mine: Tenant
    health: LinkHealth = field(default_factory=lambda: LinkHealth(Way.MQTT, "url", is_up=True))
    batches: list[UplinkBatch] = field(default_factory=list)

    async def run(self) -> None:
        """It is always up."""

    async def send(self, batch: UplinkBatch, *, timeout_seconds: float) -> UplinkAck:
        assert timeout_seconds > 0
        topic = Channel(self.mine.tenant_id, self.mine.gateway_id, UP).topic
        _, octets = self.health.contract.encode(batch)
        (reply,) = await asyncio.to_thread(self.recorder.accept, [(topic, octets)])
        assert reply is not None
        self.batches.append(batch)
        ack = decode_ack(reply.payload)
        self.health.learn(ack, began=0.0, now=0.1, octets=len(octets))
        return ack


@dataclass(slots=True)
class Chain:
    """A buffer, a sender and the cloud's ingest in one process, with what both ends wrote."""

    buffer: ObservationBuffer
    sender: Sender
    link: CloudInside
    edge: EdgeTracing
    edge_spans: InMemorySpanExporter
    cloud_spans: InMemorySpanExporter

    def spans(self) -> dict[str, ReadableSpan]:
        """By name; each is written once."""
        found = [*self.edge_spans.get_finished_spans(), *self.cloud_spans.get_finished_spans()]
        assert len({span.name for span in found}) == len(found)
        return {span.name: span for span in found}


@asynccontextmanager
async def chained(cloud: Installation, folder: Path) -> AsyncIterator[Chain]:
    edge_spans, cloud_spans = InMemorySpanExporter(), InMemorySpanExporter()
    edge = EdgeTracing(processor=SimpleSpanProcessor(edge_spans), monotonic=SYSTEM_CLOCK.monotonic)
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(cloud_spans))
    traces = BatchTraces()
    traces.set(CloudTracing(provider))
    metrics = IngestMetrics(CollectorRegistry())
    recorder = BatchRecorder(
        cloud.database, metrics, cloud.clock, max_octets=1 << 20, traces=traces
    )
    link = CloudInside(recorder, cloud.mine)
    async with uplink(folder, link, gateway_id=cloud.mine.gateway_id) as (buffer, sender):
        sender.delivered, sender.traceparent = edge.delivered, edge.traceparent
        yield Chain(buffer, sender, link, edge, edge_spans, cloud_spans)


def check_whole(chain: Chain) -> dict[str, ReadableSpan]:
    """One trace: a root, the device's part and the cloud's part under it."""
    spans = chain.spans()
    (batch,) = chain.link.batches
    assert batch.traceparent == traceparent_of(batch.batch_id)
    assert {span.context.trace_id for span in spans.values()} == {batch.batch_id.int}
    root = spans["batch"]
    assert root.parent is None
    assert root.context.span_id == root_span_id_of(batch.batch_id)
    inside = {"cloud.decode", "cloud.commit"}
    for name, span in spans.items():
        if name != "batch":
            above = spans["cloud.ingest"] if name in inside else root
            assert span.parent is not None
            assert span.parent.span_id == above.context.span_id
    assert root.start_time == spans["device.receive"].start_time
    return spans


async def test_a_radio_device_s_value_is_one_trace_to_the_commit(
    embedded: Installation, tmp_path: Path
) -> None:
    async with chained(embedded, tmp_path) as chain:
        bench = Bench(tmp_path)
        bench.reception.source = DescribedSource(chain.buffer, DescriptionBook())
        bench.reception.traces = chain.edge.reports
        peer_link = peer((assigned_uuid(0x1809), thermometer.MEASUREMENT))
        async with bench.running(peer_link):
            # Nothing waits any more: what comes now is a batch of its own.
            await drained(chain.sender)
            chain.link.batches.clear()
            for exporter in (chain.edge_spans, chain.cloud_spans):
                exporter.clear()
            peer_link.send(thermometer.MEASUREMENT.uuid, bytes.fromhex("00 6d0100ff"))
            await until(lambda: bool(chain.link.batches), "the value")
        await drained(chain.sender)
        spans = check_whole(chain)
    assert set(spans) == {name.partition("/")[2] for name in WHOLE} - {"device.confirm"}


async def test_a_context_that_is_not_to_be_sampled_is_obeyed_by_the_cloud(
    embedded: Installation, tmp_path: Path
) -> None:
    async with chained(embedded, tmp_path) as chain:
        named = f"00-{'ab' * 16}-{'cd' * 8}"
        chain.sender.traceparent = lambda _batch_id: f"{named}-00"
        await chain.buffer.append([spo2(1)])
        await drained(chain.sender)
        assert not chain.cloud_spans.get_finished_spans()
        chain.sender.traceparent = lambda _batch_id: f"{named}-01"
        await chain.buffer.append([spo2(2)])
        await drained(chain.sender)
        ids = {span.context.trace_id for span in chain.cloud_spans.get_finished_spans()}
    assert ids == {int("ab" * 16, 16)}


async def test_without_tracing_a_batch_says_nothing_of_a_trace(
    embedded: Installation, tmp_path: Path
) -> None:
    async with chained(embedded, tmp_path) as chain:
        chain.sender.traceparent = Sender(
            buffer=chain.buffer, choice=chain.sender.choice, gateway_id="g", clock=SYSTEM_CLOCK
        ).traceparent
        await chain.buffer.append([spo2(1)])
        await drained(chain.sender)
    assert [batch.traceparent for batch in chain.link.batches] == [""]


def test_without_an_address_nothing_of_the_libraries_is_loaded() -> None:
    program = "import sys, edge.app.running; print('opentelemetry.sdk' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "False", done.stderr
    assert make_tracing("", monotonic=lambda: 0.0) is None


def test_the_book_of_reports_is_bounded_and_gives_each_report_once() -> None:
    book = ReportTraces()
    first, second = ReportTimes(0.0, 1.0, 2.0), ReportTimes(3.0, 4.0, 5.0)
    book.note([UUID(int=1), UUID(int=2)], first)
    book.note([UUID(int=3)], second)
    assert list(book.take([UUID(int=1), UUID(int=2), UUID(int=9)])) == [first]
    assert list(book.take([UUID(int=1)])) == []
    book.note((UUID(int=number) for number in range(10, 10 + MOST_OBSERVATIONS)), first)
    assert list(book.take([UUID(int=3)])) == [], "the oldest gave way"
