"""What Box's routes share: errors, who sees what, and how things look on the wire."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor

DIGITS = "0123456789"
ROOT = "0"
SCOPE = "root_readwrite"
NOT_SIGNED_IN = ("unauthenticated", "invalid_token", "expired", "revoked")
CODES = {400: "bad_request", 403: "forbidden", 404: "not_found", 409: "conflict", 412: "precondition_failed"}
ALWAYS = ("id", "type", "etag")
MINI = (*ALWAYS, "sequence_id", "name", "sha1", "file_version")
RIGHTS = ("can_delete", "can_download", "can_invite_collaborator", "can_rename", "can_set_share_access", "can_share")


def refused(status: int, code: str, message: str, **info: Any) -> Refusal:
    """A refusal with Box's code."""
    return Refusal("box", message, status=status, code=code, info=info)


class Enterprise(Vendor):
    """What all routes share."""

    key = "box"
    hosts = ("https://api.box.com", "https://upload.box.com", "https://account.box.com", "https://dl.boxcloud.com")
    oauth = OAuth(
        authorize="/api/oauth2/authorize",
        token="/oauth2/token",
        revoke="/oauth2/revoke",
        is_rotating=True,
    )

    def seed(self) -> Json:
        """Folders and files of `seed.yaml`, and a few people who were let in."""
        state: Json = {"items": {}, "comments": {}, "tasks": {}, "collaborations": {}, "events": []}
        root = self._row("folder", "All Files", None, self.company.people[0].email, 900)
        state["items"]["folder/0"] = root | {"id": ROOT, "teams": ["*"]}
        by_path = {"": ROOT}
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        for path, about in told.items():
            above, _, name = path.rpartition("/")
            owner = self.company.person(about["owner"]).email
            folder = self._row("folder", name, by_path[above], owner, 500) | {"teams": about.get("teams", [])}
            by_path[path] = folder["id"]
            state["items"][f"folder/{folder['id']}"] = folder
            scans = [f"Scan {n:03}.pdf | sanne.visser | {n} | Page {n}." for n in range(1, about.get("scans", 0) + 1)]
            for line in [*about["files"], *scans]:
                title, handle, days, text = (part.strip() for part in line.split("|", 3))
                row = self._row("file", title, folder["id"], self.company.person(handle).email, float(days))
                text = text.replace("\\n", "\n")
                content = text.encode() if title.endswith((".md", ".csv")) else f"%PDF-1.4 {title}".encode()
                row |= {"content": base64.b64encode(content).decode(), "text": text}
                state["items"][f"file/{row['id']}"] = row
        shared = ("Deal rooms/Pinecrest Outfitters", "doug.ferris@pinecrest.example", "viewer")
        for path, login, role in (
            shared,
            ("Deal rooms/Pinecrest Outfitters", "priya.raman@fernwick.example", "editor"),
        ):
            number = self.ident(11, "collaboration", path, login, alphabet="123456789")
            state["collaborations"][number] = {
                "id": number, "item": f"folder/{by_path[path]}", "login": login, "role": role,
                "by": self.company.person("ben.foster").email, "created": self._ago(12),
            }  # fmt: skip
        return state

    def refuse(self, refusal: Refusal) -> Answer:
        """`{type: error, status, code, message, context_info, request_id}`; a 401 has no body."""
        if refusal.kind in NOT_SIGNED_IN:
            said = 'error="invalid_token", error_description="The access token provided is invalid."'
            return Answer(401, None, {"www-authenticate": f'Bearer realm="Service", {said}'})
        if refusal.kind == "rate_limited":
            wait = {"retry-after": str(refusal.detail.get("retry_after", 1))}
            return Answer(429, self._error(429, "too_many_requests", "Request rate limit exceeded."), wait)
        if refusal.kind == "missing_scope":
            said = "The request requires higher privileges than provided by the access token."
            return Answer(403, self._error(403, "insufficient_scope", said))
        if refusal.kind == "server_error":
            return Answer(500, self._error(500, "internal_server_error", "Internal server error"))
        if refusal.kind == "missing":
            name = refusal.detail["name"]
            errors = [{"reason": "missing_parameter", "name": name, "message": f"'{name}' is required"}]
            return Answer(400, self._error(400, "bad_request", "Bad Request", {"errors": errors}))
        status = 404 if refusal.kind == "no_route" else refusal.status
        code = refusal.detail.get("code") or CODES.get(status, "bad_request")
        return Answer(status, self._error(status, code, refusal.message, refusal.detail.get("info")))

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The HMAC of the body and the time, with both keys."""
        stamp = self.now()
        keys = (secret, f"{secret}-secondary")
        made = [
            base64.b64encode(hmac.new(key.encode(), body + stamp.encode(), hashlib.sha256).digest()) for key in keys
        ]
        return {
            "box-delivery-id": self.ident(20, body.decode()), "box-delivery-timestamp": stamp,
            "box-signature-version": "1", "box-signature-algorithm": "HmacSHA256",
            "box-signature-primary": made[0].decode(), "box-signature-secondary": made[1].decode(),
        }  # fmt: skip

    def now(self) -> str:
        """The present moment as Box writes it."""
        return self.world.time().isoformat(timespec="seconds")

    def row(self, call: Call, kind: str, number: str, *, is_trashed: bool = False) -> Json:
        """A file or folder that the caller sees."""
        found: Json | None = self.state["items"].get(f"{kind}/{number}")
        if found is None or not self.sees(call.person, found):
            raise refused(404, "not_found", "Not Found", errors=[{"reason": "invalid_parameter", "name": kind}])
        if found["trashed"] is not is_trashed:
            raise refused(404, "trashed" if found["trashed"] else "not_found", "Item is trashed")
        return found

    def sees(self, person: Person, row: Json) -> bool:
        """The owner, those who were let in, and the teams of the folder above all."""
        chain = [row, *self.above(row)]
        names = {f"{one['type']}/{one['id']}" for one in chain}
        let_in = any(
            one["login"] == person.email and one["item"] in names for one in self.state["collaborations"].values()
        )
        teams = {team for one in chain if one["id"] != ROOT for team in one.get("teams", ())}
        is_root = row["id"] == ROOT or (row["parent"] == ROOT and not row.get("teams"))
        return (
            is_root or let_in or any(one["owner"] == person.email for one in chain) or bool({"*", person.team} & teams)
        )

    def above(self, row: Json) -> list[Json]:
        """The folders over an item, the nearest first."""
        found, parent = [], row["parent"]
        while parent is not None:
            folder = self.state["items"][f"folder/{parent}"]
            found.append(folder)
            parent = folder["parent"]
        return found

    def children(self, folder: str) -> list[Json]:
        """What lies in a folder, subfolders first."""
        rows = [row for row in self.state["items"].values() if row["parent"] == folder and not row["trashed"]]
        return sorted(rows, key=lambda row: (row["type"] != "folder", row["name"].lower()))

    def shown(self, call: Call, row: Json, default: Iterable[str] = ()) -> Json:
        """An item as it goes out, with the fields that were asked for."""
        whole = self._whole(row)
        asked = str(call.query.get("fields") or "").split(",") if call.query.get("fields") else list(default)
        if "representations" in asked and row["type"] == "file":
            whole["representations"] = self._representations(call, row)
        return {name: value for name, value in whole.items() if not asked or name in (*ALWAYS, *asked)}

    def user(self, email: str) -> Json:
        """A user in brief; people from outside too."""
        person = self.company.by_email.get(email)
        number = self.ident(10, "user", email, alphabet="123456789")
        return {"type": "user", "id": number, "name": person.name if person else email, "login": email}

    def touch(self, row: Json, call: Call, event: str) -> None:
        """Count the version up and keep the event."""
        row |= {"modified": self.now(), "modified_by": call.person.email, "version": row["version"] + 1}
        number = f"{len(self.state['events']) + 1:08}"
        self.state["events"].append(
            {"id": number, "type": event, "item": f"{row['type']}/{row['id']}", "at": self.now()}
        )

    def tell(self, call: Call, trigger: str, source: Json) -> None:
        """Deliver a webhook."""
        number = self.ident(24, "event", self.count("event"))
        self.emit(
            {
                "type": "webhook_event", "id": number, "created_at": self.now(), "trigger": trigger,
                "webhook": {"id": "5151", "type": "webhook"}, "created_by": self.user(call.person.email),
                "source": source, "additional_info": [],
            }
        )  # fmt: skip

    def fresh(self, kind: str) -> str:
        """A new id."""
        return self.ident(12, kind, "new", self.count(kind), alphabet="123456789")

    def _whole(self, row: Json) -> Json:
        above = self.above(row)
        path = [self._brief(one) for one in reversed(above)]
        sequence = str(row["version"])
        found: Json = {
            "type": row["type"], "id": row["id"], "etag": sequence, "sequence_id": sequence, "name": row["name"],
            "size": self._size(row), "created_at": row["created"], "modified_at": row["modified"], "description": "",
            "trashed_at": self.now() if row["trashed"] else None, "purged_at": None,
            "path_collection": {"total_count": len(path), "entries": path},
            "parent": self._brief(above[0]) if above else None, "owned_by": self.user(row["owner"]),
            "created_by": self.user(row["owner"]), "modified_by": self.user(row["modified_by"]),
            "shared_link": self._link(row), "item_status": "trashed" if row["trashed"] else "active",
        }  # fmt: skip
        if row["type"] == "file":
            digest = hashlib.sha1(row["content"].encode()).hexdigest()  # noqa: S324 - Box's own checksum
            version = {"type": "file_version", "id": str(int(row["id"]) + row["version"]), "sha1": digest}
            found |= {"sha1": digest, "file_version": version, "extension": row["name"].rpartition(".")[2]}
        return found

    def _brief(self, row: Json) -> Json:
        sequence = None if row["id"] == ROOT else str(row["version"])
        return {
            "type": "folder", "id": row["id"], "sequence_id": sequence, "etag": sequence, "name": row["name"],
        }  # fmt: skip

    def _link(self, row: Json) -> Json | None:
        link = row["shared_link"]
        if link is None:
            return None
        return {
            "url": f"https://{self.company.slug}.app.box.com/s/{self.ident(32, 'link', row['id']).lower()}",
            "download_url": None, "vanity_url": None, "vanity_name": None, "access": link["access"],
            "effective_access": link["access"], "effective_permission": "can_download",
            "unshared_at": link.get("unshared_at"), "is_password_enabled": bool(link.get("password")),
            "permissions": {"can_download": True, "can_preview": True, "can_edit": False},
            "download_count": 0, "preview_count": 0,
        }  # fmt: skip

    def _size(self, row: Json) -> int:
        if row["type"] == "file":
            return len(base64.b64decode(row["content"]))
        return sum(self._size(one) for one in self.children(row["id"]))

    def _representations(self, call: Call, row: Json) -> Json:
        if "extracted_text" not in call.headers.get("x-rep-hints", ""):
            return {"entries": []}
        place = f"http://{call.headers['host']}/{self.key}"
        entry = {
            "representation": "extracted_text", "properties": {}, "info": {"url": f"{place}/2.0/internal_files"},
            "status": {"state": "success" if row["text"] else "none"},
            "content": {"url_template": f"{place}/representations/{row['id']}/extracted_text/{{+asset_path}}"},
        }  # fmt: skip
        return {"entries": [entry]}

    def _row(self, kind: str, name: str, parent: str | None, owner: str, days: float) -> Json:
        number = self.ident(12, kind, parent, name, alphabet="123456789")
        return {
            "type": kind, "id": number, "name": name, "parent": parent, "owner": owner, "created": self._ago(days + 1),
            "modified": self._ago(days), "modified_by": owner, "version": 0, "trashed": False, "shared_link": None,
            "text": "", "content": "",
        }  # fmt: skip

    def _ago(self, days: float) -> str:
        at: datetime = self.world.now - timedelta(days=days)
        return at.isoformat(timespec="seconds")

    def _error(self, status: int, code: str, message: str, info: Any = None) -> Json:
        return {
            "type": "error", "status": status, "code": code, "message": message, "context_info": info or None,
            "help_url": "http://developers.box.com/docs/#errors",
           
            "request_id": self.ident(16, "request", message).lower(),
        }  # fmt: skip
