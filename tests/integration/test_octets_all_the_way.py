"""From a device's octets to the cloud's API and back: each reading leads to what it came from."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from edge.__main__ import main
from tests.fixtures.cloud import Tenant, install
from tests.fixtures.gateway import Gateway
from tests.fixtures.oximeter import Oximeter, connect
from tests.integration.test_cloud_programs import PATIENCE, started, token
from tests.waiting import wait_until

SETTINGS = """
gateway_id = "{gateway}"
tenant_id = "{tenant}"
vehicle_id = "AMB-7"
gateway_secret = "{secret}"
data = "{data}"
listen = "tcp:127.0.0.1:0"
[uplink]
mqtt_url = "{mqtt}"
"""
SATURATION, RATE = "MDC_PULS_OXIM_SAT_O2", "MDC_PULS_OXIM_PULS_RATE"


class Api:
    """The cloud as an application reads it."""

    def __init__(self, base: str, mine: Tenant) -> None:
        self.base = base
        self.headers = token(base, mine.client_id, mine.client_secret)

    def get(self, path: str) -> Any:  # noqa: ANN401 - JSON of any shape
        response = httpx.get(f"{self.base}{path}", headers=self.headers, timeout=PATIENCE)
        assert response.status_code == 200, response.text
        return response.json(parse_float=Decimal)

    def observations(self) -> list[dict[str, Any]]:
        """Of all devices; none before the first one is known."""
        found: list[dict[str, Any]] = []
        for device in self.get("/api/v1/devices"):
            found += self.get(f"/api/v1/devices/{device['id']}/observations")["observations"]
        return found


def value_in(report: str, name: str) -> Decimal:
    """What a decoded report says of one metric."""
    measured = report[report.index(f"({name})") :]
    value = measured.partition("MDC_ATTR_NU_VAL_OBS_BASIC: ")[2]
    return Decimal(value.partition("\n")[0])


def test_what_the_api_shows_is_what_the_recorder_s_octets_say(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def edge(*arguments: str) -> str:
        assert main(arguments) == 0
        return capsys.readouterr().out

    (tmp_path / "cloud").mkdir()
    mine, _ = install(tmp_path / "cloud")
    serve = ("serve", "--data", tmp_path / "cloud", "--port", "0", "--mqtt-port", "0")
    with started(*serve, log=tmp_path / "cloud.log") as (_, ready):
        gateway = Gateway.start_with(
            tmp_path / "edge",
            SETTINGS.format(
                gateway=mine.gateway_id,
                tenant=mine.tenant_id,
                secret=mine.gateway_secret,
                data=tmp_path / "edge" / "data",
                mqtt=ready["mqtt"],
            ),
        )
        line = connect(gateway.agents)
        oximeter = Oximeter(line)
        oximeter.associate()
        for number in (1, 2):
            oximeter.send_confirmed(number)
        oximeter.release()
        line.close()
        api = Api(ready["http"], mine)
        wait_until(lambda: len(api.observations()) == 4, timeout=PATIENCE, what="the readings")
        shown = api.observations()
        assert gateway.stop() == 0
    said = sorted((one["mdc_code"], one["value"]) for one in shown)
    assert said == [(RATE, 61), (RATE, 62), (SATURATION, 91), (SATURATION, 92)]
    assert len({one["octets"] for one in shown}) == 2, "one place a report"
    for place in {one["octets"] for one in shown}:
        octets = edge("recorder", "octets", "--data", str(gateway.data), place)
        assert octets.startswith("e700")
        capture = tmp_path / "capture.jsonl"
        capture.unlink(missing_ok=True)
        of_place = ("--octets", place, "--out", str(capture))
        edge("recorder", "export", "--data", str(gateway.data), *of_place)
        decoded = edge("decode", str(capture))
        report = decoded[decoded.rindex("RoivConfirmedEventReport") :]
        for one in shown:
            if one["octets"] == place:
                assert value_in(report, one["mdc_code"]) == one["value"]
