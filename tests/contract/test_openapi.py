"""The API's surface is the agreed one: a change here is a change for every integrator.

When the change is meant, write the agreement anew: `python -m tests.contract.test_openapi`.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
from fastapi import FastAPI

from cloud.api.shared.documentation import describe
from cloud.api.shared.openapi_30 import downgrade
from cloud.app.composition import create_app
from cloud.app.parts import Parts
from cloud.core.kernel.scopes import CATALOGUE
from cloud.core.kernel.vault import Vault
from cloud.core.kernel.work import Database
from cloud.core.webhooks.catalogue import CATALOGUE as EVENTS
from cloud.db.engine import open_engine
from cloud.settings import CloudSettings

FORM = "application/x-www-form-urlencoded"
AGREED = Path(__file__).parent / "agreed_surface.json"


def application(folder: Path) -> FastAPI:
    database = Database(open_engine(data=folder, database_url=None))
    parts = Parts(settings=CloudSettings(data=folder), database=database, vault=Vault(b"k" * 32))
    app = create_app(parts, issuer="http://cloud.test")
    database.close()
    return app


def surface(document: dict[str, Any]) -> dict[str, Any]:
    """Each operation's parameters, body, answers and scopes; each schema's members."""
    operations = {}
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            operations[f"{method.upper()} {path}"] = {
                "parameters": sorted(
                    f"{each['in']}:{each['name']}{'!' if each.get('required') else ''}"
                    for each in one.get("parameters", [])
                ),
                "body": sorted(one.get("requestBody", {}).get("content", {})),
                "answers": sorted(one["responses"]),
                "scopes": [scope for each in one.get("security", []) for scope in each["oauth2"]],
            }
    schemas = {
        name: sorted(
            f"{member}{'!' if member in schema.get('required', []) else ''}"
            for member in schema.get("properties", {})
        )
        for name, schema in document["components"]["schemas"].items()
        if "Validation" not in name
    }
    return {"operations": operations, "schemas": schemas}


def test_the_surface_is_the_agreed_one(tmp_path: Path) -> None:
    app = application(tmp_path)
    found = surface(describe(app, "http://cloud.test/v1/oauth/token"))
    assert found == json.loads(AGREED.read_text(encoding="utf-8"))


def test_every_operation_is_described(tmp_path: Path) -> None:
    document = describe(application(tmp_path), "http://cloud.test/v1/oauth/token")
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            assert one.get("description") or one.get("summary"), (method, path)
    for name in ("EnrolRequest", "EncounterRequest", "ObservationRequest"):
        assert document["components"]["schemas"][name]["examples"]


def operations(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    document = describe(application(folder), "http://cloud.test/v1/oauth/token")
    for path, methods in document["paths"].items():
        for method, one in methods.items():
            yield f"{method.upper()} {path}", one


def shapes(answer: dict[str, Any]) -> dict[str, str]:
    return {
        media_type: str(content["schema"].get("$ref", "")).rpartition("/")[2]
        for media_type, content in answer.get("content", {}).items()
    }


def test_every_error_is_told_in_the_shape_it_comes_in(tmp_path: Path) -> None:
    found = dict(operations(tmp_path))
    assert "ValidationError" not in json.dumps(found)
    for name, one in found.items():
        answers = one["responses"]
        assert "503" in answers, name
        if one.get("security"):
            assert {"400", "401", "403", "422"} <= set(answers), name
        if "/api/v1/" in name or "/v1/platform/" in name:
            assert "406" in answers, name
        if "{" in name:
            assert "404" in answers, name
        is_form = FORM in one.get("requestBody", {}).get("content", {})
        if is_form:
            # OAuth names one error for a body it cannot read, whatever its type.
            assert "413" in answers, name
        elif "requestBody" in one:
            assert {"413", "415"} <= set(answers), name
        for status, answer in answers.items():
            if int(status) < 400 or name == "GET /health":
                continue
            told = shapes(answer)
            if "/fhir" in name:
                assert told["application/fhir+json"] == "OperationOutcome", (name, status)
            elif name.endswith("/oauth/userinfo") and status == "401":
                schema = answer["content"]["application/json"]["schema"]
                assert set(schema["properties"]) == {"error"}
            elif name.endswith("/oauth/authorize"):
                assert told == {"text/html": ""}, (name, status)
            elif is_form:
                schema = answer["content"]["application/json"]["schema"]
                assert set(schema["properties"]) == {"error", "error_description"}
            elif name == "POST /v2/partners/authenticate":
                assert told["application/json"] == "PartnerErrorModel"
            elif name == "POST /graphql":
                assert told["application/json"] == "OperationErrors"
            else:
                assert told["application/json"] == "ErrorModel", (name, status)
    by_accept = found["GET /api/v1/epcr/encounters/{encounter_id}"]["responses"]["404"]
    assert shapes(by_accept)["application/fhir+json"] == "OperationOutcome"


def test_operators_addresses_and_the_scopes_are_described(tmp_path: Path) -> None:
    document = describe(application(tmp_path), "http://cloud.test/v1/oauth/token")
    assert {"/health", "/metrics"} <= set(document["paths"])
    health = document["paths"]["/health"]["get"]["responses"]
    assert shapes(health["503"]) == {"application/json": "HealthModel"}
    flow = document["components"]["securitySchemes"]["oauth2"]["flows"]["clientCredentials"]
    catalogue = {scope.name: scope.description for scope in CATALOGUE}
    assert flow["scopes"]
    assert all(catalogue[name] == told for name, told in flow["scopes"].items())


def test_what_is_sent_to_webhooks_is_described_as_it_is_sent(tmp_path: Path) -> None:
    document = describe(application(tmp_path), "http://cloud.test/v1/oauth/token")
    assert list(document["webhooks"]) == list(EVENTS)
    for name, methods in document["webhooks"].items():
        content = methods["post"]["requestBody"]["content"]["application/json"]
        jsonschema.Draft202012Validator.check_schema(content["schema"])
        jsonschema.validate(content["example"], content["schema"])
        told = {one["name"] for one in methods["post"]["parameters"]}
        assert {"webhook-id", "webhook-timestamp", "webhook-signature"} < told, name
    assert "webhooks" not in downgrade(document)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        current = surface(describe(application(Path(scratch)), "http://cloud.test/v1/oauth/token"))
    AGREED.write_text(json.dumps(current, indent=1, sort_keys=True) + "\n", encoding="utf-8")
