"""The handover on paper over HTTP: who gets which, and what the audit says of it."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pypdf import PdfReader

from cloud.core.authorization.facilities import place_application
from cloud.core.authorization.tables import ApplicationRow
from cloud.core.kernel.work import utc_now
from tests.fixtures.handovers import BEATS, HEART_RATE, MONITOR, numeric
from tests.fixtures.people_apps import audited
from tests.fixtures.served_cloud import ServedCloud, served_cloud
from tests.integration.test_board_sign_in import HOSPITAL, VEHICLE, announced


@pytest.fixture
def cloud(tmp_path: Path) -> Iterator[ServedCloud]:
    with served_cloud(tmp_path) as opened:
        yield opened


def text_of(answer: httpx.Response) -> str:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(BytesIO(answer.content))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def paper(cloud: ServedCloud, encounter_id: str, scope: str = "argus:epcr:read") -> httpx.Response:
    return httpx.get(
        f"{cloud.base_url}/api/v1/epcr/encounters/{encounter_id}/handover.pdf",
        headers={"Authorization": f"Bearer {cloud.token(scope)}"},
    )


def test_a_partner_gets_a_pseudonym_and_the_destination_the_name(cloud: ServedCloud) -> None:
    encounter_id = announced(cloud)
    cloud.send(VEHICLE, [numeric(MONITOR, HEART_RATE, utc_now(), "143", BEATS).observation])
    plain = text_of(paper(cloud, encounter_id))
    assert "EXAMPLE" not in plain
    assert "HR /min" in plain
    assert "143" in plain
    assert "by Northern Ambulance Service client. Pseudonymised." in plain
    with cloud.parts.database.begin(now=utc_now()) as work:
        row = work.session.get_one(ApplicationRow, cloud.client_id)
        row.approved_scopes = [*row.approved_scopes, "argus:epcr:handover"]
        place_application(work, cloud.caller, cloud.client_id, HOSPITAL)
    told = text_of(paper(cloud, encounter_id, "argus:epcr:handover"))
    assert "EXAMPLE, Nell" in told
    assert "CONFIDENTIAL: identified" in told
    tenant_id = cloud.caller.tenant_id
    assert len(audited(cloud, tenant_id, "export-pdf")) == 1
    assert len(audited(cloud, tenant_id, "export-identified-pdf")) == 1


def test_the_print_button_gives_the_same_and_strangers_get_nothing(cloud: ServedCloud) -> None:
    encounter_id = announced(cloud)
    address = f"/board/{encounter_id}/handover.pdf"
    with httpx.Client(base_url=cloud.base_url, timeout=60) as browser:
        assert browser.get(address).status_code == 401
        browser.post("/board/entrance", headers={"Authorization": f"Bearer {cloud.token()}"})
        assert "Pseudonymised" in text_of(browser.get(address))
        assert browser.get("/board/enc_0/handover.pdf").status_code == 404
    assert paper(cloud, "enc_0").status_code == 404
    assert paper(cloud, encounter_id, "argus:devices:read").status_code == 403
