"""The site: signing in, what lies on it, looked up by name and read again."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote

from core.errors import Candidate, NotFound
from core.records import Event, Record, Ref, Report, Task
from core.tool import Call, Change
from tools.declare import tool
from tools.integration import Account
from tools.integrations.tableau import mapping, search
from tools.kit.http import Http
from tools.kit.paging import by_number, listed, take
from tools.stream import Batch, by_time, since, stream

VERSION = "/api/3.24"
PAGE = 100
LISTS = {"workbooks": "workbooks.workbook", "views": "views.view", "datasources": "datasources.datasource",
         "projects": "projects.project", "users": "users.user", "jobs": "backgroundJobs.backgroundJob"}  # fmt: skip


class Site:
    """Reading, and taking back, under one connection."""

    http: Http

    async def sign_in(self) -> tuple[dict[str, str], float | None]:
        """A session for the personal access token."""
        secret = self.http.connection.secret
        given = {
            "personalAccessTokenName": secret["token_name"],
            "personalAccessTokenSecret": secret["token_secret"],
            "site": {"contentUrl": secret["site"]},
        }
        answer = await self.http.send("POST", f"{VERSION}/auth/signin", json={"credentials": given}, is_read=True)
        made = answer.data["credentials"]
        session = {"session": made["token"], "site_id": made["site"]["id"], "user_id": made["user"]["id"]}
        return session, mapping.wait_s(made.get("estimatedTimeToExpiration"))

    async def identify(self) -> Account:
        """The user that the token is of, and the address of their site."""
        secret = self.http.connection.secret
        user = (await self.http.get(self._at(f"users/{secret['user_id']}")))["user"]
        return Account(user["id"], site=f"{self.http.address('').rstrip('/')}/#/site/{quote(secret['site'])}")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Workbooks, projects and people by name."""
        people = await take(self._all("users", 1000), 5000)
        return {
            "workbook": [one["name"] for one in await take(self._all("workbooks", 1000), 2000)],
            "project": [one["name"] for one in await take(self._all("projects", 1000), 1000)],
            "person": [one.get("fullName") or one["name"] for one in people if one.get("siteRole") != "Unlicensed"],
        }

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Users of the site by name or address."""
        return search.people(text, await take(self._all("users", 1000), 5000))

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """Projects by name or id; what Tableau filters by is the name."""
        known, identity = await take(self._all("projects", 1000), 1000), search.luid_of(text)
        found = [one for one in known if one["id"] == identity] if identity else search.best(text, known)
        return [Candidate(one["name"], one["name"], one.get("description") or "", (one["id"],)) for one in found]

    async def find_workbook(self, text: str) -> Sequence[Candidate]:
        """Workbooks by name, link to one of its views, or id."""
        return [self._candidate(one) for one in await self._named("workbooks", text)]

    async def find_datasource(self, text: str) -> Sequence[Candidate]:
        """Published data sources by name or id."""
        return [self._candidate(one) for one in await self._named("datasources", text)]

    async def find_view(self, text: str) -> Sequence[Candidate]:
        """Sheets and dashboards by name, link or id; a workbook's name stands for the sheet it opens with."""
        found = [self._candidate(one, "workbook") for one in await self._named("views", text)]
        if found:
            return found
        books = [one for one in await self._named("workbooks", text) if one.get("defaultViewId")]
        return [Candidate(one["defaultViewId"], one["name"], "first sheet", (text,)) for one in books]

    async def find_content(self, text: str) -> Sequence[Candidate]:
        """Workbooks and views by name; the id says which of them it is."""
        kind, _, identity = text.partition("/")
        if kind in ("Workbook", "View") and search.luid_of(identity):
            text = identity
        books = [Candidate(f"Workbook/{one.id}", one.label, "workbook") for one in await self.find_workbook(text)]
        exact = [one for one in books if one.label.lower() == text.lower()]
        views = [] if exact else await self._named("views", text)
        return exact or [*books, *(Candidate(f"View/{one['id']}", one["name"], "view") for one in views)]

    @stream("workbook")
    async def stream_workbooks(self, cursor: str) -> Batch:
        """Workbooks as they change."""
        moment = since(cursor)
        wanted = f"updatedAt:gte:{moment:%Y-%m-%dT%H:%M:%SZ}" if moment else None
        found = await take(self._all("workbooks", 1000, filter=wanted), 100_000)
        found.sort(key=lambda one: str(one["updatedAt"]))  # Tableau lists by name
        return await by_time(_each(found), cursor, lambda raw: str(raw["updatedAt"]), self._to_workbook)

    @tool("write", proof="read_job", irreversible="it is itself an undo", is_hidden=True)
    async def cancel_job(self, job: Annotated[str, "id of the job"]) -> Change:
        """Stop a background job that has not ended yet."""
        before = await self.read_job(mapping.ref("job", job))
        await self.http.send("PUT", self._at(f"jobs/{job}"), is_repeatable=True)
        return Change(before, {"status": "Cancelled"})

    @tool("write", proof="read_subscription", irreversible="it is itself an undo", is_hidden=True)
    async def delete_subscription(self, subscription: Annotated[str, "id of the subscription"]) -> Change:
        """Take a subscription away."""
        before = await self.read_subscription(mapping.ref("subscription", subscription))
        await self.http.send("DELETE", self._at(f"subscriptions/{subscription}"))
        return Change(before, is_gone=True)

    @tool("write", proof="read_workbook", irreversible="it is itself an undo", is_hidden=True)
    async def untag_workbook(
        self, workbook: Annotated[str, "id of the workbook"], tags: Annotated[list[str], "the tags to take off"]
    ) -> Change:
        """Take tags off a workbook."""
        before = self._to_workbook(await self._workbook(workbook))
        for tag in tags:
            path = self._at(f"workbooks/{workbook}/tags/{quote(tag, safe='')}")
            await self.http.send("DELETE", path, is_repeatable=True)
        left = tuple(label for label in before.labels if label.lower() not in {tag.lower() for tag in tags})
        return Change(before, {"labels": left})

    async def read_workbook(self, ref: Ref) -> Record:
        """Reads the workbook again."""
        return self._to_workbook(await self._workbook(ref.id))

    async def read_job(self, ref: Ref) -> Task:
        """Reads the job again."""
        found = search.need_one((await self.http.get(self._at(f"jobs/{ref.id}"))).get("job"), "The job")
        return mapping.to_job(found, self._link)

    async def read_subscription(self, ref: Ref) -> Event:
        """Reads the subscription again."""
        found = (await self.http.get(self._at(f"subscriptions/{ref.id}"))).get("subscription")
        return mapping.to_subscription(search.need_one(found, "The subscription"), self._link)

    async def _workbook(self, identity: str) -> Mapping[str, Any]:
        found = (await self.http.get(self._at(f"workbooks/{identity}"))).get("workbook")
        return search.need_one(found, "The workbook")

    async def _view(self, identity: str) -> Mapping[str, Any]:
        return search.need_one((await self.http.get(self._at(f"views/{identity}"))).get("view"), "The view")

    def _all(self, what: str, size: int = PAGE, **parameters: Any) -> AsyncIterator[Any]:
        return by_number(self.http, self._at(what), LISTS[what], size, "pagination.totalAvailable", **parameters)

    async def _named(self, what: str, text: str) -> Sequence[Mapping[str, Any]]:
        """Workbooks, views or data sources by id, link or exact name, else by all of the words."""
        if identity := search.luid_of(text):
            try:
                return [(await self.http.get(self._at(f"{what}/{identity}")))[what[:-1]]]
            except NotFound:
                return []
        if link := search.link_of(text):
            book, sheet = link
            wanted = book if what == "workbooks" else f"{book}/sheets/{sheet}"
            return await take(self._all(what, filter=search.exactly("contentUrl", wanted)), 5)
        exact = search.exactly("name", text.strip())
        found = await take(self._all(what, filter=exact), 20) if exact else []
        return found or search.best(text, await take(self._all(what, 1000), 5000))

    async def _hits(self, text: str, kind: str | None, limit: int) -> list[Any]:
        wanted = f"type:eq:{kind}" if kind else None
        data = await self.http.get("/api/-/search", terms=text, limit=max(1, min(limit, 2000)), filter=wanted)
        return listed(data, "hits.items")

    def _candidate(self, item: Mapping[str, Any], place: str = "project") -> Candidate:
        return Candidate(item["id"], item["name"], (item.get(place) or {}).get("name") or "")

    def _started(self, job: Mapping[str, Any], what: str) -> Change:
        undo = Call(tool="tableau.cancel_job", args={"job": job["id"]})
        return Change(mapping.to_job(job, self._link), {"parent": what}, undo=undo)

    def _subscribed(self, item: Mapping[str, Any], expect: Mapping[str, Any]) -> Change:
        undo = Call(tool="tableau.delete_subscription", args={"subscription": item["id"]})
        return Change(mapping.to_subscription(item, self._link), expect, undo=undo)

    def _to_workbook(self, item: Mapping[str, Any]) -> Report:
        return mapping.to_workbook(item, self._link)

    def _at(self, path: str) -> str:
        return f"{VERSION}/sites/{self.http.connection.secret['site_id']}/{path}"

    @property
    def _link(self) -> str:
        return self.http.connection.site


async def _each(items: Sequence[Any]) -> AsyncIterator[Any]:
    for one in items:
        yield one
