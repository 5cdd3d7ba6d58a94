"""Tenants, products and sites, from the machine itself."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cloud.__main__ import main
from tests.fixtures.administration import (
    APPS,
    CLIENTS,
    Operator,
    administrator,
    clinical_administrator,
)
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import Installation


def names(text: str) -> list[str]:
    return [json.loads(line)["name"] for line in text.splitlines()]


def test_the_tenants_are_listed_by_age(embedded: Installation, operator: Operator) -> None:
    code, out, _ = operator("tenants", "list")
    listed = {json.loads(line)["tenant_id"] for line in out.splitlines()}
    assert (code, listed) == (0, {embedded.mine.tenant_id, embedded.other.tenant_id})
    assert sorted(names(out)) == ["Mine", "Other"]


async def test_a_second_product_takes_clients_of_its_tenant_alone(
    embedded: Installation, operator: Operator
) -> None:
    ours = ("--tenant", embedded.mine.tenant_id)
    code, out, _ = operator("products", "add", "--name", "Second", *ours)
    assert code == 0
    product_id = out.split()[0]
    assert names(operator("products", "list", *ours)[1]) == ["Mine", "Second"]
    theirs = ("--tenant", embedded.other.tenant_id)
    assert names(operator("products", "list", *theirs)[1]) == ["Other"]
    assert "product_exists" in operator("products", "add", "--name", "Second", *ours)[2]
    assert "tenant_not_found" in operator("products", "list", "--tenant", "ten_0")[2]
    body = {"name": "A", "grant_types": ["client_credentials"], "redirect_uris": []}
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        made = await admin.made(APPS, {**body, "product_id": product_id})
        assert made["product_id"] == product_id
        stranger = await clinical_administrator(embedded, client, of=embedded.other)
        asked = {
            "name": "B",
            "org_id": embedded.other.tenant_id,
            "product_id": product_id,
            "scopes": ["cases:read"],
        }
        refused = await stranger.ask("POST", CLIENTS, asked)
        assert (refused.status_code, refused.json()["error"]) == (422, "unknown_product")
    assert "product.created" in admin.audited()


def test_sites_are_added_and_listed(embedded: Installation, operator: Operator) -> None:
    ours = ("--tenant", embedded.mine.tenant_id)
    station = ("sites", "add", "--name", "Station North", "--kind", "station", *ours)
    code, out, _ = operator(*station)
    assert (code, out.split()[0].startswith("site_")) == (0, True)
    (shown,) = operator("sites", "list", *ours)[1].splitlines()
    assert (json.loads(shown)["kind"], json.loads(shown)["name"]) == ("station", "Station North")
    assert names(operator("sites", "list", "--tenant", embedded.other.tenant_id)[1]) == []
    assert "site_exists" in operator(*station)[2]
    for name in (" ", "a\x00b", "x" * 121):
        error = operator("sites", "add", "--name", name, "--kind", "clinic", *ours)[2]
        assert "invalid_name" in error


@pytest.mark.parametrize("name", ["", "A\x1b[31m"])
def test_no_command_gives_a_name_that_nobody_can_read(
    embedded: Installation, operator: Operator, name: str
) -> None:
    ours = ("--tenant", embedded.mine.tenant_id)
    person = ("users", "add", "anna@hospital.example")
    certificate = embedded.parts.settings.data / "own.pem"
    certificate.write_text(client_certificate().pem, encoding="utf-8")
    shown = ("--label", name, "--file", str(certificate), embedded.mine.client_id)
    for words, field in (
        (("apps", "add", "--name", name), "name"),
        (("apps", "add-partner", "--name", name), "name"),
        (("apps", "add-certificate", *shown), "label"),
        ((*person, "--given-name", name, "--family-name", "Adler"), "given name"),
        ((*person, "--given-name", "Anna", "--family-name", name), "family name"),
        (("products", "add", "--name", name), "name"),
        (("sites", "add", "--kind", "clinic", "--name", name), "name"),
        (("gateways", "invite", "--vehicle", "AMB-1", "--name", name), "name"),
    ):
        if (field, name) == ("label", ""):
            continue
        code, out, error = operator(*words, *ours)
        assert (code, out) == (2, ""), words
        told = f"invalid_name: Write the {field} in 1 to 120 printable characters.\n"
        assert error.endswith(told), words
    assert main(["bootstrap", "--data", str(embedded.parts.settings.data), "--name", name]) == 2
    assert len(names(operator("tenants", "list")[1])) == 2


def test_the_folder_is_named_before_the_act_or_after_it(
    embedded: Installation, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    folder = str(embedded.parts.settings.data)
    file = tmp_path / "cloud.toml"
    file.write_text(f"data = {json.dumps(folder)}\n", encoding="utf-8")
    here, absent = ("--data", folder), ("--data", str(tmp_path / "absent"))
    mine = embedded.mine
    for words in (
        ["tenants", *here, "list"],
        ["tenants", "list", *here],
        ["tenants", "list", "--config", str(file)],
        ["tenants", "--config", str(file), "list", "--log-level", "ERROR"],
        ["tenants", *absent, "list", *here],
        ["audit", "verify", *here],
        ["gateways", "list", "--tenant", mine.tenant_id, *here],
    ):
        assert main(words) == 0, words
        told = mine.gateway_id if words[0] == "gateways" else mine.tenant_id
        assert told in capsys.readouterr().out, words
    assert main(["tenants", "list", *absent]) == 2
    assert "Correct --data" in capsys.readouterr().err
