"""One trace from the device to the cloud's commit, put together from both processes' spans."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import UUID

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from edge.app.tracing import make_tracing
from edge.pipeline.traces import MOST_OBSERVATIONS, ReportTimes, ReportTraces
from protocols.uplink.trace_ids import root_span_id_of
from tests.fixtures.cloud import install
from tests.fixtures.gateway import Gateway
from tests.fixtures.oximeter import Oximeter, connect
from tests.integration.test_cloud_programs import started
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
    assert spans["uplink.batch"].parent_span_id == root
    assert spans["cloud.ingest"].parent_span_id == root
    assert spans["cloud.commit"].parent_span_id == spans["cloud.ingest"].span_id
    order = ["device.receive", "buffer.append", "uplink.batch", "cloud.ingest", "cloud.commit"]
    ends = [spans[name].end_time_unix_nano for name in order if name != "uplink.batch"]
    assert ends == sorted(ends)
    attributes = {one.key: one.value.string_value for one in spans["uplink.batch"].attributes}
    assert attributes["vitalwire.batch"] == str(UUID(bytes=trace_id))


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
