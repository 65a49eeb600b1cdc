"""GitLab's REST API 4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.gitlab.seed import CLOSED_TO_OTHERS, FIRST_USER, seed_gitlab, user_id

API, PROJECT = "/api/v4", "/api/v4/projects/{id}"
READ, WRITE = "read_api api", "api"
SIGNED_OUT = ("unauthenticated", "invalid_token", "expired", "revoked")
SAID = {400: "Bad request", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
        422: "Unprocessable entity", 429: "Retry later", 500: "Internal Server Error"}  # fmt: skip
ISSUE = {"title", "description", "assignee_ids", "labels", "due_date", "confidential", "issue_type"}
DUE = {"today": (0, 0), "tomorrow": (1, 1), "week": (0, 6), "month": (0, 30)}


class GitLab(Vendor):
    """The company's groups."""

    key = "gitlab"
    hosts = ("https://gitlab.com",)
    slots = {"host": "gitlab.com"}
    oauth = OAuth(
        authorize="/oauth/authorize", token="/oauth/token", revoke="/oauth/revoke", expires_in=7200, is_rotating=True
    )  # fmt: skip

    def seed(self) -> Json:
        """Projects with issues, merge requests and pipelines."""
        return seed_gitlab(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{message}` from the application, `{error, error_description}` from the token check."""
        if refusal.kind in SIGNED_OUT:
            if refusal.kind == "unauthenticated":
                return Answer(401, {"message": "401 Unauthorized"})
            said = {"expired": "Token is expired. You can either do re-authorization or token refresh.",
                    "revoked": "Token was revoked. You have to re-authorize from the user."}  # fmt: skip
            told = said.get(refusal.kind, "The access token is invalid.")
            return Answer(401, {"error": "invalid_token", "error_description": told})
        if refusal.kind == "missing_scope":
            needed, said_of = refusal.detail["needed"], "The request requires higher privileges than provided by the"
            return Answer(403, {"error": "insufficient_scope", "error_description": f"{said_of} access token.",
                                "scope": needed})  # fmt: skip
        if refusal.kind == "rate_limited":
            wait = refusal.detail["retry_after"]
            return Answer(429, "Retry later\n", {"retry-after": str(wait), "ratelimit-remaining": "0"})
        if refusal.kind == "fields":
            return Answer(refusal.status, {"message": refusal.detail["errors"]})
        if refusal.kind == "missing":
            return Answer(400, {"error": f"{refusal.detail['name']} is missing"})
        status = {"server_error": 500, "no_route": 404}.get(refusal.kind, refusal.status)
        told = refusal.message if refusal.kind == "said" else f"{status} {SAID.get(status, 'Error')}"
        return Answer(status, {"message": told})

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The secret itself, with the event's name and the delivery's id."""
        return {"X-Gitlab-Token": secret, "X-Gitlab-Event": str(about.get("event", "")),
                "Idempotency-Key": str(about.get("id", ""))}  # fmt: skip

    # people and projects

    @route("GET", f"{API}/user", scope=f"{READ} read_user")
    def me(self, call: Call) -> Json:
        """Who calls, with the address that others do not see."""
        return self._user(call.person.email) | {"email": call.person.email}

    @route("GET", f"{API}/users", scope=READ)
    def users(self, call: Call) -> Answer:
        """People by words of the name or login; addresses are private."""
        text = str(call.get("search") or "").casefold()
        return self._page(call, [p for p in self.company.people if _fits(text, p)], lambda p: self._user(p.email))

    @route("GET", f"{API}/projects", scope=READ)
    def projects(self, call: Call) -> Answer:
        """Projects that the caller sees."""
        text, mine, since = str(call.get("search") or "").casefold(), call.flag("membership"), call.get(
            "last_activity_after")  # fmt: skip
        rows = [
            row
            for row in self.state["projects"].values()
            if self._sees(call.person, row)
            and (not mine or self._is_member(call.person, row))
            and text.replace(" ", "-") in row["path"].rpartition("/")[2]
            and (not since or _at(row["last_activity_at"]) >= _at(since))
        ]
        rows.sort(key=lambda row: str(row["last_activity_at"]), reverse=True)
        return self._page(call, rows, self._project)

    @route("GET", PROJECT, scope=READ)
    def get_project(self, call: Call) -> Json:
        """One project."""
        return self._project(self._home(call))

    @route("GET", PROJECT + "/members/all", scope=READ)
    def members(self, call: Call) -> Answer:
        """The members, inherited ones too."""
        home, text = self._home(call), str(call.get("query") or "").casefold()
        people = [p for p in self.company.people if self._is_member(p, home) and _fits(text, p)]
        return self._page(call, people, lambda p: self._user(p.email) | {"access_level": 50 if p.is_admin else 30})

    # issues

    @route("GET", f"{API}/issues", scope=READ)
    def all_issues(self, call: Call) -> Answer:
        """Issues of every project that the caller sees."""
        rows = [row for row in self.state["issues"].values() if self._sees(call.person, self._of(row))]
        if call.get("scope", "created_by_me") == "assigned_to_me":
            rows = [row for row in rows if call.person.email in row["assignees"]]
        return self._issues(call, rows)

    @route("GET", PROJECT + "/issues", scope=READ)
    def project_issues(self, call: Call) -> Answer:
        """The issues of a project."""
        home = self._home(call)["id"]
        return self._issues(call, [row for row in self.state["issues"].values() if row["project_id"] == home])

    def _issues(self, call: Call, rows: Iterable[Json]) -> Answer:
        who, author, due = call.get("assignee_id"), call.get("author_id"), call.get("due_date")
        labels = {one for one in str(call.get("labels") or "").split(",") if one}
        kept = [
            row
            for row in self._common(call, rows)
            if (not who or int(who) in [self._number(one) for one in row["assignees"]])
            and (not author or self._number(row["author"]) == int(author))
            and labels <= set(row["labels"])
            and (not due or self._is_due(row, due))
        ]
        return self._page(call, kept, self._issue)

    def _is_due(self, row: Json, due: str) -> bool:
        if not row["due_date"]:
            return False
        today, day = self.world.time().date(), date.fromisoformat(row["due_date"])
        if due == "overdue":
            return day < today and bool(row["state"] == "opened")
        begin, end = DUE[due]
        return today + timedelta(days=begin) <= day <= today + timedelta(days=end)

    @route("POST", PROJECT + "/issues", scope=WRITE)
    def create_issue(self, call: Call) -> Answer:
        """A new issue."""
        home, now = self._home(call), self._now()
        row: Json = {
            "id": self.count("issue", 600_000), "iid": self._next("issues", home["id"]), "project_id": home["id"],
            "title": call.need("title"), "description": "", "state": "opened", "labels": [], "assignees": [],
            "author": call.person.email, "confidential": False, "due_date": None, "created_at": now,
            "updated_at": now, "closed_at": None,
        }  # fmt: skip
        row |= self._checked(call, row)
        self.state["issues"][f"{home['id']}/{row['iid']}"] = row
        self._tell("issue", "open", row, call)
        return Answer(201, self._issue(row))

    @route("GET", PROJECT + "/issues/{iid}", scope=READ)
    def get_issue(self, call: Call) -> Json:
        """One issue."""
        return self._issue(self._one(call, "issues"))

    @route("PUT", PROJECT + "/issues/{iid}", scope=WRITE)
    def update_issue(self, call: Call) -> Json:
        """Change what is given; nothing that is known is a mistake."""
        row = self._one(call, "issues")
        changed = self._checked(call, row)
        event = call.get("state_event")
        if not changed and event not in ("close", "reopen"):
            raise Refusal("said", "title, description, assignee_ids, labels ... are missing, at least one "
                                  "parameter must be provided")  # fmt: skip
        row |= changed
        if event:
            row |= {"state": "closed" if event == "close" else "opened"}
            row["closed_at"] = (row["closed_at"] or self._now()) if event == "close" else None
        row["updated_at"] = self._now()
        self._tell("issue", event or "update", row, call)
        return self._issue(row)

    def _checked(self, call: Call, row: Json) -> Json:
        body = call.body if isinstance(call.body, dict) else {}
        if "title" in body and not str(body["title"]).strip():
            raise Refusal("fields", errors={"title": ["can't be blank"]})
        if len(str(body.get("title", ""))) > 255:
            raise Refusal("fields", errors={"title": ["is too long (maximum is 255 characters)"]})
        found = {name: body[name] for name in ("title", "description", "confidential") if name in body}
        if "due_date" in body:
            found["due_date"] = _day(body["due_date"])
        if "assignee_ids" in body:
            found["assignees"] = [self._email(one) for one in body["assignee_ids"] if one]
        labels: list[str] = list(body.get("labels") or row["labels"])
        labels += [one for one in body.get("add_labels") or () if one not in labels]
        found["labels"] = [one for one in labels if one not in (body.get("remove_labels") or ())]
        is_new = {"labels", "add_labels", "remove_labels"} & body.keys()
        return found if is_new or found.keys() - {"labels"} else {}

    @route("DELETE", PROJECT + "/issues/{iid}", scope=WRITE)
    def delete_issue(self, call: Call) -> None:
        """For owners."""
        row = self._one(call, "issues")
        self._owner(call)
        del self.state["issues"][f"{row['project_id']}/{row['iid']}"]

    # merge requests

    @route("GET", PROJECT + "/merge_requests", scope=READ)
    def pulls(self, call: Call) -> Answer:
        """The merge requests of a project."""
        home, after, draft = self._home(call)["id"], call.get("merged_after"), call.get("draft")
        reviewer, author = call.get("reviewer_id"), call.get("author_id")
        rows = [row for row in self.state["merge_requests"].values() if row["project_id"] == home]
        kept = [
            row
            for row in self._common(call, rows)
            if all(call.get(name) in (None, row[name]) for name in ("source_branch", "target_branch"))
            and (not after or (row["merged_at"] is not None and _at(row["merged_at"]) > _at(after)))
            and (draft is None or row["title"].startswith("Draft: ") is (draft == "true"))
            and (not reviewer or int(reviewer) in [self._number(one) for one in row["reviewers"]])
            and (not author or self._number(row["author"]) == int(author))
        ]
        return self._page(call, kept, lambda row: self._pull(row, call.person))

    @route("POST", PROJECT + "/merge_requests", scope=WRITE)
    def create_pull(self, call: Call) -> Answer:
        """A new merge request; one at a time for two branches."""
        home, now = self._home(call), self._now()
        source, target, title = call.need("source_branch"), call.need("target_branch"), call.need("title")
        for place, name in (("source_branch", source), ("target_branch", target)):
            if name not in home["branches"]:
                raise Refusal("fields", errors={place: [f'"{name}" does not exist']}, status=400)
        for row in self.state["merge_requests"].values():
            is_same = (row["project_id"], row["source_branch"], row["target_branch"]) == (home["id"], source, target)
            if is_same and row["state"] == "opened":
                said = f"Another open merge request already exists for this source branch: !{row['iid']}"
                return Answer(409, {"message": [said]})
        row = {
            "id": self.count("pull", 900_000), "iid": self._next("merge_requests", home["id"]),
            "project_id": home["id"], "title": title, "description": call.get("description") or "",
            "state": "opened", "source_branch": source, "target_branch": target, "author": call.person.email,
            "reviewers": [self._email(one) for one in call.get("reviewer_ids") or []], "auto_merge": False,
            "squash": False, "created_at": now, "updated_at": now, "merged_at": None,
            "sha": f"{self.count('sha', 4096):040x}", "files": [[f"src/{source}.c", "new_file"]],
        }  # fmt: skip
        self.state["merge_requests"][f"{home['id']}/{row['iid']}"] = row
        self._tell("merge_request", "open", row, call)
        return Answer(201, self._pull(row, call.person))

    @route("GET", PROJECT + "/merge_requests/{iid}", scope=READ)
    def get_pull(self, call: Call) -> Json:
        """One merge request."""
        return self._pull(self._one(call, "merge_requests"), call.person)

    @route("PUT", PROJECT + "/merge_requests/{iid}", scope=WRITE)
    def update_pull(self, call: Call) -> Json:
        """Close it or open it again."""
        row, event = self._one(call, "merge_requests"), call.need("state_event")
        row |= {"state": "closed" if event == "close" else "opened", "updated_at": self._now()}
        self._tell("merge_request", event, row, call)
        return self._pull(row, call.person)

    @route("DELETE", PROJECT + "/merge_requests/{iid}", scope=WRITE)
    def delete_pull(self, call: Call) -> None:
        """For owners."""
        row = self._one(call, "merge_requests")
        self._owner(call)
        del self.state["merge_requests"][f"{row['project_id']}/{row['iid']}"]

    @route("GET", PROJECT + "/merge_requests/{iid}/diffs", scope=READ)
    def diffs(self, call: Call) -> Answer:
        """The changed files."""
        rows = self._one(call, "merge_requests")["files"]
        return self._page(call, rows, lambda row: {
            "old_path": row[0], "new_path": row[0], "a_mode": "100644", "b_mode": "100644", "diff": "@@ -1 +1 @@\n",
            "new_file": row[1] == "new_file", "renamed_file": False, "deleted_file": row[1] == "deleted_file",
        })  # fmt: skip

    @route("GET", PROJECT + "/merge_requests/{iid}/pipelines", scope=READ)
    def pull_pipelines(self, call: Call) -> list[Json]:
        """The pipelines of its branch, the latest first."""
        row = self._one(call, "merge_requests")
        return [self._pipeline(one) for one in self._runs(row["project_id"], row["source_branch"])]

    @route("PUT", PROJECT + "/merge_requests/{iid}/merge", scope=WRITE)
    def merge(self, call: Call) -> Json:
        """Merge it now, or once its pipeline passes; who may not merge is answered 401."""
        row = self._one(call, "merge_requests")
        if not self._is_member(call.person, self._of(row)):
            raise Refusal("unauthenticated", status=401)
        if row["state"] != "opened" or row["title"].startswith("Draft: "):
            raise Refusal("said", "405 Method Not Allowed", status=405)
        if call.get("sha") not in (None, row["sha"]):
            raise Refusal("said", "SHA does not match HEAD of source branch: " + row["sha"], status=409)
        status = next((one["status"] for one in self._runs(row["project_id"], row["source_branch"])), "success")
        row["squash"], row["updated_at"] = call.flag("squash"), self._now()
        if call.flag("auto_merge") and status in ("running", "failed"):
            row["auto_merge"] = True
        elif status in ("running", "failed"):
            raise Refusal("said", "422 Branch cannot be merged", status=422)
        else:
            row |= {"state": "merged", "merged_at": self._now(), "auto_merge": False}
            if call.flag("should_remove_source_branch"):
                branches = self._of(row)["branches"]
                branches[:] = [one for one in branches if one != row["source_branch"]]
        self._tell("merge_request", "merge" if row["state"] == "merged" else "update", row, call)
        return self._pull(row, call.person)

    @route("GET", PROJECT + "/merge_requests/{iid}/notes", scope=READ)
    def notes(self, call: Call) -> Answer:
        """What was said on it, the latest first."""
        on = self._one(call, "merge_requests")
        key = f"{on['project_id']}/{on['iid']}"
        return self._page(call, [n for n in reversed(self.state["notes"].values()) if n["on"] == key], self._note)

    @route("POST", PROJECT + "/merge_requests/{iid}/notes", scope=WRITE)
    def add_note(self, call: Call) -> Answer:
        """Say something."""
        on, number = self._one(call, "merge_requests"), self.count("note", 1001)
        row = {"id": number, "on": f"{on['project_id']}/{on['iid']}", "body": call.need("body"),
               "author": call.person.email, "created_at": self._now()}  # fmt: skip
        self.state["notes"][str(number)] = row
        about = {
            "id": number,
            "note": row["body"],
            "noteable_type": "MergeRequest",
            "url": self._link(on, "merge_requests"),
        }
        self._send("note", call, self._of(on), about | {"action": "create"}, merge_request={"iid": on["iid"]})
        return Answer(201, self._note(row))

    @route("GET", PROJECT + "/merge_requests/{iid}/notes/{note}", scope=READ)
    def get_note(self, call: Call) -> Json:
        """One comment."""
        return self._note(self._noted(call))

    @route("DELETE", PROJECT + "/merge_requests/{iid}/notes/{note}", scope=WRITE)
    def delete_note(self, call: Call) -> None:
        """For whoever wrote it."""
        row = self._noted(call)
        if row["author"] != call.person.email:
            raise Refusal("forbidden", status=403)
        del self.state["notes"][str(row["id"])]

    # pipelines

    @route("GET", PROJECT + "/pipelines/latest", scope=READ)
    def latest(self, call: Call) -> Json:
        """The latest pipeline of a branch."""
        found = self._runs(self._home(call)["id"], call.get("ref") or "main")
        if not found:
            raise Refusal("missing_thing", status=404)
        return self._pipeline(found[0])

    @route("GET", PROJECT + "/pipelines/{pipeline}/jobs", scope=READ)
    def jobs(self, call: Call) -> Answer:
        """The jobs of a pipeline."""
        self._home(call)
        run: Json | None = self.state["pipelines"].get(call.params["pipeline"])
        if run is None:
            raise Refusal("missing_thing", status=404)
        return self._page(call, run["jobs"], lambda job: {
            "id": run["id"] * 10 + run["jobs"].index(job), "stage": job[0], "name": job[1], "status": job[2],
            "failure_reason": "script_failure" if job[2] == "failed" else None, "ref": run["ref"],
        })  # fmt: skip

    # how things are answered

    def _user(self, email: str) -> Json:
        person = self.company.by_email[email]
        return {"id": self._number(email), "username": person.handle, "name": person.name, "state": "active",
                "web_url": f"https://gitlab.com/{person.handle}", "public_email": None}  # fmt: skip

    def _project(self, row: Json) -> Json:
        group, _, name = row["path"].partition("/")
        return {
            "id": row["id"], "name": name.replace("-", " ").title(), "path": name, "description": row["description"],
            "path_with_namespace": row["path"], "default_branch": "main", "visibility": row["visibility"],
            "name_with_namespace": f"{group} / {name}", "web_url": f"https://gitlab.com/{row['path']}",
            "created_at": row["created_at"], "last_activity_at": row["last_activity_at"], "archived": False,
        }  # fmt: skip

    def _issue(self, row: Json) -> Json:
        people = [self._user(one) for one in row["assignees"]]
        names = ("id", "iid", "project_id", "title", "description", "state", "labels", "confidential", "due_date",
                 "created_at", "updated_at", "closed_at")  # fmt: skip
        return {name: row[name] for name in names} | {
            "author": self._user(row["author"]), "assignees": people, "assignee": people[0] if people else None,
            "issue_type": "issue", "web_url": self._link(row, "issues"),
            "references": self._references(row, "#"),
        }  # fmt: skip

    def _pull(self, row: Json, reader: Person) -> Json:
        run = next(iter(self._runs(row["project_id"], row["source_branch"])), None)
        names = ("id", "iid", "project_id", "title", "description", "state", "source_branch", "target_branch", "squash",
                 "created_at", "updated_at", "merged_at", "sha")  # fmt: skip
        return {name: row[name] for name in names} | {
            "author": self._user(row["author"]), "reviewers": [self._user(one) for one in row["reviewers"]],
            "assignees": [], "draft": row["title"].startswith("Draft: "), "merge_status": "can_be_merged",
            "merge_when_pipeline_succeeds": row["auto_merge"], "web_url": self._link(row, "merge_requests"),
            "references": self._references(row, "!"), "head_pipeline": run and self._pipeline(run),
            "user": {"can_merge": self._is_member(reader, self._of(row))},
        }  # fmt: skip

    def _note(self, row: Json) -> Json:
        return {"id": row["id"], "body": row["body"], "author": self._user(row["author"]), "system": False,
                "created_at": row["created_at"], "updated_at": row["created_at"], "noteable_type": "MergeRequest",
                "noteable_iid": int(row["on"].partition("/")[2])}  # fmt: skip

    def _pipeline(self, row: Json) -> Json:
        home = self.state["projects"][str(row["project_id"])]["path"]
        names = ("id", "project_id", "ref", "status", "created_at", "updated_at", "finished_at")
        return {name: row[name] for name in names} | {
            "iid": row["id"] - 90_000, "sha": f"{row['id']:040x}", "user": self._user(row["user"]),
            "duration": None if row["status"] == "running" else 540, "source": "push",
            "web_url": f"https://gitlab.com/{home}/-/pipelines/{row['id']}",
        }  # fmt: skip

    def _references(self, row: Json, mark: str) -> Json:
        short = f"{mark}{row['iid']}"
        return {"short": short, "relative": short, "full": self._of(row)["path"] + short}

    def _link(self, row: Json, kind: str) -> str:
        return f"https://gitlab.com/{self._of(row)['path']}/-/{kind}/{row['iid']}"

    def _page(self, call: Call, rows: list[Any], show: Callable[[Any], Json]) -> Answer:
        size, number = max(1, call.whole("per_page", 20, top=100)), max(1, call.whole("page", 1, top=10_000))
        more = number * size < len(rows)
        headers = {"x-total": str(len(rows)), "x-page": str(number), "x-next-page": str(number + 1) if more else ""}
        if more:
            pairs = [*((name, value) for name, value in call.pairs if name != "page"), ("page", str(number + 1))]
            address = f"http://{call.headers['host']}/{self.key}{call.path}?{urlencode(pairs)}"
            headers["link"] = f'<{address}>; rel="next"'
        return Answer(200, [show(row) for row in rows[(number - 1) * size : number * size]], headers)

    # what the handlers share

    def _common(self, call: Call, rows: Iterable[Json]) -> list[Json]:
        state, text = call.get("state", "all"), str(call.get("search") or "").casefold()
        updated, created = call.get("updated_after"), call.get("created_after")
        kept = [
            row
            for row in rows
            if state in ("all", row["state"])
            and text in f"{row['title']} {row['description']}".casefold()
            and (not updated or _at(row["updated_at"]) >= _at(updated))
            and (not created or _at(row["created_at"]) >= _at(created))
        ]
        order = str(call.get("order_by", "created_at"))
        kept.sort(key=lambda row: _at(row[order]), reverse=call.get("sort", "desc") == "desc")
        return kept

    def _now(self) -> str:
        return self.world.time().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _number(self, email: str) -> int:
        return user_id(self.company, email)

    def _email(self, number: Any) -> str:
        try:
            return self.company.people[int(number) - FIRST_USER].email
        except (IndexError, ValueError, TypeError):
            raise Refusal("fields", errors={"assignee": ["is invalid"]}) from None

    def _is_member(self, person: Person, row: Json) -> bool:
        return bool(row["path"] != CLOSED_TO_OTHERS or person.team == row["team"])

    def _sees(self, person: Person, row: Json) -> bool:
        return row["visibility"] != "private" or self._is_member(person, row)

    def _home(self, call: Call) -> Json:
        row: Json | None = self.state["projects"].get(call.params["id"])
        if row is None or not self._sees(call.person, row):
            raise Refusal("said", "404 Project Not Found", status=404)
        return row

    def _of(self, row: Json) -> Json:
        home: Json = self.state["projects"][str(row["project_id"])]
        return home

    def _one(self, call: Call, kind: str) -> Json:
        row: Json | None = self.state[kind].get(f"{self._home(call)['id']}/{call.params['iid']}")
        if row is None:
            raise Refusal("said", "404 Not found", status=404)
        return row

    def _noted(self, call: Call) -> Json:
        on, row = self._one(call, "merge_requests"), self.state["notes"].get(call.params["note"])
        if row is None or row["on"] != f"{on['project_id']}/{on['iid']}":
            raise Refusal("said", "404 Note Not Found", status=404)
        found: Json = row
        return found

    def _owner(self, call: Call) -> None:
        if not call.person.is_admin:
            raise Refusal("said", "403 Forbidden", status=403)

    def _runs(self, project: int, ref: str) -> list[Json]:
        rows = self.state["pipelines"].values()
        return [row for row in reversed(rows) if (row["project_id"], row["ref"]) == (project, ref)]

    def _next(self, kind: str, project: int) -> int:
        taken: list[int] = [row["iid"] for row in self.state[kind].values() if row["project_id"] == project]
        return max([0, *taken, self.count(f"{kind} {project}", max([0, *taken]) + 1) - 1]) + 1

    def _tell(self, kind: str, action: str, row: Json, call: Call) -> None:
        home = self._of(row)
        home["last_activity_at"] = self._now()
        about = {"id": row["id"], "iid": row["iid"], "title": row["title"], "state": row["state"], "action": action,
                 "url": self._link(row, f"{kind}s"), "updated_at": row["updated_at"]}  # fmt: skip
        self._send(kind, call, home, about)

    def _send(self, kind: str, call: Call, home: Json, about: Json, **more: Any) -> None:
        about.setdefault("updated_at", self._now())
        event = {"issue": "Issue Hook", "merge_request": "Merge Request Hook", "note": "Note Hook"}[kind]
        payload = {
            "object_kind": kind, "event_type": kind, "user": {"username": call.person.handle},
            "project": {"id": home["id"], "path_with_namespace": home["path"]}, "object_attributes": about, **more,
        }  # fmt: skip
        self.emit(
            payload, event=event, id=self.ident(32, "delivery", self.count("delivery"), alphabet="0123456789abcdef")
        )


def _fits(text: str, person: Person) -> bool:
    return text in person.name.casefold() or text in person.handle.casefold()


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _day(text: Any) -> str | None:
    try:
        return date.fromisoformat(str(text)).isoformat() if text else None
    except ValueError:
        raise Refusal("fields", errors={"due_date": ["is invalid"]}) from None
