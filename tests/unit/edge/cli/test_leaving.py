"""A box that moves to another fleet, from the command to what is left on its disk."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from edge.__main__ import main
from edge.buffer.packing import pack_rows
from edge.buffer.policy import BufferPolicy
from edge.buffer.recovery import open_store
from edge.commands.inbox import FILE_NAME, CommandInbox
from edge.crew.folder import crew_folder
from edge.crew.journal import EventJournal
from edge.crew.pin import PinStore
from edge.enrolment.configuration import ConfigurationFolder, Trial
from edge.enrolment.identity import Identity
from edge.status.file import sole_use
from protocols.model.crew import CrewEvent, CrewEventKind
from tests.unit.edge.enrolment.authority import Cloud
from tests.unit.edge.enrolment.test_joining import answering
from tests.unit.edge.making import NOON, ack_of, spo2

OLD_EVENT = UUID(int=1)
OLD = replace(Cloud().membership, tenant_id="ten_0", gateway_id="gw_0")


@pytest.fixture
def cloud() -> Iterator[str]:
    with answering(201, None) as address:
        yield address


@pytest.fixture
def box(tmp_path: Path) -> Path:
    """In the old fleet, at version 7 of its configuration, with an encounter and a patient."""
    identity, old = Identity(tmp_path), Cloud()
    identity.join(OLD, certificate=old.certify(identity.request()), trust="")
    folder = ConfigurationFolder(tmp_path, OLD)
    folder.folder.mkdir(exist_ok=True)
    (folder.folder / "verdict.json").write_text(
        '{"command": "c", "version": 7, "is_kept": true, "reason": ""}', encoding="utf-8"
    )
    assert folder.highest_version() == 7
    inbox = CommandInbox(tmp_path)
    inbox.keep({"encounter": "e-1"})
    inbox.close()
    crew = crew_folder(tmp_path)
    PinStore(crew).set("4711")
    (crew / "patient.json").write_text("{}", encoding="utf-8")
    (tmp_path / "recorder").mkdir()
    (tmp_path / "recorder" / "0000000001.octets").touch()
    return tmp_path


def enrol(box: Path, cloud: str) -> int:
    return main(["enrol", "CODE", "--cloud", cloud, "--data", str(box)])


def tenant(box: Path) -> str:
    membership = Identity(box).membership()
    assert membership is not None
    return membership.tenant_id


def test_nothing_of_the_old_fleets_patients_comes_along(box: Path, cloud: str) -> None:
    assert enrol(box, cloud) == 0
    assert tenant(box) == "ten_1"
    assert not list(box.glob(f"{FILE_NAME}*"))
    assert [path.name for path in (box / "crew").iterdir()] == ["pin"]
    assert not (box / "recorder").exists()


def test_the_new_fleets_first_configurations_are_new(box: Path, cloud: str) -> None:
    assert enrol(box, cloud) == 0
    folder = ConfigurationFolder(box, Identity(box).membership())
    assert folder.highest_version() == 1
    assert (folder.trial(), folder.verdict()) == (None, None)


def test_rows_that_wait_keep_the_box_in_its_fleet(
    box: Path, cloud: str, capsys: pytest.CaptureFixture[str]
) -> None:
    store = open_store(box, policy=BufferPolicy(), vehicle_id="v", now=NOON).store
    with store.transaction():
        store.append(pack_rows([spo2(1)], captured_at=NOON))
    store.close()
    assert enrol(box, cloud) == 2
    assert "wait for the fleet that the box is in" in capsys.readouterr().err
    assert tenant(box) == "ten_0"
    assert (box / FILE_NAME).is_file()
    store = open_store(box, policy=BufferPolicy(), vehicle_id="v", now=NOON).store
    claim = store.claim(limit=9, octets=1 << 20, now=NOON, waits=False)
    assert claim is not None
    with store.transaction():
        store.settle(ack_of(claim), now=NOON)
    store.close()
    assert enrol(box, cloud) == 0


def test_words_and_pictures_of_the_crew_that_wait_keep_it_too(box: Path, cloud: str) -> None:
    journal = EventJournal(box / "crew")
    event = CrewEvent(
        event_id=OLD_EVENT, kind=CrewEventKind.SHOCK, at=NOON, vehicle_id="v", by="crew-11"
    )
    journal.write(event)
    assert enrol(box, cloud) == 2
    journal.mark(event.event_id)
    picture = box / "crew" / f"{event.event_id}.jpg"
    picture.touch()
    assert enrol(box, cloud) == 2
    picture.with_suffix(".buffered").touch()
    assert enrol(box, cloud) == 0


def test_a_running_gateway_is_not_moved(box: Path, cloud: str) -> None:
    with sole_use(box):
        assert enrol(box, cloud) == 2
    assert tenant(box) == "ten_0"


def test_in_the_same_fleet_everything_stays(tmp_path: Path, cloud: str) -> None:
    folder = Cloud().enrol(tmp_path)
    folder.begin_trial("x", Trial(command="c", version=7))
    CommandInbox(tmp_path).close()
    with sole_use(tmp_path):
        assert enrol(tmp_path, cloud) == 0
    assert (tmp_path / FILE_NAME).is_file()
    assert (folder.folder / "trial.json").is_file()
