"""Configurations kept between runs: private, checked, dropped when in doubt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edge.drivers.configurations import ConfigurationStore
from edge.errors import StartError
from protocols.ieee20601.attributes import AttributeValue
from protocols.ieee20601.configuration import build_configuration, encode_configuration
from protocols.ieee20601.event_reports import ConfigObject
from protocols.model.codes import SystemId
from protocols.specializations.basic_ecg import SPECIALIZATION

ECG = SystemId(b"ecg-0001")
OCTETS = encode_configuration(SPECIALIZATION.configuration)
CONFIG_ID = SPECIALIZATION.configuration.config_id


def test_what_was_reported_is_known_in_the_next_run(tmp_path: Path) -> None:
    ConfigurationStore(tmp_path / "c").remember(ECG, CONFIG_ID, OCTETS)
    again = ConfigurationStore(tmp_path / "c")
    found = again.find(ECG, CONFIG_ID)
    assert found is not None
    assert encode_configuration(found) == OCTETS
    assert again.find(SystemId(b"another1"), CONFIG_ID) is None
    (path,) = (tmp_path / "c").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_forgotten_one_is_gone_from_the_disk_too(tmp_path: Path) -> None:
    store = ConfigurationStore(tmp_path)
    store.remember(ECG, CONFIG_ID, OCTETS)
    store.forget(ECG, CONFIG_ID)
    store.forget(ECG, CONFIG_ID)
    assert store.find(ECG, CONFIG_ID) is None
    assert list(tmp_path.iterdir()) == []


def test_a_configuration_is_trusted_for_the_firmware_it_was_learnt_from(tmp_path: Path) -> None:
    store = ConfigurationStore(tmp_path)
    store.remember(ECG, CONFIG_ID, OCTETS)
    assert store.agrees(ECG, CONFIG_ID, "2.0"), "the first word about it"
    again = ConfigurationStore(tmp_path)
    assert again.agrees(ECG, CONFIG_ID, "2.0")
    assert again.agrees(ECG, CONFIG_ID, ""), "a device that does not say"
    assert not again.agrees(ECG, CONFIG_ID, "3.1")
    assert again.find(ECG, CONFIG_ID) is None
    assert list(tmp_path.iterdir()) == []
    assert again.agrees(ECG, CONFIG_ID, "3.1"), "nothing is kept to distrust"


def test_the_firmware_it_was_learnt_from_goes_with_it(tmp_path: Path) -> None:
    store = ConfigurationStore(tmp_path)
    store.remember(ECG, CONFIG_ID, OCTETS)
    store.agrees(ECG, CONFIG_ID, "2.0")
    for known in (store, ConfigurationStore(tmp_path)):
        found = known.find(ECG, CONFIG_ID)
        assert found is not None
        assert found.firmware == "2.0"


def test_files_that_others_may_read_are_made_private(tmp_path: Path) -> None:
    ConfigurationStore(tmp_path).remember(ECG, CONFIG_ID, OCTETS)
    (path,) = tmp_path.iterdir()
    path.chmod(0o644)
    store = ConfigurationStore(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    draft = path.with_suffix(".draft")
    draft.touch(0o644)
    store.remember(ECG, CONFIG_ID, OCTETS)
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("key", ["octets", "system_id", "config_id", "sha256", "firmware"])
def test_a_file_that_was_changed_is_dropped(tmp_path: Path, key: str) -> None:
    ConfigurationStore(tmp_path).remember(ECG, CONFIG_ID, OCTETS)
    (path,) = tmp_path.iterdir()
    record = json.loads(path.read_text(encoding="utf-8"))
    other = {
        "octets": "00" * 12,
        "system_id": "0102",
        "config_id": 1,
        "sha256": "00",
        "firmware": "9",
    }
    record[key] = other[key]
    path.write_text(json.dumps(record), encoding="utf-8")
    again = ConfigurationStore(tmp_path)
    assert again.find(ECG, CONFIG_ID) is None
    assert not path.exists()


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"system_id": 5}', "\x00" * 10])
def test_a_file_that_is_no_record_is_dropped(tmp_path: Path, content: str) -> None:
    path = tmp_path / "rubbish.json"
    path.write_text(content, encoding="utf-8")
    ConfigurationStore(tmp_path)
    assert not path.exists()


def test_octets_that_are_no_configuration_are_not_kept(tmp_path: Path) -> None:
    store = ConfigurationStore(tmp_path)
    store.remember(ECG, CONFIG_ID, b"\x00\x01")
    assert store.find(ECG, CONFIG_ID) is None
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StartError, match="cannot be used"):
        ConfigurationStore(tmp_path / "file" / "c")


def test_long_ones_are_kept_in_a_bounded_number_the_latest_longest(tmp_path: Path) -> None:
    store = ConfigurationStore(tmp_path)
    long = ConfigObject(6, 1, (AttributeValue(0xF000, bytes(60_000)),))
    ids = range(0x4000, 0x4012)
    for config_id in ids:
        store.remember(ECG, config_id, encode_configuration(build_configuration(config_id, [long])))
        store.remember(ECG, ids[0], OCTETS)  # one that is told again is the latest
    known = [config_id for config_id in ids if store.find(ECG, config_id) is not None]
    assert known == [ids[0], *ids[-17:]]
    assert len(list(tmp_path.iterdir())) == len(known)
