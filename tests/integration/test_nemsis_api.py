"""The report of NEMSIS over the API: what is missing is said, nobody reads another's."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest

from tests.fixtures.cloud import Installation
from tests.fixtures.exchanges import exchange_of

AGENCY = (
    "agency_id=058&agency_number=350-058&agency_state=04&dispatch_reason=2301019"
    "&equipment=2207015&response_mode=2223001"
)


async def test_a_report_names_what_it_lacks_and_comes_once_it_was_told(
    embedded: Installation,
) -> None:
    exchange = exchange_of(embedded)
    encounter_id = exchange.open_encounter("97", "96")
    exchange.hand_over(encounter_id)
    path = f"/api/v1/epcr/encounters/{encounter_id}"
    async with embedded.client() as http:
        headers = await embedded.headers(http)
        answer = await http.get(f"{path}/nemsis?{AGENCY}", headers=headers)
        assert (answer.status_code, answer.json()["error"]) == (409, "report_incomplete")
        assert answer.json()["details"]["missing"] == ["eTimes.03", "eTimes.13"]
        at = embedded.clock().isoformat()
        ops = [
            {
                "op_id": f"00000000-0000-4000-8000-00000000000{number}",
                "path": f"times.{name}",
                "value": at,
                "at": at,
                "vector": {"tablet": number},
            }
            for number, name in enumerate(("unit_notified", "back_in_service"), 1)
        ]
        body = {"device_id": "tablet", "ops": ops, "reason": "times were missing"}
        changed = await http.patch(path, headers=headers, json=body)
        assert changed.status_code == 200, changed.text
        answer = await http.get(f"{path}/nemsis?{AGENCY}", headers=headers)
        assert answer.status_code == 200, answer.text
        assert answer.headers["content-type"].startswith("application/xml")
        root = Xml.fromstring(answer.content)  # noqa: S314 - we wrote it
        assert root.tag == "{http://www.nemsis.org}EMSDataSet"
        stranger = await embedded.strangers_headers(http)
        assert (await http.get(f"{path}/nemsis?{AGENCY}", headers=stranger)).status_code == 404


@pytest.mark.parametrize("query", ["agency_state=4", "equipment=<x>", "unknown=1"])
async def test_a_query_that_is_none_is_refused(embedded: Installation, query: str) -> None:
    async with embedded.client() as http:
        headers = await embedded.headers(http)
        answer = await http.get(f"/api/v1/epcr/encounters/enc_1/nemsis?{query}", headers=headers)
        assert answer.status_code == 422
