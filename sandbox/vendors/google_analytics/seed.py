"""Accounts, properties, key events and the history of changes at the start."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Json
from sandbox.story import Story

STANDARD = ("purchase",)  # key events that Google makes by itself


@cache
def told() -> Any:
    """What `seed.yaml` says."""
    return yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))


def seed_analytics(story: Story) -> Json:
    """Key events by name, and what was changed, oldest first."""
    state: Json = {"key_events": {}, "changes": []}
    for account in told()["accounts"]:
        for row in account["properties"]:
            for place, name in enumerate(row["keys"], 1):
                at = story.now - timedelta(days=60 + place)
                made = key_event(row["number"], f"{row['number']}{place}", name, "ONCE_PER_EVENT", stamp(at))
                state["key_events"][made["name"]] = made
    for number in range(told()["many_changes"], 0, -1):
        at = story.now - timedelta(days=30 + number)
        after = {"displayName": f"Release {number}", "parent": "accounts/1001"}
        row = {"account": "1001", "property": "310003", "kind": "property", "action": "UPDATED", "after": after}
        state["changes"].append(change(f"s{number}", row, "", stamp(at)))
    for place, row in enumerate(told()["changes"]):
        email = story.company.person(row["who"]).email
        state["changes"].append(change(f"c{place}", row, email, stamp(story.now - timedelta(days=row["ago"]))))
    return state


def key_event(number: str, own: str, name: str, counting: str, at: str, worth: Json | None = None) -> Json:
    """A key event of a property."""
    made = {
        "name": f"properties/{number}/keyEvents/{own}", "eventName": name, "createTime": at,
        "deletable": name not in STANDARD, "custom": name not in STANDARD, "countingMethod": counting,
    }  # fmt: skip
    return made | ({"defaultValue": worth} if worth else {})


def change(number: str, row: Json, email: str, at: str) -> Json:
    """An entry of the history."""
    told_of = {name: row[name] for name in ("account", "property", "kind", "action")}
    return {"id": number, "at": at, "who": email, "before": row.get("before"), "after": row.get("after"), **told_of}


def stamp(at: datetime) -> str:
    """A moment as the Admin API writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03d}Z"
