"""A connection with a key of its own: requests are signed, assertions come encrypted."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.fixtures.identity_provider import IdentityProvider, identity_provider, posted
from tests.fixtures.wrapped import assertion_of
from tests.integration.saml.conftest import PATIENCE, World

GCM = "http://www.w3.org/2009/xmlenc11#aes256-gcm"
CBC = "http://www.w3.org/2001/04/xmlenc#aes256-cbc"
OAEP = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
V15 = "http://www.w3.org/2001/04/xmlenc#rsa-1_5"


def encryption(data: str, carrier: str) -> str:
    """What xmlsec1 fills in: data under a key of its own, and that key under ours."""
    return (
        '<xenc:EncryptedData xmlns:xenc="http://www.w3.org/2001/04/xmlenc#" '
        'Type="http://www.w3.org/2001/04/xmlenc#Element">'
        f'<xenc:EncryptionMethod Algorithm="{data}"/>'
        '<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><xenc:EncryptedKey>'
        f'<xenc:EncryptionMethod Algorithm="{carrier}"/>'
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedKey></ds:KeyInfo>"
        "<xenc:CipherData><xenc:CipherValue/></xenc:CipherData></xenc:EncryptedData>"
    )


class Keyed:
    """A connection with a key, and its provider."""

    def __init__(self, world: World, provider: IdentityProvider, folder: Path) -> None:
        self.world, self.provider, self.folder = world, provider, folder
        self.connection = world.connect(provider, has_key=True, provisions=True)
        self.metadata = world.get(self.connection["service"]["metadata_url"]).text
        found = re.findall(r"<ds:X509Certificate>([^<]+)<", self.metadata)
        assert len(found) == 2
        self.certificate = found[1]
        provider.person.attributes["mail"] = ["keyed@example.org"]

    def begin(self) -> tuple[httpx.Response, str, str]:
        """The way out, the request's id, and the relay state."""
        sent = self.world.get(self.connection["service"]["login_url"])
        told = {
            name: one[0] for name, one in parse_qs(urlsplit(sent.headers["location"]).query).items()
        }
        # The provider's own library proves the signature of the query.
        message = self.provider.library.parse_authn_request(
            told["SAMLRequest"],
            relay_state=told["RelayState"],
            sigalg=told["SigAlg"],
            signature=told["Signature"],
        ).message
        return sent, message.id, told["RelayState"]

    def encrypted(self, request_id: str, *, data: str = GCM, carrier: str = OAEP) -> str:
        """An answer whose assertion xmlsec1 encrypted for us."""
        service = self.connection["service"]
        xml = self.provider.response(request_id, service["acs_url"], service["entity_id"])
        return self.sealed(xml, encryption(data, carrier))

    def sealed(self, xml: str, template: str) -> str:
        """The assertion of an answer, encrypted as a template says."""
        true = assertion_of(xml)
        pem = f"-----BEGIN CERTIFICATE-----\n{self.certificate}\n-----END CERTIFICATE-----\n"
        plain, wanted, certificate = (
            self.folder / name for name in ("plain.xml", "template.xml", "certificate.pem")
        )
        plain.write_text(_alone(xml, true))
        wanted.write_text(template)
        certificate.write_text(pem)
        how = ("--pubkey-cert-pem", certificate, "--session-key", "aes-256", "--xml-data", plain)
        made = subprocess.run(
            ["xmlsec1", "--encrypt", *how, wanted], check=True, capture_output=True, text=True
        ).stdout
        inner = made.partition("?>")[2].strip()
        return xml.replace(true, f"<ns1:EncryptedAssertion>{inner}</ns1:EncryptedAssertion>")

    def post(self, xml: str, relay_state: str) -> httpx.Response:
        """What the browser posts."""
        form = {"SAMLResponse": posted(xml), "RelayState": relay_state}
        return httpx.post(self.connection["service"]["acs_url"], data=form, timeout=PATIENCE)


def _own(element: str) -> str:
    """With the prefix it had from what it stood in."""
    return element.replace(
        "<xenc:EncryptedKey>",
        '<xenc:EncryptedKey xmlns:xenc="http://www.w3.org/2001/04/xmlenc#">',
    )


def _alone(xml: str, element: str) -> str:
    """The assertion with the prefixes of the document around it."""
    root = re.search(r"<ns0:Response[^>]*>", xml)
    assert root is not None
    declared = re.findall(r' xmlns:\w+="[^"]+"', root[0])
    return element.replace("<ns1:Assertion", f"<ns1:Assertion{''.join(declared)}", 1)


@pytest.fixture(scope="module")
def keyed(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Keyed]:
    """A second provider, connected with a key of ours."""
    with identity_provider(tmp_path_factory.mktemp("keyed"), name="second") as provider:
        yield Keyed(world, provider, tmp_path_factory.mktemp("sealed"))


def test_requests_are_signed_and_our_metadata_says_with_what(keyed: Keyed) -> None:
    sent, request_id, _ = keyed.begin()
    assert sent.headers["location"].startswith(keyed.provider.sso_url)
    assert re.fullmatch(r"_[0-9a-f]{40}", request_id)
    assert 'AuthnRequestsSigned="true"' in keyed.metadata
    assert (
        'AuthnRequestsSigned="false"' in keyed.world.get(keyed.world.service["metadata_url"]).text
    )


def test_an_encrypted_assertion_is_opened_and_then_judged_like_any_other(keyed: Keyed) -> None:
    _, request_id, relay = keyed.begin()
    before = len(keyed.world.refusals())
    xml = keyed.encrypted(request_id)
    assert "keyed@example.org" not in xml
    for old, new in (
        ('InResponseTo="_', 'InResponseTo="_x'),
        (re.search(r"CipherValue>([^<]{9})", xml)[0], "CipherValue>AAAAAAAAA"),  # type: ignore[index]  # it is there
        ("EncryptedKey", "LostKey"),
        ("<xenc:CipherData>", "<xenc:CipherData/><xenc:CipherData>"),
        ("<xenc:CipherValue>", "<xenc:CipherValue>%"),
    ):
        assert keyed.post(xml.replace(old, new), relay).status_code == 400
    assert keyed.world.refusals()[before:] == ["wrong_request", *["cannot_decrypt"] * 4]
    # Some put the key beside the data.
    (key,) = re.findall(r"<xenc:EncryptedKey>.*</xenc:EncryptedKey>", xml, re.DOTALL)
    beside = xml.replace(key, "").replace(
        "</xenc:EncryptedData>", "</xenc:EncryptedData>" + _own(key)
    )
    taken = keyed.post(beside, relay)
    assert taken.status_code == 303, taken.text


def test_old_ciphers_open_nothing(keyed: Keyed) -> None:
    _, request_id, relay = keyed.begin()
    before = len(keyed.world.refusals())
    for how in ({"data": CBC}, {"carrier": V15}):
        assert keyed.post(keyed.encrypted(request_id, **how), relay).status_code == 400
    unknown = keyed.encrypted(request_id).replace(
        f'Algorithm="{OAEP}"/>',
        f'Algorithm="{OAEP}"><ds:DigestMethod Algorithm="urn:md5"/></xenc:EncryptionMethod>',
    )
    assert keyed.post(unknown, relay).status_code == 400
    # A key of another length than the cipher's is none.
    short = keyed.encrypted(request_id).replace("aes256-gcm", "aes128-gcm")
    assert keyed.post(short, relay).status_code == 400
    assert keyed.world.refusals()[before:] == [*["weak_encryption"] * 3, "cannot_decrypt"]


def test_inside_there_is_one_signed_assertion_and_nothing_else(keyed: Keyed) -> None:
    _, request_id, relay = keyed.begin()
    service, template = keyed.connection["service"], encryption(GCM, OAEP)
    before = len(keyed.world.refusals())
    whole = keyed.provider.response(
        request_id, service["acs_url"], service["entity_id"], sign_assertion=False
    )
    assert keyed.post(keyed.sealed(whole, template), relay).status_code == 400
    # Without a key of ours nothing can be meant for us.
    world = keyed.world
    begun = world.begin()
    xml = keyed.sealed(world.response(begun), template)
    assert world.post(xml, begun.relay_state).status_code == 400
    assert world.refusals()[before:] == ["unsigned", "cannot_decrypt"]
