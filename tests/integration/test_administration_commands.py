"""The operator's commands: clients, people, keys and the audit, from the machine itself."""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from joserfc.jwk import ECKey
from sqlalchemy import delete, select, update

from cloud.core.authorization.credential_tables import ClientSecretRow
from cloud.core.authorization.sessions import person_by_password, session_of, sign_in
from cloud.core.authorization.token_endpoint import Caller
from cloud.core.authorization.tokens import thumbprint
from cloud.core.identity.people import trusted_issuer
from cloud.core.identity.tables import UserRow
from cloud.core.kernel.audit import INSTALLATION, AuditHeadRow, AuditRow
from tests.fixtures.administration import APPS, Operator, administrator, platform_token
from tests.fixtures.client_certificates import client_certificate
from tests.fixtures.cloud import ISSUER, Installation
from tests.fixtures.oauth import showing
from tests.fixtures.signed import key_set, new_key
from tests.fixtures.spoilt_audit import unguard

_SECRET = "client_secret"
PASSWORD = "correct horse battery"


@contextlib.contextmanager
def piped(text: str) -> Iterator[None]:
    """What the next command finds on its standard input."""
    before, sys.stdin = sys.stdin, StringIO(text)
    try:
        yield
    finally:
        sys.stdin = before


def told(text: str, name: str) -> str:
    """What a command shows once under a name."""
    found = re.search(rf"^  {name}: (\S+)$", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


async def test_a_client_is_added_approved_stopped_and_ended(
    embedded: Installation, operator: Operator
) -> None:
    code, text, _ = operator("apps", "add", "--name", "Board", "--scope", "argus:epcr:read")
    assert code == 0
    client_id, secret = told(text, "client_id"), told(text, "client_secret")
    async with embedded.client() as client:
        assert operator("apps", "approve", client_id)[1].startswith(f"{client_id} is approved")
        assert (await platform_token(client, client_id, secret)).status_code == 200
        code, text, _ = operator("apps", "new-secret", client_id, "--grace-minutes", "0")
        new = told(text, "client_secret")
        assert (await platform_token(client, client_id, new)).status_code == 200
        assert operator("apps", "suspend", client_id)[1] == f"{client_id} is suspended\n"
        assert (await platform_token(client, client_id, new)).status_code == 400
        assert operator("apps", "resume", client_id)[1] == f"{client_id} is approved\n"
        _, listed, _ = operator("apps", "list")
        assert secret not in listed
        assert [json.loads(line)["name"] for line in listed.splitlines()][-1] == "Board"
        none = operator("apps", "drop-certificates", client_id)[1]
        assert none.startswith("0 certificates")
        assert operator("apps", "delete", client_id)[0] == 0
        assert (await platform_token(client, client_id, new)).status_code == 401
    code, out, error = operator("apps", "suspend", client_id)
    assert (code, out) == (2, "")
    assert error.endswith("vitalwire-cloud: app_not_found: Use an application of this tenant.\n")


async def test_a_platform_application_is_held_to_its_certificate(
    embedded: Installation, operator: Operator
) -> None:
    mine, own = embedded.mine, client_certificate()
    path = embedded.parts.settings.data / "own.pem"
    words = ("apps", "add-certificate", mine.client_id, "--file", str(path))
    code, _, error = operator(*words)
    assert (code, "cannot be read" in error) == (2, True)
    for content, reason in (
        (b"\xff\xfe", "is no certificate"),
        (own.key_pem.encode(), "private_key_rejected"),
    ):
        path.write_bytes(content)
        code, _, error = operator(*words)
        assert (code, reason in error, "PRIVATE" in error) == (2, True, False)
    path.write_text(own.pem, encoding="utf-8")
    assert operator(*words, tenant=embedded.other.tenant_id)[0] == 2
    code, text, _ = operator(*words, "--label", "2026")
    assert (code, thumbprint(own.der) in text) == (0, True)
    async with embedded.client() as client:
        refused = await platform_token(client, mine.client_id, mine.client_secret)
        assert (refused.status_code, refused.json()["error"]) == (401, "mtls_required")
    form = {"grant_type": "client_credentials", "client_id": mine.client_id}
    async with showing(embedded.app, own.der, issuer=ISSUER) as client:
        answer = await client.post("/v1/oauth/token", data=form)
        assert answer.status_code == 200, answer.text
    dropped = operator("apps", "drop-certificates", mine.client_id)[1]
    assert dropped.startswith("1 certificates")


def test_a_partner_gets_another_key_and_a_public_client_no_secret(operator: Operator) -> None:
    _, text, _ = operator("apps", "add-partner", "--name", "Scribe")
    assert told(text, "api_key").startswith("vwk_")
    _, more, _ = operator("apps", "new-key", told(text, "client_id"))
    assert told(more, "api_key") != told(text, "api_key")
    words = ("--redirect-uri", "https://a.example/cb", "--public", "--portal")
    _, text, _ = operator("apps", "add", "--name", "App", "--grant", "authorization_code", *words)
    assert "client_secret" not in text
    code, _, error = operator("apps", "new-key", told(text, "client_id"))
    assert (code, "no_partner" in error) == (2, True)


async def test_no_command_gives_a_client_what_its_door_does_not_take(
    embedded: Installation, operator: Operator
) -> None:
    path = embedded.parts.settings.data / "own.pem"
    path.write_text(client_certificate().pem, encoding="utf-8")
    _, text, _ = operator("apps", "add-partner", "--name", "Scribe")
    partner = told(text, "client_id")
    words = ("--redirect-uri", "https://a.example/cb", "--portal")
    _, text, _ = operator("apps", "add", "--name", "App", "--grant", "authorization_code", *words)
    for client_id in (partner, told(text, "client_id")):
        code, _, error = operator("apps", "add-certificate", client_id, "--file", str(path))
        assert (code, "secret_only_profile" in error) == (2, True)
    keys = key_set(new_key("k1"))
    async with embedded.client() as client:
        admin = await administrator(embedded, client)
        body = {"name": "Own keys", "grant_types": ["client_credentials"], "jwks": keys}
        made = await admin.made(APPS, {**body, "token_endpoint_auth_method": "private_key_jwt"})
    code, _, error = operator("apps", "new-secret", made["client_id"])
    assert (code, "no_secret_client" in error) == (2, True)


@pytest.mark.parametrize("minutes", ["-5", "10081", "9" * 12, "1.5", "soon"])
def test_a_time_that_is_none_is_refused_before_anything_is_made(
    embedded: Installation,
    operator: Operator,
    capsys: pytest.CaptureFixture[str],
    minutes: str,
) -> None:
    client_id = embedded.mine.client_id
    with pytest.raises(SystemExit):
        operator("apps", "new-secret", client_id, f"--grace-minutes={minutes}")
    assert "write 0 to 10080 minutes" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        operator("gateways", "invite", "--name", "A", "--vehicle", "B", f"--minutes={minutes}")
    assert "write 1 to 1440 minutes" in capsys.readouterr().err
    assert len(json.loads(operator("apps", "show", client_id)[1])["secrets"]) == 1


async def test_a_leaked_key_and_secret_of_a_partner_are_replaced(
    embedded: Installation, operator: Operator
) -> None:
    _, text, _ = operator("apps", "add-partner", "--name", "Scribe")
    partner, first, old = (told(text, name) for name in ("client_id", "api_key", "client_secret"))
    second = told(operator("apps", "new-key", partner)[1], "api_key")
    secret = told(operator("apps", "new-secret", partner, "--grace-minutes", "0")[1], _SECRET)
    _, text, _ = operator("apps", "show", partner)
    assert not any(hidden in text for hidden in (first, second, old, secret))
    shown = json.loads(text)
    keys = {one["last4"]: one["id"] for one in shown["api_keys"]}
    assert set(keys) == {first[-4:], second[-4:]}
    assert [one["last4"] for one in shown["secrets"]] == [secret[-4:], old[-4:]]
    pair = {"clientId": partner, "clientSecret": secret}
    async with embedded.client() as client:
        for key, status in ((first, 200), (first, 403), (second, 200)):
            if status == 403:
                code, text, _ = operator("apps", "revoke-key", partner, keys[first[-4:]])
                assert (code, text) == (0, f"{keys[first[-4:]]} of {partner} is revoked\n")
            path = "/v2/partners/authenticate"
            answer = await client.post(path, json=pair, headers={"X-API-Key": key})
            assert answer.status_code == status
    with embedded.database.reading(now=embedded.clock()) as work:
        kept = work.session.get_one(ClientSecretRow, shown["secrets"][0]["id"])
        assert kept.sealed is not None, "what is sent to the partner is signed with it"
        purpose = f"client-secret:{kept.secret_id}"
        assert embedded.parts.vault.open(kept.sealed, purpose=purpose) == secret.encode()
    last = json.loads(operator("apps", "show", partner)[1])
    assert last["api_keys"][0]["last_used_at"]
    assert last["secrets"][0]["last_used_at"]
    code, _, error = operator("apps", "revoke-key", partner, keys[second[-4:]])
    assert (code, "last_credential" in error) == (2, True)
    code, _, error = operator("apps", "revoke-key", partner, keys[first[-4:]])
    assert (code, "key_not_found" in error) == (2, True)


def test_people_are_added_given_passwords_and_stopped(
    embedded: Installation, operator: Operator
) -> None:
    tenant_id, email = embedded.mine.tenant_id, "anna@hospital.example"
    names = ("--given-name", "Anna", "--family-name", "Adler")
    code, text, _ = operator("users", "add", email, *names, "--role", "clinician")
    assert (code, text.split()[1]) == (0, email)
    with piped(f"{PASSWORD}\n"):
        code, out, error = operator("users", "set-password", email)
    assert (code, PASSWORD in out + error) == (0, False)
    with embedded.database.begin(now=embedded.clock()) as work:
        user = person_by_password(work, tenant_id=tenant_id, email=email, password=PASSWORD)
        assert user is not None
        _, cookie = sign_in(work, user)
    with piped("short\n"):
        code, _, error = operator("users", "set-password", email)
    assert (code, "weak_password" in error) == (2, True)
    assert operator("users", "suspend", text.split()[0])[1] == f"{email} is suspended\n"
    with embedded.database.reading(now=embedded.clock()) as work:
        assert session_of(work, cookie, Caller()) is None
        assert person_by_password(work, tenant_id=tenant_id, email=email, password=PASSWORD) is None
    assert operator("users", "resume", email)[1] == f"{email} is active\n"
    with embedded.database.reading(now=embedded.clock()) as work:
        assert session_of(work, cookie, Caller()) is None, "what ended stays ended"
        user = work.session.scalars(select(UserRow).where(UserRow.email == email)).one()
        assert user.epoch == 3
    _, listed, _ = operator("users", "list")
    rows = {json.loads(line)["email"]: json.loads(line) for line in listed.splitlines()}
    assert rows[email]["roles"] == ["clinician"]
    for name in (email, "nobody", "usr_0"):
        tenant = embedded.other.tenant_id
        code, _, error = operator("users", "suspend", name, tenant=tenant)
        assert (code, "user_not_found" in error) == (2, True)
    code, _, error = operator(
        "users", "add", "b@b.example", *names, "--issuer", "https://i.example"
    )
    assert (code, "--issuer and --subject" in error) == (2, True)


@pytest.mark.parametrize("word", ["", "A\x1b[31m", "x" * 2001])
def test_what_another_issuer_cannot_have_written_is_not_kept(
    embedded: Installation, operator: Operator, word: str
) -> None:
    email = embedded.mine.admin_user_email
    keys = embedded.parts.settings.data / "keys.json"
    keys.write_text(json.dumps(key_set(new_key("k1"))), encoding="utf-8")
    trust = ("users", "trust", "--jwks-file", str(keys))
    for words in (
        ("users", "link", email, "--issuer", word, "--subject", "a"),
        ("users", "link", email, "--issuer", "https://i.example", "--subject", word),
        (*trust, "--issuer", word, "--audience", "vitalwire"),
        (*trust, "--issuer", "https://i.example", "--audience", word),
    ):
        code, out, error = operator(*words)
        assert (code, out) == (2, "")
        assert "invalid_identity: Write the" in error
    assert operator("users", "issuers")[1] == ""


def test_an_issuer_is_trusted_with_its_public_keys(
    embedded: Installation, operator: Operator
) -> None:
    path = embedded.parts.settings.data / "keys.json"
    key = ECKey.generate_key("P-256")
    public = {**key.as_dict(private=False), "kid": "k1"}
    issuer = ("--issuer", "https://login.example", "--audience", "vitalwire")
    for content, words in (
        ({"keys": [public]}, ""),
        ({"keys": [{**key.as_dict(private=True), "kid": "k1"}]}, "is no JWK set"),
        ([], "is no JWK set"),
    ):
        path.write_text(json.dumps(content), encoding="utf-8")
        code, _, error = operator("users", "trust", *issuer, "--jwks-file", str(path))
        assert (code, words in error) == (2 if words else 0, True)
    code, _, error = operator("users", "trust", *issuer, "--jwks-file", "absent.json")
    assert (code, "cannot be read" in error) == (2, True)
    for uri, words in (
        ("http://login.example", "https address"),
        ("https://", "no readable host"),
        ("https://a@login.example/", "https address"),
    ):
        code, _, error = operator("users", "trust", *issuer, "--jwks-uri", uri)
        assert (code, words in error) == (2, True), error
    with embedded.database.reading(now=embedded.clock()) as work:
        row = trusted_issuer(
            work, tenant_id=embedded.mine.tenant_id, issuer="https://login.example"
        )
        assert row is not None
        assert row.jwks is not None
        assert row.jwks["keys"][0]["kid"] == "k1"


def test_keys_are_turned_and_one_that_leaked_ends_at_once(operator: Operator) -> None:
    _, text, _ = operator("keys", "rotate")
    kids = [line.split()[0] for line in text.splitlines()]
    assert len(kids) == 2
    code, again, _ = operator("keys", "rotate")
    assert (code, kids[0] in again) == (0, False), "an operator may have to hurry"
    kids = [line.split()[0] for line in again.splitlines()]
    code, text, _ = operator("keys", "retire", kids[0])
    assert (code, text.startswith(f"{kids[0]} is retired")) == (0, True)
    code, _, error = operator("keys", "retire", kids[0])
    assert (code, "key_not_found" in error) == (2, True)
    _, listed, _ = operator("keys", "list")
    statuses = {
        row["kid"]: row["status"] for row in (json.loads(line) for line in listed.splitlines())
    }
    assert statuses[kids[0]] == "retired"
    assert statuses[kids[1]] == "active"


@pytest.mark.parametrize("spoil", ["change", "remove", "cut", "headless"])
async def test_the_audit_proves_itself_and_tells_where_it_was_touched(
    embedded: Installation, operator: Operator, spoil: str
) -> None:
    mine, other = embedded.mine.tenant_id, embedded.other.tenant_id
    async with embedded.client() as client:
        await platform_token(client, embedded.mine.client_id, embedded.mine.client_secret)
        await platform_token(client, "app_nobody", "x")
    code, text, _ = operator("audit", "verify")
    assert code == 0
    assert f"{mine}: 5 entries, whole" in text
    assert f"{INSTALLATION}: 1 entries, whole" in text
    entry = (AuditRow.tenant_id == mine, AuditRow.position == (5 if spoil == "cut" else 3))
    with embedded.database.engine.begin() as raw:
        unguard(raw)
        raw.exec_driver_sql("PRAGMA foreign_keys=OFF")
        if spoil == "change":
            raw.execute(update(AuditRow).where(*entry).values(outcome="denied"))
        elif spoil == "headless":
            raw.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
            raw.execute(delete(AuditRow).where(AuditRow.tenant_id == mine, AuditRow.position > 2))
            raw.execute(
                update(AuditHeadRow)
                .where(AuditHeadRow.tenant_id == mine)
                .values(position=0, hash="0" * 64)
            )
        else:
            raw.execute(delete(AuditRow).where(*entry))
    code, text, _ = operator("audit", "verify")
    assert code == 1
    broken_at = 5 if spoil == "cut" else 3
    assert f"{mine}: broken at position {broken_at}; the {broken_at - 1} entries" in text
    assert f"{other}: 4 entries, whole" in text
    assert operator("audit", "verify", "--tenant", other)[0] == 0
    code, _, error = operator("audit", "verify", "--tenant", "ten_0")
    assert (code, "tenant_not_found" in error) == (2, True)
