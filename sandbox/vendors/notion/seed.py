"""The workspace at the start."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from sandbox.exchange import Json
from sandbox.vendors.notion.shape import value

if TYPE_CHECKING:
    from sandbox.vendors.notion.base import Workspace


def seed_notion(workspace: Workspace) -> Json:
    """Pages with their blocks, databases with their entries, comments."""
    told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    state: Json = {"pages": {}, "blocks": {}, "sources": {}, "databases": {}, "comments": {}}
    by_title: dict[str, str] = {}
    for group in ("pages", "unshared"):
        for path, line in told[group].items():
            above, _, title = path.rpartition(" > ")
            parent = (
                {"type": "page_id", "page_id": by_title[above]} if above else {"type": "workspace", "workspace": True}
            )
            row = _page(workspace, state, title, parent, line)
            row["unshared"] = group == "unshared"
            by_title[path] = row["id"]
    meetings = {"type": "page_id", "page_id": by_title["Product > Meetings"]}
    for number in range(1, told["weekly"] + 1):
        _page(
            workspace, state, f"Weekly sync {number:03}", meetings, f"ken.sato | {7 * number} | Notes of week {number}."
        )
    titles = {path.rpartition(" > ")[2]: number for path, number in by_title.items()}
    for name, about in told["databases"].items():
        _database(workspace, state, name, about, titles)
    for place, row in enumerate(told["comments"]):
        at = _ago(workspace, row["days"])
        own = workspace.uuid("comment", place)
        state["comments"][own] = {
            "id": own, "page": titles[row["page"]], "by": workspace.company.person(row["by"]).email,
            "text": row["text"], "at": at, "discussion": workspace.uuid("discussion", place),
        }  # fmt: skip
    return state


def _page(workspace: Workspace, state: Json, title: str, parent: Json, line: str) -> Json:
    handle, days, text = (part.strip() for part in line.split("|", 2))
    number = workspace.uuid("page", title)
    by, at = workspace.company.person(handle).email, _ago(workspace, float(days))
    row: Json = {
        "id": number, "parent": parent, "created": _ago(workspace, float(days) + 3), "edited": at, "by": by,
        "in_trash": False, "unshared": False, "blocks": [],
        "properties": {"title": {"id": "title", **value("title", title)}},
    }  # fmt: skip
    state["pages"][number] = row
    for place, one in enumerate(filter(str.strip, text.split("\n"))):
        block = workspace.uuid("block", number, place)
        state["blocks"][block] = {"id": block, "page": number, "markdown": one, "at": at}
        row["blocks"].append(block)
    return row


def _database(workspace: Workspace, state: Json, name: str, about: Json, titles: dict[str, str]) -> None:
    database, source = workspace.uuid("database", name), workspace.uuid("source", name)
    schema = {}
    for place, (title, kinds) in enumerate(about["properties"].items()):
        [(kind, held)] = kinds.items()
        settings: Any = held
        if isinstance(held, list):
            settings = {"options": [{"id": f"o{n}", "name": one, "color": "default"} for n, one in enumerate(held)]}
        schema[title] = {"id": "title" if kind == "title" else f"p{place}", "name": title, "type": kind, kind: settings}
    state["databases"][database] = {"id": database, "title": name, "source": source}
    state["sources"][source] = {"id": source, "database": database, "title": name, "properties": schema}
    parent = {"type": "data_source_id", "data_source_id": source, "database_id": database}
    for place, entry in enumerate(about["entries"]):
        title = next(str(entry[one]) for one, kind in schema.items() if kind["type"] == "title")
        row = _page(workspace, state, title, parent, f"dana.whitlock | {place + 2} | ")
        row["properties"] = {
            one: {"id": kind["id"], **value(kind["type"], _given(workspace, kind["type"], entry.get(one), titles))}
            for one, kind in schema.items()
            if kind["type"] != "created_time"
        }


def _given(workspace: Workspace, kind: str, held: Any, titles: dict[str, str]) -> Any:
    """A value of the seed: people by handle, dates by days from now, relations by title."""
    if held is None:
        return None
    if kind == "people":
        return [workspace.uuid("user", workspace.company.person(held).email)]
    if kind == "date":
        return (workspace.world.now + timedelta(days=held)).date().isoformat()
    if kind == "relation":
        return [titles[held]]
    return held


def _ago(workspace: Workspace, days: float) -> str:
    at = workspace.world.now - timedelta(days=days)
    return at.strftime("%Y-%m-%dT%H:%M:00.000Z")
