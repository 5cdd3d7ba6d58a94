"""How a person is called towards a client (OIDC Core, 8.1)."""

from __future__ import annotations

from cloud.core.authorization.profiles import PLATFORM, PORTAL
from cloud.core.authorization.subjects import subject_for
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.vault import Vault

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
