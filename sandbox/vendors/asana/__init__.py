"""Asana's API 1.0."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.asana.seed import gid, seed_asana
from sandbox.vendors.asana.shape import Shape, chosen, email_of, plain, rich, words_fit

API = "/api/1.0"
SIGNED_OUT = ("unauthenticated", "invalid_token", "expired", "revoked")
HELP = "For more information on API status codes and how to handle them, read the docs on errors."
READ, WRITE, DELETE = "tasks:read", "tasks:write", "tasks:delete"
EDITABLE = {"name", "notes", "html_notes", "assignee", "due_on", "due_at", "completed"}
CREATABLE = EDITABLE | {"projects", "memberships", "workspace", "followers", "parent"}
SORTS = {"due_date": "due_on", "created_at": "created_at", "completed_at": "completed_at", "modified_at": "modified_at",
         "likes": "gid", "relevance": "modified_at"}  # fmt: skip
SAID = {
    "rate_limited": (429, "You have made too many requests recently. Please, be chill."),
    "server_error": (500, "Server Error"),
    "missing_scope": (403, "This token lacks a scope that this request needs: {needed}"),
    "no_route": (404, "Not Found"),
}


class Asana(Vendor):
    """The organisation's workspace."""

    key = "asana"
    hosts = ("https://app.asana.com",)
    oauth = OAuth(
        authorize="/-/oauth_authorize", token="/-/oauth_token", revoke="/-/oauth_revoke", separator=" "
    )  # fmt: skip
    has_search = True  # whether the plan has the search

    def seed(self) -> Json:
        """Projects, tasks and what was said on them."""
        return seed_asana(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{errors: [{message, help}]}`."""
        status, said = refusal.status, refusal.message
        if refusal.kind in SIGNED_OUT:
            status, said = 401, "Not Authorized"
        elif refusal.kind in SAID:
            status, text = SAID[refusal.kind]
            said = text.format(needed=refusal.detail.get("needed", ""))
        elif refusal.kind == "missing":
            said = f"{refusal.detail['name']}: Missing input"
        error = {"message": said, "help": HELP} | ({"phrase": "6 sad squid snuggle softly"} if status == 500 else {})
        headers = {"retry-after": str(refusal.detail["retry_after"])} if refusal.kind == "rate_limited" else {}
        return Answer(status, {"errors": [error]}, headers)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The hex HMAC of the raw body."""
        return {"X-Hook-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}

    @property
    def shape(self) -> Shape:
        """How the state is answered."""
        return Shape(self.company, self.state)

    # people and places

    @route("GET", f"{API}/users/{{user}}", scope="users:read")
    def get_user(self, call: Call) -> Json:
        """One person, by id, address or `me`."""
        return {"data": chosen(call, self.shape.user(self._email(call, call.params["user"])) or {})}

    @route("GET", f"{API}/workspaces", scope="workspaces:read")
    def workspaces(self, call: Call) -> Json:
        """The one organisation."""
        return self._page(call, [self.shape.workspace()])

    @route("GET", f"{API}/workspaces/{{workspace}}/users", scope="users:read")
    def users(self, call: Call) -> Json:
        """Everybody, without pages."""
        self._workspace(call.params["workspace"])
        people = [self.shape.user(person.email) or {} for person in self.company.people]
        return {"data": [chosen(call, one, is_compact=True) for one in people]}

    @route("GET", f"{API}/workspaces/{{workspace}}/projects", scope="projects:read")
    def projects(self, call: Call) -> Json:
        """The projects."""
        self._workspace(call.params["workspace"])
        rows = [self.shape.project(key) for key in self.state["projects"]]
        wanted = call.get("archived")
        return self._page(call, [row for row in rows if wanted is None or row["archived"] is (wanted == "true")])

    @route("GET", f"{API}/projects/{{project}}", scope="projects:read")
    def get_project(self, call: Call) -> Json:
        """One project."""
        return {"data": chosen(call, self.shape.project(self._known("projects", call.params["project"])["gid"]))}

    @route("GET", f"{API}/projects/{{project}}/sections")
    def sections(self, call: Call) -> Json:
        """The sections of a project."""
        project = self._known("projects", call.params["project"])["gid"]
        keys = [key for key, row in self.state["sections"].items() if row["project"] == project]
        return self._page(call, [self.shape.section(key) for key in keys])

    @route("GET", f"{API}/workspaces/{{workspace}}/typeahead", scope="workspaces.typeahead:read")
    def typeahead(self, call: Call) -> Json:
        """Names that begin like the query, as many as `count`."""
        self._workspace(call.params["workspace"])
        kind, query = call.need("resource_type"), str(call.get("query") or "")
        shape = self.shape
        if kind == "user":
            rows = [shape.user(p.email) or {} for p in self.company.people if words_fit(query, p.name)]
        elif kind == "project":
            every = (shape.project(key) for key in self.state["projects"])
            rows = [row for row in every if words_fit(query, row["name"]) and not row["archived"]]
        elif kind == "task":
            rows = [shape.task(row) for row in self.state["tasks"].values() if words_fit(query, row["name"])]
        else:
            raise Refusal("invalid", f"resource_type: Value is not one of the expected values: {kind}")
        return {"data": [chosen(call, row, is_compact=True) for row in rows[: call.whole("count", 20, 100)]]}

    # tasks

    @route("GET", f"{API}/workspaces/{{workspace}}/tasks/search", scope=READ)
    def search(self, call: Call) -> Json:
        """The advanced search, which only paid plans have."""
        self._workspace(call.params["workspace"])
        if not self.has_search:
            raise Refusal("payment", "Search is only available to premium users.", status=402)
        rows = [row for row in self.state["tasks"].values() if self._found(call, row)]
        field = SORTS.get(str(call.get("sort_by", "modified_at")))
        if field is None:
            raise Refusal("invalid", "sort_by: Value is not one of the expected values")
        rows.sort(key=lambda row: str(row[field] or ""), reverse=not call.flag("sort_ascending"))
        return {"data": [chosen(call, self.shape.task(row), is_compact=True) for row in rows[:100]]}

    def _found(self, call: Call, row: Json) -> bool:
        text, who = str(call.get("text") or "").casefold(), call.get("assignee.any")
        project, done = call.get("projects.any"), call.get("completed")
        before, after = call.get("due_on.before"), call.get("due_on.after")
        whole = f"{row['name']} {plain(row['html_notes'])}".casefold()
        return (
            all(word in whole for word in text.split())
            and (who is None or row["assignee"] == self._email(call, who))
            and (project is None or project in [place[0] for place in row["places"]])
            and (done is None or (row["completed_at"] is not None) is (done == "true"))
            and (before is None or (row["due_on"] or "9999") < before)
            and (after is None or (row["due_on"] or "") > after)
        )

    @route("GET", f"{API}/tasks", scope=READ)
    def tasks(self, call: Call) -> Json:
        """Tasks of a project, of a section, or of somebody in a workspace."""
        project, section, who = call.get("project"), call.get("section"), call.get("assignee")
        if project:
            self._known("projects", project)
            return self._tasks(call, [row for row in self._rows() if project in [p for p, _ in row["places"]]])
        if section:
            self._known("sections", section)
            return self._tasks(call, [row for row in self._rows() if section in [s for _, s in row["places"]]])
        if not (who and call.get("workspace")):
            raise Refusal("invalid", "You should specify one of project, tag, section, user task list, or assignee + "
                                     "workspace")  # fmt: skip
        self._workspace(call.get("workspace"))
        email = self._email(call, who)
        return self._tasks(call, [row for row in self._rows() if row["assignee"] == email])

    @route("GET", f"{API}/projects/{{project}}/tasks", scope=READ)
    def project_tasks(self, call: Call) -> Json:
        """The tasks of a project in its order."""
        project = self._known("projects", call.params["project"])["gid"]
        order = list(self.state["sections"])
        rows = [row for row in self._rows() if project in [p for p, _ in row["places"]]]
        return self._tasks(call, sorted(rows, key=lambda row: order.index(row["places"][0][1])))

    @route("GET", f"{API}/users/{{user}}/user_task_list", scope=READ)
    def user_task_list(self, call: Call) -> Json:
        """The list of somebody in the workspace."""
        self._workspace(call.need("workspace"))
        email = self._email(call, call.params["user"])
        whole = {"gid": gid("list", email), "resource_type": "user_task_list", "owner": self.shape.user(email),
                 "name": f"My Tasks in {self.company.name}", "workspace": self.shape.workspace()}  # fmt: skip
        return {"data": chosen(call, whole)}

    @route("GET", f"{API}/user_task_lists/{{list}}/tasks", scope=READ)
    def listed_tasks(self, call: Call) -> Json:
        """The tasks of somebody's list."""
        owner = next((p.email for p in self.company.people if gid("list", p.email) == call.params["list"]), None)
        if owner is None:
            raise Refusal("unknown", f"user_task_list: Unknown object: {call.params['list']}", status=404)
        return self._tasks(call, [row for row in self._rows() if row["assignee"] == owner])

    @route("GET", f"{API}/tasks/{{task}}", scope=READ)
    def get_task(self, call: Call) -> Json:
        """One task."""
        return {"data": chosen(call, self.shape.task(self._task(call)))}

    @route("POST", f"{API}/tasks", scope=WRITE)
    def create_task(self, call: Call) -> Answer:
        """A new task; it needs a workspace or a project."""
        given = self._given(call, CREATABLE)
        places = [[project, self._first_section(project)] for project in given.get("projects") or []]
        for place in given.get("memberships") or []:
            section = self._known("sections", place.get("section") or self._first_section(place["project"]))
            if section["project"] != place["project"]:
                raise Refusal("invalid", "memberships: Section is not in the project")
            places.append([place["project"], section["gid"]])
        if not places and not given.get("workspace"):
            raise Refusal("invalid", "You should specify one of workspace, parent, or projects")
        now, me = self._now(), call.person.email
        key = gid("new", self.count("task"), now)
        row: Json = {
            "gid": key, "name": "", "html_notes": "<body></body>", "assignee": None, "created_by": me,
            "followers": [], "parent": None, "due_on": None, "due_at": None, "completed_at": None,
            "created_at": now, "modified_at": now, "places": places,
        }  # fmt: skip
        self._write(call, row, given)
        followers = [self._email(call, one) for one in given.get("followers") or []]
        row["followers"] = sorted({me, *followers, *([row["assignee"]] if row["assignee"] else [])})
        self.state["tasks"][key] = row
        self._tell(call, "added", row)
        return Answer(201, {"data": chosen(call, self.shape.task(row))})

    @route("PUT", f"{API}/tasks/{{task}}", scope=WRITE)
    def update_task(self, call: Call) -> Json:
        """Change the fields that are given."""
        row, given = self._task(call), self._given(call, EDITABLE)
        self._write(call, row, given)
        if row["assignee"] and row["assignee"] not in row["followers"]:
            row["followers"] = sorted([*row["followers"], row["assignee"]])
        self._touch(call, row, next(iter(given), ""))
        return {"data": chosen(call, self.shape.task(row))}

    @route("DELETE", f"{API}/tasks/{{task}}", scope=DELETE)
    def delete_task(self, call: Call) -> Json:
        """Into the trash, out of which the API has no way."""
        row = self._task(call)
        self._tell(call, "deleted", row)
        del self.state["tasks"][row["gid"]]
        for key in [key for key, one in self.state["stories"].items() if one["task"] == row["gid"]]:
            del self.state["stories"][key]
        return {"data": {}}

    @route("POST", f"{API}/sections/{{section}}/addTask", scope=WRITE)
    def add_to_section(self, call: Call) -> Json:
        """Into this section and out of the project's others."""
        section = self._known("sections", call.params["section"])
        given = self._given(call, {"task", "insert_before", "insert_after"})
        row = self._known("tasks", given.get("task"))
        row["places"] = [place for place in row["places"] if place[0] != section["project"]]
        row["places"].append([section["project"], section["gid"]])
        self._touch(call, row, "memberships")
        return {"data": {}}

    # what is said

    @route("GET", f"{API}/tasks/{{task}}/stories", scope="stories:read")
    def stories(self, call: Call) -> Json:
        """What happened on a task, oldest first."""
        task = self._task(call)["gid"]
        return self._page(
            call, [self.shape.story(row) for row in self.state["stories"].values() if row["task"] == task]
        )

    @route("POST", f"{API}/tasks/{{task}}/stories", scope="stories:write")
    def add_story(self, call: Call) -> Answer:
        """A comment."""
        task, given = self._task(call), self._given(call, {"text", "html_text", "is_pinned"})
        if not given.get("text"):
            raise Refusal("missing", name="text")
        now = self._now()
        row = {"gid": gid("story", self.count("story"), now), "task": task["gid"], "text": given["text"],
               "created_by": call.person.email, "created_at": now}  # fmt: skip
        self.state["stories"][row["gid"]] = row
        self._event(call, "added", "story", row["gid"], {"gid": task["gid"], "resource_type": "task"})
        return Answer(201, {"data": chosen(call, self.shape.story(row))})

    @route("DELETE", f"{API}/stories/{{story}}", scope="stories:write")
    def delete_story(self, call: Call) -> Json:
        """Only who wrote it may delete it."""
        row = self._known("stories", call.params["story"])
        if row["created_by"] != call.person.email:
            raise Refusal("forbidden", "You can only delete your own stories", status=403)
        del self.state["stories"][row["gid"]]
        return {"data": {}}

    @route("GET", f"{API}/status_updates")
    def status_updates(self, call: Call) -> Json:
        """The updates on a project, the latest first."""
        parent, begin = self._known("projects", call.need("parent"))["gid"], _moment(call.get("created_since"))
        rows = [row for row in self.state["status_updates"].values() if row["parent"] == parent]
        rows = [row for row in rows if begin is None or datetime.fromisoformat(row["created_at"]) >= begin]
        rows.sort(key=lambda row: str(row["created_at"]), reverse=True)
        return self._page(call, [self.shape.status_update(row) for row in rows])

    @route("POST", f"{API}/status_updates", scope="projects:write")
    def post_status(self, call: Call) -> Answer:
        """An update, which becomes the project's current one."""
        given = self._given(call, {"parent", "status_type", "text", "html_text", "title"})
        parent, now = self._known("projects", given.get("parent"))["gid"], self._now()
        for name in ("text", "status_type"):
            if not given.get(name):
                raise Refusal("missing", name=name)
        row = {"gid": gid("update", self.count("update"), now), "parent": parent, "title": given.get("title", ""),
               "status_type": given["status_type"], "text": given["text"], "created_by": call.person.email,
               "created_at": now}  # fmt: skip
        self.state["status_updates"][row["gid"]] = row
        return Answer(201, {"data": chosen(call, self.shape.status_update(row))})

    @route("DELETE", f"{API}/status_updates/{{update}}", scope="projects:write")
    def delete_status(self, call: Call) -> Json:
        """Taken back."""
        del self.state["status_updates"][self._known("status_updates", call.params["update"])["gid"]]
        return {"data": {}}

    # what the handlers share

    def _now(self) -> str:
        return self.world.time().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _workspace(self, given: Any) -> None:
        if given != gid("workspace"):
            raise Refusal("unknown", f"workspace: Unknown object: {given}", status=404)

    def _email(self, call: Call, given: Any) -> str:
        email = call.person.email if given == "me" else email_of(self.shape.users, str(given))
        if email is None:
            raise Refusal("unknown", f"user: Unknown object: {given}", status=404)
        return email

    def _known(self, kind: str, key: Any) -> Json:
        row: Json | None = self.state[kind].get(str(key))
        if row is None:
            raise Refusal("unknown", f"{kind.removesuffix('s')}: Unknown object: {key}", status=404)
        return row

    def _task(self, call: Call) -> Json:
        return self._known("tasks", call.params["task"])

    def _rows(self) -> list[Json]:
        return list(self.state["tasks"].values())

    def _first_section(self, project: Any) -> str:
        self._known("projects", project)
        sections: Json = self.state["sections"]
        return next(key for key, row in sections.items() if row["project"] == project)

    def _given(self, call: Call, known: set[str]) -> Json:
        body = call.body if isinstance(call.body, dict) else {}
        data = body.get("data")
        if not isinstance(data, dict):
            raise Refusal("invalid_body", "Could not parse request data, invalid JSON")
        if unknown := data.keys() - known:
            raise Refusal("invalid", f"{sorted(unknown)[0]}: Not a recognized field")
        return data

    def _write(self, call: Call, row: Json, given: Json) -> None:
        fresh: Json = {}
        for name, value in given.items():
            if name == "name":
                fresh["name"] = str(value)
            elif name == "notes":
                fresh["html_notes"] = rich(str(value or ""))
            elif name == "html_notes":
                fresh["html_notes"] = str(value)
            elif name == "assignee":
                fresh["assignee"] = self._email(call, value) if value else None
            elif name == "due_on":
                fresh |= {"due_on": _day(value), "due_at": None}
            elif name == "due_at":
                at = _moment(value)
                fresh |= {"due_at": value, "due_on": at.date().isoformat() if at else None}
            elif name == "completed":
                fresh["completed_at"] = (row["completed_at"] or self._now()) if value else None
        row |= fresh

    def _tasks(self, call: Call, rows: Iterable[Json]) -> Json:
        begin, changed = call.get("completed_since"), _moment(call.get("modified_since"))
        done_since = self.world.time() if begin == "now" else _moment(begin)
        kept = [
            self.shape.task(row)
            for row in rows
            if (done_since is None or row["completed_at"] is None or _at(row["completed_at"]) >= done_since)
            and (changed is None or _at(row["modified_at"]) >= changed)
        ]
        return self._page(call, kept)

    def _page(self, call: Call, rows: list[Json]) -> Json:
        limit = call.whole("limit", 0, 100)
        shown, offset = page(rows, call.get("offset"), limit) if limit else (rows, None)
        more = {"offset": offset, "path": f"{call.path}?offset={offset}", "uri": f"https://app.asana.com{call.path}"}
        return {"data": [chosen(call, row, is_compact=True) for row in shown], "next_page": more if offset else None}

    def _touch(self, call: Call, row: Json, field: str) -> None:
        row["modified_at"] = self._now()
        self._tell(call, "changed", row, field)

    def _tell(self, call: Call, action: str, row: Json, field: str = "") -> None:
        places = row["places"]
        parent = {"gid": places[0][0], "resource_type": "project"} if places else None
        self._event(call, action, "task", row["gid"], parent, field)

    def _event(self, call: Call, action: str, kind: str, key: str, parent: Json | None, field: str = "") -> None:
        subtype = {"task": "default_task", "story": "comment_added"}[kind]
        event = {
            "user": {"gid": gid("user", call.person.email), "resource_type": "user"}, "created_at": self._now(),
            "action": action, "resource": {"gid": key, "resource_type": kind, "resource_subtype": subtype},
            "parent": parent,
        }  # fmt: skip
        self.emit({"events": [event | ({"change": {"field": field, "action": "changed"}} if field else {})]})


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _moment(text: Any) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text)) if text else None
    except ValueError:
        raise Refusal("invalid", f"{text}: Not a valid date-time") from None


def _day(text: Any) -> str | None:
    try:
        return date.fromisoformat(str(text)).isoformat() if text else None
    except ValueError:
        raise Refusal("invalid", "due_on: Not a valid date") from None
