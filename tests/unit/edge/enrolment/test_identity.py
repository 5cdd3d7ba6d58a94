"""Key and certificate belong to each other at every moment, and stay on board."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from edge.enrolment.identity import CERTIFICATE, FOLDER, MEMBERSHIP, PENDING_KEY, Identity
from edge.errors import EnrolmentError
from tests.unit.edge.enrolment.authority import BEGAN, Cloud
from tests.unit.edge.making import NOON

CLOUD = Cloud()


def test_a_box_that_never_joined_has_nothing(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    assert identity.membership() is None
    assert identity.certificate() is None
    assert identity.certificate_file is None
    assert identity.renewal_due_at() is None
    assert identity.revoked() is None


def test_joining_keeps_what_the_cloud_gave_and_the_key_for_oneself(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    request = identity.request()
    assert "PRIVATE" not in request
    identity.revoke("stolen", at=NOON)
    identity.join(CLOUD.membership, certificate=CLOUD.certify(request), trust="PEM of a trust")
    assert identity.membership() == CLOUD.membership
    assert identity.revoked() is None
    assert identity.trust_file is not None
    assert not (tmp_path / FOLDER / PENDING_KEY).exists()
    held = (tmp_path / FOLDER / CERTIFICATE).read_text(encoding="ascii")
    assert "BEGIN CERTIFICATE" in held
    assert "PRIVATE KEY" in held
    assert (tmp_path / FOLDER / CERTIFICATE).stat().st_mode & 0o077 == 0
    assert identity.renewal_due_at() == BEGAN + timedelta(days=60)
    identity.install(CLOUD.certify(identity.request()))
    identity.join(CLOUD.membership, certificate=CLOUD.certify(identity.request()), trust="")
    assert identity.trust_file is None


def test_only_a_certificate_over_the_pending_key_is_installed(tmp_path: Path) -> None:
    identity, other = Identity(tmp_path / "one"), Identity(tmp_path / "two")
    with pytest.raises(EnrolmentError, match="another key"):
        identity.install(CLOUD.certify(other.request()))
    identity.request()
    with pytest.raises(EnrolmentError, match="another key"):
        identity.install(CLOUD.certify(other.request()))
    with pytest.raises(EnrolmentError, match="no certificate"):
        identity.install("nothing")


def test_the_pending_key_stays_until_its_certificate_comes(tmp_path: Path) -> None:
    identity = Identity(tmp_path)
    certificate = CLOUD.certify(identity.request())
    identity.request()
    assert identity.install(certificate)


def test_files_that_cannot_be_read_count_as_absent_and_a_full_disk_is_told(
    tmp_path: Path,
) -> None:
    folder = tmp_path / FOLDER
    folder.mkdir()
    (folder / MEMBERSHIP).write_text('{"gateway_id": "x"}', encoding="ascii")
    (folder / CERTIFICATE).write_text("spoilt", encoding="ascii")
    (folder / PENDING_KEY).write_text("spoilt", encoding="ascii")
    identity = Identity(tmp_path)
    assert identity.membership() is None
    assert identity.certificate() is None
    assert identity.request()
    (folder / ".revoked.json.draft").mkdir()
    with pytest.raises(EnrolmentError, match="cannot be written"):
        identity.revoke("x", at=NOON)
