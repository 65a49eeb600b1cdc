"""Google Analytics 4: the Data API for reports, the Admin API for settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from core.errors import Conflict, NotFound, VendorError
from core.records import Document, Event, Project, Report
from core.tool import Call, Change
from tools.declare import Email, Money, finds, tool
from tools.integration import Account, Integration
from tools.integrations.google_analytics import mapping
from tools.integrations.google_analytics.asking import Asking
from tools.integrations.google_analytics.mapping import to_change, to_key_event
from tools.kit.google import google_error, google_oauth
from tools.kit.http import Answer
from tools.kit.paging import take
from tools.stream import Batch, by_time, since, stream

READ = ("https://www.googleapis.com/auth/analytics.readonly",)
EDIT = ("https://www.googleapis.com/auth/analytics.edit",)
UNDO = "it is itself an undo"
ACTIVE = ["activeUsers"]
DOWN, ACROSS = 50, 20  # rows and columns of a crossed table

PropertyName = Annotated[str, finds("property")]
Metric = Annotated[str, finds("metric")]
Dimension = Annotated[str, finds("dimension")]


class GoogleAnalytics(Asking, Integration):
    """Google Analytics under one person's connection."""

    key = "google_analytics"
    name = "Google Analytics"
    category = "analytics"
    aliases = ("google analytics", "ga4", "ga", "analytics", "web traffic")
    base_url = "https://analyticsdata.googleapis.com"
    sites = {"admin": "https://analyticsadmin.googleapis.com"}
    auth = google_oauth(*READ, *EDIT)
    calls_per_s = 10.0  # 1,200 a minute at the Admin API; reports are counted in tokens
    names = ("property",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Google's errors."""
        return google_error(cls.name, answer)

    @stream("change")
    async def stream_changes(self, cursor: str) -> Batch:
        """Every change of settings in the accounts that the person sees, oldest first."""
        return await by_time(self.history(since(cursor)), cursor, lambda one: str(one["changeTime"]), to_change)

    async def identify(self) -> Account:
        """Analytics has no word for who is connected, so reading the accounts proves the connection."""
        await self.http.send("GET", "/v1beta/accountSummaries", params={"pageSize": 1}, site="admin")
        return Account(self.who.email, site="https://analytics.google.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The properties that the person sees."""
        return {"property": [one.title for one in await self.properties()]}

    @tool("read", scopes=READ)
    async def run_report(
        self,
        metrics: Annotated[list[Metric], "what is counted, e.g. users, sessions, views, revenue"],
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
        dimensions: Annotated[list[Dimension] | None, "by what, e.g. country, page, channel, date"] = None,
        start_date: Annotated[date | None, "first day, 28 days ago by default"] = None,
        end_date: Annotated[date | None, "last day, yesterday by default"] = None,
        filter: Annotated[str | None, "only some of it, e.g. country = Germany and sessions > 10"] = None,
        order_by: Annotated[str | None, "metric or dimension to sort by, with a minus for the largest first"] = None,
        compare_to: Annotated[
            Literal["previous_period", "previous_year"] | None, "a second period to set beside it"
        ] = None,
        limit: Annotated[int, "how many rows"] = 10,
    ) -> Report:
        """Report the traffic, revenue or events of a period, split by country, page, channel or the like."""
        of, span = await self.chosen(property), self.span(start_date, end_date)
        body: dict[str, Any] = {
            "metrics": [{"name": one} for one in metrics],
            "dimensions": [{"name": one} for one in dimensions or ()],
            "dateRanges": [span.range("current" if compare_to else "")],
            "limit": str(limit),
            "metricAggregations": ["TOTAL"],
        }
        if compare_to:
            body["dateRanges"].append(span.before(compare_to).range("previous"))
        body |= await self.sifted(of.ref.id, filter, order_by)
        if not order_by and dimensions:
            body["orderBys"] = [{"desc": True, "metric": {"metricName": metrics[0]}}]
        data = await self.ask(of, "runReport", body)
        return mapping.to_report(data, of.ref.id, f"{of.title}, {span.start} to {span.end}")

    @tool("read", scopes=READ)
    async def run_realtime_report(
        self,
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
        metrics: Annotated[list[Annotated[str, finds("live_metric")]], "what is counted"] = ACTIVE,
        dimensions: Annotated[
            list[Annotated[str, finds("live_dimension")]] | None, "by what, e.g. country, screen, device"
        ] = None,
    ) -> Report:
        """Show who is on the site or in the app right now: the last 30 minutes."""
        of = await self.chosen(property)
        body = {
            "metrics": [{"name": one} for one in metrics],
            "dimensions": [{"name": one} for one in dimensions or ()],
            "metricAggregations": ["TOTAL"],
            "limit": "50",
        }
        return mapping.to_report(await self.ask(of, "runRealtimeReport", body), of.ref.id, f"{of.title}, right now")

    @tool("read", scopes=READ)
    async def run_pivot_report(
        self,
        metrics: Annotated[list[Metric], "what is counted"],
        rows: Annotated[Dimension, "the dimension down the side"],
        columns: Annotated[Dimension, "the dimension across the top"],
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
        start_date: Annotated[date | None, "first day, 28 days ago by default"] = None,
        end_date: Annotated[date | None, "last day, yesterday by default"] = None,
    ) -> Report:
        """Cross two dimensions in one table, such as countries down and devices across."""
        of, span = await self.chosen(property), self.span(start_date, end_date)
        body = {
            "metrics": [{"name": one} for one in metrics],
            "dimensions": [{"name": rows}, {"name": columns}],
            "dateRanges": [span.range()],
            "pivots": [{"fieldNames": [rows], "limit": str(DOWN)}, {"fieldNames": [columns], "limit": str(ACROSS)}],
        }
        data = await self.ask(of, "runPivotReport", body)
        return mapping.to_pivot(data, of.ref.id, f"{of.title}, {span.start} to {span.end}")

    @tool("read", scopes=READ)
    async def list_properties(self) -> list[Project]:
        """Show which Analytics properties there are, their numbers and accounts."""
        return await self.properties()

    @tool("read", scopes=READ)
    async def list_metrics(
        self,
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
        contains: Annotated[str | None, "only those with this word"] = None,
    ) -> list[Document]:
        """Show what can be measured in a property: its metrics and dimensions, its own ones too."""
        number = (await self.chosen(property)).ref.id
        data, word = await self.metadata(number), (contains or "").lower()
        kinds = ("metric", "dimension")
        found = [mapping.to_field(one, kind, number) for kind in kinds for one in data.get(f"{kind}s") or ()]
        return [one for one in found if word in f"{one.title} {one.ref.id} {one.text}".lower()]

    @tool("read", scopes=READ)
    async def list_key_events(
        self,
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
    ) -> list[Event]:
        """Show which events count as key events, that is, as conversions."""
        return [to_key_event(one) for one in await self.key_events((await self.chosen(property)).ref.id)]

    @tool("write", scopes=EDIT, proof="read_key_event", undo="delete_key_event", recover="recover_key_event")
    async def create_key_event(
        self,
        event_name: Annotated[str, "the event, as it is sent"],
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
        counting: Annotated[Literal["ONCE_PER_EVENT", "ONCE_PER_SESSION"], "every time, or once in a session"] = (
            "ONCE_PER_EVENT"
        ),
        value: Annotated[Money | None, "what one is worth by default"] = None,
    ) -> Change:
        """Have an event counted as a key event (conversion) from now on."""
        number, body = (await self.chosen(property)).ref.id, {"eventName": event_name, "countingMethod": counting}
        worth = {}
        if value is not None:
            about = (await self.http.send("GET", f"/v1beta/properties/{number}", site="admin")).data
            worth = {"numericValue": float(value), "currencyCode": str(about.get("currencyCode") or "USD")}
        return await self.create(number, {**body, **({"defaultValue": worth} if worth else {})})

    @tool("destructive", scopes=EDIT, proof="read_key_event", undo="restore_key_event")
    async def delete_key_event(
        self,
        event_name: Annotated[Annotated[str, finds("key_event")], "the event"],
        property: Annotated[PropertyName | None, "the property, by name or number; not needed if there is one"] = None,
    ) -> Change:
        """Stop counting an event as a key event (conversion)."""
        number = (await self.chosen(property)).ref.id
        found = await self.key_event(number, event_name)
        if found is None:
            raise NotFound(f"{event_name} is no key event.")
        if found.get("deletable") is False:
            raise Conflict(f"Google counts {event_name} by itself; it cannot be taken away.")
        await self.http.send("DELETE", f"/v1beta/{found['name']}", site="admin", is_repeatable=True)
        args = {"property": number, "fields": mapping.restored(found)}
        undo = Call(tool="google_analytics.restore_key_event", args=args)
        return Change(to_key_event(found), is_gone=True, undo=undo)

    @tool("read", scopes=EDIT)
    async def list_changes(
        self,
        account: Annotated[Annotated[str, finds("account")], "the account, by name or number"],
        property: Annotated[PropertyName | None, "only this property"] = None,
        since: Annotated[datetime | None, "only what was changed after"] = None,
        actor: Annotated[Email | None, "only what this person changed"] = None,
    ) -> list[Event]:
        """Show who changed which settings of Analytics, and when."""
        body = {"actorEmail": [actor]} if actor else {}
        return [to_change(one) for one in await take(self.changes(account, since, property, **body), 200)]

    @tool("write", scopes=EDIT, proof="read_key_event", irreversible=UNDO, is_hidden=True)
    async def restore_key_event(
        self,
        property: Annotated[str, "number"],
        fields: Annotated[dict[str, Any], "what it was, in Google's own words"],
    ) -> Change:
        """Count an event as a key event again, as before."""
        return await self.create(property, fields)
