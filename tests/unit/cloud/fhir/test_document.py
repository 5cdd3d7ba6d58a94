"""The document: Composition first, nothing asked for, signed over every digit."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from joserfc.jwk import ECKey, RSAKey

from cloud.core.encounters.handover import Handover
from cloud.fhir.document import document_bundle, pre_alert_bundle
from cloud.fhir.json import Element, dumps, loads
from cloud.fhir.signature import canonical, is_signed_by, key_id, signature
from tests.fixtures.fhir_checks import problems
from tests.fixtures.handovers import handover
from tests.fixtures.records import full_handover, known_identity
from tests.unit.cloud.fhir.reading import resources

WHEN = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
WHO: Element = {"reference": "urn:uuid:0"}


def parsed(bundle: Element) -> Any:  # noqa: ANN401 - JSON
    return loads(dumps(bundle))


@pytest.mark.parametrize(
    "handed",
    [
        handover(),
        full_handover(),
        full_handover(is_over=True, amendments=["dose"]),
        full_handover(identity=known_identity(), is_over=True),
    ],
    ids=["nothing", "open", "amended", "identified"],
)
def test_documents_and_pre_alerts_pass_our_own_gate(handed: Handover) -> None:
    assert problems(parsed(document_bundle(handed))) == []
    assert problems(parsed(pre_alert_bundle(handed))) == []


def test_the_same_handover_gives_the_same_document() -> None:
    one, other = (dumps(document_bundle(full_handover())) for _ in range(2))
    assert one == other


def test_the_document_tells_what_the_transaction_tells() -> None:
    document = parsed(document_bundle(full_handover()))
    assert document["entry"][0]["resource"]["resourceType"] == "Composition"
    kinds = {one["resource"]["resourceType"] for one in document["entry"]}
    assert {"Patient", "Encounter", "Observation", "Procedure", "Device"} <= kinds
    assert not any("request" in one for one in document["entry"])


def test_projections_are_different_documents() -> None:
    one = parsed(document_bundle(full_handover()))
    other = parsed(document_bundle(full_handover(identity=known_identity())))
    assert one["identifier"] != other["identifier"]


def test_a_pre_alert_is_preliminary_small_and_replaced_by_the_final_report() -> None:
    alert = parsed(pre_alert_bundle(full_handover()))
    (report,) = resources(alert, "Composition")
    assert report["status"] == "preliminary"
    assert len(alert["entry"]) < len(parsed(document_bundle(full_handover()))["entry"])
    (final,) = resources(parsed(document_bundle(full_handover(is_over=True))), "Composition")
    assert report["identifier"] in [one["targetIdentifier"] for one in final["relatesTo"]]


def test_a_pre_alert_carries_the_newest_of_each_vital_sign() -> None:
    alert = parsed(pre_alert_bundle(full_handover()))
    measured = [one for one in resources(alert, "Observation") if "device" in one]
    codes = [one["code"]["coding"][0]["code"] for one in measured if "encounter" in one]
    assert set(codes) == {"2708-6", "8867-4", "85354-9"}
    assert len(codes) < 10


@pytest.mark.parametrize(
    "key",
    [
        ECKey.generate_key("P-256", {"kid": "key_1", "alg": "ES256"}),
        RSAKey.generate_key(2048, {"kid": "key_1", "alg": "RS256"}),
    ],
    ids=["ES256", "RS256"],
)
def test_a_signature_is_of_one_content_and_one_key(key: ECKey | RSAKey) -> None:
    document = parsed(document_bundle(full_handover()))
    told = signature(document, key, when=WHEN, who=WHO)
    assert key_id(told) == "key_1"
    signed = {**document, "signature": told}
    assert is_signed_by(signed, key)
    assert not is_signed_by({**signed, "timestamp": "2026-11-26T12:00:00.001Z"}, key)
    assert not is_signed_by(signed, ECKey.generate_key("P-256"))


def test_the_signature_is_detached_and_leaves_out_what_may_change_underway() -> None:
    key = ECKey.generate_key("P-256", {"kid": "key_1", "alg": "ES256"})
    document = parsed(document_bundle(handover()))
    told = signature(document, key, when=WHEN, who=WHO)
    header, payload, _ = base64.b64decode(told["data"]).split(b".")  # type: ignore[arg-type] # text
    assert payload == b""
    padded = header + b"=" * (-len(header) % 4)
    assert json.loads(base64.urlsafe_b64decode(padded)) == {"alg": "ES256", "kid": "key_1"}
    moved = {**document, "id": "7", "meta": {"versionId": "3"}, "signature": told}
    assert is_signed_by(moved, key)


def test_the_canonical_form_sorts_members_and_keeps_digits() -> None:
    told = {"b": [Decimal("36.60"), {"d": 1, "c": "\u00e4"}], "a": True, "id": "x"}
    assert canonical(told) == '{"a":true,"b":[36.60,{"c":"\u00e4","d":1}]}'.encode()
