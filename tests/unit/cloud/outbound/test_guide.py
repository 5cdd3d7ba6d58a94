"""What the guide for operators says is what is there."""

from __future__ import annotations

import re
from ipaddress import ip_address
from pathlib import Path

from prometheus_client import CollectorRegistry

from cloud.app.parts import outbound_policy
from cloud.core.kernel.outbound import OutboundMetrics
from cloud.core.kernel.outbound.errors import CAUSES
from cloud.settings import read_settings

GUIDE = Path("docs/how-to/guard-calls-out.md").read_text(encoding="utf-8")


def test_the_settings_of_the_guide_open_what_they_say(tmp_path: Path) -> None:
    found = re.search(r"```toml\n(.*?)```", GUIDE, re.DOTALL)
    assert found is not None
    config = tmp_path / "cloud.toml"
    config.write_text(found[1], encoding="utf-8")
    heard: list[str] = []
    policy = outbound_policy(read_settings(config, {}), lambda *facts: heard.extend(facts))
    for text in ("10.20.0.1", "2001:db8:7::1", "203.0.113.7"):
        assert policy.permits(ip_address(text))
    for text in ("10.21.0.1", "2001:db8:8::1", "203.0.113.8", "169.254.169.254"):
        assert not policy.permits(ip_address(text))


def test_every_outcome_is_explained() -> None:
    table = GUIDE[GUIDE.index("| outcome |") :].split("\n\n")[0]
    told = {name for line in table.splitlines() for name in re.findall(r"`(\w+)`", line)}
    assert told == {"done", *CAUSES}
    registry = CollectorRegistry()
    OutboundMetrics(registry).hear("call", "done")
    assert registry.get_sample_value(
        "vitalwire_outbound_total", {"what": "call", "outcome": "done"}
    )
