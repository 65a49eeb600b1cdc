"""Routes for mail: lists, search, drafts, sending, folders, the automatic reply, people."""

from __future__ import annotations

import re
from copy import deepcopy
from datetime import datetime
from typing import Any

from sandbox.exchange import Answer, Call, Json
from sandbox.microsoft import refused, stamp
from sandbox.vendor import route
from sandbox.vendors.outlook.base import READ, WRITE, Base

_TERM = re.compile(r"(\w+)(>=|<=|<|>|[:=])(\S+)|(\S+)")
_RULE = re.compile(
    r"contains\((?P<name>[\w/]+),'(?P<text>(?:[^']|'')*)'\)"
    r"|(?P<path>[\w/]+) (?P<op>eq|ge|le|gt|lt) (?P<value>'(?:[^']|'')*'|\S+)"
)
_PATHS = {
    "receivedDateTime": "at", "isRead": "read", "isDraft": "draft", "subject": "subject", "importance": "importance",
    "conversationId": "thread",
}  # fmt: skip
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
SETTINGS = "MailboxSettings.Read MailboxSettings.ReadWrite"
OFF = {
    "status": "disabled", "externalAudience": "none", "internalReplyMessage": "", "externalReplyMessage": "",
    "scheduledStartDateTime": {"dateTime": "2026-01-01T00:00:00.0000000", "timeZone": "UTC"},
    "scheduledEndDateTime": {"dateTime": "2026-01-02T00:00:00.0000000", "timeZone": "UTC"},
}  # fmt: skip


class Mail(Base):
    """Mail."""

    @route("GET", "/v1.0/me", scope="User.Read")
    def me(self, call: Call) -> Json:
        """Who is signed in."""
        return self.user(call.person)

    @route("GET", "/v1.0/me/people", scope="People.Read")
    def list_people(self, call: Call) -> Json:
        """Colleagues and whoever one writes with, the more relevant first."""
        words = str(call.get("$search") or "").strip('"').lower().split()
        known = {person.email: person.name for person in self.company.people}
        for row in self.state["messages"].values():
            if row["owner"] == call.person.email:
                known |= {
                    one["address"]: one["name"] for one in (row["from"], *row["to"]) if one["address"] not in known
                }
        found = [
            {
                "id": self.number("person", where), "displayName": name, "userPrincipalName": where,
                "scoredEmailAddresses": [{"address": where, "relevanceScore": 10.0}],
            }
            for where, name in known.items()
            if all(any(part.startswith(word) for part in f"{name} {where}".lower().split()) for word in words)
        ]  # fmt: skip
        return self.paged(call, found)

    # reading

    @route("GET", "/v1.0/me/messages", scope=READ)
    def list_messages(self, call: Call) -> Json:
        """Mails of all folders."""
        return self._found(call, [row for row in self.state["messages"].values() if row["owner"] == call.person.email])

    @route("GET", "/v1.0/me/mailFolders/{folder}/messages", scope=READ)
    def list_in_folder(self, call: Call) -> Json:
        """Mails of one folder."""
        number = self.folder(call)["id"]
        return self._found(call, [row for row in self.state["messages"].values() if row["folder"] == number])

    @route("GET", "/v1.0/me/messages/{message}", scope=READ)
    def get_message(self, call: Call) -> Json:
        """One mail."""
        return self.shown(self.mail(call), call)

    @route("GET", "/v1.0/me/messages/{message}/attachments", scope=READ)
    def list_attachments(self, call: Call) -> Json:
        """The files of a mail."""
        row = self.mail(call)
        return self.paged(call, [
            {
                "@odata.type": "#microsoft.graph.fileAttachment", "id": f"{row['id']}-{place}", "name": one["name"],
                "contentType": one["type"], "size": len(one["content"]) * 3 // 4, "isInline": False,
            }
            for place, one in enumerate(row["files"])
        ])  # fmt: skip

    @route("GET", "/v1.0/me/mailFolders/{folder}/messages/delta", scope=READ)
    def changed_messages(self, call: Call) -> Json:
        """All mails of a folder, then what changed in it."""
        number, since = self.folder(call)["id"], self.since(call)
        rows = self.state["messages"]
        if since is None:
            found = [self.shown(row, call) for row in rows.values() if row["folder"] == number]
            return self.delta(call, found)
        touched = [one["id"] for one in self.state["log"] if one["n"] > since and number in one.get("folders", ())]
        return self.delta(call, [
            self.shown(rows[one], call) if rows.get(one, {}).get("folder") == number
            else {"id": one, "@removed": {"reason": "deleted"}}
            for one in dict.fromkeys(touched)
        ])  # fmt: skip

    @route("GET", "/v1.0/me/mailFolders", scope=READ)
    def list_folders(self, call: Call) -> Json:
        """The folders at the top."""
        found = [one for one in self.folders(call.person.email) if one["parentFolderId"] == "msgfolderroot"]
        return self.paged(call, found)

    @route("GET", "/v1.0/me/mailFolders/{folder}", scope=READ)
    def get_folder(self, call: Call) -> Json:
        """One folder, by id or well-known name."""
        return self.folder(call)

    @route("GET", "/v1.0/me/mailFolders/{folder}/childFolders", scope=READ)
    def list_child_folders(self, call: Call) -> Json:
        """The folders in a folder."""
        number = self.folder(call)["id"]
        return self.paged(call, [one for one in self.folders(call.person.email) if one["parentFolderId"] == number])

    # writing

    @route("POST", "/v1.0/me/messages", scope=WRITE)
    def create_message(self, call: Call) -> Answer:
        """A draft."""
        row = self._draft(call, {})
        self._fill(row, call.body if isinstance(call.body, dict) else {})
        return self._made(row, call)

    @route("POST", "/v1.0/me/messages/{message}/createReply", scope=WRITE)
    def create_reply(self, call: Call) -> Answer:
        """A draft that answers the sender."""
        return self._answer(call, "RE: ", [self.mail(call)["from"]], [])

    @route("POST", "/v1.0/me/messages/{message}/createReplyAll", scope=WRITE)
    def create_reply_all(self, call: Call) -> Answer:
        """A draft that answers everybody."""
        row, own = self.mail(call), call.person.email
        to = [one for one in (row["from"], *row["to"]) if one["address"] != own]
        return self._answer(call, "RE: ", to, [one for one in row["cc"] if one["address"] != own])

    @route("POST", "/v1.0/me/messages/{message}/createForward", scope=WRITE)
    def create_forward(self, call: Call) -> Answer:
        """A draft that passes a mail on, with its files."""
        to = [self.named(one) for one in call.get("ToRecipients") or []]
        return self._answer(call, "FW: ", to, [], files=deepcopy(self.mail(call)["files"]))

    @route("POST", "/v1.0/me/messages/{message}/send", scope="Mail.Send")
    def send(self, call: Call) -> Answer:
        """Send a draft: it goes to Sent Items, and into the inboxes of colleagues."""
        row = self.mail(call)
        everybody = [*row["to"], *row["cc"], *row["bcc"]]
        if not row["draft"]:
            raise refused(400, "ErrorInvalidOperation", "The message was sent already.")
        if not everybody:
            raise refused(
                400,
                "ErrorInvalidRecipients",
                "At least one recipient isn't valid., A message can't be sent because it contains no recipients.",
            )
        was, row["folder"] = row["folder"], self.folder_id(row["owner"], "sentitems")
        row |= {"draft": False, "at": stamp(self.world.time()), "read": True}
        self.touched(row, "updated", was)
        for one in everybody:
            if one["address"] in self.company.by_email and one["address"] != row["owner"]:
                number = self.ident_of("mail", "sent", row["id"], one["address"])
                inbox = self.folder_id(one["address"], "inbox")
                copy = deepcopy(row) | {
                    "id": number,
                    "owner": one["address"],
                    "folder": inbox,
                    "read": False,
                    "bcc": [],
                }
                self.state["messages"][number] = copy
        return Answer(202)

    @route("PATCH", "/v1.0/me/messages/{message}", scope=WRITE)
    def update_message(self, call: Call) -> Json:
        """Change a draft, or whether a mail is read."""
        row, body = self.mail(call), call.body if isinstance(call.body, dict) else {}
        row["read"] = bool(body.get("isRead", row["read"]))
        if row["draft"]:
            self._fill(row, body)
        self.touched(row, "updated")
        return self.shown(row, call)

    @route("POST", "/v1.0/me/messages/{message}/move", scope=WRITE)
    def move(self, call: Call) -> Answer:
        """Put a mail into another folder."""
        row, folder = self.mail(call), self.folder(call, str(call.need("DestinationId")))
        was, row["folder"] = row["folder"], folder["id"]
        self.touched(row, "updated", was)
        return Answer(201, self.shown(row, call))

    @route("DELETE", "/v1.0/me/messages/{message}", scope=WRITE)
    def delete(self, call: Call) -> None:
        """Into Deleted Items; from there for good."""
        row = self.mail(call)
        was, bin_ = row["folder"], self.folder_id(row["owner"], "deleteditems")
        row["folder"] = bin_
        if was == bin_:
            del self.state["messages"][row["id"]]
        self.touched(row, "deleted", was)

    # settings

    @route("GET", "/v1.0/me/mailboxSettings", scope=SETTINGS)
    def get_settings(self, call: Call) -> Json:
        """The settings of a mailbox."""
        reply = self.state["settings"].get(call.person.email, OFF)
        return {"timeZone": call.person.time_zone, "automaticRepliesSetting": reply}

    @route("PATCH", "/v1.0/me/mailboxSettings", scope="MailboxSettings.ReadWrite")
    def update_settings(self, call: Call) -> Json:
        """Change the automatic reply."""
        told = call.get("automaticRepliesSetting") or {}
        made = {**OFF, **self.state["settings"].get(call.person.email, {}), **told}
        if made["status"] not in ("disabled", "alwaysEnabled", "scheduled"):
            raise refused(400, "ErrorInvalidArgument", "The status is not one of those allowed.")
        edges = [str(made[f"scheduled{name}DateTime"]["dateTime"]) for name in ("Start", "End")]
        if made["status"] == "scheduled" and edges[0][:19] >= edges[1][:19]:
            raise refused(400, "ErrorInvalidScheduledOofDuration", "The end of the reply is not after its start.")
        if made == OFF:
            self.state["settings"].pop(call.person.email, None)
        else:
            self.state["settings"][call.person.email] = made
        return self.get_settings(call)

    # inside

    def _found(self, call: Call, rows: list[Json]) -> Json:
        search, rules, order = call.get("$search"), call.get("$filter"), call.get("$orderby")
        if search and (rules or order):
            raise refused(
                400,
                "SearchWithOrderBy",
                "The query parameters '$search' and '$filter' or '$orderby' can't be combined.",
            )
        if search:
            text = str(search)
            if not (text.startswith('"') and text.endswith('"') and len(text) > 2):
                raise refused(400, "BadRequest", "Syntax error: the search clause must stand in double quotes.")
            rows = [row for row in rows if all(self._hit(row, term) for term in _TERM.findall(text[1:-1]))]
        if rules:
            rows = [row for row in rows if all(self._fits(row, rule.strip()) for rule in str(rules).split(" and "))]
        rows = sorted(rows, key=lambda row: str(row["at"]), reverse=True)
        return self.paged(call, [self.shown(row, call) for row in rows])

    def _hit(self, row: Json, term: tuple[str, str, str, str]) -> bool:
        """One term of KQL."""
        name, sign, value, word = (part.lower() for part in term)
        people = {"from": [row["from"]], "to": row["to"], "cc": row["cc"]}
        if word or name not in (*people, "subject", "received", "hasattachments", "body"):
            everything = f"{row['subject']} {row['text']} {row['from']['name']} {row['from']['address']}".lower()
            return (word or value) in everything
        if name in people:
            return any(value in f"{one['name']} {one['address']}".lower() for one in people[name])
        if name == "hasattachments":
            return bool(row["files"]) is (value == "true")
        if name == "received":
            day = str(row["at"])[:10]
            return {">=": day >= value, "<=": day <= value, ">": day > value, "<": day < value}.get(sign, day == value)
        return value in str(row["subject" if name == "subject" else "text"]).lower()

    def _fits(self, row: Json, rule: str) -> bool:
        """One rule of an OData filter."""
        hit = _RULE.fullmatch(rule)
        if hit is None:
            raise refused(400, "BadRequest", f"Invalid filter clause: {rule}")
        if hit["name"]:
            return hit["text"].replace("''", "'").lower() in str(row[_PATHS[hit["name"]]]).lower()
        path, value = hit["path"], hit["value"].strip("'").replace("''", "'")
        if path == "from/emailAddress/address":
            return bool(row["from"]["address"].lower() == value.lower())
        if path == "hasAttachments":
            return bool(row["files"]) is (value == "true")
        if path not in _PATHS:
            raise refused(400, "ErrorInvalidProperty", f"The property '{path}' is not filterable.")
        have: Any = row[_PATHS[path]]
        if path == "receivedDateTime":
            have, wanted = datetime.fromisoformat(str(have)), datetime.fromisoformat(value)
            return bool(
                {"ge": have >= wanted, "gt": have > wanted, "lt": have < wanted, "le": have <= wanted}[hit["op"]]
            )
        return bool(have is (value == "true") if isinstance(have, bool) else str(have) == value)

    def _draft(self, call: Call, like: Json) -> Json:
        owner, number = call.person, self.ident_of("mail", "new", call.person.email, self.count("mail"))
        now = stamp(self.world.time())
        return {
            "id": number, "owner": owner.email, "folder": self.folder_id(owner.email, "drafts"), "subject": "",
            "text": "", "from": self.party(owner.email), "to": [], "cc": [], "bcc": [], "at": now, "created": now,
            "thread": self.ident_of("thread", number), "draft": True, "read": True, "importance": "normal",
            "flag": "notFlagged", "files": [],
        } | like  # fmt: skip

    def _fill(self, row: Json, body: Json) -> None:
        for name, place in (("toRecipients", "to"), ("ccRecipients", "cc"), ("bccRecipients", "bcc")):
            if body.get(name) is not None:
                people = [self.named(one) for one in body[name]]
                wrong = [one["address"] for one in people if not _ADDRESS.fullmatch(one["address"])]
                if wrong:
                    raise refused(400, "ErrorInvalidRecipients", f"At least one recipient isn't valid: {wrong[0]}.")
                row[place] = people
        row["subject"] = str(body.get("subject") or row["subject"])
        row["importance"] = str(body.get("importance") or row["importance"])
        if body.get("body"):
            row["text"] = str(body["body"].get("content") or "")
        for one in body.get("attachments") or []:
            if one.get("@odata.type") != "#microsoft.graph.fileAttachment":
                raise refused(400, "UnableToDeserializePostBody", "were unable to deserialize the attachment")
            row["files"].append({"name": one["name"], "type": one.get("contentType"), "content": one["contentBytes"]})

    def _answer(self, call: Call, mark: str, to: list[Json], cc: list[Json], **more: Any) -> Answer:
        before, comment = self.mail(call), str(call.get("Comment") or "")
        bare = before["subject"].removeprefix("RE: ").removeprefix("FW: ")
        above = f"________________________________\nFrom: {before['from']['name']}\nSubject: {before['subject']}"
        quote = f"{above}\n\n{before['text']}"
        like = {"subject": f"{mark}{bare}", "to": to, "cc": cc, "text": f"{comment}\n\n{quote}".strip(), **more}
        row = self._draft(call, like | {"thread": before["thread"]})
        self._fill(row, call.get("Message") or {})
        return self._made(row, call)

    def _made(self, row: Json, call: Call) -> Answer:
        self.state["messages"][row["id"]] = row
        self.touched(row, "created")
        return Answer(201, self.shown(row, call))
