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


def test_clients_of_one_host_share_a_sector_and_others_do_not() -> None:
    one = application("app_1", "https://one.test/back")
    names = [
        subject(one),
        subject(application("app_2", "https://two.test/back")),
        subject(application("app_1", "https://one.test/back", tenant="ten_b")),
        subject(one, "usr_2"),
        subject(one, vault=Vault(b"b" * 32)),
        subject(application("app_1", "https://one.test/", "https://two.test/")),
        subject(application("app_2", "https://one.test/", "https://two.test/")),
        subject(application("app_1")),
    ]
    # Several hosts, or none: the client itself is the sector.
    assert names[5] == names[7]
    assert len(set(names)) == len(names) - 1
    assert subject(application("app_9", "https://one.test/")) == names[0]
