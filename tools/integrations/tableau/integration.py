"""Tableau Cloud, REST API: workbooks, views and their pictures and numbers, refreshes, jobs, subscriptions."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from core.errors import Conflict, Rejected, TokenExpired, VendorError
from core.records import Report, Task
from core.tool import Call, Change
from tools.declare import Who, finds, tool
from tools.integration import Integration
from tools.integrations.tableau import mapping, search
from tools.integrations.tableau.schedule import schedule_of
from tools.integrations.tableau.site import Site
from tools.kit.auth import Session
from tools.kit.http import Answer, by_status
from tools.kit.paging import take
from tools.kit.webhook import Delivery, WebhookEvent, in_query

WorkbookId = Annotated[str, finds("workbook")]
ViewId = Annotated[str, finds("view")]
Kind = Literal["workbook", "view", "datasource", "flow", "project"]
Outcome = Literal["Pending", "InProgress", "Success", "Failed", "Cancelled"]
READ, SHOW, REFRESH = ("tableau:content:read",), ("tableau:views:download",), ("tableau:tasks:run",)
ANYTHING = {"Accept": "*/*"}
LATELY = timedelta(minutes=5)


class Tableau(Site, Integration):
    """Tableau under one person's connection."""

    key = "tableau"
    name = "Tableau"
    category = "analytics"
    aliases = ("tableau", "tableau cloud", "tableau server", "dashboards")
    base_url = "https://{pod}.online.tableau.com"
    slots = {"pod": ""}
    auth = Session(asks=("site", "token_name", "token_secret"), send={"X-Tableau-Auth": "{session}"})
    calls_per_s = 5.0
    webhook = in_query("token")
    names = ("person", "project", "workbook")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """`{error: {code, summary, detail}}`; the code begins with the status, whatever the answer's own says."""
        told = answer.data.get("error") if isinstance(answer.data, Mapping) else None
        if not isinstance(told, Mapping):
            return None
        code, said = str(told.get("code") or ""), str(told.get("detail") or told.get("summary") or "")
        status = int(code[:3]) if code[:3].isdecimal() else answer.status
        if status == 401:
            return TokenExpired("Tableau no longer accepts the sign-in.", status=401, cause=f"{code} {said}")
        if status == 429 or status < 400:
            return by_status(cls.name, answer, said)
        return by_status(cls.name, Answer(status, answer.headers, None, f"{code} {said}"), said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery; it has no id of its own, so what, of which and when make one."""
        told = delivery.data
        kind, identity, at = str(told["event_type"]), str(told.get("resource_luid") or ""), told.get("created_at")
        where = mapping.ref(str(told.get("resource") or "").lower(), identity) if identity else None
        return [WebhookEvent(f"{kind}:{identity}:{at}", kind, where, mapping.moment(at))]

    @tool("read", scopes=READ)
    async def search_content(
        self,
        query: Annotated[str, "words of the title, description, owner or tags"],
        type: Annotated[Kind | None, "only this kind of thing"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Report]:
        """Find dashboards, workbooks, data sources, flows and projects by words, the most fitting first."""
        return [mapping.to_hit(item, self._link) for item in (await self._hits(query, type, limit))[:limit]]

    @tool("read", scopes=READ)
    async def list_workbooks(
        self,
        project: Annotated[str | None, finds("project"), "the project they lie in"] = None,
        owner: Annotated[Who | None, "whose they are"] = None,
        tag: Annotated[str | None, "a tag that they have"] = None,
        updated_since: Annotated[date | None, "only those published or changed on this day or since"] = None,
        name: Annotated[str | None, "words of the name"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Report]:
        """Show the workbooks of a project, person or tag, or those that changed lately."""
        wanted = search.filters(
            search.exactly("projectName", project) if project else "",
            search.exactly("tags", tag) if tag else "",
            f"updatedAt:gte:{updated_since}T00:00:00Z" if updated_since else "",
        )
        narrow = owner or name or (project and not search.exactly("projectName", project))
        found = await take(self._all("workbooks", filter=wanted), 5000 if narrow else limit)
        fits = [self._to_workbook(one) for one in found if not owner or (one.get("owner") or {}).get("id") == owner]
        same = [one for one in fits if not project or one.project == project]
        return [one for one in same if not name or search.matches(name, one.title)][:limit]

    @tool("read", scopes=READ)
    async def list_views(
        self,
        workbook: Annotated[WorkbookId, "the workbook, by name, link or id"],
        usage: Annotated[bool, "whether to count how often each was looked at"] = False,
    ) -> list[Report]:
        """Show the sheets and dashboards inside a workbook."""
        name = (await self._workbook(workbook))["name"]
        told = "true" if usage else None
        data = await self.http.get(self._at(f"workbooks/{workbook}/views"), includeUsageStatistics=told)
        return [mapping.to_view(one, self._link, name) for one in data["views"].get("view") or ()]

    @tool("read", scopes=SHOW)
    async def get_view_image(
        self,
        view: Annotated[ViewId, "the sheet or dashboard, by name or link"],
        filters: Annotated[list[str] | None, "what to narrow it to, each as field=value"] = None,
    ) -> Report:
        """Take a picture of a dashboard or sheet."""
        wanted = search.chosen(filters)
        path, params = self._at(f"views/{view}/image"), {"resolution": "high", **wanted}
        shot = await self.http.send("GET", path, params=params, headers=ANYTHING, is_raw=True)
        found = mapping.to_view(await self._view(view), self._link, query=search.as_query(wanted))
        return mapping.to_picture(found, shot.content)

    @tool("read", scopes=SHOW)
    async def get_view_data(
        self,
        view: Annotated[ViewId, "the sheet or dashboard, by name or link"],
        filters: Annotated[list[str] | None, "what to narrow it to, each as field=value"] = None,
    ) -> Report:
        """Fetch the numbers behind a dashboard or sheet as a table (CSV)."""
        wanted = search.chosen(filters)
        path = self._at(f"views/{view}/data")
        table = await self.http.send("GET", path, params=wanted, headers=ANYTHING, is_raw=True)
        found = mapping.to_view(await self._view(view), self._link, query=search.as_query(wanted))
        return mapping.to_table(found, table.content.decode(errors="replace"))

    @tool(
        "write", scopes=REFRESH, proof="read_job", undo="cancel_job", recover="recover_refresh",
        one_of=("workbook", "datasource"),
    )  # fmt: skip
    async def refresh_workbook(
        self,
        workbook: Annotated[WorkbookId | None, "the workbook, by name, link or id"] = None,
        datasource: Annotated[str | None, finds("datasource"), "or the data source, by name or id"] = None,
    ) -> Change:
        """Load fresh data into a workbook or a published data source."""
        if workbook and datasource:
            raise Rejected("Which of the two? One refresh is of a workbook or of a data source.")
        where = f"workbooks/{workbook}" if workbook else f"datasources/{datasource}"
        made = await self.http.post(self._at(f"{where}/refresh"), {})
        return self._started(made["job"], str(workbook or datasource))

    @tool("read", scopes=("tableau:jobs:read",))
    async def list_jobs(
        self,
        status: Annotated[Outcome | None, "how far they are, or how they ended"] = None,
        type: Annotated[str | None, "the kind of job, such as refresh_extracts"] = None,
        since: Annotated[datetime | None, "only those begun after this moment"] = None,
    ) -> list[Task]:
        """Show background jobs such as refreshes and flows: running, failed or done, the newest first."""
        wanted = search.filters(
            f"jobType:eq:{search.job_type(type)}" if type else "",
            f"createdAt:gte:{since.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if since else "",
        )
        found = [mapping.to_job(one, self._link) for one in await take(self._all("jobs", filter=wanted), 1000)]
        found.sort(key=lambda job: str(job.created_at), reverse=True)
        return [job for job in found if not status or job.status == status][:100]

    @tool(
        "write", scopes=("tableau:subscriptions:create",), proof="read_subscription", undo="delete_subscription",
        recover="recover_subscription",
    )  # fmt: skip
    async def subscribe(
        self,
        content: Annotated[str, finds("content"), "the view or workbook, by name or link"],
        user: Annotated[Who, "who gets the mails"],
        subject: Annotated[str | None, "the mails' subject; the content's name if left out"] = None,
        schedule: Annotated[str, "when, such as weekdays 8am or monthly on the 1st"] = "every Monday 8am",
        as_pdf: Annotated[bool, "as a PDF, not only as a picture"] = False,
    ) -> Change:
        """Mail somebody a dashboard or workbook regularly."""
        kind, identity = content.split("/")
        when = schedule_of(schedule)
        item = await (self._workbook(identity) if kind == "Workbook" else self._view(identity))
        wanted: dict[str, Any] = {
            "subject": subject or item["name"], "attachImage": True, "attachPdf": as_pdf,
            "content": {"id": identity, "type": kind, "sendIfViewEmpty": True}, "user": {"id": user},
        }  # fmt: skip
        body = {"subscription": wanted, "schedule": when}
        made = (await self.http.post(self._at("subscriptions"), body))["subscription"]
        author = mapping.to_subscription(made, "").author if made["user"]["id"] == user else user
        expect = {"title": wanted["subject"], "author": author, "detail": mapping.detail(when, as_pdf)}
        return self._subscribed(made, expect)

    @tool("write", scopes=("tableau:workbook_tags:update",), proof="read_workbook", undo="untag_workbook")
    async def tag_workbook(
        self,
        workbook: Annotated[WorkbookId, "the workbook, by name, link or id"],
        tags: Annotated[list[str], "the tags to add"],
    ) -> Change:
        """Put tags on a workbook, besides those it has."""
        before = self._to_workbook(await self._workbook(workbook))
        new = [tag for tag in dict.fromkeys(tags) if tag.lower() not in {label.lower() for label in before.labels}]
        if not new:
            raise Conflict(f"{before.title} has {'these tags' if len(tags) > 1 else 'this tag'} already.")
        body = {"tags": {"tag": [{"label": tag} for tag in new]}}
        await self.http.send("PUT", self._at(f"workbooks/{workbook}/tags"), json=body, is_repeatable=True)
        undo = Call(tool="tableau.untag_workbook", args={"workbook": workbook, "tags": new})
        return Change(before, {"labels": tuple(sorted([*before.labels, *new]))}, undo=undo)

    @tool("destructive", scopes=("tableau:workbooks:delete",), proof="read_workbook",
          irreversible="Tableau cannot be told to bring a deleted workbook back")  # fmt: skip
    async def delete_workbook(self, workbook: Annotated[WorkbookId, "the workbook, by name, link or id"]) -> Change:
        """Delete a workbook with all its views from the site."""
        before = self._to_workbook(await self._workbook(workbook))
        await self.http.send("DELETE", self._at(f"workbooks/{workbook}"))
        return Change(before, is_gone=True)

    async def recover_refresh(self, workbook: str | None, datasource: str | None) -> Change | None:
        """A refresh of this very thing that began within the last minutes, if there is one."""
        what = str(workbook or datasource)
        for job in await self.list_jobs(type="refresh_extracts", since=datetime.now(UTC) - LATELY):
            whole = (await self.http.get(self._at(f"jobs/{job.ref.id}")))["job"]
            if mapping.to_job(whole, "").parent == what:
                return self._started(whole, what)
        return None

    async def recover_subscription(
        self, content: str, user: str, subject: str | None, schedule: str, as_pdf: bool
    ) -> Change | None:
        """A subscription of this person to this with the same schedule, if there is one."""
        detail = mapping.detail(schedule_of(schedule), as_pdf)
        data = await self.http.get(self._at("subscriptions"))
        for item in (data.get("subscriptions") or {}).get("subscription") or ():
            is_same = f"{item['content']['type']}/{item['content']['id']}" == content and item["user"]["id"] == user
            if is_same and mapping.to_subscription(item, "").detail == detail and subject in (None, item["subject"]):
                return Change(mapping.to_subscription(item, self._link), {"detail": detail})  # it may be an older one
        return None
