"""One configuration is good, one at most on trial, and what is not signed is neither."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.enrolment.configuration import FOLDER, GOOD, ConfigurationFolder, Trial, verify
from edge.errors import EnrolmentError
from tests.unit.edge.enrolment.authority import Cloud

CLOUD = Cloud()
UPLINK: dict[str, object] = {"uplink": {"keepalive_seconds": 20}}


def on_trial(folder: ConfigurationFolder, version: int = 2) -> Trial:
    trial = Trial(command="c1", version=version)
    folder.begin_trial(CLOUD.sign(version, UPLINK), trial)
    return trial


def test_what_the_cloud_signed_for_us_is_verified_and_nothing_else() -> None:
    text = CLOUD.sign(3, UPLINK)
    assert verify(text, CLOUD.membership).settings == UPLINK
    head, _, signature = text.rpartition(".")
    forged = CLOUD.sign(4, UPLINK).rpartition(".")[0] + "." + signature
    for spoilt, why in (
        ("nothing", "cannot be read"),
        (forged, "signature is wrong"),
        (Cloud().sign(3, UPLINK), "signature is wrong"),
        (CLOUD.sign(3, UPLINK, gateway_id="gw_2"), "another gateway"),
        (CLOUD.sign(3, UPLINK, key_id="key_2"), "another key"),
        (f"{head}.{'A' * 86}", "signature is wrong"),
    ):
        with pytest.raises(EnrolmentError, match=why):
            verify(spoilt, CLOUD.membership)


def test_a_trial_is_in_force_until_it_is_kept_or_rolled_back(tmp_path: Path) -> None:
    folder = CLOUD.enrol(tmp_path, {"vehicle_id": "AMB-7"})
    assert (folder.version, folder.settings()) == (1, {"vehicle_id": "AMB-7"})
    assert not folder.count_start()
    on_trial(folder)
    assert (folder.version, folder.settings()) == (2, UPLINK)
    verdict = folder.roll_back("cloud_not_reached")
    assert verdict is not None
    assert (verdict.is_kept, verdict.reason) == (False, "cloud_not_reached")
    assert (folder.version, folder.highest_version()) == (1, 2)
    on_trial(folder, 3)
    kept = folder.keep_trial()
    assert kept is not None
    assert kept.is_kept
    assert folder.verdict() == kept
    assert (folder.version, folder.settings()) == (3, UPLINK)
    assert folder.keep_trial() is None
    assert folder.roll_back("again") is None


def test_a_trial_that_never_gets_through_is_over_after_two_starts(tmp_path: Path) -> None:
    folder = CLOUD.enrol(tmp_path)
    on_trial(folder)
    assert folder.count_start()
    assert folder.count_start()
    assert not folder.count_start()
    verdict = folder.verdict()
    assert verdict is not None
    assert verdict.reason == "ended_under_way"
    assert folder.version == 1


def test_what_somebody_wrote_on_the_disk_is_no_configuration(tmp_path: Path) -> None:
    folder = CLOUD.enrol(tmp_path, UPLINK)
    (tmp_path / FOLDER / GOOD).write_text(Cloud().sign(9, UPLINK), encoding="ascii")
    assert (folder.version, folder.settings()) == (0, {})
    (tmp_path / FOLDER / "verdict.json").write_text("[]", encoding="ascii")
    assert folder.verdict() is None
    stranger = ConfigurationFolder(tmp_path, None)
    assert (stranger.version, stranger.trial()) == (0, None)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    folder = CLOUD.enrol(tmp_path)
    (tmp_path / FOLDER / ".trial.jws.draft").mkdir()
    with pytest.raises(EnrolmentError, match="cannot be kept"):
        on_trial(folder)
