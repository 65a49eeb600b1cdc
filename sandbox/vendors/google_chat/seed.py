"""The spaces at the start."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Json
from sandbox.grant import MIXED, ident
from sandbox.story import Remark, Story


@cache
def _read() -> Any:
    return yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))


def seed_chat(story: Story) -> Json:
    """Spaces, messages and memberships by name."""
    told = _read()
    state: Json = {"spaces": {}, "messages": {}, "events": [], "requests": {}}
    for row in told["spaces"]:
        members = _members(story, row["members"])
        space = _space(state, row["name"], "SPACE", members, row["name"], row["about"], story.now)
        for remark in story.channels.get(row.get("talk", ""), []):
            _thread(state, space, remark)
        _lines(state, story, space, row.get("lines", []))
        for number in range(row.get("deploys", 0), 0, -1):
            at = story.now - timedelta(hours=5 * number)
            _say(
                state,
                space,
                Remark(story.company.person("ravi.menon"), f"checkout-service build {2000 - number} is live", at),
            )
    for kind, rows in (("GROUP_CHAT", told["groups"]), ("DIRECT_MESSAGE", told["direct"])):
        for row in rows:
            space = _space(state, str(row["members"]), kind, _members(story, row["members"]), "", "", story.now)
            _lines(state, story, space, row["lines"])
    return state


def user_name(address: str) -> str:
    """The id of a person in Chat."""
    return f"users/1{ident(20, 'chat', address, alphabet='0123456789')}"


def stamp(at: datetime) -> str:
    """A moment as Chat writes it."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}Z"


def new_message(space: str, key: str, author: str, text: str, at: datetime, thread: str = "") -> Json:
    """A message that opens a thread, or answers in one."""
    own = ident(11, space, key, alphabet=MIXED)
    root = thread.rpartition("/")[2] or own
    return {
        "name": f"{space}/messages/{root}.{own}", "thread": f"{space}/threads/{root}", "author": author, "text": text,
        "createTime": stamp(at), "isReply": bool(thread),
    }  # fmt: skip


def _members(story: Story, names: list[str]) -> dict[str, str]:
    teams = {person.team for person in story.company.people}
    found: dict[str, str] = {}
    for name in names:
        people = story.company.team(name) if name in teams or name == "*" else [story.company.person(name)]
        found |= {person.email: "ROLE_MEMBER" for person in people}
    first = next(iter(found))
    return {**found, first: "ROLE_MANAGER"}


def _space(state: Json, key: str, kind: str, members: dict[str, str], title: str, about: str, now: datetime) -> str:
    name = f"spaces/AAAA{ident(7, 'space', key, alphabet=MIXED)}"
    state["spaces"][name] = {
        "name": name, "spaceType": kind, "displayName": title, "description": about, "members": members,
        "createTime": stamp(now - timedelta(days=200)),
    }  # fmt: skip
    return name


def _thread(state: Json, space: str, remark: Remark) -> None:
    thread = _say(state, space, remark)
    for reply in remark.replies:
        _say(state, space, reply, thread)


def _lines(state: Json, story: Story, space: str, lines: list[str]) -> None:
    for place, line in enumerate(lines):
        handle, _, text = line.partition(": ")
        at = story.now - timedelta(hours=3 * (len(lines) - place))
        _say(state, space, Remark(story.company.person(handle), text, at))


def _say(state: Json, space: str, remark: Remark, thread: str = "") -> str:
    made = new_message(
        space, f"{remark.author.email}{remark.text}", remark.author.email, remark.text, remark.at, thread
    )
    state["messages"][made["name"]] = made
    return str(made["thread"])
