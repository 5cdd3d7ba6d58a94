"""Whether an element is signed by the identity provider, and nothing but that element is.

The element is cut out and stands alone when its signature is looked at, and that very document is
what is read afterwards: there is no other place the signature could point to, and none the reader
could look at instead.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from cloud.core.federation.names import (
    ASSERTION,
    DIGESTS,
    ENVELOPED,
    EXCLUSIVE,
    PROTOCOL,
    SIGNATURE,
    SIGNATURES,
)
from cloud.core.federation.reading import Element
from cloud.core.federation.refusals import SamlRefusedError

LOG: Final = logging.getLogger("vitalwire.federation")
PROGRAM: Final = "xmlsec1"


@dataclass(frozen=True, slots=True)
class _Trusted:
    """The certificates of the one identity provider, as pysaml2 asks for them."""

    entity_id: str
    certificates: Sequence[str]

    def certs(self, entity_id: str, _descriptor: str, _use: str) -> list[tuple[None, str]]:
        """Those of this entity; KeyError for another."""
        if entity_id != self.entity_id:
            raise KeyError(entity_id)
        return [(None, one) for one in self.certificates]


def is_there() -> bool:
    """Whether the program is installed that looks at signatures."""
    return shutil.which(PROGRAM) is not None


def verified(element: Element, *, entity_id: str, certificates: Sequence[str]) -> Any:  # noqa: ANN401 - pysaml2 is untyped
    """The Assertion or Response as pysaml2 reads it, signed by one of the certificates (base64 of
    DER); SamlRefusedError `unsigned`, `wrapped`, `weak_algorithm` or `bad_signature`.
    """
    _check_shape(element)
    # Slow to import, and needed by nobody who signs in by password.
    from saml2 import class_name, saml, samlp  # noqa: PLC0415 - a second of import
    from saml2.sigver import CryptoBackendXmlSec1, SecurityContext  # noqa: PLC0415 - the same

    _hush()
    program = shutil.which(PROGRAM)
    if program is None:
        LOG.error("event=saml_program_missing program=%s", PROGRAM)
        raise SamlRefusedError("cannot_verify")
    text = element.alone()
    is_assertion = element.namespace == ASSERTION
    read = saml.assertion_from_string if is_assertion else samlp.response_from_string
    context = SecurityContext(
        CryptoBackendXmlSec1(program),
        metadata=_Trusted(entity_id, certificates),
        only_use_keys_in_metadata=True,
    )
    if not _fits_schema(text):
        raise SamlRefusedError("malformed_response")
    item = None
    try:
        told = read(text)
        item = context.check_signature(told, class_name(told), text, must=True)
    except Exception as exc:  # noqa: BLE001 - whatever a forged document makes the library raise
        # Not its words: they quote the document. Nor the error itself: it keeps its files open.
        LOG.info("event=saml_signature_refused kind=%s", type(exc).__name__)
    if item is None:
        raise SamlRefusedError("bad_signature")
    return item


def _fits_schema(text: str) -> bool:
    """Asked before the library asks the same: its error then keeps no file open."""
    from saml2.xml import schema  # noqa: PLC0415 - slow to import

    try:
        schema.validate(text)
    except schema.XMLSchemaError:
        return False
    return True


def _hush() -> None:
    """The library's loggers write down names of people and whole documents: they say nothing."""
    theirs = logging.getLogger("saml2")
    if theirs.propagate:
        theirs.addHandler(logging.NullHandler())
        theirs.setLevel(logging.CRITICAL)
        theirs.propagate = False


def _check_shape(element: Element) -> None:
    """SAML core 5.4 (XML Signature profile), and no room for a second meaning."""
    if (element.namespace, element.name) not in ((ASSERTION, "Assertion"), (PROTOCOL, "Response")):
        raise SamlRefusedError("malformed_response")
    own = element.named(SIGNATURE, "Signature")
    if not own:
        raise SamlRefusedError("unsigned")
    # The schema's order: Issuer, then Signature. xmlsec1 takes the first one it finds.
    first = [(one.namespace, one.name) for one in element.elements[:2]]
    if len(own) > 1 or first != [(ASSERTION, "Issuer"), (SIGNATURE, "Signature")]:
        raise SamlRefusedError("wrapped")
    identifier = element.get("ID")
    if not identifier:
        raise SamlRefusedError("wrapped")
    signed_info = _only(own[0], "SignedInfo")
    reference = _only(signed_info, "Reference")
    if reference.get("URI") != f"#{identifier}" or own[0].named(SIGNATURE, "Object"):
        raise SamlRefusedError("wrapped")
    # Keys are those of the metadata; one that would have to be fetched is none.
    if any(one.name == "RetrievalMethod" for one in own[0].walk()):
        raise SamlRefusedError("wrapped")
    transforms = [one.get("Algorithm") for one in _only(reference, "Transforms").elements]
    canonical = _only(signed_info, "CanonicalizationMethod").get("Algorithm")
    if transforms != [ENVELOPED, EXCLUSIVE] or canonical != EXCLUSIVE:
        raise SamlRefusedError("wrapped")
    method = _only(signed_info, "SignatureMethod").get("Algorithm")
    digest = _only(reference, "DigestMethod").get("Algorithm")
    if method not in SIGNATURES or digest not in DIGESTS:
        raise SamlRefusedError("weak_algorithm")


def check_identifiers(root: Element) -> None:
    """SamlRefusedError `wrapped` where one identifier stands for two elements, or where libraries
    might take another attribute for an identifier.
    """
    seen: set[str] = set()
    for one in root.walk():
        for name, value in one.attributes.items():
            local = name.rpartition(":")[2]
            if local.lower() != "id" or name.startswith("xmlns"):
                continue
            if ":" in name or value in seen:
                raise SamlRefusedError("wrapped")
            seen.add(value)


def _only(element: Element, name: str) -> Element:
    found = element.named(SIGNATURE, name)
    if len(found) != 1:
        raise SamlRefusedError("wrapped")
    return found[0]
