"""What is written at monday.com step by step, and whether a lost write arrived."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.clock import utc_now
from core.errors import Conflict, NotFound, Rejected
from core.records import Message, Ref, Task
from core.tool import Call, Change
from tools.integrations.monday import column, document, mapping
from tools.integrations.monday.reading import PAGE, Json, Reading
from tools.kit.paging import take

RECENT = timedelta(minutes=10)


class Desk(Reading):
    """monday.com under one connection."""

    async def _values(
        self, board: str, status: str | None, person: str | None, day: date | None, columns: str | None
    ) -> tuple[Json, Json, dict[str, str]]:
        """Column values as they are written, what the record must show of them, and further fields by title."""
        if not (status or person or day or columns):
            return {}, {}, {}
        home = await self.layout(board)
        values, expect, fields = Json(), Json(), dict[str, str]()
        for kind, given in (("status", status), ("people", person), ("date", day)):
            if given is None:
                continue
            place = column.need(home["columns"], kind, home["name"])
            if kind == "status":
                expect["status"] = column.label(place, str(given))
                values[place["id"]] = {"label": expect["status"]}
            elif kind == "people":
                expect["assignees"], values[place["id"]] = [given], column.people([str(given)])
            else:
                expect["due"], values[place["id"]] = given, {"date": f"{given}"}
        for place, said in column.pairs(columns or "", home["columns"]):
            values[place["id"]] = column.written(place, said)
            fields[place["title"]] = column.shown(place, said)
        return values, expect, fields

    async def create(
        self, board: str, name: str, group: str | None, status: str | None, person: str | None, day: date | None,
        columns: str | None,
    ) -> Change:  # fmt: skip
        """A new item."""
        values, expect, fields = await self._values(board, status, person, day, columns)
        told = json.dumps(values) if values else None
        made = (await self.ask(document.CREATE_ITEM, board=board, name=name, group=group, values=told))["create_item"]
        task = mapping.to_task(made)
        expect |= {"title": name} | ({"fields": task.fields | fields} if fields else {})
        if group:
            expect["section"] = next(one["title"] for one in (await self.layout(board))["groups"] if one["id"] == group)
        return _made(task, expect)

    async def created_lately(self, board: str, name: str) -> Change | None:
        """The item with this very name that this person made within the last minutes."""
        wanted = [{"column_id": "name", "column_values": [name]}]
        path = "items_page_by_column_values"
        for one in await take(self.pages(document.ITEMS_BY_VALUE, path, PAGE, board=board, columns=wanted), PAGE):
            task = mapping.to_task(one)
            is_mine = task.reporter is not None and task.reporter.id == self.me
            if is_mine and task.title == name and _is_recent(task.created_at):
                return _made(task, {"title": name})
        return None

    async def update(
        self, board: str, item: str, status: str | None, person: str | None, day: date | None, columns: str | None
    ) -> Change:
        """Change what an item's columns hold."""
        values, expect, fields = await self._values(board, status, person, day, columns)
        if not values:
            raise Rejected("There is nothing to change.")
        before = await self.item(item)
        if before["board"]["id"] != board:
            raise Rejected(f"“{before['name']}” is on the board {before['board']['name']}.")
        await self.ask(document.CHANGE_ITEM, board=board, item=item, values=json.dumps(values))
        task = mapping.to_task(before)
        undo = {"board": board, "item": item, "values": mapping.former(before, list(values))}
        expect |= {"fields": task.fields | fields} if fields else {}
        return Change(task, expect, undo=Call(tool="monday.restore_item", args=undo))

    async def updated(
        self, board: str, item: str, status: str | None, person: str | None, day: date | None, columns: str | None
    ) -> Change | None:
        """Whether an item holds what was asked for; what it held before is no longer known."""
        _, expect, fields = await self._values(board, status, person, day, columns)
        now = mapping.to_task(await self.item(item))
        shown = all(_ids(getattr(now, name)) == _ids(value) for name, value in expect.items())
        if not shown or not fields.items() <= now.fields.items():
            return None
        return Change(now, expect | ({"fields": now.fields} if fields else {}))

    async def restore(self, board: str, item: str, values: Json) -> Change:
        """Write former values back."""
        made = await self.ask(document.CHANGE_ITEM, board=board, item=item, values=json.dumps(values))
        after = made["change_multiple_column_values"]
        return Change(mapping.to_task(after), mapping.held(after, values))

    async def move(self, item: str, group: str) -> Change:
        """Put an item into another group of its board."""
        before = await self.item(item)
        task, place = mapping.to_task(before), await self._group(before["board"]["id"], group)
        if before["group"]["id"] == group:
            raise Conflict(f"“{task.title}” is in {place} already.")
        await self.ask(document.MOVE_ITEM, item=item, group=group)
        undo = Call(tool="monday.move_item", args={"item": item, "group": before["group"]["id"]})
        return Change(task, {"section": place}, undo=undo)

    async def moved(self, item: str, group: str) -> Change | None:
        """Whether an item stands in a group."""
        now = await self.item(item)
        return Change(mapping.to_task(now), {"section": now["group"]["title"]}) if now["group"]["id"] == group else None

    async def _group(self, board: str, group: str) -> str:
        for one in (await self.layout(board))["groups"] or ():
            if one["id"] == group:
                return str(one["title"])
        raise Rejected("The item's board has no such group.")

    async def post(self, item: str, text: str, mention: Sequence[str]) -> Change:
        """An update on an item."""
        told = [{"id": one, "type": "User"} for one in mention] or None
        made = await self.ask(document.CREATE_UPDATE, item=item, body=mapping.body(text), mentions=told)
        return _said(mapping.to_update(made["create_update"]), text)

    async def posted_lately(self, item: str, text: str) -> Change | None:
        """The update with these very words that this person wrote within the last minutes."""
        [me] = (await self.ask(document.USERS, ids=[self.me]))["users"]
        for one in reversed(await self.updates(item, 50)):
            if _same(one.text, text) and one.author == me["name"] and _is_recent(one.sent_at):
                return _said(one, text)
        return None

    async def one_update(self, update: str) -> Message:
        """One update.

        Raises:
            NotFound: there is none.
        """
        found = (await self.ask(document.UPDATES, ids=[update]))["updates"]
        if not found:
            raise NotFound("The update is no longer in monday.com.")
        return mapping.to_update(found[0])

    async def delete_update(self, update: str) -> Change:
        """Delete an update."""
        before = await self.one_update(update)
        await self.ask(document.DELETE_UPDATE, update=update)
        return Change(before, is_gone=True)

    async def archive(self, item: str) -> Change:
        """Archive an item."""
        before = await self.item(item)
        if before["state"] == "archived":
            raise Conflict(f"“{before['name']}” is archived already.")
        await self.ask(document.ARCHIVE_ITEM, item=item)
        return Change(mapping.to_task(before), {"status": "archived"})

    async def delete(self, item: str) -> Change:
        """Delete an item."""
        before = mapping.to_task(await self.item(item))
        await self.ask(document.DELETE_ITEM, item=item)
        return Change(before, is_gone=True)

    async def archived(self, item: str) -> Change | None:
        """Whether an item is archived."""
        now = mapping.to_task(await self.item(item))
        return Change(now, {"status": "archived"}) if now.status == "archived" else None

    async def deleted(self, item: str) -> Change | None:
        """Whether an item is gone."""
        try:
            await self.item(item)
        except NotFound:
            return Change(Task(ref=Ref(integration="monday", kind="item", id=item)), is_gone=True)
        return None


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT


def _ids(value: Any) -> Any:
    return [getattr(one, "id", one) for one in value] if isinstance(value, list | tuple) else value


def _same(one: str, other: str) -> bool:
    return one.split() == other.split()


def _made(task: Task, expect: Mapping[str, Any]) -> Change:
    return Change(task, expect, undo=Call(tool="monday.delete_item", args={"item": task.ref.id}))


def _said(update: Message, text: str) -> Change:
    undo = Call(tool="monday.delete_update", args={"update": update.ref.id})
    return Change(update, {"text": text}, undo=undo)
