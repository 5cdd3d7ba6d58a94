"""Scenario files: every shipped one plays, and a wrong line is named with its mend."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from simulators.__main__ import main
from simulators.errors import ScenarioError
from simulators.patient.happenings import EFFECTS, EventKind
from simulators.patient.scenario_files import find_scenario, read_scenario, scenario_names
from simulators.patient.vital_signs import Patient

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "write-a-scenario.md"
HEAD = 'title = "A"\nabout = "B"\nlasts = "10:00"\n'
WANTED = {
    "cardiac-arrest-rosc",
    "inferior-stemi",
    "septic-shock",
    "haemorrhage",
    "asthma-desaturation",
    "opioid-overdose",
    "hypoglycaemia",
    "quiet-transfer",
    "twelve-hour-shift",
}


def read(folder: Path, body: str) -> None:
    path = folder / "mine.toml"
    path.write_text(HEAD + body, encoding="utf-8")
    read_scenario(path)


@pytest.mark.parametrize("name", scenario_names())
def test_every_scenario_that_is_shipped_plays_to_its_end(name: str) -> None:
    scenario = find_scenario(name)
    patient = Patient(seed=1, scenario=scenario)
    for part in range(25):
        patient.numerics_at(part / 24 * scenario.seconds)
    assert scenario.title
    assert scenario.about


def test_the_wanted_scenarios_are_there() -> None:
    assert set(scenario_names()) >= WANTED


def test_every_happening_has_an_effect() -> None:
    assert set(EFFECTS) == set(EventKind)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ('[[event]]\nat = "2 min"\nwhat = "shock"\n', "mine.toml, line 5: at is no time. Write at"),
        (
            '[[event]]\nat = "+01:00"\nwhat = "shok"\n',
            "line 6: nobody knows 'shok' here. Wri",
        ),
        ('[[event]]\nat = "+01:00"\n', "line 4: what is missing or no text"),
        (
            '[[event]]\nat = "+11:00"\nwhat = "shock"\n',
            "line 5: .*after the end. Make it less",
        ),
        (
            '[[event]]\nat = "+02:00"\nwhat = "shock"\n[[event]]\nat = "+01:00"\nwhat = "note"\n',
            "line 8: it happens before the event above it",
        ),
        ("[patient]\nheart-rate = 900\n", "line 5: heart-rate is no number that can be. Write one"),
        (
            "[patient]\nheart-rat = 90\n",
            "line 5: 'heart-rat' is no word of a scenario. Write",
        ),
        ('[patient]\nblood-pressure = "80/120"\n', "line 5: blood-pressure is no pressure"),
        ('[patient]\nglucose = "5.4"\n', "line 5: glucose has no number with its unit"),
        ("[patient]\nspo2 = true\n", "line 5: spo2 is no number"),
        ("patient = 3\n", "line 4: patient is no table"),
        ("event = 3\n", "line 4: event is no list"),
        ("joules = 0\n", "line 4: joules is no number from 1 to 400"),
        ('colour = "red"\n', "line 4: 'colour' is no word of a scenario. Use one of: title"),
        ("title = \n", "mine.toml: .*line 4.*Correct that line"),
        ('[[call]]\nat = "+00:00"\nscenario = "nobody"\n', "line 6: 'nobody' is no scenario"),
        (
            '[[call]]\nat = "+00:00"\nscenario = "twelve-hour-shift"\n',
            "a shift is held by ",
        ),
        ('[[call]]\nat = "+09:00"\nscenario = "stable"\n', "line 5: this call ends at .*after the"),
        (
            '[[call]]\nat = "+00:00"\nscenario = "stable"\n'
            '[[call]]\nat = "+00:30"\nscenario = "stable"\n',
            r"line 8: the patient before is still on board. Begin at \+01:15",
        ),
        (
            '[[event]]\nat = "+00:00"\nwhat = "note"\n[[call]]\nat = "+00:00"\nscenario = "x"\n',
            "a shift has calls and no events",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line_and_the_mend(
    tmp_path: Path, body: str, words: str
) -> None:
    with pytest.raises(ScenarioError, match=words):
        read(tmp_path, body)


def test_a_file_of_ones_own_is_played_by_its_path(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        HEAD
        + '[patient]\nblood-pressure = "150/90"\nglucose = "5 mmol/L"\nst-elevation = 2\n'
        + '[[event]]\nat = "+01:02.5"\nwhat = "note"\nheart-rate = 120\nover = "00:30"\n',
        encoding="utf-8",
    )
    scenario = find_scenario(str(path))
    assert (scenario.starts_as.systolic, scenario.starts_as.diastolic) == (150, 90)
    assert round(scenario.starts_as.glucose) == 90
    assert scenario.starts_as.st_elevation == pytest.approx(0.2)
    (event,) = scenario.events
    assert (event.at, event.over, dict(event.goes_to)) == (62.5, 30, {"heart_rate": 120})


def test_a_scenario_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="Choose one of arrest, "):
        find_scenario("nothing")
    with pytest.raises(ScenarioError, match="cannot be read: no such file"):
        find_scenario(str(tmp_path / "none.toml"))
    (tmp_path / "odd.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ScenarioError, match="it is no text"):
        find_scenario(str(tmp_path / "odd.toml"))


def test_the_page_on_scenarios_shows_files_that_play_and_the_error_they_give(
    tmp_path: Path,
) -> None:
    first, shift = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    (tmp_path / "my-fall.toml").write_text(first, encoding="utf-8")
    (tmp_path / "night.toml").write_text(shift, encoding="utf-8")
    assert find_scenario(str(tmp_path / "my-fall.toml")).events
    assert len(find_scenario(str(tmp_path / "night.toml")).calls) == 2
    told = re.findall(r"vitalwire-sim: (my-fall.toml, line .*)", PAGE.read_text(encoding="utf-8"))
    wrong = first.replace('"bleeding"', '"bleding"')
    (tmp_path / "my-fall.toml").write_text(wrong, encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        find_scenario(str(tmp_path / "my-fall.toml"))
    assert [str(refused.value)] == told


def test_the_scenarios_command_lists_tells_and_gives_the_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["scenarios"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in WANTED)
    assert main(["scenarios", "inferior-stemi"]) == 0
    assert "+00:30  inferior infarction: chest pain" in capsys.readouterr().out
    assert main(["scenarios", "--words"]) == 0
    assert "return of circulation" in capsys.readouterr().out
    assert main(["scenarios", "nothing"]) == 2
