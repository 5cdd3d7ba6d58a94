"""Cursors, the vault and public ids."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from cloud.core.kernel import base64url
from cloud.core.kernel.addresses import read_address
from cloud.core.kernel.errors import MalformedError
from cloud.core.kernel.identifiers import new_id, public_id, uuid_of
from cloud.core.kernel.paging import CursorSigner
from cloud.core.kernel.principal import Principal
from cloud.core.kernel.vault import KEY_FILE, Vault, VaultError, open_vault

MINE = Principal(tenant_id="ten_a", client_id="app_a", scopes=())


def test_octets_are_written_as_the_standards_write_them() -> None:
    # RFC 7515, appendix C; RFC 7636, appendix B.
    octets, verifier = bytes([3, 236, 255, 224, 193]), "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    assert base64url.encoded(octets) == "A-z_4ME"
    assert base64url.decoded("A-z_4ME") == octets
    challenge = base64url.fingerprint(verifier.encode())
    assert challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:DB8::1", "2001:db8::1"),
        ("", "None"),
        ("testclient", "None"),
    ],
)
def test_an_address_is_read_in_its_own_words(text: str, words: str) -> None:
    assert str(read_address(text)) == words


def test_a_cursor_comes_back_as_the_position_it_stood_for() -> None:
    signer = CursorSigner(b"k" * 32)
    cursor = signer.encode(MINE, "devices", ["2026-11-23T10:00:00+00:00", 7])
    assert signer.decode(MINE, "devices", cursor) == ["2026-11-23T10:00:00+00:00", 7]
    assert "2026" not in cursor


def test_a_cursor_is_good_for_its_tenant_its_list_and_its_key_only() -> None:
    signer = CursorSigner(b"k" * 32)
    cursor = signer.encode(MINE, "devices", ["a"])
    forged = base64.urlsafe_b64encode(bytes(16) + b'["a"]').rstrip(b"=").decode()
    attempts = [
        (signer, replace(MINE, tenant_id="ten_b"), "devices", cursor),
        (signer, MINE, "encounters", cursor),
        (CursorSigner(b"x" * 32), MINE, "devices", cursor),
        (signer, MINE, "devices", forged),
        (signer, MINE, "devices", cursor + "A"),
        (signer, MINE, "devices", "ä"),
        (signer, MINE, "devices", ""),
    ]
    for one, principal, name, text in attempts:
        with pytest.raises(MalformedError, match="invalid_cursor"):
            one.decode(principal, name, text)


def test_a_box_opens_only_with_its_key_for_its_purpose_and_whole() -> None:
    vault, other = Vault(b"a" * 32), Vault(b"b" * 32)
    box = vault.seal(b"secret", purpose="one")
    assert vault.open(box, purpose="one") == b"secret"
    assert vault.seal(b"secret", purpose="one") != box
    for attempt, purpose, sealed in (
        (other, "one", box),
        (vault, "two", box),
        (vault, "one", box[:-1]),
        (vault, "one", b""),
        (vault, "one", box[:-1] + bytes([box[-1] ^ 1])),
    ):
        with pytest.raises(VaultError):
            attempt.open(sealed, purpose=purpose)


def test_boxes_that_are_alike_can_be_compared_and_open_as_others_do() -> None:
    vault, other = Vault(b"a" * 32), Vault(b"b" * 32)
    box = vault.seal_alike(b"secret", purpose="one")
    assert vault.open_alike(box, purpose="one") == b"secret"
    assert vault.seal_alike(b"secret", purpose="one") == box
    assert vault.seal_alike(b"secret", purpose="two") != box
    for attempt, purpose, sealed in (
        (other, "one", box),
        (vault, "two", box),
        (vault, "one", box[:-1]),
        (vault, "one", b""),
    ):
        with pytest.raises(VaultError):
            attempt.open_alike(sealed, purpose=purpose)


def test_the_master_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    box = open_vault(tmp_path).seal(b"x", purpose="p")
    assert open_vault(tmp_path).open(box, purpose="p") == b"x"
    assert (tmp_path / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert [path.name for path in tmp_path.iterdir()] == [KEY_FILE]
    (tmp_path / KEY_FILE).write_bytes(b"short")
    with pytest.raises(VaultError, match="32 octets"):
        open_vault(tmp_path)


def test_keys_of_different_purposes_differ() -> None:
    vault = Vault(b"a" * 32)
    assert vault.derive("one") != vault.derive("two")
    assert vault.derive("one") == Vault(b"a" * 32).derive("one")


def test_public_ids_hold_their_uuid() -> None:
    value = UUID("12345678-1234-5678-1234-567812345678")
    assert public_id("obs", value) == "obs_12345678123456781234567812345678"
    assert uuid_of(public_id("obs", value)) == value
    assert uuid_of(new_id("enc")).version == 4
