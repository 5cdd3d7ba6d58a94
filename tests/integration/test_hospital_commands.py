"""Hospitals' servers from the machine the cloud runs on."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from cloud.core.kernel.work import utc_now
from tests.fixtures.administration import Operator
from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import FACILITY, exchange_of
from tests.fixtures.hospitals import Said, scripted_hospital


def test_an_operator_connects_tests_and_follows_a_hospital(
    embedded: Installation,
    operator: Operator,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CLOUD_OUTBOUND_NETWORKS", "127.0.0.0/8")
    whose = ("--tenant", embedded.mine.tenant_id)
    access = tmp_path / "access.json"
    with scripted_hospital() as hospital:
        hospital.token = "t0k3n"
        token_url = hospital.url.replace("/fhir", "/token")
        access.write_text(
            json.dumps({"kind": "private_key_jwt", "token_url": token_url, "client_id": "us"})
        )
        connect = ("hospitals", "connect", "--facility", FACILITY, "--name", "General", *whose)
        named = (*connect, "--kind", "fhir", "--address", hospital.url, "--access", str(access))
        code, out, _ = operator(*named, "--want", "handover", "--identified")
        made = json.loads(out)
        assert (code, made["wants"], made["public_jwk"]["crv"]) == (0, ["handover"], "P-384")
        assert "d" not in made["public_jwk"]
        code, out, _ = operator("hospitals", "test", made["id"], *whose)
        assert (code, json.loads(out)["ok"]) == (0, True)
        exchange = exchange_of(embedded)
        # The commands go by the real clock.
        embedded.clock.at = utc_now() + timedelta(minutes=5)
        exchange.hand_over(exchange.open_encounter("97"))
        hospital.script.append(Said(422))
        exchange.deliver()
        _, out, _ = operator("hospitals", "deliveries", "--state", "refused", *whose)
        refused = json.loads(out)
        code, out, _ = operator("hospitals", "replay", refused["id"], "--fresh", *whose)
        assert (code, json.loads(out)["state"]) == (0, "waiting")
        code, out, _ = operator("hospitals", "pause", made["id"], *whose)
        assert (code, out) == (0, f"{made['id']} is paused\n")
        assert exchange.deliver() == 0
        operator("hospitals", "resume", made["id"], *whose)
        assert exchange.deliver() == 1
        assert exchange.states() == ["refused", "taken"]
        assert operator("hospitals", "end", made["id"], *whose)[0] == 0
        assert operator("hospitals", "list", *whose)[:2] == (0, "")


@pytest.mark.parametrize(
    ("content", "words"),
    [('{"kind": "magic"}', "no credentials"), ("[", "no credentials"), (None, "cannot be read")],
    ids=["unknown kind", "no JSON", "no file"],
)
def test_credentials_that_cannot_be_read_are_told_without_their_content(
    embedded: Installation, operator: Operator, tmp_path: Path, content: str | None, words: str
) -> None:
    path = tmp_path / "access.json"
    if content is not None:
        path.write_text(content)
    whose = ("--tenant", embedded.mine.tenant_id)
    connect = ("hospitals", "connect", "--facility", FACILITY, "--name", "General", *whose)
    code, _, err = operator(
        *connect, "--kind", "fhir", "--address", "https://fhir.example/", "--access", str(path)
    )
    assert (code, words in err) == (2, True)
    code, _, err = operator("hospitals", "test", "hc_0", *whose)
    assert (code, "connection_not_found" in err) == (2, True)
