"""The TLS of connections: a context for each way to be let in, made once."""

from __future__ import annotations

import ssl
from dataclasses import replace
from pathlib import Path

import pytest

from cloud.core.exchange.access import Access
from cloud.exchange.trust import MOST_KEPT, Trusts
from tests.fixtures.authority import Authority
from tests.fixtures.client_certificates import client_certificate


def test_a_context_is_made_once_for_the_same_settings() -> None:
    certificate = client_certificate()
    access = Access(certificate=certificate.pem, certificate_key=certificate.key_pem)
    trusts = Trusts()

    first = trusts.of(access, "")

    # What a token is had with is no part of it.
    assert trusts.of(replace(access, kind="bearer", secret="s3cret"), "") is first
    assert first.minimum_version is ssl.TLSVersion.TLSv1_2
    assert first.verify_mode is ssl.CERT_REQUIRED
    assert first.check_hostname


def test_other_settings_have_another_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = Authority.make(tmp_path / "tls")
    words = authority.certificate.read_text()
    one, other = client_certificate(), client_certificate()
    trusts = Trusts()

    made = [
        trusts.of(Access(), ""),
        trusts.of(Access(), words),
        trusts.of(Access(certificate=one.pem, certificate_key=one.key_pem), words),
        trusts.of(Access(certificate=other.pem, certificate_key=other.key_pem), words),
    ]
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.certificate))
    made.append(trusts.of(Access(), ""))

    assert len(set(map(id, made))) == len(made)
    assert len(made[1].get_ca_certs()) == 1
    assert made[4].get_ca_certs() == made[1].get_ca_certs()


def test_the_contexts_kept_are_bounded_and_the_one_used_last_stays(tmp_path: Path) -> None:
    words = Authority.make(tmp_path / "tls").certificate.read_text()
    trusts = Trusts()
    used, forgotten = trusts.of(Access(), words), trusts.of(Access(), f"{words}\n")
    # White space makes other settings of the same authorities.
    for number in range(2, MOST_KEPT + 1):
        assert trusts.of(Access(), words) is used
        trusts.of(Access(), words + "\n" * number)

    assert trusts.of(Access(), words) is used
    assert trusts.of(Access(), f"{words}\n") is not forgotten
