"""Joining says plainly why it does not work."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from edge.enrolment.configuration import ConfigurationFolder
from edge.enrolment.identity import Identity
from edge.enrolment.joining import join
from edge.errors import EnrolmentError
from tests.unit.edge.enrolment.authority import Cloud

CLOUD = Cloud()


@contextmanager
def answering(status: int, body: dict[str, object] | bytes | None) -> Iterator[str]:
    """A small cloud on loopback; None lets the gateway in."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
            said = body
            if said is None:
                member = CLOUD.membership
                said = {
                    "gateway_id": member.gateway_id,
                    "tenant_id": member.tenant_id,
                    "vehicle_id": member.vehicle_id,
                    "certificate": CLOUD.certify(asked["request"]),
                    "trust": "",
                    "configuration": CLOUD.sign(1, {}),
                    "configuration_key_id": member.configuration_key_id,
                    "configuration_key": member.configuration_key,
                }
            octets = said if isinstance(said, bytes) else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(octets)))
            self.end_headers()
            self.wfile.write(octets)

        def log_message(self, *_words: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_box_that_joined_has_identity_and_configuration(tmp_path: Path) -> None:
    with answering(201, None) as cloud:
        joined = join(tmp_path, cloud=cloud, code="CODE")
    assert (joined.gateway_id, joined.vehicle_id) == ("gw_1", "AMB-7")
    membership = Identity(tmp_path).membership()
    assert membership is not None
    assert membership.cloud == cloud
    assert ConfigurationFolder(tmp_path, membership).version == 1


@pytest.mark.parametrize(
    ("status", "body", "why"),
    [
        (403, {"error": "invalid_code"}, "invalid_code.*Ask for a new code"),
        (429, {"error": "too_many_attempts"}, "Wait a minute"),
        (500, b"<html>", "answers 500"),
        (403, b"[]", "unknown"),
        (201, {"gateway_id": "x"}, "not understood"),
        (201, b"[]", "not understood"),
    ],
)
def test_a_cloud_that_does_not_want_us_is_told_with_the_mend(
    tmp_path: Path, status: int, body: dict[str, object] | bytes, why: str
) -> None:
    with answering(status, body) as cloud, pytest.raises(EnrolmentError, match=why):
        join(tmp_path, cloud=cloud, code="CODE")
    assert Identity(tmp_path).membership() is None


def test_a_code_goes_over_tls_and_to_somebody_who_answers(tmp_path: Path) -> None:
    for cloud, ca_file, why in (
        ("http://cloud.example", "", "TLS only"),
        ("ftp://127.0.0.1", "", "TLS only"),
        ("http://127.0.0.1:1", "", "cannot be reached"),
        ("https://127.0.0.1:1", str(tmp_path / "absent.pem"), "no certificate"),
    ):
        with pytest.raises(EnrolmentError, match=why):
            join(tmp_path, cloud=cloud, code="CODE", ca_file=ca_file)
