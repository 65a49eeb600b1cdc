"""Asking the Data API for reports and the Admin API for what was changed, and making key events."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime
from typing import Any

from core.clock import utc_now
from core.errors import Rejected
from core.records import Project
from core.tool import Call, Change
from tools.integrations.google_analytics import mapping, query
from tools.integrations.google_analytics.lookup import MOST, Lookup
from tools.integrations.google_analytics.mapping import to_key_event
from tools.kit.paging import listed, take, walk


class Asking(Lookup):
    """What the tools of Google Analytics are made of."""

    async def recover_key_event(self, event_name: str, property: str | None = None, **_: Any) -> Change | None:
        """The key event of this name, if there is one."""
        number = (await self.chosen(property)).ref.id
        found = await self.key_event(number, event_name)
        return self.made(found, number, found) if found else None

    async def create(self, number: str, body: Mapping[str, Any]) -> Change:
        """Make a key event."""
        made = await self.http.send("POST", f"/v1beta/properties/{number}/keyEvents", json=body, site="admin")
        return self.made(made.data, number, body)

    def made(self, item: Mapping[str, Any], number: str, wanted: Mapping[str, Any]) -> Change:
        """A key event that was made; `wanted` is what was asked for."""
        told = to_key_event({**wanted, "name": item["name"]})
        args = {"event_name": told.title, "property": number}
        undo = Call(tool="google_analytics.delete_key_event", args=args)
        return Change(
            to_key_event(item), {name: getattr(told, name) for name in ("title", "status", "detail")}, undo=undo
        )

    async def ask(self, of: Project, what: str, body: Mapping[str, Any]) -> Mapping[str, Any]:
        """One of the reports of a property."""
        data: Mapping[str, Any] = await self.http.post(f"/v1beta/properties/{of.ref.id}:{what}", body, is_read=True)
        return data

    async def sifted(self, number: str, only: str | None, order_by: str | None) -> dict[str, Any]:
        """The filter and the order of a report."""
        if not only and not order_by:
            return {}
        kind = await self.kinds(number)
        try:
            found = query.filters(only, kind) if only else {}
        except ValueError as error:
            raise Rejected(f"I do not understand the filter: {error}.", fields={"filter": str(error)}) from error
        return found | ({"orderBys": query.order(order_by, kind)} if order_by else {})

    def span(self, start: date | None, end: date | None) -> query.Period:
        """The days of a report, in the person's own zone."""
        try:
            return query.period(start, end, utc_now().astimezone(self.who.zone).date())
        except ValueError as error:
            raise Rejected(f"The period is wrong: {error}.", fields={"end_date": str(error)}) from error

    def changes(
        self, account: str, after: datetime | None, number: str | None = None, **more: Any
    ) -> AsyncIterator[Mapping[str, Any]]:
        """The changes of an account, newest first."""
        body = {"pageSize": 200, **more}
        body |= {"earliestChangeTime": after.isoformat()} if after else {}
        body |= {"property": f"properties/{number}"} if number else {}
        path = f"/v1beta/accounts/{account}:searchChangeHistoryEvents"

        async def fetch(mark: Any) -> tuple[list[Any], Any]:
            asked = body | ({"pageToken": mark} if mark else {})
            data = (await self.http.send("POST", path, json=asked, site="admin", is_read=True)).data
            return listed(data, "changeHistoryEvents"), data.get("nextPageToken")

        return walk(fetch)

    async def history(self, after: datetime | None) -> AsyncIterator[Mapping[str, Any]]:
        """The changes of all accounts after a moment, oldest first."""
        found: list[Mapping[str, Any]] = []
        for row in await self.summaries():
            found += await take(self.changes(str(row["account"]).rpartition("/")[2], after), MOST)
        for one in sorted(found, key=lambda item: mapping.moment(item["changeTime"]) or utc_now()):
            yield one
