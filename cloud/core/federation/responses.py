"""The answer of an identity provider: from what a browser posts to who somebody is."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from cloud.core.federation.assertions import Asserted, Expected, read_assertion
from cloud.core.federation.names import ASSERTION, PROTOCOL, SIGNATURE, SUCCESS
from cloud.core.federation.reading import MOST_OCTETS, Element, read
from cloud.core.federation.refusals import SamlRefusedError
from cloud.core.federation.signatures import check_identifiers, verified

_LONGEST: Final = MOST_OCTETS * 4 // 3 + MOST_OCTETS // 32
"""In base64, with the line ends some write."""
Decrypt = Callable[[Element], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """The identity provider that is believed: its name, and the certificates it signs with."""

    entity_id: str
    certificates: tuple[str, ...]


def read_response(
    posted: str, trusted: Trusted, expected: Expected, *, decrypt: Decrypt | None = None
) -> Asserted:
    """What the one signed assertion of a response says; SamlRefusedError for everything else.

    The signature may be the assertion's, the response's, or both: each that is there must hold, and
    what is read is read out of what was signed.
    """
    root = read(_decoded(posted))
    _check_envelope(root, trusted, expected)
    signed_response = None
    if root.named(SIGNATURE, "Signature"):
        check_identifiers(root)
        signed_response = _verify(root, trusted)
    assertion = _the_assertion(root, decrypt)
    if assertion.named(SIGNATURE, "Signature"):
        return read_assertion(_verify(assertion, trusted), expected)
    if signed_response is None or assertion not in root.elements:
        raise SamlRefusedError("unsigned")
    (item,) = signed_response.assertion
    return read_assertion(item, expected)


def _decoded(posted: str) -> bytes:
    if len(posted) > _LONGEST:
        raise SamlRefusedError("too_large")
    bare = "".join(posted.split())
    try:
        return base64.b64decode(bare.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as exc:
        raise SamlRefusedError("malformed_response") from exc


def _check_envelope(root: Element, trusted: Trusted, expected: Expected) -> None:
    """What stands around the assertion; signed or not, it has to fit (bindings, 3.5.5.2)."""
    if (root.namespace, root.name, root.get("Version")) != (PROTOCOL, "Response", "2.0"):
        raise SamlRefusedError("malformed_response")
    if root.get("Destination") != expected.recipient:
        raise SamlRefusedError("wrong_destination")
    if root.get("InResponseTo") != expected.request_id:
        raise SamlRefusedError("wrong_request")
    issuers = root.named(ASSERTION, "Issuer")
    if len(issuers) > 1 or any(one.text != trusted.entity_id for one in issuers):
        raise SamlRefusedError("wrong_issuer")
    statuses = [one for two in root.named(PROTOCOL, "Status") for one in two.elements]
    codes = [one.get("Value") for one in statuses if one.name == "StatusCode"]
    if codes != [SUCCESS]:
        raise SamlRefusedError("not_successful")


def _the_assertion(root: Element, decrypt: Decrypt | None) -> Element:
    """The only assertion there is, wherever one might hide."""
    check_identifiers(root)
    plain = [one for one in root.walk() if _is(one, "Assertion")]
    sealed = [one for one in root.walk() if _is(one, "EncryptedAssertion")]
    if len(plain) + len(sealed) != 1:
        raise SamlRefusedError("no_assertion" if not plain and not sealed else "wrapped")
    (only,) = plain or sealed
    if only not in root.elements:
        raise SamlRefusedError("wrapped")
    if plain:
        return only
    if decrypt is None:
        raise SamlRefusedError("cannot_decrypt")
    inner = read(decrypt(only))
    check_identifiers(inner)
    if sum(_is(one, "Assertion") for one in inner.walk()) != 1 or not _is(inner, "Assertion"):
        raise SamlRefusedError("wrapped")
    return inner


def _is(element: Element, name: str) -> bool:
    return (element.namespace, element.name) == (ASSERTION, name)


def _verify(element: Element, trusted: Trusted) -> Any:  # noqa: ANN401 - pysaml2 is untyped
    return verified(element, entity_id=trusted.entity_id, certificates=trusted.certificates)
