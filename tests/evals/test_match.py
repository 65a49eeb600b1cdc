from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from core.records import Person
from evals.case import User
from evals.match import Scene, is_default, is_right, refs
from evals.person import Directory
from tests.evals.conftest import BERLIN_NOON

WRITER = User(name="Mia Sander", email="mia.sander@firm.example", timezone="Europe/Berlin")
PERSON = {"type": "string", "format": "person"}
DATE = {"type": "string", "format": "date"}
MOMENT = {"type": "string", "format": "date-time"}


@pytest.fixture
def scene(people: list[Person]) -> Scene:
    return Scene(zone=ZoneInfo("Europe/Berlin"), now=BERLIN_NOON, people=Directory(WRITER, people), links={0: 1, 1: 0})


@pytest.mark.parametrize(
    ("gold", "came", "schema"),
    [
        ("#eng", "ENG", {}),
        ("Fix login", "“fix  login”", {}),
        (5, "5", {"type": "integer"}),
        ("5", 5.0, {}),
        (30000, "30k EUR", {"format": "money"}),
        ("30 EUR", {"amount": 30, "currency": "eur"}, {"format": "money"}),
        ("2026-12-01", "2026-11-30T23:30:00Z", DATE),
        ("2026-12-01", "2026-12-01", {}),
        ("2026-12-01T10:00:00+01:00", "2026-12-01T09:00:20Z", MOMENT),
        ("2026-12-01T10:00:00+01:00", "2026-12-01 10:00", MOMENT),
        ("2026-12-01T10:00:00+01:00", "2026-12-01T10:00:00", {}),
        ("1h30m", "PT90M", {"format": "duration"}),
        (["a", "#B"], ["b", "A", "a"], {"type": "array", "items": {"type": "string"}}),
        (["Ben", "me"], ["U2", "Mia Sander"], {"type": "array", "items": PERSON}),
        ("Ben", "ben.alder@firm.example", PERSON),
        ("Ben Alder", "@ben", PERSON),
        ("me", "mia.sander@firm.example", PERSON),
        ("Ben", "U2", {"type": "string"}),
        ("Priya", "Priya Shah", PERSON),
        ("Zoe", "Zoe Unknown", PERSON),
        (True, "true", {"type": "boolean"}),
        ("2026-12-01", "2026-12-01", {"anyOf": [DATE, {"type": "null"}]}),
    ],
)
def test_equal_after_normalisation(gold: Any, came: Any, schema: dict[str, Any], scene: Scene) -> None:
    assert is_right(gold, came, schema, scene)


@pytest.mark.parametrize(
    ("gold", "came", "schema"),
    [
        ("eng", "engine", {}),
        (5, 6, {"type": "integer"}),
        (1, True, {}),
        (True, 1, {"type": "boolean"}),
        ("30 EUR", "30 USD", {"format": "money"}),
        ("2026-12-01", "2026-12-01T23:30:00Z", DATE),
        ("2026-12-01T10:00:00+01:00", "2026-12-01T10:01:00+01:00", MOMENT),
        ("30m", "45m", {"format": "duration"}),
        (["a"], ["a", "b"], {"type": "array"}),
        (["a", "b"], ["a"], {"type": "array"}),
        ("Priya Nair", "Priya Shah", PERSON),
        ("Zoe Alder", "Zoe Unknown", PERSON),
        ("Ben", "ben.other@firm.example", PERSON),
        ("Fix login", "Fix login page", {}),
        ("a", None, {}),
        ("a", "", {}),
        ("a", {"$ref": 0, "field": "id"}, {}),
    ],
)
def test_not_equal(gold: Any, came: Any, schema: dict[str, Any], scene: Scene) -> None:
    assert not is_right(gold, came, schema, scene)


@pytest.mark.parametrize(
    ("gold", "came", "is_good"),
    [
        ({"any": ["a", {"contains": ["big", "dog"]}]}, "dog, big", True),
        ({"any": ["a", "b"]}, "c", False),
        ({"any": ["a", "b"]}, None, False),
        ({"contains": ["big"]}, ["a", "big"], True),
        ({"contains": ["big"]}, "bigger", False),
        ({"text": "we ship the new build at noon"}, "ship the new build at noon today", True),
        ({"text": "we ship the new build at noon"}, "the build broke", False),
        ({"may": "a"}, None, True),
        ({"may": "a"}, [], True),
        ({"may": "a"}, "A", True),
        ({"may": "a"}, "b", False),
        ({"may": {"any": ["a", "b"]}}, "b", True),
        ({"ref": 1, "field": "url"}, {"$ref": 0, "field": "id"}, True),
        ({"ref": 1, "field": "url"}, "see {{0.url}}", True),
        ({"ref": 1, "field": "url"}, ["x", {"deep": {"$ref": 0}}], True),
        ({"ref": 1, "field": "url"}, {"$ref": 1, "field": "url"}, False),
        ({"ref": 1}, "{{7.url}}", False),
        ({"ref": 1}, "the url", False),
        ({"ref": 1}, None, False),
        ({"any": [{"ref": 1}, "eng"]}, "#eng", True),
    ],
)
def test_matchers(gold: Any, came: Any, is_good: bool, scene: Scene) -> None:
    assert is_right(gold, came, {}, scene) is is_good


def test_refs_are_found_however_deep() -> None:
    assert list(refs({"a": ["{{2.url}} and {{ 3.key }}", {"$ref": 4}], "b": {"$ref": True}})) == [2, 3, 4]


@pytest.mark.parametrize(
    ("came", "schema", "is_good"),
    [
        (None, {}, True),
        ("", {}, True),
        ("x", {}, False),
        (20, {"type": "integer", "default": 20}, True),
        ("20", {"type": "integer", "default": 20}, True),
        (10, {"type": "integer", "default": 20}, False),
        (False, {"type": "boolean", "default": False}, True),
        (False, {"type": "boolean"}, False),
        ("PT30M", {"format": "duration", "default": "30m"}, True),
        ("2026-11-24T11:00:10Z", MOMENT | {"default": "now"}, True),
        ("now", MOMENT | {"default": "now"}, True),
        ("2026-11-24T00:00:00+01:00", MOMENT | {"default": "now"}, False),
    ],
)
def test_what_gold_does_not_name_is_absent_or_default(
    came: Any, schema: dict[str, Any], is_good: bool, scene: Scene
) -> None:
    assert is_default(came, schema, scene) is is_good
