"""What all of Gmail's resources share: whose mailbox, how a message looks, what is sent and who gets it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from email import message_from_bytes
from email.policy import default
from email.utils import formataddr, getaddresses
from typing import Any, cast

from sandbox.exchange import Call, Json
from sandbox.google import OAUTH, Google, refused
from sandbox.vendors.gmail.query import fits, header
from sandbox.vendors.gmail.seed import HEX, SYSTEM, seed_gmail

SCOPE = "https://www.googleapis.com/auth/gmail."
FULL = "https://mail.google.com/"
READ = f"{FULL} {SCOPE}modify {SCOPE}readonly"
MODIFY = f"{SCOPE}modify {FULL}"
SEND = f"{SCOPE}modify {FULL} {SCOPE}compose {SCOPE}send"
COMPOSE = f"{SCOPE}modify {FULL} {SCOPE}compose"
LABELS = f"{SCOPE}modify {FULL} {SCOPE}labels"
BASE = "/gmail/v1/users/{user}"
MOST_BYTES = 36_700_160


class Base(Google):
    """Gmail of one Workspace."""

    hosts = ("https://gmail.googleapis.com", *OAUTH)

    def seed(self) -> Json:
        """Messages, drafts, labels."""
        return seed_gmail(self.world.story)

    def owner(self, call: Call) -> str:
        """Whose mailbox the path names: only one's own can be opened."""
        user = str(call.params["user"])
        if user not in ("me", call.person.email):
            raise refused(403, "forbidden", f"Delegation denied for {call.person.email}")
        return call.person.email

    def message(self, call: Call, number: str) -> Json:
        """A message of the caller's mailbox."""
        found: Json | None = self.state["messages"].get(number)
        if found is None or found["owner"] != self.owner(call):
            raise refused(404, "notFound", "Requested entity was not found.")
        return found

    def own(self, call: Call) -> list[Json]:
        """The caller's messages, newest first."""
        owner = self.owner(call)
        mine = [one for one in self.state["messages"].values() if one["owner"] == owner]
        return sorted(mine, key=lambda one: (-int(one["internalDate"]), one["id"]))

    def sought(self, call: Call) -> list[Json]:
        """The caller's messages that the query wants; spam and trash only when they are named."""
        query, ids, owner = str(call.get("q") or ""), call.many("labelIds"), self.owner(call)
        labels = {one["name"].lower(): one["id"] for one in self.state["labels"].get(owner, [])}
        hidden = {"TRASH", "SPAM"} - {*ids}
        if call.flag("includeSpamTrash") or any(word in query for word in ("in:trash", "in:spam", "in:anywhere")):
            hidden = set()
        now = self.world.time().timestamp()
        return [
            one
            for one in self.own(call)
            if not hidden & {*one["labelIds"]} and {*ids} <= {*one["labelIds"]} and fits(one, query, now, labels)
        ]

    def brief(self, message: Json) -> Json:
        """What a list gives of a message."""
        return {"id": message["id"], "threadId": message["threadId"]}

    def payload(self, message: Json, form: str, wanted: Iterable[str] = ()) -> Json:
        """A message in one of Gmail's formats."""
        text = message["text"] or message["html"]
        shown: Json = {
            **self.brief(message), "labelIds": list(message["labelIds"]), "snippet": " ".join(text.split())[:120],
            "historyId": message["historyId"], "internalDate": message["internalDate"], "sizeEstimate": len(text) + 900,
        }  # fmt: skip
        if form == "minimal":
            return shown
        names = {name.lower() for name in wanted}
        headers = [
            {"name": name, "value": value}
            for name, value in message["headers"]
            if form == "full" or not names or name.lower() in names
        ]
        if form == "metadata":
            return shown | {"payload": {"mimeType": "text/plain", "headers": headers}}
        return shown | {"payload": {"partId": "", "filename": "", "headers": headers, **self._parts(message)}}

    def _parts(self, message: Json) -> Json:
        said = [
            {"partId": "0", "mimeType": kind, "filename": "", "headers": [], "body": _body(message[name].encode())}
            for name, kind in (("text", "text/plain"), ("html", "text/html"))
            if message[name] or (name == "text" and not message["html"])
        ]
        if not message["files"]:
            return {"mimeType": said[0]["mimeType"], "body": said[0]["body"]}
        held = [
            {
                "partId": str(place), "mimeType": one["type"], "filename": one["name"], "headers": [],
                "body": {"attachmentId": self.file_id(message, place), "size": len(one["data"]) * 3 // 4},
            }
            for place, one in enumerate(message["files"], 1)
        ]  # fmt: skip
        return {"mimeType": "multipart/mixed", "body": {"size": 0}, "parts": [*said, *held]}

    def file_id(self, message: Json, place: int) -> str:
        """The id of an attachment."""
        return f"ANGjdJ{self.ident(40, message['id'], place)}"

    def parsed(self, call: Call, body: Any) -> tuple[Json, str]:
        """A message out of `raw`, and the conversation that it is to join."""
        raw = str((body or {}).get("raw") or "")
        try:
            content = base64.urlsafe_b64decode(raw + "=" * (-len(raw) % 4))
        except (binascii.Error, ValueError):
            raise refused(400, "invalidArgument", "Invalid value for ByteString") from None
        if not content or len(content) > MOST_BYTES:
            raise refused(400, "invalidArgument", "'raw' RFC822 payload message string is required.")
        mail = message_from_bytes(content, policy=default)
        thread = str((body or {}).get("threadId") or "")
        if thread and not any(one["threadId"] == thread for one in self.own(call)):
            raise refused(404, "notFound", "Requested entity was not found.")
        person, now = call.person, self.world.time()
        names = {"To", "Cc", "Bcc", "Subject", "In-Reply-To", "References"}
        headers = [["From", formataddr((person.name, person.email))]]
        headers += [[name, str(value)] for name, value in mail.items() if name in names]
        headers += [["Date", f"{now:%a, %d %b %Y %H:%M:%S} +0000"]]
        headers += [["Message-ID", f"<{self.ident(24, 'mid', self.count('mail'))}@mail.gmail.com>"]]
        text, files = mail.get_body(("plain",)), list(mail.iter_attachments())
        return {
            "headers": headers, "text": text.get_content().rstrip("\n") if text else "", "html": "",
            "files": [
                {
                    "name": one.get_filename() or "", "type": one.get_content_type(),
                    "data": base64.urlsafe_b64encode(cast(bytes, one.get_payload(decode=True))).decode(),
                }
                for one in files
            ],
            "internalDate": str(int(now.timestamp() * 1000)),
        }, thread  # fmt: skip

    def put(self, owner: str, mail: Json, labels: Iterable[str], thread: str = "") -> Json:
        """Lay a message into a mailbox."""
        number = self.ident(16, owner, "new", self.count("message"), alphabet=HEX)
        message = {"id": number, "threadId": thread or number, "owner": owner, "labelIds": sorted(labels), **mail}
        self.state["messages"][number] = message
        self.note(message, "messagesAdded")
        return message

    def send_off(self, call: Call, mail: Json, thread: str) -> Json:
        """Send a message: one's own copy, and one for each colleague it is to."""
        every = [value for name, value in mail["headers"] if name in ("To", "Cc", "Bcc")]
        people = {address.lower() for _, address in getaddresses(every)}
        if not people:
            raise refused(400, "invalidArgument", "Recipient address required")
        if wrong := [one for one in people if "@" not in one]:
            raise refused(400, "invalidArgument", f"Invalid To header: {wrong[0]}")
        me = call.person.email
        sent = self.put(me, mail, {"SENT", *({"INBOX", "UNREAD"} if me in people else ())}, thread)
        mark = header(sent, "In-Reply-To")
        seen = [[name, value] for name, value in mail["headers"] if name != "Bcc"]
        for address in sorted((people - {me}) & {*self.company.by_email}):
            known = (
                one["threadId"]
                for one in self.state["messages"].values()
                if mark and one["owner"] == address and header(one, "Message-ID") == mark
            )
            self.put(address, {**mail, "headers": seen}, {"INBOX", "UNREAD"}, next(known, ""))
        self.push(me)
        return sent

    def relabel(self, message: Json, add: Iterable[str], remove: Iterable[str]) -> None:
        """Change the labels of a message."""
        known = {*SYSTEM, *(one["id"] for one in self.state["labels"].get(message["owner"], []))}
        if wrong := [one for one in (*add, *remove) if one not in known]:
            raise refused(400, "invalidArgument", f"Invalid label: {wrong[0]}")
        before = {*message["labelIds"]}
        message["labelIds"] = sorted((before | {*add}) - {*remove})
        self.note(message, "labelsAdded", [*add]) if add else self.note(message, "labelsRemoved", [*remove])

    def note(self, message: Json, kind: str, labels: list[str] | None = None) -> None:
        """Write down in the history what happened to a message."""
        self.state["historyId"] += 7
        message["historyId"] = str(self.state["historyId"])
        row = {"id": message["historyId"], "owner": message["owner"], "kind": kind, "labels": labels}
        self.state["history"].append({**row, "message": {**self.brief(message), "labelIds": list(message["labelIds"])}})

    def push(self, owner: str) -> None:
        """Tell whoever watches that a mailbox changed."""
        self.publish({"emailAddress": owner, "historyId": self.state["historyId"]})


def _body(content: bytes) -> Json:
    return {"size": len(content), "data": base64.urlsafe_b64encode(content).decode()}
