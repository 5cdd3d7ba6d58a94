"""The fleet from the machine the cloud runs on, and sessions that end with a revocation."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from cloud.__main__ import main
from cloud.app.logs import JsonFormatter
from cloud.core.devices.revocation import revoke
from edge.status.logs import JsonFormatter as EdgeJsonFormatter
from protocols.uplink.channels import STATUS, UP
from tests.fixtures.brokers import PATIENCE, embedded_broker, gateway, topic
from tests.fixtures.cloud import Installation
from tests.waiting import wait_until


def run(cloud: Installation, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    data = str(cloud.parts.settings.data)
    assert main([words[0], "--data", data, *words[1:]]) == 0, capsys.readouterr().err
    return capsys.readouterr().out


def test_gateways_are_invited_listed_and_revoked_from_the_command_line(
    embedded: Installation, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = embedded.mine
    ours = ("--tenant", mine.tenant_id)
    invited = run(
        embedded, capsys, "gateways", "invite", "--name", "Box", "--vehicle", "AMB-7", *ours
    )
    assert len(invited.split()[0].split("-")) == 4
    (line,) = run(embedded, capsys, "gateways", "list", *ours).splitlines()
    assert json.loads(line)["id"] == mine.gateway_id
    for said in ("is revoked", "was revoked already"):
        out = run(embedded, capsys, "gateways", "revoke", mine.gateway_id, *ours)
        assert said in out
    data = str(embedded.parts.settings.data)
    stranger = ["gateways", "--data", data, "revoke", embedded.other.gateway_id, *ours]
    assert main(stranger) == 2
    assert "gateway_not_found" in capsys.readouterr().err


def test_a_broker_of_ones_own_is_configured_from_the_command_line(
    embedded: Installation,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUD_TLS_HOSTS", "broker.example,127.0.0.1")
    out = run(embedded, capsys, "broker-config", "--out", str(tmp_path / "out"))
    text = Path(out.strip()).read_text(encoding="utf-8")
    assert "require_certificate true" in text
    assert "listener 8883\n" in text
    assert "listener 1883 127.0.0.1" in text
    rules = (tmp_path / "out" / "gateways.acl").read_text(encoding="utf-8")
    assert "pattern write vw/1/+/%u/answers" in rules
    assert (tmp_path / "out" / "server.key").stat().st_mode & 0o077 == 0


def test_the_embedded_broker_ends_the_session_of_a_revoked_gateway(
    embedded: Installation,
) -> None:
    mine = embedded.mine
    with (
        embedded_broker(embedded) as port,
        gateway(port, mine.gateway_id, mine.gateway_secret) as one,
    ):
        assert one.connected.get(timeout=PATIENCE)
        with embedded.database.begin(now=embedded.clock()) as work:
            assert revoke(work, mine.caller, mine.gateway_id, reason="stolen")
        wait_until(lambda: not one.client.is_connected(), timeout=PATIENCE, what="the end")
        with gateway(port, mine.gateway_id, mine.gateway_secret) as again:
            assert not again.connected.get(timeout=PATIENCE)


def test_a_last_will_goes_to_ones_own_status_only(embedded: Installation) -> None:
    mine = embedded.mine
    with embedded_broker(embedded) as port:
        for will, enters in ((topic(mine, STATUS), True), (topic(mine, UP), False)):
            with gateway(port, mine.gateway_id, mine.gateway_secret, will_topic=will) as one:
                assert one.connected.get(timeout=PATIENCE) is enters


@pytest.mark.parametrize("formatter", [JsonFormatter(), EdgeJsonFormatter()])
def test_a_log_line_is_one_json_object_with_the_messages_keys(
    formatter: logging.Formatter,
) -> None:
    record = logging.LogRecord(
        "edge.uplink", logging.WARNING, "", 0, "batch refused gateway=%s reason=%r octets=%d",
        ("gw_1", "too large", 7), None,
    )  # fmt: skip
    line = json.loads(formatter.format(record))
    assert (line["level"], line["room"]) == ("warning", "edge.uplink")
    assert (line["gateway"], line["reason"], line["octets"]) == ("gw_1", "too large", "7")
    assert line["event"].startswith("batch refused")
    record.exc_info = (ValueError, ValueError("no"), None)
    assert "ValueError" in json.loads(formatter.format(record))["traceback"]
