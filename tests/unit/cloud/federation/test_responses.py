"""What is posted is an answer, or one word says why it is none, whatever the octets."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloud.core.federation.assertions import Expected, instant
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.federation.responses import Trusted, read_response
from cloud.core.federation.signatures import is_there

NOW = datetime(2026, 11, 26, 18, 0, tzinfo=UTC)
TRUSTED = Trusted(entity_id="https://idp.example", certificates=("AAAA",))
EXPECTED = Expected(
    issuer="https://idp.example",
    audience="https://cloud.example/sp",
    recipient="https://cloud.example/acs",
    request_id="_r1",
    asked_at=NOW,
    now=NOW,
)
SAMPLE = (
    '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" '
    'xmlns:a="urn:oasis:names:tc:SAML:2.0:assertion" ID="_1" Version="2.0" '
    'Destination="https://cloud.example/acs" InResponseTo="_r1">'
    "<a:Issuer>https://idp.example</a:Issuer><p:Status><p:StatusCode "
    'Value="urn:oasis:names:tc:SAML:2.0:status:Success"/></p:Status>'
    '<a:Assertion ID="_2" Version="2.0"><a:Issuer>https://idp.example</a:Issuer>'
    "</a:Assertion></p:Response>"
)


def refused(octets: bytes) -> str:
    with pytest.raises(SamlRefusedError) as raised:
        read_response(base64.b64encode(octets).decode(), TRUSTED, EXPECTED)
    return raised.value.reason


def test_the_sample_lacks_nothing_but_its_signature() -> None:
    assert refused(SAMPLE.encode()) == "unsigned"


@settings(max_examples=150, deadline=None)
@given(st.integers(0, len(SAMPLE) - 1), st.integers(0, 20), st.binary(max_size=12))
def test_no_change_of_octets_leaves_by_another_way(at: int, gone: int, put: bytes) -> None:
    octets = SAMPLE.encode()
    assert refused(octets[:at] + put + octets[at + gone :])


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("a:Assertion", "a:Advice", "no_assertion"),
        ("a:Assertion", "a:EncryptedAssertion", "cannot_decrypt"),
        ('ID="_2"', 'ID="_1"', "wrapped"),
        ('ID="_2"', 'id="_1"', "wrapped"),
        ("<p:Status>", "<p:Status><p:StatusCode/>", "not_successful"),
        ("<p:Status>", "<p:Extensions><a:Assertion/></p:Extensions><p:Status>", "wrapped"),
        ("p:Response", "a:Response", "malformed_response"),
        (
            "<a:Assertion",
            '<d:Signature xmlns:d="http://www.w3.org/2000/09/xmldsig#"/><a:Assertion',
            "wrapped",
        ),
    ],
)
def test_the_envelope_has_one_shape(old: str, new: str, reason: str) -> None:
    assert old in SAMPLE
    assert refused(SAMPLE.replace(old, new).encode()) == reason


def test_times_are_in_utc_and_exist() -> None:
    assert instant("2026-11-26T18:00:00.123456789Z") == NOW
    for text in (
        None,
        "",
        "2026-11-26T18:00:00",
        "2026-11-26T18:00:00+00:00",
        "2026-13-01T00:00:00Z",
    ):
        with pytest.raises(SamlRefusedError, match="malformed_response"):
            instant(text)


def test_without_the_program_no_signature_is_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_there()
    monkeypatch.setenv("PATH", "")
    assert not is_there()
    name = "http://www.w3.org/2000/09/xmldsig#"
    exclusive = "http://www.w3.org/2001/10/xml-exc-c14n#"
    signature = (
        f'<d:Signature xmlns:d="{name}"><d:SignedInfo>'
        f'<d:CanonicalizationMethod Algorithm="{exclusive}"/><d:SignatureMethod '
        'Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"/><d:Reference URI="#_2">'
        f'<d:Transforms><d:Transform Algorithm="{name}enveloped-signature"/>'
        f'<d:Transform Algorithm="{exclusive}"/></d:Transforms>'
        '<d:DigestMethod Algorithm="http://www.w3.org/2001/04/xmlenc#sha256"/>'
        "</d:Reference></d:SignedInfo></d:Signature></a:Assertion>"
    )
    signed = SAMPLE.replace("</a:Assertion>", signature)
    assert refused(signed.encode()) == "cannot_verify"
