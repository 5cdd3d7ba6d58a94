"""What forgers post: refused with a page that says nothing, a word in the audit, and no session.

All of it is posted for one sign-in that is under way, and in the end the honest answer is taken: so
each was refused for what was wrong with it.
"""

from __future__ import annotations

import http.server
import re
import threading
from dataclasses import dataclass

import httpx
import pytest

from tests.fixtures.identity_provider import key_pair, posted, template
from tests.fixtures.wrapped import WRAPPED, WRAPPED_RESPONSES, assertion_of, id_of
from tests.integration.saml.conftest import PATIENCE, Begun, World

SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
RSA_SHA1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
REFUSED = "could not be taken"


@dataclass(frozen=True, slots=True)
class Scene:
    """A sign-in under way, and honest answers to it."""

    world: World
    begun: Begun
    answer: str
    signed_whole: str
    unsigned: str

    def refused(self, xml: str, reason: str, *, encoded: str = "") -> None:
        """Post it: a page, a word, nothing else."""
        before = len(self.world.refusals())
        form = {
            "SAMLResponse": encoded or posted(xml),
            "RelayState": self.begun.relay_state,
        }
        answer = self.begun.browser.post(self.world.service["acs_url"], data=form)
        assert (answer.status_code, REFUSED in answer.text) == (400, True), answer.text
        assert answer.headers["content-type"].startswith("text/html")
        assert reason not in answer.text.removeprefix("<!doctype html>")
        assert "vitalwire-session" not in str(answer.headers.get_list("set-cookie"))
        assert self.world.refusals()[before:] == [reason]

    def signed(self, old: str, new: str, **algorithms: str) -> str:
        """The answer with something else in its assertion, properly signed by the provider."""
        assert old in self.unsigned
        xml = self.unsigned.replace(old, new)
        assertion = assertion_of(xml)
        identifier = id_of(assertion)
        head, tag, tail = assertion.partition("</ns1:Issuer>")
        prepared = f"{head}{tag}{template(identifier, **algorithms)}{tail}"
        return self.world.provider.signed_again(xml.replace(assertion, prepared), identifier)


@pytest.fixture(scope="module")
def scene(world: World) -> Scene:
    begun = world.begin()
    return Scene(
        world,
        begun,
        world.response(begun),
        world.response(begun, sign_assertion=False, sign_response=True),
        world.response(begun, sign_assertion=False),
    )


@pytest.mark.parametrize(("forge", "reason"), WRAPPED.values(), ids=WRAPPED)
def test_an_assertions_signature_covers_nothing_but_what_is_read(
    scene: Scene, forge: object, reason: str
) -> None:
    assert callable(forge)
    forged = forge(scene.answer)
    assert forged != scene.answer
    scene.refused(forged, reason)


@pytest.mark.parametrize(("forge", "reason"), WRAPPED_RESPONSES.values(), ids=WRAPPED_RESPONSES)
def test_a_responses_signature_covers_nothing_but_what_is_read(
    scene: Scene, forge: object, reason: str
) -> None:
    assert callable(forge)
    scene.refused(forge(scene.signed_whole), reason)


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("?>", '?><!DOCTYPE r [<!ENTITY x SYSTEM "{url}">]>', "doctype"),
        ("?>", '?><!DOCTYPE r SYSTEM "{url}">', "doctype"),
        ("?>", '?><!DOCTYPE r [<!ENTITY % p SYSTEM "{url}"> %p;]>', "doctype"),
        (
            "?>",
            '?><!DOCTYPE r [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]>',
            "doctype",
        ),
        ("?>", '?><?xml-stylesheet href="{url}"?>', "processing_instruction"),
        ("<ns2:X509Data>", '<ns2:RetrievalMethod URI="{url}"/><ns2:X509Data>', "wrapped"),
        (">ada-1<", ">ada-1<!-- -->@example.org<", "comment"),
        (">ada-1<", ">ada-1<?x y?><", "processing_instruction"),
        ("<ns0:Status>", "<ns9:Status>", "malformed_xml"),
        ("</ns0:Response>", "", "malformed_xml"),
        ("<ns0:Status>", "<ns0:Status>" + "<ns0:a>" * 60, "too_large"),
        ("<ns0:Status>", "<ns0:Status>" + "<ns0:a/>" * 6000, "too_large"),
    ],
    ids=[
        "external entity",
        "external document type",
        "parameter entity",
        "entities of entities",
        "stylesheet",
        "key elsewhere",
        "comment in the name",
        "instruction in the name",
        "undeclared prefix",
        "cut off",
        "deep",
        "wide",
    ],
)
def test_xml_that_is_more_than_elements_and_text_is_refused_and_nothing_is_fetched(
    scene: Scene, old: str, new: str, reason: str
) -> None:
    asked: list[str] = []

    class Trap(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with http.server.HTTPServer(("127.0.0.1", 0), Trap) as trap:
        thread = threading.Thread(target=trap.serve_forever)
        thread.start()
        try:
            assert old in scene.answer
            url = f"http://127.0.0.1:{trap.server_port}/secret"
            scene.refused(scene.answer.replace(old, new.replace("{url}", url), 1), reason)
        finally:
            trap.shutdown()
            thread.join(10)
    assert asked == []


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        ("%%%", "malformed_response"),
        ("YQ==", "malformed_xml"),
        ("A" * 400_000, "too_large"),
        (posted("<a/>"), "malformed_response"),
        ("\u00e9", "malformed_response"),
    ],
    ids=["no base64", "no XML", "too long", "another document", "no ASCII"],
)
def test_what_is_no_response_is_refused(scene: Scene, encoded: str, reason: str) -> None:
    scene.refused("", reason, encoded=encoded)


def test_sha1_and_a_key_that_everybody_has_sign_nothing(scene: Scene) -> None:
    name = ">ada-1<"
    scene.refused(scene.signed(name, name, sign_alg=RSA_SHA1), "weak_algorithm")
    scene.refused(scene.signed(name, name, digest_alg=SHA1), "weak_algorithm")
    hmac = "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    rsa = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"
    scene.refused(scene.answer.replace(rsa, hmac), "weak_algorithm")


def test_an_answer_without_a_signature_or_with_a_strangers_is_refused(scene: Scene) -> None:
    scene.refused(scene.unsigned, "unsigned")
    key = scene.world.provider.folder / "key.pem"
    ours = key.read_text()
    key.write_text(key_pair("stranger")[0])
    try:
        forged = scene.signed(">ada-1<", ">ada-1<")
    finally:
        key.write_text(ours)
    scene.refused(forged, "bad_signature")


def test_what_is_signed_still_has_to_be_for_us_now_and_for_this_sign_in(scene: Scene) -> None:
    service, provider = scene.world.service, scene.world.provider
    acs, audience = service["acs_url"], service["entity_id"]
    for old, new, reason in (
        (f">{audience}<", ">https://other.example/sp<", "wrong_audience"),
        (f'Recipient="{acs}"', 'Recipient="https://other.example/acs"', "wrong_recipient"),
        (
            f'Recipient="{acs}" InResponseTo="',
            f'Recipient="{acs}" InResponseTo="_x',
            "wrong_request",
        ),
        (":cm:bearer", ":cm:sender-vouches", "no_bearer"),
        ("nameid-format:persistent", "nameid-format:transient", "transient_name"),
        (">ada-1<", "><", "no_name"),
    ):
        scene.refused(scene.signed(old, new), reason)
    for pattern, new, reason in (
        (r"<ns1:Conditions .*?</ns1:Conditions>", "", "malformed_response"),
        (r"<ns1:AudienceRestriction>.*?</ns1:AudienceRestriction>", "", "wrong_audience"),
        (r"<ns1:AuthnStatement .*?</ns1:AuthnStatement>", "", "malformed_response"),
        (r"<ns1:SubjectConfirmationData .*?/>", "", "no_bearer"),
        (r' NotOnOrAfter="[^"]+"', ' NotOnOrAfter="2100-01-01T00:00:00Z"', "too_long"),
        (r' NotOnOrAfter="[^"]+"', ' NotOnOrAfter="2026-02-30T00:00:00Z"', "malformed_response"),
        (
            r' NotOnOrAfter="[^"]+"',
            ' NotOnOrAfter="2026-02-28T00:00:00+01:00"',
            "malformed_response",
        ),
        (r' AuthnInstant="[^"]+"', ' AuthnInstant="2100-01-01T00:00:00Z"', "not_yet_valid"),
    ):
        (old, *_) = re.findall(pattern, scene.unsigned)
        scene.refused(scene.signed(old, new), reason)
    # Around the assertion nothing is signed, and it has to fit all the same.
    for old, new, reason in (
        (f'Destination="{acs}"', 'Destination="https://other.example/acs"', "wrong_destination"),
        (f'InResponseTo="{scene.begun.request_id}"', 'InResponseTo="_x"', "wrong_request"),
        (f">{provider.entity_id}<", ">https://other.example/idp<", "wrong_issuer"),
        ("status:Success", "status:Responder", "not_successful"),
        ('Version="2.0"', 'Version="1.1"', "malformed_response"),
    ):
        assert old in scene.answer
        scene.refused(scene.answer.replace(old, new, 1), reason)
    others = scene.signed(f">{provider.entity_id}<", ">https://other.example/idp<")
    scene.refused(others, "wrong_issuer")


def test_the_honest_answer_is_taken_once_and_in_the_browser_that_asked(scene: Scene) -> None:
    world, begun = scene.world, scene.begun
    taken = world.post(scene.answer, begun.relay_state)
    assert taken.status_code == 303
    ticket = taken.headers["location"]
    before = len(world.refusals())
    replayed = world.post(scene.answer, begun.relay_state)
    assert replayed.status_code == 400
    stolen = world.get(f"{world.base}{ticket}")
    assert (stolen.status_code, "another browser" in stolen.text) == (403, True)
    home = begun.browser.get(ticket)
    assert (home.status_code, home.headers["location"]) == (303, "/account")
    assert "vitalwire-session" in begun.browser.cookies
    again = begun.browser.get(ticket)
    assert (again.status_code, "is over" in again.text) == (400, True)
    assert world.refusals()[before:] == ["unknown_request", "another_browser", "unknown_ticket"]


def test_an_answer_to_one_sign_in_serves_no_other(scene: Scene) -> None:
    world = scene.world
    first, second = world.begin(), world.begin()
    before = len(world.refusals())
    answers = [
        world.post(world.response(first), second.relay_state),
        world.post(world.response(first), "vwr_never"),
        world.post(world.response(first), ""),
    ]
    assert [one.status_code for one in answers] == [400, 400, 400]
    assert world.refusals()[before:] == ["wrong_request", "unknown_request", "unknown_request"]
    twice = httpx.post(
        world.service["acs_url"],
        content="RelayState=a&RelayState=b&SAMLResponse=c",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        timeout=PATIENCE,
    )
    assert (twice.status_code, "came twice" in twice.text) == (400, True)
