"""Linear's mutations."""

from __future__ import annotations

import re
import uuid
from typing import Any

from sandbox.exchange import Json
from sandbox.vendors.linear.resolve import Reading, missing, wrong
from sandbox.vendors.linear.seed import SITE, stamp

BELONGS = {"stateId": ("states", "WorkflowState"), "cycleId": ("cycles", "Cycle")}
EXISTS = {"assigneeId": ("users", "User"), "projectId": ("projects", "Project")}


def settle(markdown: str | None) -> str | None:
    """Markdown as it is stored: stars for bullets, nothing at the ends of lines."""
    if markdown is None:
        return None
    return re.sub(r"^(\s*)[-+] ", r"\1* ", re.sub(r"[ \t]+$", "", markdown.strip(), flags=re.M), flags=re.M)


class Changing(Reading):
    """The mutations; each answers what it changed."""

    def do_issue_create(self, input: Json, **_: Any) -> Json:
        team = self.find("teams", input["teamId"], "Team")
        if not (input.get("title") or "").strip():
            raise self.invalid("title", "title should not be empty")
        states = sorted(self._of(team, "states"), key=lambda state: float(state["position"]))
        now = self.now()
        row: Json = {
            "id": self.new_id("issues", input.get("id")), "number": 0, "title": "", "description": None,
            "priority": 0, "estimate": None, "dueDate": None, "createdAt": now, "updatedAt": now, "startedAt": None,
            "completedAt": None, "canceledAt": None, "archivedAt": None, "trashed": None, "labelIds": [],
            "teamId": team["id"], "stateId": states[0]["id"], "assigneeId": None, "creatorId": self.me,
            "parentId": None, "projectId": None, "cycleId": None,
        }  # fmt: skip
        self.apply(row, {name: value for name, value in input.items() if name not in ("id", "teamId")})
        first = max((issue["number"] for issue in self._of(team, "issues")), default=0) + 1
        row["number"] = self.vendor.count(f"issue {team['key']}", first)
        self.state["issues"][row["id"]] = row
        self.tell("create", "Issue", row)
        return self.done(issue=row)

    def do_issue_update(self, id: str, input: Json, **_: Any) -> Json:
        row = self.find("issues", id, "Issue")
        self.apply(row, input)
        row["updatedAt"] = self.now()
        self.tell("update", "Issue", row)
        return self.done(issue=row)

    def do_issue_delete(self, id: str, permanentlyDelete: bool = False, **_: Any) -> Json:  # noqa: N803
        row = self.find("issues", id, "Issue")
        if permanentlyDelete:
            if not self.person.is_admin:
                raise wrong("Only admins can delete permanently", code="FORBIDDEN", kind="forbidden")
            del self.state["issues"][row["id"]]
        else:
            row |= {"trashed": True, "archivedAt": self.now()}
        self.tell("remove", "Issue", row)
        return self.done(entity=row)

    def do_issue_unarchive(self, id: str, **_: Any) -> Json:
        row = self.find("issues", id, "Issue")
        row |= {"trashed": None, "archivedAt": None}
        return self.done(entity=row)

    def do_comment_create(self, input: Json, **_: Any) -> Json:
        if not (input.get("body") or "").strip():
            raise self.invalid("body", "body should not be empty")
        issue = self.find("issues", input.get("issueId"), "Issue")
        identity, now = self.new_id("comments", input.get("id")), self.now()
        row = {
            "id": identity, "body": settle(input["body"]), "createdAt": now, "updatedAt": now, "userId": self.me,
            "issueId": issue["id"], "parentId": input.get("parentId"),
        }  # fmt: skip
        self.state["comments"][identity] = row
        self.tell("create", "Comment", row)
        return self.done(comment=row)

    def do_comment_delete(self, id: str, **_: Any) -> Json:
        row = self.find("comments", id, "Comment")
        if row["userId"] != self.me and not self.person.is_admin:
            raise wrong("You can only delete your own comments", code="FORBIDDEN", kind="forbidden")
        del self.state["comments"][id]
        self.tell("remove", "Comment", row)
        return self.done(entityId=id)

    def do_project_update_create(self, input: Json, **_: Any) -> Json:
        project = self.find("projects", input["projectId"], "Project")
        identity, now = self.new_id("updates", input.get("id")), self.now()
        row = {
            "id": identity, "body": settle(input.get("body")) or "", "health": input.get("health") or "onTrack",
            "createdAt": now, "updatedAt": now, "archivedAt": None, "userId": self.me, "projectId": project["id"],
            "slugId": identity[:8], "url": f"{SITE}/project/{project['slugId']}/updates#{identity[:8]}",
        }  # fmt: skip
        self.state["updates"][identity] = row
        project["health"] = row["health"]
        self.tell("create", "ProjectUpdate", row)
        return self.done(projectUpdate=row)

    def do_project_update_archive(self, id: str, **_: Any) -> Json:
        row = self.find("updates", id, "ProjectUpdate")
        row["archivedAt"] = self.now()
        left = self.updates(row["projectId"])
        self.state["projects"][row["projectId"]]["health"] = left[0]["health"] if left else None
        return self.done(entity=row)

    def apply(self, row: Json, fields: Json) -> None:
        """Check every field, then write them."""
        new = dict(fields)
        for name, (table, kind) in (BELONGS | EXISTS).items():
            if new.get(name) is not None:
                found = self.find(table, new[name], kind)
                if name in BELONGS and found["teamId"] != row["teamId"]:
                    raise self.invalid(name, f"{name} is of another team")
        if new.get("stateId", "") is None or not str(new.get("title", "x")).strip():
            raise self.invalid("title", "title and stateId should not be empty")
        if new.get("priority") not in (None, 0, 1, 2, 3, 4):
            raise self.invalid("priority", "priority must not be greater than 4")
        labels = list(new.pop("labelIds", None) or row["labelIds"])
        added, removed = new.pop("addedLabelIds", None) or [], new.pop("removedLabelIds", None) or []
        labels = [label for label in [*labels, *(one for one in added if one not in labels)] if label not in removed]
        for label in labels:
            if self.find("labels", label, "IssueLabel")["teamId"] not in (None, row["teamId"]):
                raise missing("IssueLabel")
        if "description" in new:
            new["description"] = settle(new["description"])
        if "trashed" in new:
            new["archivedAt"] = self.now() if new["trashed"] else None
        row |= {**new, "labelIds": labels}
        kind = self.state["states"][row["stateId"]]["type"]
        for field, kinds in (("startedAt", ("started", "completed")), ("completedAt", ("completed",)),
                             ("canceledAt", ("canceled",))):  # fmt: skip
            row[field] = (row[field] or self.now()) if kind in kinds else None

    def invalid(self, name: str, reason: str) -> Exception:
        """The error of a value that is refused."""
        error = wrong("Argument Validation Error", reason)
        (error.extensions or {})["validationErrors"] = [{"property": name, "constraints": {"isValid": reason}}]
        return error

    def done(self, **what: Any) -> Json:
        """The payload of a mutation."""
        return {"success": True, "lastSyncId": self.vendor.count("sync"), **what}

    def now(self) -> str:
        """The present moment as Linear writes it."""
        return stamp(self.vendor.world.time())

    def new_id(self, table: str, given: str | None) -> str:
        """The caller's own id, or a new one."""
        if given in self.state[table]:
            raise wrong("Entity already exists", f"an entity with id {given} already exists")
        return given or str(uuid.UUID(hex=self.vendor.ident(32, table, self.vendor.count("id"),
                                                            alphabet="0123456789abcdef"), version=4))  # fmt: skip

    def tell(self, action: str, kind: str, row: Json) -> None:
        """Deliver the webhook of a change."""
        now = self.vendor.world.time()
        actor = {"id": self.me, "type": "user", "name": self.person.name, "email": self.person.email}
        payload = {
            "action": action, "type": kind, "actor": actor, "createdAt": self.now(), "data": dict(row),
            "url": self.show_url(row) if kind == "Issue" else row.get("url"), "organizationId": "fernwick",
            "webhookTimestamp": int(now.timestamp() * 1000), "webhookId": self.vendor.ident(12, "webhook"),
        }  # fmt: skip
        self.vendor.emit(payload, event=kind)
