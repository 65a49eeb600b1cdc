"""What the routes share: mailboxes, folders, how a mail looks, the seed."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

import yaml

from sandbox.company import Person
from sandbox.exchange import Call, Json
from sandbox.microsoft import Graph, refused, stamp
from sandbox.vendors.outlook.series import seed_events

REPORTS = 60
WELL_KNOWN = {
    "inbox": "Inbox", "drafts": "Drafts", "sentitems": "Sent Items", "deleteditems": "Deleted Items",
    "junkemail": "Junk Email", "archive": "Archive", "outbox": "Outbox",
}  # fmt: skip
READ, WRITE = "Mail.Read Mail.ReadWrite", "Mail.ReadWrite"


class Base(Graph):
    """Mailboxes of one tenant."""

    denied: ClassVar[tuple[str, str]] = (
        "ErrorAccessDenied",
        "Access is denied. Check credentials and try again.",
    )

    def seed(self) -> Json:
        """Mails of two people, the story's meetings."""
        state: Json = {
            "folders": {}, "messages": {}, "events": {}, "settings": {}, "sequence": 0, "log": [],
        }  # fmt: skip
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        for handle, names in told["folders"].items():
            owner = self.company.person(handle).email
            for path in names:
                above, _, name = path.rpartition("/")
                parent = self.folder_id(owner, above) if above else "msgfolderroot"
                state["folders"][self.folder_id(owner, path)] = {"name": name, "parent": parent, "owner": owner}
        for handle, lines in told["mails"].items():
            for place, line in enumerate(lines):
                self._seeded(state, self.company.person(handle), place, line)
        dana = self.company.person("dana.whitlock")
        for number in range(1, REPORTS + 1):
            line = f"{30 + number} | ravi.menon | dana.whitlock | Build reports | | Build report {number} | All green."
            self._seeded(state, dana, 100 + number, line)
        state["events"] = seed_events(self.world.story, self.ident_of)
        return state

    def _seeded(self, state: Json, owner: Person, place: int, line: str) -> None:
        days, sender, to, folder, marks, subject, text = (part.strip() for part in line.split("|"))
        at = stamp(self.world.now - timedelta(days=float(days)))
        signs = [mark.strip() for mark in marks.split(",") if mark.strip()]
        files = [mark.removeprefix("file:").partition("=") for mark in signs if mark.startswith("file:")]
        row = {
            "id": self.ident_of("mail", owner.email, place, subject), "owner": owner.email,
            "folder": self.folder_id(owner.email, folder), "subject": subject, "text": text,
            "from": self.party(sender), "to": [self.party(one) for one in to.split(",")], "cc": [], "bcc": [],
            "thread": self.ident_of("thread", subject), "at": at, "created": at, "draft": folder == "drafts",
            "read": "unread" not in signs, "importance": "high" if "high" in signs else "normal",
            "flag": "flagged" if "flagged" in signs else "notFlagged",
            "files": [
                {"name": name, "type": "text/markdown", "content": base64.b64encode(body.encode()).decode()}
                for name, _, body in files
            ],
        }  # fmt: skip
        state["messages"][row["id"]] = row

    # ids and people

    def ident_of(self, *parts: object) -> str:
        """An id as Outlook's immutable ones look."""
        return "AAkALgAA" + self.ident(52, *parts)

    def folder_id(self, owner: str, name: str) -> str:
        """The id of a folder of a mailbox; the well-known names stand for their own."""
        return "AQMkAGFol" + self.ident(40, "folder", owner, name.lower())

    def party(self, text: str) -> Json:
        """Somebody as `handle`, `address` or `address; Name`."""
        where, _, name = (part.strip() for part in text.partition(";"))
        if "@" not in where:
            where = f"{where}@{self.company.domain}"
        known = self.company.by_email.get(where)
        return {"name": name or (known.name if known else where), "address": where}

    def named(self, row: Any) -> Json:
        """A recipient of a body, with the name that the directory has."""
        told = (row or {}).get("emailAddress") or {}
        where = str(told.get("address") or "").lower()
        known = self.company.by_email.get(where)
        return {"name": known.name if known else str(told.get("name") or where), "address": where}

    # folders

    def folders(self, owner: str) -> list[Json]:
        """The folders of a mailbox, as they are shown."""
        rows = [(self.folder_id(owner, key), name, "msgfolderroot") for key, name in WELL_KNOWN.items()]
        rows += [
            (number, row["name"], row["parent"])
            for number, row in self.state["folders"].items()
            if row["owner"] == owner
        ]
        mails = [row for row in self.state["messages"].values() if row["owner"] == owner]
        return [
            {
                "id": number, "displayName": name, "parentFolderId": parent, "isHidden": False,
                "childFolderCount": sum(other[2] == number for other in rows),
                "totalItemCount": sum(row["folder"] == number for row in mails),
                "unreadItemCount": sum(row["folder"] == number and not row["read"] for row in mails),
            }
            for number, name, parent in rows
        ]  # fmt: skip

    def folder(self, call: Call, name: str = "") -> Json:
        """A folder of the caller's by id or well-known name."""
        wanted = str(name or call.params["folder"])
        wanted = self.folder_id(call.person.email, wanted) if wanted.lower() in WELL_KNOWN else wanted
        found = next((one for one in self.folders(call.person.email) if one["id"] == wanted), None)
        if found is None:
            raise refused(404, "ErrorItemNotFound", "The specified folder could not be found in the store.")
        return found

    # mails

    def mail(self, call: Call) -> Json:
        """The mail of the path."""
        found: Json | None = self.state["messages"].get(str(call.params["message"]))
        if found is None or found["owner"] != call.person.email:
            raise refused(404, "ErrorItemNotFound", "The specified object was not found in the store.")
        return found

    def shown(self, row: Json, call: Call) -> Json:
        """A mail on the wire; its body as the caller prefers it."""
        text = row["text"]
        wants_text = 'body-content-type="text"' in call.headers.get("prefer", "")
        kind = "text" if wants_text else "html"
        body = text if wants_text else "<html><body>" + text.replace("\n", "<br>\r\n") + "</body></html>"
        return {
            "id": row["id"], "createdDateTime": row["created"], "lastModifiedDateTime": row["at"],
            "changeKey": "CQAAABYA",
            "categories": [], "receivedDateTime": row["at"], "sentDateTime": row["at"],
            "hasAttachments": bool(row["files"]), "internetMessageId": f"<{row['id'][-20:]}@fernwick.example>",
            "subject": row["subject"], "bodyPreview": text[:255], "importance": row["importance"],
            "parentFolderId": row["folder"], "conversationId": row["thread"], "isRead": row["read"],
            "isDraft": row["draft"], "webLink": f"https://outlook.office365.com/owa/?ItemID={row['id']}&viewmodel=ReadMessageItem",
            "inferenceClassification": "focused", "body": {"contentType": kind, "content": body},
            "sender": {"emailAddress": row["from"]}, "from": {"emailAddress": row["from"]},
            "toRecipients": [{"emailAddress": one} for one in row["to"]],
            "ccRecipients": [{"emailAddress": one} for one in row["cc"]],
            "bccRecipients": [{"emailAddress": one} for one in row["bcc"]], "replyTo": [],
            "flag": {"flagStatus": row["flag"]},
        }  # fmt: skip

    def touched(self, row: Json, change: str, was: str = "") -> None:
        """Tell delta queries and subscribers of a mail that came, changed, moved or went."""
        self.log(
            kind="message", id=row["id"], owner=row["owner"], folders=sorted({row["folder"], was or row["folder"]})
        )
        person = self.company.by_email[row["owner"]]
        self.notify(change, f"Users/{self.user_id(person)}/Messages/{row['id']}", "Message", row["id"])

    def zone_of(self, call: Call) -> ZoneInfo:
        """The caller's own time zone."""
        return ZoneInfo(call.person.time_zone)
