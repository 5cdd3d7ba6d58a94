"""Bundle.signature: a detached JWS over the document's canonical JSON.

What is signed is FHIR's canonical form `json#document`: the Bundle without `id`, `meta` and
`signature`, members in alphabetical order, no white space, numbers with their digits. To verify:
take the header and signature of the JWS in `signature.data` (base64), put the canonical form as
payload between them, and verify with the key that our published set names by the header's `kid`.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from cloud.fhir.json import Element, JsonValue
from cloud.fhir.times import instant

ALGORITHM: Final = "ES256"
_PURPOSE: Final = ("urn:iso-astm:E1762-95:2013", "1.2.840.10065.1.12.1.14", "Source Signature")
_FORM: Final = (
    "application/fhir+json;canonicalization=http://hl7.org/fhir/canonicalization/json#document"
)
_UNSIGNED: Final = ("id", "meta", "signature")
_MOST_OCTETS: Final = 64 * 1024 * 1024
_SORTED: Final = msgspec.json.Encoder(decimal_format="number", order="sorted")


def canonical(document: Mapping[str, Any]) -> bytes:
    """The octets that are signed; numbers must be `int` or `Decimal`."""
    return _SORTED.encode(
        {name: value for name, value in document.items() if name not in _UNSIGNED}
    )


def signature(
    document: Mapping[str, JsonValue], key: ECKey | RSAKey, *, when: datetime, who: Element
) -> Element:
    """The Signature of a document by one of our signing keys; `who` refers to the signer."""
    algorithm = str(key.get("alg") or ALGORITHM)
    compact = jws.serialize_compact(
        {"alg": algorithm, "kid": key.kid}, canonical(document), key, algorithms=[algorithm]
    )
    header, _, mark = compact.split(".")
    system, code, display = _PURPOSE
    return {
        "type": [{"system": system, "code": code, "display": display}],
        "when": instant(when),
        "who": who,
        "targetFormat": _FORM,
        "sigFormat": "application/jose",
        "data": base64.b64encode(f"{header}..{mark}".encode()).decode(),
    }


def key_id(told: Mapping[str, Any]) -> str:
    """The id of the key that made a Signature of ours."""
    header = base64.b64decode(told["data"]).split(b".")[0]
    padded = header + b"=" * (-len(header) % 4)
    return str(json.loads(base64.urlsafe_b64decode(padded))["kid"])


def is_signed_by(document: Mapping[str, Any], key: ECKey | RSAKey) -> bool:
    """Whether the document's signature is of exactly this content and by this key."""
    detached = base64.b64decode(document["signature"]["data"]).decode()
    header, _, mark = detached.split(".")
    payload = base64.urlsafe_b64encode(canonical(document)).rstrip(b"=").decode()
    # The library takes tokens of a few kilobytes; a document is longer.
    registry = jws.JWSRegistry(algorithms=["ES256", "RS256"])
    registry.max_payload_length = _MOST_OCTETS
    try:
        jws.deserialize_compact(f"{header}.{payload}.{mark}", key, registry=registry)
    except JoseError:
        return False
    return True
