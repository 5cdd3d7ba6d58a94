"""How a person is called towards a client (OIDC Core, 8.1)."""

from __future__ import annotations

import pytest

from cloud.core.authorization.profiles import PLATFORM, PORTAL
from cloud.core.authorization.subjects import (
    opened_person,
    sealed_person,
    session_name,
    session_of_name,
    subject_for,
)
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import Vault, VaultError

VAULT = Vault(b"a" * 32)


def application(client_id: str, *redirects: str, tenant: str = "ten_a") -> ApplicationRow:
    return ApplicationRow(client_id=client_id, tenant_id=tenant, redirect_uris=list(redirects))


def subject(client: ApplicationRow, user: str = "usr_1", vault: Vault = VAULT) -> str:
    return subject_for(vault, PORTAL, client, user)


def test_the_platform_calls_a_person_by_their_id() -> None:
    assert subject_for(VAULT, PLATFORM, application("app_1"), "usr_1") == "usr_1"


def test_a_client_always_hears_the_same_name_and_it_tells_nothing() -> None:
    one = application("app_1", "https://one.test/back")
    name = subject(one)
    assert name == subject(application("app_1", "https://one.test/other"))
    assert len(name) == 43
    assert "usr" not in name


def test_every_client_hears_another_name_for_every_person() -> None:
    one = application("app_1", "https://one.test/back")
    names = [
        subject(one),
        subject(application("app_2", "https://one.test/back")),
        subject(application("app_1", "https://one.test/back", tenant="ten_b")),
        subject(one, "usr_2"),
        subject(one, vault=Vault(b"b" * 32)),
        subject(application("app_3", "http://127.0.0.1/back")),
        subject(application("app_4", "http://127.0.0.1/back")),
        subject(application("app_5", "com.example.app:/back")),
        subject(application("app_6")),
    ]
    assert len(set(names)) == len(names)


def test_a_name_stays_when_a_client_moves() -> None:
    name = subject(application("app_1", "https://one.test/back"))
    for redirects in (["https://one.test/", "https://two.test/"], ["https://two.test/"], []):
        assert subject(application("app_1", *redirects)) == name


def test_a_sealed_person_is_another_each_time_and_opens_for_one_client() -> None:
    sealed = sealed_person(VAULT, "app_1", "usr_1", 7)
    assert opened_person(VAULT, "app_1", sealed) == ("usr_1", 7)
    assert sealed_person(VAULT, "app_1", "usr_1", 7) != sealed
    for client, text in (("app_2", sealed), ("app_1", sealed[1:]), ("app_1", ""), ("app_1", "é")):
        with pytest.raises(VaultError):
            opened_person(VAULT, client, text)


def test_a_session_is_called_alike_at_one_client_only() -> None:
    name = session_name(VAULT, "app_1", "ses_1")
    assert session_of_name(VAULT, "app_1", name) == "ses_1"
    assert session_name(VAULT, "app_1", "ses_1") == name
    assert session_name(VAULT, "app_2", "ses_1") != name
    for client, text in (("app_2", name), ("app_1", "ses_1"), ("app_1", ""), ("app_1", "é")):
        with pytest.raises(VaultError):
            session_of_name(VAULT, client, text)
