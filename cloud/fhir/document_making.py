"""How documents are made and signed: the builder of this room with a ring of keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cloud.core.authorization.keys import KeyRing
from cloud.core.encounters.documents import Maker
from cloud.core.encounters.handover import Handover
from cloud.core.kernel.exact_json import loads
from cloud.core.kernel.work import Clock
from cloud.fhir.document import document_bundle
from cloud.fhir.json import Element, dumps
from cloud.fhir.signature import ALGORITHM, key_id, signature


def document_maker(
    ring: KeyRing, clock: Clock, bundle: Callable[[Handover], Element] = document_bundle
) -> Maker:
    """Writes documents, each as a `bundle`, and signs them with the ring's key of now."""

    def write(handover: Handover) -> bytes:
        return dumps(bundle(handover))

    def sign(octets: bytes) -> Mapping[str, Any]:
        document = loads(octets)
        report = document["entry"][0]["resource"]
        key = ring.signing_key(ALGORITHM)
        return signature(document, key, when=clock(), who=report["custodian"])

    def stands(told: Mapping[str, Any]) -> bool:
        return ring.public_key(key_id(told)) is not None

    return Maker(write, sign, stands)
