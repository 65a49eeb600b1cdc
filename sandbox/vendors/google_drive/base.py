"""What all of Drive's resources share: who may do what with a file, and how it looks."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json
from sandbox.google import OAUTH, Google, refused
from sandbox.vendor import Endpoint, Handler
from sandbox.vendors.google_drive.query import chosen
from sandbox.vendors.google_drive.seed import GOOGLE, root_id, seed_drive, stamp

SCOPE = "https://www.googleapis.com/auth/drive"
WRITE = f"{SCOPE} {SCOPE}.file"
READ = f"{WRITE} {SCOPE}.readonly {SCOPE}.metadata.readonly"
BASE = "/drive/v3"
RANK = ["", "reader", "commenter", "writer", "owner"]
FEW = "kind,id,name,mimeType"
LINKS = {"document": "document", "spreadsheet": "spreadsheets", "presentation": "presentation"}
EXPORTS = {
    "document": ("text/plain", "text/markdown", "application/pdf"),
    "spreadsheet": ("text/csv", "application/pdf"),
    "presentation": ("text/plain", "application/pdf"),
}


class Base(Google):
    """Drive of one Workspace."""

    hosts = ("https://www.googleapis.com/drive", "https://www.googleapis.com/upload/drive", *OAUTH)

    def seed(self) -> Json:
        """Files, comments, changes."""
        return seed_drive(self.world.story)

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """Nothing is signed: the channel's token is repeated."""
        return {
            "x-goog-channel-id": "channel-1", "x-goog-channel-token": secret,
            "x-goog-message-number": str(about.get("number", 1)), "x-goog-resource-id": "o3hgv1538sdjfh",
            "x-goog-resource-state": str(about.get("state", "update")),
            "x-goog-resource-uri": f"https://www.googleapis.com/drive/v3/files/{about.get('file', '')}?alt=json",
        }  # fmt: skip

    def answer(self, call: Call, endpoint: Endpoint, handler: Handler) -> Answer:
        """An answer holds only the fields that were asked for."""
        made = super().answer(call, endpoint, handler)
        fields = str(call.query.get("fields") or "")
        if isinstance(made.body, dict) and (fields or "mimeType" in made.body):
            return Answer(made.status, chosen(made.body, fields or FEW), made.headers)
        return made

    def role(self, person: Person, file: Json, by_link: bool = True) -> str:
        """What a person may do with a file, and what is found without its link."""
        best = ""
        for one in file["permissions"]:
            mine = one.get("emailAddress") == person.email or one["type"] == "domain"
            if (mine or (by_link and one["type"] == "anyone")) and RANK.index(one["role"]) > RANK.index(best):
                best = str(one["role"])
        return best

    def file(self, call: Call, number: str = "", least: str = "reader") -> Json:
        """A file that the caller may at least see; one that they may not is not there."""
        number = number or str(call.params["file"])
        if number in ("root", root_id(call.person.email)):
            return self.root(call.person)
        found: Json | None = self.state["files"].get(number)
        role = self.role(call.person, found) if found else ""
        if found is None or not role:
            raise refused(404, "notFound", f"File not found: {number}.")
        if RANK.index(role) < RANK.index(least):
            said = "The user does not have sufficient permissions for this file."
            raise refused(403, "insufficientFilePermissions", said)
        return found

    def root(self, person: Person) -> Json:
        """A person's My Drive."""
        return {
            "id": root_id(person.email), "name": "My Drive", "mimeType": f"{GOOGLE}folder", "parents": [],
            "owner": person.email, "createdTime": "2021-01-04T09:00:00.000Z", "permissions": [], "trashed": False,
            "modifiedTime": "2021-01-04T09:00:00.000Z", "content": "", "version": 1,
        }  # fmt: skip

    def shown(self, call: Call, file: Json) -> Json:
        """A file as the caller sees it."""
        kind, mine = str(file["mimeType"]).removeprefix(GOOGLE), file["owner"] == call.person.email
        is_google = kind != file["mimeType"]
        url = f"https://drive.google.com/file/d/{file['id']}/view?usp=drivesdk"
        if kind == "folder":
            url = f"https://drive.google.com/drive/folders/{file['id']}"
        elif kind in LINKS:
            url = f"https://docs.google.com/{LINKS[kind]}/d/{file['id']}/edit?usp=drivesdk"
        seen: Json = {
            "kind": "drive#file", **{name: file[name] for name in ("id", "name", "mimeType", "trashed")},
            **{name: file[name] for name in ("createdTime", "modifiedTime")}, "version": str(file["version"]),
            "webViewLink": url, "owners": [self.user(file["owner"], call)], "ownedByMe": mine,
            "shared": len(file["permissions"]) > 1,
        }  # fmt: skip
        above = [one for one in file["parents"] if mine or one in self.state["files"]]
        seen |= {"parents": above} if above else {}
        if not is_google:
            seen |= {"size": str(len(base64.b64decode(file["content"])))}
            seen |= {"webContentLink": f"https://drive.google.com/uc?id={file['id']}&export=download"}
        elif kind in EXPORTS:
            there = f"https://docs.google.com/feeds/download/{LINKS[kind]}/Export?id={file['id']}"
            seen["exportLinks"] = {one: f"{there}&exportFormat={one.rpartition('/')[2]}" for one in EXPORTS[kind]}
        return seen

    def user(self, email: str, call: Call) -> Json:
        """A person in another resource."""
        person = self.company.by_email.get(email)
        name = person.name if person else email
        return {"kind": "drive#user", "displayName": name, "me": email == call.person.email, "emailAddress": email}

    def touch(self, file: Json, state: str = "update", **fields: Any) -> None:
        """Keep a changed file, write the change down, and tell whoever watches."""
        file |= {**fields, "version": file["version"] + 1}
        file["permissions"].sort(key=lambda one: str(one["id"]))
        self.state["files"][file["id"]] = file
        self.log(file, state)

    def log(self, file: Json, state: str) -> None:
        """Write a change down."""
        number = self.count("change", 5001)
        row = {"number": number, "file": file["id"], "at": self.now(), "removed": state == "remove"}
        self.state["changes"].append(row)
        self.emit("", number=number, state=state, file=file["id"])

    def now(self) -> str:
        """The present moment as Drive writes it."""
        return stamp(self.world.time())

    def text(self, file: Json) -> str:
        """What a file says."""
        return base64.b64decode(file["content"]).decode(errors="replace")


def moment(text: str) -> datetime:
    """A moment of the state."""
    return datetime.fromisoformat(text).astimezone(UTC)
