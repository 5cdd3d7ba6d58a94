"""Lists by pages: a page says whether another follows."""

from __future__ import annotations

import json

from pydantic import BaseModel

from cloud.api.shared.pages import page_json


class Letter(BaseModel):
    """One of a list; `note` is known of some."""

    name: str
    note: str | None = None


class LettersModel(BaseModel):
    """A page of letters."""

    letters: list[Letter]
    next_cursor: str | None = None


def told(document: BaseModel) -> object:
    return json.loads(bytes(page_json(document).body))


def test_the_last_page_says_that_it_is_the_last() -> None:
    last = LettersModel(letters=[Letter(name="a"), Letter(name="b", note="second")])
    letters = [{"name": "a"}, {"name": "b", "note": "second"}]
    assert told(last) == {"letters": letters, "next_cursor": None}
    assert told(LettersModel(letters=[], next_cursor="on")) == {"letters": [], "next_cursor": "on"}
