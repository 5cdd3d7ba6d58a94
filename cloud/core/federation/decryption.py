"""Encrypted assertions (XML Encryption 1.1): RSA-OAEP around AES-GCM, and nothing older.

CBC has no integrity: whoever sees how its refusals differ reads what is inside (Jager and
Somorovsky, "How to Break XML Encryption", CCS 2011). Our metadata names what is taken.
"""

from __future__ import annotations

import base64
import binascii
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from cloud.core.federation.names import ENCRYPTION, SIGNATURE
from cloud.core.federation.reading import Element
from cloud.core.federation.refusals import SamlRefusedError

GCM: Final = {
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": 16,
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": 32,
}
"""What the data may be encrypted with, and the octets of its key."""
OAEP: Final = "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"
OAEP_11: Final = "http://www.w3.org/2009/xmlenc11#rsa-oaep"
_ENCRYPTION_11: Final = "http://www.w3.org/2009/xmlenc11#"
# Collisions are no harm inside OAEP: SHA-1 is its default there (XML Encryption 1.1, 5.5.2).
_DIGESTS: Final[dict[str, hashes.HashAlgorithm]] = {
    "": hashes.SHA1(),  # noqa: S303 - as above
    "http://www.w3.org/2000/09/xmldsig#sha1": hashes.SHA1(),  # noqa: S303 - as above
    "http://www.w3.org/2001/04/xmlenc#sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmlenc#sha512": hashes.SHA512(),
}
_MASKS: Final[dict[str, hashes.HashAlgorithm]] = {
    "": hashes.SHA1(),  # noqa: S303 - as above
    f"{_ENCRYPTION_11}mgf1sha1": hashes.SHA1(),  # noqa: S303 - as above
    f"{_ENCRYPTION_11}mgf1sha256": hashes.SHA256(),
    f"{_ENCRYPTION_11}mgf1sha512": hashes.SHA512(),
}
_NONCE: Final = 12


def decrypted(element: Element, key: rsa.RSAPrivateKey) -> bytes:
    """The octets inside an EncryptedAssertion; SamlRefusedError `weak_encryption` for another
    algorithm, `cannot_decrypt` for all that fails, which is never said apart.
    """
    sealed = _only(element, ENCRYPTION, "EncryptedData")
    size = GCM.get(_method(sealed).get("Algorithm"))
    carrier = _key_of(element, sealed)
    if size is None or _method(carrier).get("Algorithm") not in (OAEP, OAEP_11):
        raise SamlRefusedError("weak_encryption")
    try:
        secret = key.decrypt(_cipher(carrier), _padding(_method(carrier)))
        octets = _cipher(sealed)
        if len(secret) != size:
            raise SamlRefusedError("cannot_decrypt")
        return AESGCM(secret).decrypt(octets[:_NONCE], octets[_NONCE:], None)
    except (ValueError, InvalidTag) as exc:
        raise SamlRefusedError("cannot_decrypt") from exc


def _key_of(element: Element, sealed: Element) -> Element:
    """The one encrypted key, inside of the data's KeyInfo or beside the data."""
    told = [one for info in sealed.named(SIGNATURE, "KeyInfo") for one in info.elements]
    found = [one for one in (*told, *element.elements) if one.name == "EncryptedKey"]
    if len(found) != 1 or found[0].namespace != ENCRYPTION:
        raise SamlRefusedError("cannot_decrypt")
    return found[0]


def _method(element: Element) -> Element:
    return _only(element, ENCRYPTION, "EncryptionMethod")


def _padding(method: Element) -> padding.OAEP:
    digest = "".join(one.get("Algorithm") for one in method.named(SIGNATURE, "DigestMethod"))
    mask = "".join(one.get("Algorithm") for one in method.named(_ENCRYPTION_11, "MGF"))
    if digest not in _DIGESTS or mask not in _MASKS:
        raise SamlRefusedError("weak_encryption")
    return padding.OAEP(padding.MGF1(_MASKS[mask]), _DIGESTS[digest], None)


def _cipher(element: Element) -> bytes:
    value = _only(_only(element, ENCRYPTION, "CipherData"), ENCRYPTION, "CipherValue")
    try:
        return base64.b64decode("".join(value.text.split()), validate=True)
    except binascii.Error as exc:
        raise SamlRefusedError("cannot_decrypt") from exc


def _only(element: Element, namespace: str, name: str) -> Element:
    found = element.named(namespace, name)
    if len(found) != 1:
        raise SamlRefusedError("cannot_decrypt")
    return found[0]
