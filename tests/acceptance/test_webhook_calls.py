"""The calls of the integration contract as integrators copy them: curl against the running server.

Only the host, the token and the ids that the server gave are put in.
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.integration.test_cloud_programs import run, started, token

pytestmark = pytest.mark.acceptance

HOST = "https://auth.example"
CREATE = """
curl -X POST https://auth.example/v1/webhooks \\
  -H "Authorization: Bearer <access-token>" \\
  -H "Content-Type: application/json" \\
  -d '{
    "url": "https://integrator.example/webhooks/argus",
    "events": ["incident.updated"],
    "secret": "<signing-secret>"
  }'
"""
UPDATE = """
curl -X PUT https://auth.example/v1/webhooks/wh_123 \\
  -H "Authorization: Bearer <access-token>" \\
  -H "Content-Type: application/json" \\
  -d '{
    "events": ["incident.updated", "incident.closed"]
  }'
"""
TEST = """
curl -X POST https://auth.example/v1/webhooks/wh_123/test \\
  -H "Authorization: Bearer <access-token>"
"""
DELIVERIES = """
curl https://auth.example/v1/webhooks/wh_123/deliveries \\
  -H "Authorization: Bearer <access-token>"
"""


def test_the_calls_of_the_contract_give_what_it_says(tmp_path: Path) -> None:
    data = tmp_path / "data"
    words = json.loads(run("bootstrap", "--json", "--name", "Mine", "--data", str(data)).stdout)
    client_id, tenant_id = words["client_id"], words["tenant_id"]
    approved = run(
        "apps", "--data", str(data), "approve", "--tenant", tenant_id, client_id,
        "--scope", "webhooks:write", "--scope", "argus:epcr:read",
    )  # fmt: skip
    assert approved.returncode == 0, approved.stderr
    ports = ("--port", "0", "--mqtt-port", "0")
    with started("serve", "--data", str(data), *ports, log=tmp_path / "log") as (_, ready):
        bearer = token(ready["http"], client_id, words["client_secret"])["Authorization"]
        webhook_id = "wh_123"

        def curl(command: str) -> dict[str, Any]:
            text = (
                command.replace(HOST, ready["http"])
                .replace("Bearer <access-token>", bearer)
                .replace("wh_123", webhook_id)
            )
            done = subprocess.run(
                ["bash", "-c", text], capture_output=True, text=True, check=True, timeout=60
            )
            document: dict[str, Any] = json.loads(done.stdout)
            return document

        created = curl(CREATE)
        url = "https://integrator.example/webhooks/argus"
        assert created.items() >= {"url": url, "events": ["incident.updated"]}.items()
        assert "secret" not in created
        webhook_id = created["id"]
        assert webhook_id.startswith("wh_")
        changed = curl(UPDATE)
        both = ["incident.updated", "incident.closed"]
        assert changed.items() >= {"id": webhook_id, "events": both, "url": url}.items()
        queued = curl(TEST)
        assert queued["delivery_id"].startswith("dlv_test_")
        assert queued["status"] == "queued"
        (delivery,) = curl(DELIVERIES)["deliveries"]
        assert delivery["id"] == queued["delivery_id"]
