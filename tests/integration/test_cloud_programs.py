"""`vitalwire-cloud` as processes: start, stop, kill -9, and starts that cannot work."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cloud.__main__ import main
from protocols.uplink.channels import ACK, HTTP_BATCHES_PATH, MEDIA_TYPE_BINARY, UP
from protocols.uplink.codec import decode_ack, encode_batch
from tests.fixtures.brokers import gateway, topic
from tests.fixtures.cloud import START, Tenant, batch, install, numeric
from tests.postgres import PROJECT_ENVIRONMENT, PostgresServer
from tests.waiting import wait_until

PATIENCE = 120.0
STOPS_IN = 4.0
"""0.2 s on an idle machine, promised within 2 s; tests run side by side on two cores."""


def command(*arguments: str | Path) -> list[str]:
    return [sys.executable, "-m", "cloud", *(str(one) for one in arguments)]


def run(*arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*arguments),
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        env={**PROJECT_ENVIRONMENT, **environment},
    )


def bootstrap(data: Path, database_url: str | None = None) -> Tenant:
    mine, _ = install(data, database_url)
    return mine


@contextlib.contextmanager
def started(
    *arguments: str | Path, log: Path, **environment: str
) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A program and its ready line; killed at the end if it still runs."""
    with log.open("a", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command(*arguments),
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            env={**PROJECT_ENVIRONMENT, **environment},
        )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, log.read_text(encoding="utf-8")
        yield process, json.loads(line)
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def token(base: str, client_id: str, secret: str) -> dict[str, str]:
    response = httpx.post(
        f"{base}/v1/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(client_id, secret),
        timeout=PATIENCE,
    )
    return {"Authorization": f"Bearer {response.json()['access_token']}"}


def test_bootstrap_prints_exactly_the_keys_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(tmp_path / "d")
    assert main(["bootstrap", "--data", data, "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)) == {
        "tenant_id",
        "client_id",
        "client_secret",
        "scopes",
        "admin_client_id",
        "admin_client_secret",
        "gateway_id",
        "gateway_secret",
        "product_id",
        "admin_user_id",
        "admin_user_email",
        "admin_user_password",
    }
    assert main(["bootstrap", "--data", data, "--json"]) == 2
    again = capsys.readouterr()
    assert (again.out, again.err.count("\n")) == ("", 1)
    assert "Choose another with --name" in again.err
    assert main(["bootstrap", "--data", data, "--name", "Other"]) == 0
    assert "gateway_secret" in capsys.readouterr().out
    assert main(["bootstrap", "--data", data, "--name", "Third", "--admin-email", "nobody"]) == 2
    assert "as --admin-email" in capsys.readouterr().err
    assert main(["bootstrap", "--data", data, "--name", "x" * 121]) == 2
    assert "as --name" in capsys.readouterr().err
    assert (tmp_path / "d" / "master.key").stat().st_mode & 0o777 == 0o600
    assert main(["migrate", "--data", data]) == 0


def test_the_one_process_form_serves_and_stops_at_once(tmp_path: Path) -> None:
    tenant = bootstrap(tmp_path)
    with started(
        "serve", "--data", tmp_path, "--port", "0", "--mqtt-port", "0", log=tmp_path / "log"
    ) as (process, ready):
        assert ready["ready"] == "cloud"
        assert ready["pid"] == process.pid
        base, mqtt_port = ready["http"], int(ready["mqtt"].rpartition(":")[2])
        health = httpx.get(f"{base}/health", timeout=PATIENCE)
        assert health.status_code == 200, health.text
        assert len(health.headers.get_list("date")) == 1
        parts = set(health.json()["parts"])
        worked = {"exchange", "jobs", "notifications", "relay", "webhooks", "worker"}
        assert parts == {
            "database",
            "broker",
            "federation",
            "ingest",
            "operations",
            "outbound",
            "traces",
            *worked,
        }
        headers = token(base, tenant.client_id, tenant.client_secret)
        with gateway(mqtt_port, tenant.gateway_id, tenant.gateway_secret) as one:
            assert one.subscribe(topic(tenant, ACK))
            one.publish(topic(tenant, UP), encode_batch(batch(tenant, [numeric("97", START)])))
            assert one.ack().stored == 1
            devices = httpx.get(f"{base}/api/v1/devices", headers=headers, timeout=PATIENCE)
            assert [each["status"] for each in devices.json()] == ["discovered"]
            # An open board and a connected gateway must not hold it up.
            with httpx.stream(
                "GET", f"{base}/board/events", headers=headers, timeout=PATIENCE
            ) as board:
                lines = board.iter_lines()
                assert next(lines).startswith("retry")
                at = time.monotonic()
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == 0
                assert time.monotonic() - at < STOPS_IN
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert tenant.gateway_secret not in log
    assert tenant.client_secret not in log


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    tenant = bootstrap(tmp_path)
    acknowledged = 0
    api_alone = ("--port", "0", "--no-broker", "--no-ingest", "--no-worker")
    with started("serve", "--data", tmp_path, *api_alone, log=tmp_path / "log") as (process, ready):
        headers = token(ready["http"], tenant.gateway_id, tenant.gateway_secret)
        with httpx.Client(base_url=ready["http"], headers=headers, timeout=PATIENCE) as client:
            for place in range(20):
                sent = batch(
                    tenant, [numeric("97", START.replace(second=place))], first_sequence=place + 1
                )
                response = client.post(
                    HTTP_BATCHES_PATH,
                    content=encode_batch(sent),
                    headers={"Content-Type": MEDIA_TYPE_BINARY},
                )
                acknowledged += decode_ack(response.content).stored
            process.kill()
            process.wait()
    with started("serve", "--data", tmp_path, *api_alone, log=tmp_path / "log") as (_, ready):
        headers = token(ready["http"], tenant.client_id, tenant.client_secret)
        with httpx.Client(base_url=ready["http"], headers=headers, timeout=PATIENCE) as client:
            device = client.get("/api/v1/devices").json()[0]["id"]
            held = client.get(f"/api/v1/devices/{device}/observations", params={"limit": 200})
    assert acknowledged == len(held.json()["observations"]) == 20


def test_each_part_runs_in_a_process_of_its_own_on_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    environment = {"CLOUD_DATABASE_URL": postgres.new_database(), "CLOUD_DATA": str(tmp_path)}
    tenant = bootstrap(tmp_path, environment["CLOUD_DATABASE_URL"])
    log = tmp_path / "log"
    with contextlib.ExitStack() as stack:
        _, broker = stack.enter_context(
            started("broker", "--mqtt-port", "0", log=log, **environment)
        )
        port = broker["mqtt"].rpartition(":")[2]
        stack.enter_context(started("ingest", "--mqtt-port", port, log=log, **environment))
        worker, _ = stack.enter_context(started("worker", log=log, **environment))
        _, ready = stack.enter_context(
            started(
                "serve",
                *("--port", "0", "--no-broker", "--no-ingest", "--no-worker"),
                log=log,
                **environment,
            )
        )
        with gateway(int(port), tenant.gateway_id, tenant.gateway_secret) as one:
            assert one.subscribe(topic(tenant, ACK))
            one.publish(topic(tenant, UP), encode_batch(batch(tenant, [numeric("97", START)])))
            assert one.ack().stored == 1
        wait_until(
            lambda: (
                httpx.get(f"{ready['http']}/health").json()["parts"]["database"]["outbox_depth"]
                == 0
            ),
            timeout=PATIENCE,
            what="the worker's relay",
        )
        worker.send_signal(signal.SIGINT)
        assert worker.wait(PATIENCE) == 0
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_worker_alone_shows_that_its_parts_live_where_it_is_asked_to(tmp_path: Path) -> None:
    bootstrap(tmp_path)
    log = tmp_path / "log"
    with started("worker", "--data", tmp_path, log=log) as (_, ready):
        assert set(ready) == {"ready", "http", "mqtt", "pid"}
    with started("worker", "--data", tmp_path, log=log, CLOUD_WORKER_PORT="0") as (_, ready):
        health, metrics = httpx.get(ready["health"]), httpx.get(ready["metrics"])
        port = ready["health"].removeprefix("http://127.0.0.1:").removesuffix("/health")
        taken = run("worker", "--data", tmp_path, CLOUD_WORKER_PORT=port)
    assert (health.status_code, health.json()["status"]) == (200, "ok")
    parts = {"relay", "worker", "webhooks", "exchange", "notifications", "jobs", "traces"}
    assert set(health.json()["parts"]) == {"database", *parts}
    assert all(f'vitalwire_part_ok{{part="{one}"}} 1.0' in metrics.text for one in parts)
    assert "vitalwire_outbox_depth 0.0" in metrics.text
    assert (taken.returncode, "worker_port" in taken.stderr) == (2, True)
    assert "Traceback" not in log.read_text(encoding="utf-8")


def test_a_taken_port_ends_the_program_with_one_line(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = run("serve", "--data", tmp_path, "--no-broker", "--port", port)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"vitalwire-cloud: cannot listen on 127.0.0.1:{port} ")
    assert done.stderr.count("\n") == 1


CANNOT_START: dict[str, tuple[tuple[str, ...], str]] = {
    "MQTT port taken": (("--port", "0", "--mqtt-port", "{port}"), "{port}"),
    "MQTT port taken, and what to do": (("--mqtt-port", "{port}"), "give --mqtt-port another"),
    "no such config": (("--config", "{folder}/absent.toml"), "absent.toml"),
    "config unreadable": (("--config", "{folder}/broken.toml"), "settings"),
    "unknown key": (("--config", "{folder}/unknown.toml"), '"prot" is no setting'),
    "port too high": (("--port", "65536"), '"port"'),
    "folder is a file": (("--data", "{folder}/broken.toml"), "--data"),
    "database away": (
        ("--database-url", "postgresql+psycopg://u:hunter2@127.0.0.1:1/none"),
        "127.0.0.1:1",
    ),
    "database port no number": (
        ("--database-url", "postgresql+psycopg://u:hunter2@127.0.0.1:notaport/x"),
        "database_url",
    ),
    "database port too high": (
        ("--database-url", "postgresql+psycopg://u:hunter2@127.0.0.1:99999/x"),
        "99999",
    ),
    "database of another kind": (("--database-url", "mysql://x/y"), "postgresql+psycopg"),
    "no URL": (("--database-url", "nonsense"), "Write postgresql+psycopg://USER@HOST/NAME"),
    "host of another machine": (("--host", "203.0.113.1"), "a --host of this machine"),
    "no schema": (("--data", "{folder}/new", "--no-migrate"), "migrate"),
    "no password file": (("--config", "{folder}/password.toml"), "mqtt_password_file"),
    "no secret": (("--data", "{folder}/secretless"), "secretless"),
    "no broker address": (("--config", "{folder}/address.toml"), "mqtt_url"),
}


@pytest.mark.parametrize("name", CANNOT_START)
def test_a_start_that_cannot_work_says_why_in_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    files = {
        "broken.toml": "port = = 1",
        "unknown.toml": "prot = 1",
        "password.toml": 'mqtt_url = "mqtt://h"\nmqtt_password_file = "/none"\nbroker = false',
        "address.toml": 'mqtt_url = "http://h"\nbroker = false',
    }
    for file, text in files.items():
        (tmp_path / file).write_text(f"{text}\n", encoding="utf-8")
    (tmp_path / "secretless" / "ingest.secret").mkdir(parents=True)
    arguments, named = CANNOT_START[name]
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        known = {"port": str(taken.getsockname()[1]), "folder": str(tmp_path)}
        given = [
            "serve",
            "--data",
            str(tmp_path / "data"),
            "--port",
            "0",
            "--mqtt-port",
            "0",
            "--no-worker",
        ]
        status = main([*given, *(one.format(**known) for one in arguments)])
    captured = capsys.readouterr()
    last = captured.err.strip().splitlines()[-1]
    assert (status, captured.out) == (2, "")
    assert last.startswith("vitalwire-cloud: ")
    assert last.endswith(".")
    assert named.format(**known) in last
    assert "Traceback" not in captured.err
    assert "hunter2" not in captured.err


def test_secrets_nobody_reads_are_not_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        command("bootstrap", "--data", tmp_path, "--json"),
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
        timeout=PATIENCE,
        env=PROJECT_ENVIRONMENT,
    )
    os.close(writing)
    assert done.returncode == 2
    assert done.stderr.startswith("vitalwire-cloud: the secrets could not be printed (")
    assert done.stderr.count("\n") == 1
    assert main(["bootstrap", "--data", str(tmp_path), "--json"]) == 0
    assert "gateway_secret" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["CLOUD_PORT", "CLOUD_LOG_LEVEL", "CLOUD_PROT"])
def test_a_wrong_environment_names_the_variable(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
) -> None:
    monkeypatch.setenv(name, "nonsense")
    assert main(["serve", "--data", str(tmp_path)]) == 2
    assert name in capsys.readouterr().err


def test_settings_come_from_file_then_environment_then_command(tmp_path: Path) -> None:
    config = tmp_path / "cloud.toml"
    data = tmp_path / "from-file"
    config.write_text(f'data = "{data}"\nport = 1\nmqtt_port = 0\n', encoding="utf-8")
    with started(
        "serve", "--config", config, "--port", "0", log=tmp_path / "log", CLOUD_HOST="127.0.0.2"
    ) as (_, ready):
        assert ready["http"].startswith("http://127.0.0.2:")
        assert not ready["http"].endswith(":1")
    assert (data / "vitalwire.sqlite3").is_file()
    assert os.environ.get("CLOUD_HOST") is None
