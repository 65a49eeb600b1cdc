"""Tableau Cloud's REST API 3.24."""

from __future__ import annotations

import csv
import io
import struct
import zlib
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.vendor import Vendor, route
from sandbox.vendors.tableau.seed import SITE, luid, seed_tableau, stamp

REST, AT = "/api/3.24", "/api/3.24/sites/{site}"
SITE_ID = luid("site")
POD = "https://10ax.online.tableau.com"
WAITS, WORKS = timedelta(minutes=2), timedelta(minutes=3)
# kind of refusal: status, code, summary
CODES = {
    "unauthenticated": (401, "401002", "Unauthorized Access"), "invalid_token": (401, "401002", "Unauthorized Access"),
    "expired": (401, "401002", "Unauthorized Access"), "revoked": (401, "401002", "Unauthorized Access"),
    "signin": (401, "401001", "Signin Error"), "missing_scope": (403, "403004", "Forbidden"),
    "rate_limited": (429, "429000", "Too Many Requests"), "server_error": (500, "500000", "Internal Server Error"),
    "no_route": (404, "404000", "Resource Not Found"), "ended": (409, "409004", "Resource Conflict"),
    "queued": (409, "409093", "Resource Conflict"),
}  # fmt: skip
WORDS = {400: "Bad Request", 403: "Forbidden", 404: "Resource Not Found", 409: "Resource Conflict", 422: "Invalid"}
TOKEN_NAME = "atom"
JSON_TYPES = ("*/*", "application/json")


class Tableau(Vendor):
    """The company's site."""

    key = "tableau"
    slots = {"pod": "10ax"}
    hosts = (POD,)

    def seed(self) -> Json:
        """Workbooks that tell of the story."""
        return seed_tableau(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{error: {code, summary, detail}}`."""
        status, code, summary = CODES.get(
            refusal.kind, (refusal.status, f"{refusal.status}000", WORDS.get(refusal.status, "Error"))
        )
        wait = refusal.detail.get("retry_after")
        headers = {"retry-after": str(wait)} if refusal.kind == "rate_limited" and wait is not None else {}
        return Answer(status, {"error": {"code": code, "summary": summary, "detail": refusal.message}}, headers)

    def secret(self, grant: Grant) -> Json:
        """What a person pastes: a personal access token and the site it is for."""
        return {"site": SITE, "token_name": TOKEN_NAME, "token_secret": grant.token}

    def credential(self, call: Call) -> str | None:
        """The session's token."""
        return call.headers.get("x-tableau-auth")

    @route("POST", f"{REST}/auth/signin", public=True)
    def sign_in(self, call: Call) -> Json:
        """A session for a personal access token."""
        told = call.need("credentials")
        grant = self.world.grants.find(self.key, str(told.get("personalAccessTokenSecret")))
        now = self.world.time().timestamp()
        is_over = grant is None or grant.revoked or (grant.expires_at is not None and grant.expires_at <= now)
        is_wrong = told.get("personalAccessTokenName") != TOKEN_NAME
        if grant is None or is_over or is_wrong or (told.get("site") or {}).get("contentUrl") != SITE:
            raise Refusal("signin", "Error signing in to Tableau Cloud")
        session = self.give_token(grant.email, "session", grant.scopes, expires_in=2 * 3600)
        return {"credentials": {
            "site": {"id": SITE_ID}, "user": {"id": luid("user", grant.email)}, "token": session.token,
        }}  # fmt: skip

    @route("POST", f"{REST}/auth/signout")
    def sign_out(self, call: Call) -> Answer:
        """End the session."""
        self.world.grants.revoke(self.key, str(self.credential(call)))
        return Answer(204)

    @route("GET", "/api/-/search", scope="tableau:content:read")
    def search(self, call: Call) -> Json:
        """Everything whose words fit."""
        words, kind = str(call.get("terms", "")).lower().split(), str(call.get("filter", "")).rpartition(":")[2]
        found = []
        for table in ("workbooks", "views", "datasources", "flows", "projects"):
            if kind and kind != table[:-1]:
                continue
            for row in self.state[table].values():
                hit = self._hit(table[:-1], row)
                texts = " ".join(
                    [hit["title"], hit.get("ownerName", ""), hit.get("workbookDescription", ""), *hit["tags"]]
                )
                if all(word in texts.lower() for word in words):
                    found.append({"uri": f"{POD}/api/-/content/{table}/{row['id']}", "content": hit})
        limit, page = call.whole("limit", 10, 2000), call.whole("page", 0)
        items = found[page * limit : (page + 1) * limit]
        more = {"next": f"page={page + 1}&limit={limit}"} if (page + 1) * limit < len(found) else {}
        place = {"pageIndex": page, "startIndex": page * limit, "total": len(found), "limit": limit}
        return {"hits": {"items": items, **place, **more}}

    @route("GET", f"{AT}/users", scope="tableau:users:read tableau:content:read")
    def users(self, call: Call) -> Json:
        """The users of the site."""
        return self._page(call, "users", "user", [*self.state["users"].values()], lambda row: row)

    @route("GET", f"{AT}/users/{{user}}", scope="tableau:users:read tableau:content:read")
    def user(self, call: Call) -> Json:
        """One user."""
        return {"user": self._one("users", call.params["user"])}

    @route("GET", f"{AT}/projects", scope="tableau:content:read")
    def projects(self, call: Call) -> Json:
        """The projects."""
        return self._page(call, "projects", "project", self._filtered(call, "projects"), self._project)

    @route("GET", f"{AT}/workbooks", scope="tableau:content:read")
    def workbooks(self, call: Call) -> Json:
        """The workbooks, by name."""
        return self._page(call, "workbooks", "workbook", self._filtered(call, "workbooks"), self._workbook)

    @route("GET", f"{AT}/workbooks/{{workbook}}", scope="tableau:content:read")
    def workbook(self, call: Call) -> Json:
        """One workbook with its sheets."""
        row = self._one("workbooks", call.params["workbook"])
        views = [self._view(self.state["views"][view]) for view in row["views"]]
        return {"workbook": {**self._workbook(row), "views": {"view": views}}}

    @route("DELETE", f"{AT}/workbooks/{{workbook}}", scope="tableau:workbooks:delete")
    def delete_workbook(self, call: Call) -> Answer:
        """Away with it and its sheets."""
        row = self._one("workbooks", call.params["workbook"])
        for view in row["views"]:
            self.state["views"].pop(view)
        self.state["workbooks"].pop(row["id"])
        self._tell("WorkbookDeleted", "WORKBOOK", row)
        return Answer(204)

    @route("PUT", f"{AT}/workbooks/{{workbook}}/tags", scope="tableau:workbook_tags:update")
    def tag(self, call: Call) -> Json:
        """Add tags."""
        row = self._one("workbooks", call.params["workbook"])
        labels = [str(one["label"]).strip() for one in (call.need("tags").get("tag") or ())]
        if not labels or not all(labels):
            raise Refusal("invalid", "The tags element must have at least one tag", status=400)
        known = {label.lower() for label in row["tags"]}
        row["tags"] = sorted([*row["tags"], *(label for label in dict.fromkeys(labels) if label.lower() not in known)])
        self._change(row)
        return {"tags": {"tag": [{"label": label} for label in row["tags"]]}}

    @route("DELETE", f"{AT}/workbooks/{{workbook}}/tags/{{tag}}", scope="tableau:workbook_tags:update")
    def untag(self, call: Call) -> Answer:
        """Take one tag off; one that is not there is no error."""
        row = self._one("workbooks", call.params["workbook"])
        row["tags"] = [label for label in row["tags"] if label.lower() != call.params["tag"].lower()]
        self._change(row)
        return Answer(204)

    @route("POST", f"{AT}/workbooks/{{workbook}}/refresh", scope="tableau:tasks:run")
    def refresh_workbook(self, call: Call) -> Answer:
        """Queue a refresh of its extract."""
        return self._queue("workbook", self._one("workbooks", call.params["workbook"]))

    @route("POST", f"{AT}/datasources/{{datasource}}/refresh", scope="tableau:tasks:run")
    def refresh_datasource(self, call: Call) -> Answer:
        """Queue a refresh of its extract."""
        return self._queue("datasource", self._one("datasources", call.params["datasource"]))

    @route("GET", f"{AT}/workbooks/{{workbook}}/views", scope="tableau:content:read")
    def views_of(self, call: Call) -> Json:
        """The sheets of a workbook."""
        row, usage = self._one("workbooks", call.params["workbook"]), call.flag("includeUsageStatistics")
        return {"views": {"view": [self._view(self.state["views"][view], usage) for view in row["views"]]}}

    @route("GET", f"{AT}/views", scope="tableau:content:read")
    def views(self, call: Call) -> Json:
        """The sheets of the site."""
        usage = call.flag("includeUsageStatistics")
        rows = self._filtered(call, "views")
        return self._page(call, "views", "view", rows, lambda row: self._view(row, usage))

    @route("GET", f"{AT}/views/{{view}}", scope="tableau:content:read tableau:views:download")
    def view(self, call: Call) -> Json:
        """One sheet."""
        return {"view": self._view(self._one("views", call.params["view"]), call.flag("includeUsageStatistics"))}

    @route("GET", f"{AT}/views/{{view}}/data", scope="tableau:views:download")
    def view_data(self, call: Call) -> Answer:
        """The numbers, as CSV."""
        out = io.StringIO()
        csv.writer(out).writerows(self._table(call))
        return Answer(200, out.getvalue().encode(), {"content-type": "text/csv; charset=utf-8"})

    @route("GET", f"{AT}/views/{{view}}/image", scope="tableau:views:download")
    def view_image(self, call: Call) -> Answer:
        """A bar for each row."""
        rows = self._table(call)[1:]
        high = 2 if call.get("resolution") == "high" else 1
        return Answer(
            200, _picture([float(row[-1]) for row in rows], 400 * high, 225 * high), {"content-type": "image/png"}
        )

    @route("GET", f"{AT}/datasources", scope="tableau:content:read")
    def datasources(self, call: Call) -> Json:
        """The published data sources."""
        return self._page(call, "datasources", "datasource", self._filtered(call, "datasources"), self._source)

    @route("GET", f"{AT}/datasources/{{datasource}}", scope="tableau:content:read")
    def datasource(self, call: Call) -> Json:
        """One data source."""
        return {"datasource": self._source(self._one("datasources", call.params["datasource"]))}

    @route("GET", f"{AT}/jobs", scope="tableau:jobs:read tableau:tasks:run")
    def jobs(self, call: Call) -> Json:
        """Background jobs."""
        return self._page(call, "backgroundJobs", "backgroundJob", self._filtered(call, "jobs"), self._job)

    @route("GET", f"{AT}/jobs/{{job}}", scope="tableau:jobs:read tableau:tasks:run")
    def job(self, call: Call) -> Json:
        """One job in full."""
        return {"job": self._whole_job(self._one("jobs", call.params["job"]))}

    @route("PUT", f"{AT}/jobs/{{job}}", scope="tableau:tasks:run")
    def cancel_job(self, call: Call) -> Answer:
        """Stop a job that has not ended."""
        row = self._one("jobs", call.params["job"])
        if self._status(row) not in ("Pending", "InProgress", "Cancelled"):
            raise Refusal("ended", f"The job '{row['id']}' is already finished.")
        row |= {"status": "Cancelled", "endedAt": self._now()}
        return Answer(200)

    @route("GET", f"{AT}/subscriptions", scope="tableau:subscriptions:create tableau:content:read")
    def subscriptions(self, call: Call) -> Json:
        """The subscriptions of the site."""
        rows = [*self.state["subscriptions"].values()]
        return self._page(call, "subscriptions", "subscription", rows, self._subscription)

    @route("GET", f"{AT}/subscriptions/{{subscription}}", scope="tableau:subscriptions:create tableau:content:read")
    def subscription(self, call: Call) -> Json:
        """One subscription."""
        return {"subscription": self._subscription(self._one("subscriptions", call.params["subscription"]))}

    @route("POST", f"{AT}/subscriptions", scope="tableau:subscriptions:create")
    def subscribe(self, call: Call) -> Answer:
        """Mail somebody something on a schedule."""
        told, schedule = call.need("subscription"), call.get("schedule")
        for name in ("subject", "content", "user"):
            if not told.get(name):
                raise Refusal("invalid", f"The subscription needs a {name}", status=400)
        if not schedule or schedule.get("frequency") not in ("Hourly", "Daily", "Weekly", "Monthly"):
            raise Refusal("invalid", "The frequency of the schedule is not valid", status=400)
        self._one("users", told["user"]["id"])
        self._one("workbooks" if told["content"]["type"] == "Workbook" else "views", told["content"]["id"])
        identity = luid("subscription", self.count("subscription"))
        row = {
            "id": identity, "subject": told["subject"], "attachImage": bool(told.get("attachImage", True)),
            "attachPdf": bool(told.get("attachPdf", False)), "content": dict(told["content"]),
            "userId": told["user"]["id"], "schedule": schedule,
        }  # fmt: skip
        self.state["subscriptions"][identity] = row
        return Answer(201, {"subscription": self._subscription(row)})

    @route("DELETE", f"{AT}/subscriptions/{{subscription}}", scope="tableau:subscriptions:create")
    def unsubscribe(self, call: Call) -> Answer:
        """No more mail."""
        del self.state["subscriptions"][self._one("subscriptions", call.params["subscription"])["id"]]
        return Answer(204)

    def answer(self, call: Call, endpoint: Any, handler: Any) -> Answer:
        """XML unless JSON is asked for, which is not played here; and another site than ours is not there."""
        if call.params.get("site", SITE_ID) != SITE_ID:
            raise Refusal("refused", "Site could not be found.", status=404)
        if not any(kind in call.headers.get("accept", "") for kind in JSON_TYPES):
            raise Refusal("refused", "Only JSON is played here.", status=406)
        return super().answer(call, endpoint, handler)

    # rows as they are shown

    def _workbook(self, row: Json) -> Json:
        project = self.state["projects"][row["projectId"]]
        return {
            "id": row["id"], "name": row["name"], "description": row["description"], "contentUrl": row["contentUrl"],
            "webpageUrl": f"{POD}/#/site/{SITE}/workbooks/{int(row['id'][:6], 16)}/views", "showTabs": False,
            "project": {"id": project["id"], "name": project["name"]}, "owner": {"id": row["ownerId"]},
            "defaultViewId": row["views"][0],
            "tags": {"tag": [{"label": tag} for tag in row["tags"]]} if row["tags"] else {},
            "createdAt": row["createdAt"], "updatedAt": row["updatedAt"],
        }  # fmt: skip

    def _view(self, row: Json, usage: bool = False) -> Json:
        book = self.state["workbooks"][row["workbookId"]]
        more: Json = {"usage": {"totalViewCount": row["seen"]}} if usage else {}
        return {
            "id": row["id"], "name": row["name"], "contentUrl": row["contentUrl"], "createdAt": row["createdAt"],
            "updatedAt": row["updatedAt"], "viewUrlName": row["contentUrl"].rpartition("/")[2], "tags": {},
            "workbook": {"id": book["id"], "name": book["name"]}, **more,
        }  # fmt: skip

    def _source(self, row: Json) -> Json:
        project = self.state["projects"][row["projectId"]]
        return {"id": row["id"], "name": row["name"], "contentUrl": row["contentUrl"], "owner": {"id": row["ownerId"]},
                "project": {"id": project["id"], "name": project["name"]}, "tags": {}}  # fmt: skip

    def _project(self, row: Json) -> Json:
        return {**{name: row[name] for name in ("id", "name", "description", "createdAt", "updatedAt")},
                "owner": {"id": row["ownerId"]}, "topLevelProject": True}  # fmt: skip

    def _hit(self, kind: str, row: Json) -> Json:
        book = self.state["workbooks"].get(row.get("workbookId")) or row
        owner = self.state["users"][book["ownerId"]]
        place = book["name"] if kind == "view" else self.state["projects"].get(row.get("projectId"), {}).get("name", "")
        return {
            "type": kind, "luid": row["id"], "title": row["name"], "containerName": place, "ownerId": owner["id"],
            "ownerName": owner["fullName"], "modifiedTime": row["updatedAt"], "tags": row.get("tags", []),
            **({"workbookDescription": row["description"]} if kind == "workbook" else {}),
            **({"hitsTotal": row["seen"]} if kind == "view" else {}),
        }  # fmt: skip

    def _job(self, row: Json) -> Json:
        status = self._status(row)
        shown = {"id": row["id"], "status": status, "jobType": row["jobType"], "priority": 50, "title": row["title"],
                 "createdAt": row["createdAt"]}  # fmt: skip
        return shown | {name: row[name] for name in ("startedAt", "endedAt") if row.get(name)}

    def _whole_job(self, row: Json) -> Json:
        status = self._status(row)
        codes = {"Success": "0", "Failed": "1", "Cancelled": "2"}
        about = {"notes": "", row["about"]: {"id": row["aboutId"], "name": row["title"]}}
        more = (
            {"completedAt": row["endedAt"], "finishCode": codes[status]}
            if status in codes and row.get("endedAt")
            else {}
        )
        begun = {"startedAt": row["startedAt"]} if row.get("startedAt") else {}
        return {"id": row["id"], "mode": "Asynchronous", "type": "RefreshExtract", "progress": "0", **begun, **more,
                "createdAt": row["createdAt"], "extractRefreshJob": about}  # fmt: skip

    def _subscription(self, row: Json) -> Json:
        user = self.state["users"][row["userId"]]
        shown = {name: row[name] for name in ("id", "subject", "attachImage", "attachPdf", "content", "schedule")}
        return {**shown, "user": {"id": user["id"], "name": user["name"]}}

    # how it works

    def _now(self) -> str:
        return stamp(self.world.time())

    def _status(self, row: Json) -> str:
        """A job waits two minutes and works for three."""
        if row["status"] != "Pending":
            return str(row["status"])
        age = self.world.time() - datetime.fromisoformat(row["createdAt"])
        if age > WAITS:
            row["startedAt"] = stamp(datetime.fromisoformat(row["createdAt"]) + WAITS)
        if age > WAITS + WORKS:
            row |= {"status": "Success", "endedAt": stamp(datetime.fromisoformat(row["createdAt"]) + WAITS + WORKS)}
            return "Success"
        return "InProgress" if age > WAITS else "Pending"

    def _queue(self, kind: str, about: Json) -> Answer:
        rows = self.state["jobs"].values()
        if any(row["aboutId"] == about["id"] and self._status(row) in ("Pending", "InProgress") for row in rows):
            raise Refusal("queued", f"Job for '{about['name']}' is already queued.")
        identity = luid("job", "asked for", self.count("job"))
        row = {"id": identity, "jobType": "refresh_extracts", "title": about["name"], "about": kind,
               "aboutId": about["id"], "createdAt": self._now(), "status": "Pending"}  # fmt: skip
        self.state["jobs"][identity] = row
        self._tell(f"{kind.title()}RefreshStarted", kind.upper(), about)
        return Answer(202, {"job": self._whole_job(row)})

    def _one(self, table: str, identity: str) -> Json:
        row: Json | None = self.state[table].get(identity)
        if row is None:
            raise Refusal("refused", f"{table[:-1].title()} '{identity}' could not be found.", status=404)
        return row

    def _page(self, call: Call, plural: str, one: str, rows: list[Json], show: Callable[[Json], Json]) -> Json:
        size, number = call.whole("pageSize", 100, 10_000), call.whole("pageNumber", 1)
        if not 0 < size <= 1000 or number < 1:
            raise Refusal("invalid", "Page size is out of bounds", status=400)
        shown = [show(row) for row in rows[(number - 1) * size : number * size]]
        told = {"pageNumber": number, "pageSize": size, "totalAvailable": len(rows)}
        return {"pagination": told, plural: {one: shown} if shown else {}}

    def _filtered(self, call: Call, table: str) -> list[Json]:
        rows = sorted(self.state[table].values(), key=lambda row: str(row.get("name") or row["createdAt"]))
        for part in filter(None, str(call.get("filter", "")).split(",")):
            field, _, rest = part.partition(":")
            sign, _, value = rest.partition(":")
            rows = [row for row in rows if self._fits(row, field, sign, value)]
        return rows

    def _fits(self, row: Json, field: str, sign: str, value: str) -> bool:
        held: Any = row.get(field)
        if field == "projectName":
            held = self.state["projects"][row["projectId"]]["name"]
        elif field == "tags":
            return any(tag.lower() == value.lower() for tag in row["tags"])
        elif field not in row:
            raise Refusal("invalid", f"Invalid filter field: {field}", status=400)
        if sign == "eq":
            return str(held).lower() == value.lower()
        compare: Mapping[str, bool] = {
            "gt": held > value,
            "gte": held >= value,
            "lt": held < value,
            "lte": held <= value,
        }
        if sign not in compare:
            raise Refusal("invalid", f"Invalid filter operator: {sign}", status=400)
        return compare[sign]

    def _table(self, call: Call) -> list[list[str]]:
        """The table behind a view, narrowed by `vf_<column>`."""
        head, *rows = self._one("views", call.params["view"])["table"]
        for name, value in call.pairs:
            if name.startswith("vf_") and name[3:] in head:
                column, wanted = head.index(name[3:]), value.split(",")
                rows = [row for row in rows if row[column] in wanted]
        return [head, *rows]

    def _change(self, row: Json) -> None:
        row["updatedAt"] = self._now()
        self._tell("WorkbookUpdated", "WORKBOOK", row)

    def _tell(self, kind: str, resource: str, row: Json) -> None:
        self.emit({
            "resource": resource, "event_type": kind, "resource_name": row["name"], "site_luid": SITE_ID,
            "resource_luid": row["id"], "created_at": self.world.time().isoformat(timespec="microseconds"),
        })  # fmt: skip


def _picture(values: list[float], wide: int, high: int) -> bytes:
    """A PNG of grey bars."""
    most, count = max(values, default=1) or 1, max(1, len(values))
    rows = bytearray()
    for y in range(high):
        rows.append(0)
        for x in range(wide):
            value = values[x * count // wide] if values else 0
            rows.append(90 if high - y <= value / most * high * 0.9 and x * count % wide > count else 255)
    parts = (
        (b"IHDR", struct.pack(">IIBBBBB", wide, high, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows))),
        (b"IEND", b""),
    )
    chunks = (struct.pack(">I", len(d)) + t + d + struct.pack(">I", zlib.crc32(t + d)) for t, d in parts)
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks)
