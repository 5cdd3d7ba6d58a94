"""The dictionaries are part of the contract: under one number the same octets for ever."""

from __future__ import annotations

from hashlib import sha256

from protocols.uplink.dictionary import DICTIONARIES, NEWEST

SHIPPED = {1: "48bb95d8fd2b7e17075cd481c738ea211d647379838b944ab5f152db133faa25"}


def test_a_shipped_dictionary_never_changes() -> None:
    found = {
        number: sha256(dictionary.as_bytes()).hexdigest()
        for number, dictionary in DICTIONARIES.items()
    }
    assert found == SHIPPED
    assert max(found) == NEWEST


def test_it_is_small() -> None:
    assert all(len(dictionary.as_bytes()) <= 4096 for dictionary in DICTIONARIES.values())
