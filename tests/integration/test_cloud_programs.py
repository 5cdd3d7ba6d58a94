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

from protocols.uplink.channels import ACK, HTTP_BATCHES_PATH, MEDIA_TYPE_BINARY, UP
from protocols.uplink.codec import decode_ack, encode_batch
from tests.fixtures.cloud import START, Tenant, batch, numeric
from tests.integration.test_cloud_mqtt import gateway, topic
from tests.postgres import PROJECT_ENVIRONMENT, PostgresServer
from tests.waiting import wait_until

PATIENCE = 30.0


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


def bootstrap(data: Path, **environment: str) -> Tenant:
    done = run("bootstrap", "--data", data, "--json", **environment)
    assert done.returncode == 0, done.stderr
    return Tenant(**json.loads(done.stdout))


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


def test_bootstrap_prints_exactly_the_keys_once(tmp_path: Path) -> None:
    first = run("bootstrap", "--data", tmp_path / "d", "--json")
    assert first.returncode == 0
    assert set(json.loads(first.stdout)) == {
        "tenant_id",
        "client_id",
        "client_secret",
        "scopes",
        "admin_client_id",
        "admin_client_secret",
        "gateway_id",
        "gateway_secret",
    }
    again = run("bootstrap", "--data", tmp_path / "d", "--json")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.count("\n") == 1
    assert "Choose another with --name" in again.stderr
    other = run("bootstrap", "--data", tmp_path / "d", "--name", "Other")
    assert (other.returncode, "gateway_secret" in other.stdout) == (0, True)
    assert (tmp_path / "d" / "master.key").stat().st_mode & 0o777 == 0o600


def test_the_one_process_form_serves_and_stops_in_two_seconds(tmp_path: Path) -> None:
    tenant = bootstrap(tmp_path)
    with started(
        "serve", "--data", tmp_path, "--port", "0", "--mqtt-port", "0", log=tmp_path / "log"
    ) as (process, ready):
        assert ready["ready"] == "cloud"
        assert ready["pid"] == process.pid
        base, mqtt_port = ready["http"], int(ready["mqtt"].rpartition(":")[2])
        health = httpx.get(f"{base}/health", timeout=PATIENCE)
        assert health.status_code == 200, health.text
        assert set(health.json()["parts"]) == {"database", "broker", "ingest", "worker"}
        headers = token(base, tenant.client_id, tenant.client_secret)
        with gateway(mqtt_port, tenant.gateway_id, tenant.gateway_secret) as one:
            assert one.subscribe(topic(tenant, ACK))
            one.publish(topic(tenant, UP), encode_batch(batch(tenant, [numeric("97", START)])))
            assert one.ack().stored == 1
            devices = httpx.get(f"{base}/api/v1/devices", headers=headers, timeout=PATIENCE)
            assert [each["status"] for each in devices.json()] == ["discovered"]
            at = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(PATIENCE) == 0
            assert time.monotonic() - at < 2.0
    log = (tmp_path / "log").read_text(encoding="utf-8")
    assert "Traceback" not in log
    assert tenant.gateway_secret not in log
    assert tenant.client_secret not in log


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    tenant = bootstrap(tmp_path)
    acknowledged = 0
    for round_ in range(2):
        with started(
            "serve",
            "--data",
            tmp_path,
            *("--port", "0", "--no-broker", "--no-ingest", "--no-worker"),
            log=tmp_path / "log",
        ) as (process, ready):
            headers = token(ready["http"], tenant.gateway_id, tenant.gateway_secret)
            with httpx.Client(base_url=ready["http"], headers=headers, timeout=PATIENCE) as client:
                for number in range(10):
                    place = round_ * 10 + number
                    sent = batch(
                        tenant,
                        [numeric("97", START.replace(second=place))],
                        first_sequence=place + 1,
                    )
                    response = client.post(
                        HTTP_BATCHES_PATH,
                        content=encode_batch(sent),
                        headers={"Content-Type": MEDIA_TYPE_BINARY},
                    )
                    acknowledged += decode_ack(response.content).stored
            process.kill()
            process.wait()
    with started(
        "serve",
        "--data",
        tmp_path,
        *("--port", "0", "--no-broker", "--no-ingest", "--no-worker"),
        log=tmp_path / "log",
    ) as (_, ready):
        headers = token(ready["http"], tenant.client_id, tenant.client_secret)
        with httpx.Client(base_url=ready["http"], headers=headers, timeout=PATIENCE) as client:
            device = client.get("/api/v1/devices").json()[0]["id"]
            held = client.get(f"/api/v1/devices/{device}/observations", params={"limit": 200})
    assert acknowledged == len(held.json()["observations"]) == 20


def test_each_part_runs_in_a_process_of_its_own_on_postgresql(
    tmp_path: Path, postgres: PostgresServer
) -> None:
    environment = {"CLOUD_DATABASE_URL": postgres.new_database(), "CLOUD_DATA": str(tmp_path)}
    tenant = bootstrap(tmp_path, **environment)
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


def test_a_start_that_cannot_work_says_why_in_one_line(tmp_path: Path) -> None:
    data = tmp_path / "data"
    broken = tmp_path / "broken.toml"
    broken.write_text("port = = 1\n", encoding="utf-8")
    unknown = tmp_path / "unknown.toml"
    unknown.write_text("prot = 1\n", encoding="utf-8")
    a_file = tmp_path / "file"
    a_file.write_text("", encoding="utf-8")
    secret = "postgresql+psycopg://u:hunter2@127.0.0.1:1/none"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        serve = ("serve", "--data", data, "--no-ingest", "--no-worker")
        cases = {
            "port taken": (*serve, "--no-broker", "--port", port),
            "MQTT port taken": (*serve, "--port", "0", "--mqtt-port", port),
            "no such config": (*serve, "--config", tmp_path / "absent.toml"),
            "config unreadable": (*serve, "--config", broken),
            "unknown key": (*serve, "--config", unknown),
            "port too high": (*serve, "--port", "65536"),
            "folder is a file": ("serve", "--data", a_file),
            "database away": (*serve, "--database-url", secret),
            "database of another kind": (*serve, "--database-url", "mysql://x/y"),
            "no URL": (*serve, "--database-url", "nonsense"),
            "no schema": (*serve, "--data", tmp_path / "new", "--no-migrate"),
        }
        done = {name: run(*arguments) for name, arguments in cases.items()}
    for name, one in done.items():
        assert one.returncode == 2, (name, one.stderr)
        last = one.stderr.strip().splitlines()[-1]
        assert last.startswith("vitalwire-cloud: "), (name, one.stderr)
        assert last.endswith("."), (name, last)
        assert "Traceback" not in one.stderr, name
        assert "hunter2" not in one.stderr, name
        assert one.stdout == "", name
    assert port in done["port taken"].stderr
    assert port in done["MQTT port taken"].stderr
    assert '"prot"' in done["unknown key"].stderr
    assert '"port"' in done["port too high"].stderr
    assert "migrate" in done["no schema"].stderr


@pytest.mark.parametrize("name", ["CLOUD_PORT", "CLOUD_LOG_LEVEL"])
def test_a_wrong_environment_names_the_variable(tmp_path: Path, name: str) -> None:
    done = run("serve", "--data", tmp_path, **{name: "nonsense"})
    assert done.returncode == 2
    assert name in done.stderr


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
