"""Key sets that are fetched: kept, renewed, and never fetched as often as somebody asks."""

from __future__ import annotations

from typing import Any

import pytest

from cloud.core.authorization.client_keys import ClientKeys, FetchError
from tests.fixtures.cloud import FakeClock
from tests.fixtures.signed import key_set, new_key

URI = "https://hospital.test/jwks.json"
OLD, NEW = new_key("old"), new_key("new")


class Address:
    """Stands for an address in the network: what it answers, and how often it was asked."""

    def __init__(self, document: dict[str, Any] | None) -> None:
        self.document = document
        self.calls = 0

    def __call__(self, uri: str) -> dict[str, Any]:
        assert uri.startswith("https://hospital.test/")
        self.calls += 1
        if self.document is None:
            raise FetchError("no answer")
        return self.document


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


def found(keys: ClientKeys, kid: str) -> str | None:
    """The thumbprint of what is found for an id, after it was fetched ahead."""
    keys.fetch_ahead(URI, kid)
    key = keys.key(kid, jwks=None, jwks_uri=URI)
    return None if key is None else key.thumbprint()


def test_registered_keys_are_found_without_any_call(clock: FakeClock) -> None:
    address = Address(None)
    keys = ClientKeys(address, clock)
    both = key_set(OLD, NEW)
    key = keys.key("new", jwks=both, jwks_uri=URI)
    assert key is not None
    assert key.thumbprint() == NEW.thumbprint()
    assert keys.key("other", jwks=both, jwks_uri=URI) is None
    assert keys.key("old", jwks=None, jwks_uri=None) is None
    assert address.calls == 0


def test_two_keys_of_one_name_are_none(clock: FakeClock) -> None:
    twins = {"keys": [*key_set(OLD)["keys"], *key_set(OLD)["keys"]]}
    assert ClientKeys(Address(None), clock).key("old", jwks=twins, jwks_uri=None) is None


@pytest.mark.parametrize("document", [{}, {"keys": "abc"}, {"keys": ["abc", 1]}])
def test_what_is_no_key_set_holds_no_key(clock: FakeClock, document: dict[str, Any]) -> None:
    assert found(ClientKeys(Address(document), clock), "old") is None


def test_a_fetched_set_is_kept_ten_minutes_and_renewed_then(clock: FakeClock) -> None:
    address = Address(key_set(OLD))
    keys = ClientKeys(address, clock)
    for _ in range(50):
        assert found(keys, "old") == OLD.thumbprint()
    assert address.calls == 1
    address.document = key_set(NEW)
    clock.pass_(599)
    assert found(keys, "old") == OLD.thumbprint()
    clock.pass_(1)
    assert found(keys, "old") is None, "it was withdrawn"
    assert address.calls == 2


def test_a_new_key_is_fetched_when_it_is_named_and_a_flood_of_names_once_a_minute(
    clock: FakeClock,
) -> None:
    address = Address(key_set(OLD))
    keys = ClientKeys(address, clock)
    assert found(keys, "old") == OLD.thumbprint()
    address.document = key_set(OLD, NEW)
    for number in range(100):
        assert found(keys, f"unknown-{number}") is None
    assert address.calls == 1
    clock.pass_(60)
    assert found(keys, "new") == NEW.thumbprint()
    for number in range(100):
        assert found(keys, f"unknown-{number}") is None
    assert address.calls == 2


def test_an_address_that_does_not_answer_is_asked_once_a_minute(clock: FakeClock) -> None:
    address = Address(None)
    keys = ClientKeys(address, clock)
    for _ in range(50):
        with pytest.raises(FetchError):
            found(keys, "old")
    assert address.calls == 1
    address.document = key_set(OLD)
    clock.pass_(60)
    assert found(keys, "old") == OLD.thumbprint()


def test_one_failure_after_ten_minutes_does_not_lock_a_client_out(clock: FakeClock) -> None:
    address = Address(key_set(OLD))
    keys = ClientKeys(address, clock)
    assert found(keys, "old") == OLD.thumbprint()
    address.document = None
    clock.pass_(601)
    assert found(keys, "old") == OLD.thumbprint()
    clock.pass_(60)
    with pytest.raises(FetchError):
        found(keys, "old")


def test_finding_never_fetches(clock: FakeClock) -> None:
    address = Address(key_set(OLD))
    with pytest.raises(FetchError):
        ClientKeys(address, clock).key("old", jwks=None, jwks_uri=URI)
    assert address.calls == 0


def test_only_so_many_addresses_are_kept(clock: FakeClock) -> None:
    address = Address(key_set(OLD))
    keys = ClientKeys(address, clock)
    for number in range(1001):
        keys.fetch_ahead(f"https://hospital.test/{number}", "old")
    with pytest.raises(FetchError):
        keys.key("old", jwks=None, jwks_uri="https://hospital.test/0")
    assert keys.key("old", jwks=None, jwks_uri="https://hospital.test/1000") is not None
