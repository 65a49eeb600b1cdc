"""What Figma's routes share: errors, users, files, events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import yaml

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import MIXED, Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor

DIGITS = "123456789"
TOLD: Json = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))


def refused(status: int, message: str) -> Refusal:
    """A refusal in Figma's words."""
    return Refusal("figma", message, status=status)


class Team(Vendor):
    """What all routes share."""

    key = "figma"
    hosts = ("https://api.figma.com", "https://www.figma.com")
    slots: ClassVar[Mapping[str, str]] = {"teams": TOLD["team"]["id"]}
    oauth = OAuth(authorize="/oauth", token="/v1/oauth/token", renew="/v1/oauth/refresh", expires_in=7_776_000)
    hook_secret = "passcode-of-the-webhook"

    def seed(self) -> Json:
        """Projects, files, comments and versions of `seed.yaml`."""
        state: Json = {"projects": {}, "files": {}, "comments": {}}
        keys: dict[str, str] = {}
        for project, files in TOLD["projects"].items():
            number = self.ident(9, "project", project, alphabet=DIGITS)
            state["projects"][number] = {"id": number, "name": project}
            for name, about in files.items():
                row = self._file(name, about, number)
                keys[name] = row["key"]
                state["files"][row["key"]] = row
        for place, told in enumerate(TOLD["comments"]):
            self._comment(state, keys[told["file"]], told, place)
        return state

    def refuse(self, refusal: Refusal) -> Answer:
        """`{status, err}`; what is wrong with a token or its scopes is a 403."""
        kind, status, message = refusal.kind, refusal.status, refusal.message
        headers = {}
        if kind in ("unauthenticated", "invalid_token", "revoked"):
            status, message = 403, "Invalid token"
        elif kind == "expired":
            status, message = 403, "Token expired"
        elif kind == "missing_scope":
            status = 403
            provided = refusal.detail["provided"] or "none"
            message = f"Invalid scope(s): {provided}. This endpoint requires the {refusal.detail['needed']} scope"
        elif kind == "rate_limited":
            status, message = 429, "Rate limit exceeded"
            headers = {
                "retry-after": str(refusal.detail.get("retry_after", 1)), "x-figma-plan-tier": "org",
                "x-figma-rate-limit-type": "high",
            }  # fmt: skip
        elif kind == "server_error":
            status, message = 500, "Internal server error"
        elif kind == "no_route":
            status, message = 404, "Not found"
        return Answer(status, {"status": status, "err": message}, headers)

    def new_token(self, grant: Grant, serial: int) -> str:
        """`figu_` and what follows."""
        return f"figu_{self.ident(40, grant.email, serial, alphabet=MIXED)}"

    def token_answer(self, grant: Grant) -> Json:
        """With the user's id."""
        return super().token_answer(grant) | {"user_id": self.user_id(grant.email)}

    def user_id(self, email: str) -> str:
        """The id of a user."""
        return self.ident(18, "user", email, alphabet=DIGITS)

    def user(self, email: str) -> Json:
        """A user."""
        number = self.user_id(email)
        picture = f"https://s3-alpha.figma.com/profile/{number}"
        return {"id": number, "handle": self.company.by_email[email].name, "img_url": picture}

    def file(self, call: Call) -> Json:
        """The file of the path."""
        row: Json | None = self.state["files"].get(call.params["key"])
        if row is None:
            raise refused(404, "Not found")
        return row

    def now(self) -> str:
        """The present moment as Figma writes it."""
        return stamp(self.world.time())

    def tell(self, call: Call, event: str, file: Json, **more: Any) -> None:
        """Deliver a webhook."""
        base = {
            "event_type": event, "passcode": self.hook_secret, "timestamp": self.now(), "webhook_id": "22",
            "file_key": file["key"], "file_name": file["name"], "triggered_by": self.user(call.person.email),
        }  # fmt: skip
        self.emit(base | more)

    def _file(self, name: str, about: Json, project: str) -> Json:
        key = self.ident(22, "file", name, alphabet=MIXED)[:-1] + "7"
        pages = []
        for place, (page, frames) in enumerate(about["pages"].items()):
            held = [{"id": f"{place + 1}:{number + 10}", "name": frame} for number, frame in enumerate(frames)]
            pages.append({"id": f"0:{place + 1}", "name": page, "frames": held})
        by = self.company.person(about["by"]).email
        versions = [
            {
                "id": str(4_000_000_000 + number), "created_at": self._ago(about["days"] + number * 1.5), "by": by,
                "label": f"Round {number // 10 + 1}" if number % 10 == 0 else None,
            }
            for number in range(TOLD["versions"].get(name, 3))
        ]  # fmt: skip
        return {
            "key": key, "name": name, "project": project, "by": by, "changed": self._ago(about["days"]),
            "pages": pages, "versions": versions, "components": TOLD["components"].get(name, []),
        }  # fmt: skip

    def _comment(self, state: Json, key: str, told: Json, place: int, parent: str = "") -> None:
        number = self.ident(10, "comment", place, parent, told["text"], alphabet=DIGITS)
        frames = [frame for page in state["files"][key]["pages"] for frame in page["frames"]]
        node = next((frame["id"] for frame in frames if frame["name"] == told.get("frame")), None)
        meta: Json = {"node_id": node, "node_offset": {"x": 12, "y": 40}} if node else {"x": 0, "y": 0}
        if parent:
            meta = state["comments"][parent]["meta"]
        state["comments"][number] = {
            "id": number, "file": key, "by": self.company.person(told["by"]).email, "at": self._ago(told["days"]),
            "text": told["text"], "parent": parent, "meta": meta,
            "resolved": self._ago(told["days"] - 0.5) if told.get("resolved") else None,
        }  # fmt: skip
        for reply in told.get("replies", ()):
            self._comment(state, key, reply, place, number)

    def _ago(self, days: float) -> str:
        return stamp(self.world.now - timedelta(days=days))


def stamp(at: datetime) -> str:
    """A moment as Figma writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
