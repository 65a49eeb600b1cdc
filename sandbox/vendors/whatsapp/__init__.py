"""WhatsApp Business Cloud API: messages and templates of one number, its profile, groups and blocked people."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.grant import MIXED, Grant
from sandbox.vendor import Vendor, route

DAY_S = 24 * 3600
CODES: Mapping[str, tuple[int, int, str]] = {
    "unauthenticated": (401, 190, "Invalid OAuth access token - Cannot parse access token"),
    "invalid_token": (401, 190, "Invalid OAuth access token - Cannot parse access token"),
    "revoked": (401, 190, "Error validating access token: The session has been invalidated"),
    "expired": (401, 190, "Error validating access token: Session has expired"),
    "missing_scope": (403, 10, "(#10) Application does not have permission for this action"),
    "rate_limited": (400, 130429, "(#130429) Rate limit hit"),
    "server_error": (500, 131000, "(#131000) Something went wrong"),
    "no_route": (400, 100, "Unsupported request"),
    "invalid_body": (400, 100, "(#100) Invalid parameter"),
}
BY_STATUS: Mapping[int, tuple[int, str]] = {
    403: (131005, "(#131005) Access denied"), 404: (100, "Unsupported get request. Object does not exist"),
    409: (132015, "(#132015) Template is paused"), 422: (131009, "(#131009) Parameter value is not valid"),
}  # fmt: skip
READS, SENDS = "whatsapp_business_management", "whatsapp_business_messaging"
LONGEST = {"about": 139, "address": 256, "description": 256, "email": 128}


class WhatsApp(Vendor):
    """Fernwick's business number."""

    key = "whatsapp"
    hosts = ("https://graph.facebook.com",)
    base = "/v23.0"

    def seed(self) -> Json:
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        now = self.world.now
        state: Json = {"number": told["number"], "account": told["account"], "profile": told["profile"]}
        state["wrote"] = {who: int((now - timedelta(hours=hours)).timestamp()) for who, hours in told["wrote"].items()}
        state |= {"blocked": told["blocked"], "templates": {}, "groups": {}, "messages": {}, "media": {}}
        for place, row in enumerate(told["templates"]):
            id = f"59471009{place:06d}"
            state["templates"][id] = _template(id, row)
        for place, row in enumerate(told["groups"]):
            id = f"12036304{place:010d}"
            at = int((now - timedelta(days=20 + place)).timestamp())
            state["groups"][id] = self._group(id, row, at)
        return state

    def new_token(self, grant: Grant, serial: int) -> str:
        return f"EAAG{self.ident(60, grant.email, grant.kind, serial, alphabet=MIXED)}"

    def secret(self, grant: Grant) -> Json:
        ids = {"phone_number_id": self.state["number"]["id"], "business_account_id": self.state["account"]}
        return {"token": grant.token, **ids}

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        return {"x-hub-signature-256": f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"}

    def refuse(self, refusal: Refusal) -> Answer:
        detail = refusal.detail
        if refusal.kind in ("missing", "invalid"):
            status, code, said = 400, 100, f"(#100) Invalid parameter: {refusal.message}"
        elif refusal.kind == "coded":
            status, code, said = refusal.status, detail["code"], f"(#{detail['code']}) {refusal.message}"
        elif refusal.kind in CODES:
            status, code, said = CODES[refusal.kind]
        else:
            status = refusal.status
            code, said = BY_STATUS.get(status, (100, "(#100) Invalid parameter"))
        error: Json = {"message": said, "type": "OAuthException", "code": code, "fbtrace_id": self.ident(23, said)}
        if (code == 100 and status == 404) or detail.get("is_gone"):
            error["error_subcode"] = 33
        if "about" in detail:
            error["error_data"] = {"messaging_product": "whatsapp", "details": detail["about"]}
        return Answer(400 if code == 100 else status, {"error": error})

    @route("POST", "/{id}/messages", scope=SENDS)
    def send_message(self, call: Call) -> Json:
        self._number(call)
        kind, to = str(call.need("type")), str(call.need("to"))
        content = call.need(kind)
        is_group = call.get("recipient_type") == "group"
        if is_group and to not in self.state["groups"]:
            raise Refusal("coded", "Parameter value is not valid", code=131009, about="to is no group")
        wa_id = to if is_group else re.sub(r"\D", "", to)
        if not is_group and not 8 <= len(wa_id) <= 15:
            raise Refusal("coded", "Parameter value is not valid", code=131009, about="to is no phone number")
        if kind == "template":
            self._check_template(content)
        elif not is_group and self.state["wrote"].get(wa_id, 0) < self._now - DAY_S:
            said = "Re-engagement message"
            about = "Message failed to send because more than 24 hours have passed since the customer last replied."
            raise Refusal("coded", said, code=131047, about=about)
        if kind == "text" and len(content.get("body", "")) > 4096:
            raise Refusal("coded", "Parameter value is not valid", code=131009, about="text.body is too long")
        if kind in ("image", "document") and "id" in content and content["id"] not in self.state["media"]:
            raise Refusal("coded", "Parameter value is not valid", code=131009, about="there is no such media")
        digits = base64.b64encode(f"{wa_id}-{self.count('message')}".encode()).decode()
        wamid = f"wamid.HBgL{digits}"
        events = [self._status("SENT", 1), self._status("DELIVERED", 2)]
        row = {"id": self.ident(16, wamid, alphabet="123456789"), "message_id": wamid, "to": wa_id, "type": kind}
        self.state["messages"][wamid] = row | {"content": content, "events": events}
        self._tell({"statuses": [{
            "id": wamid, "status": "sent", "timestamp": str(self._now), "recipient_id": wa_id,
            "pricing": {"billable": True, "category": "utility", "pricing_model": "PMP"},
        }]})  # fmt: skip
        answer: Json = {"messaging_product": "whatsapp", "messages": [{"id": wamid, "message_status": "accepted"}]}
        return answer | {"contacts": [{"input": to, "wa_id": wa_id}]}

    @route("GET", "/{id}/message_history", scope=READS)
    def history(self, call: Call) -> Json:
        self._number(call)
        rows = [*self.state["messages"].values()][::-1]
        wanted = call.get("message_id")
        rows = [row for row in rows if wanted in (None, row["message_id"])]
        shown = [{"id": row["id"], "message_id": row["message_id"], "events": {"data": row["events"]}} for row in rows]
        return self._paged(call, shown)

    @route("POST", "/{id}/media", scope=SENDS)
    def upload(self, call: Call) -> Json:
        self._number(call)
        file = call.need("file")
        id = str(4_490_709_327_384_000 + self.count("media"))
        self.state["media"][id] = {
            "id": id, "messaging_product": "whatsapp", "mime_type": call.get("type") or file["content_type"],
            "file_size": str(len(file["content"])), "sha256": hashlib.sha256(file["content"]).hexdigest(),
            "url": f"https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid={id}",
        }  # fmt: skip
        return {"id": id}

    @route("GET", "/{id}/whatsapp_business_profile", scope=READS)
    def show_profile(self, call: Call) -> Json:
        self._number(call)
        return {"data": [{"business_profile": {"messaging_product": "whatsapp", **self.state["profile"]}}]}

    @route("POST", "/{id}/whatsapp_business_profile", scope=READS)
    def update_profile(self, call: Call) -> Json:
        self._number(call)
        asked = {name: value for name, value in call.body.items() if name != "messaging_product"}
        for name, most in LONGEST.items():
            if len(str(asked.get(name, ""))) > most:
                raise Refusal("invalid", f"{name} may have {most} characters at most", name=name)
        if "@" not in asked.get("email", "@"):
            raise Refusal("invalid", "email is not valid", name="email")
        self.state["profile"] |= asked
        return {"success": True}

    @route("GET", "/{id}/block_users", scope=SENDS)
    def list_blocked(self, call: Call) -> Json:
        self._number(call)
        return self._paged(call, [{"messaging_product": "whatsapp", "wa_id": one} for one in self.state["blocked"]])

    @route("POST", "/{id}/block_users", scope=SENDS)
    def block(self, call: Call) -> Json:
        self._number(call)
        users = [re.sub(r"\D", "", one["user"]) for one in call.need("block_users")]
        for one in users:
            if self.state["wrote"].get(one, 0) < self._now - DAY_S:
                about = "Only people who wrote within the last 24 hours can be blocked."
                raise Refusal("coded", "Failed to block some users", code=139100, about=about)
        self.state["blocked"] += [one for one in users if one not in self.state["blocked"]]
        added = [{"input": one, "wa_id": one} for one in users]
        return {"messaging_product": "whatsapp", "block_users": {"added_users": added}}

    @route("DELETE", "/{id}/block_users", scope=SENDS)
    def unblock(self, call: Call) -> Json:
        self._number(call)
        users = [re.sub(r"\D", "", one["user"]) for one in call.need("block_users")]
        self.state["blocked"] = [one for one in self.state["blocked"] if one not in users]
        removed = [{"input": one, "wa_id": one} for one in users]
        return {"messaging_product": "whatsapp", "block_users": {"removed_users": removed}}

    @route("GET", "/{id}/groups", scope=READS)
    def list_groups(self, call: Call) -> Json:
        self._number(call)
        rows = sorted(self.state["groups"].values(), key=lambda row: -row["creation_timestamp"])
        shown = [{name: row[name] for name in ("id", "subject")} for row in rows]
        for row, full in zip(shown, rows, strict=True):
            row["created_at"] = str(full["creation_timestamp"])
        answer = self._paged(call, shown)
        return answer | {"data": {"groups": answer["data"]}}

    @route("POST", "/{id}/groups", scope=READS)
    def create_group(self, call: Call) -> Json:
        self._number(call)
        subject = str(call.need("subject"))
        if len(subject) > 128:
            raise Refusal("invalid", "subject may have 128 characters at most", name="subject")
        id = f"12036305{self.count('group'):010d}"
        told: Json = {"subject": subject, "description": call.get("description") or "", "participants": []}
        self.state["groups"][id] = self._group(id, told, self._now)
        request = self.ident(20, "request", id)
        change = {"type": "group_create", "group_id": id, "request_id": request, "timestamp": str(self._now)}
        link = self.state["groups"][id]["invite_link"]
        self._tell({"groups": [change | {"subject": subject, "invite_link": link}]}, "group_lifecycle_update")
        return {"messaging_product": "whatsapp", "request_id": request}

    @route("GET", "/{id}/invite_link", scope=READS)
    def show_link(self, call: Call) -> Json:
        group = self._node(call, "groups")
        return {"messaging_product": "whatsapp", "invite_link": group["invite_link"]}

    @route("GET", "/{id}/phone_numbers", scope=READS)
    def list_numbers(self, call: Call) -> Json:
        self._account(call)
        return self._paged(call, [self.state["number"] | {"status": "LINKED", "code_verification_status": "VERIFIED"}])

    @route("GET", "/{id}/message_templates", scope=READS)
    def list_templates(self, call: Call) -> Json:
        self._account(call)
        rows, name = [*self.state["templates"].values()], call.get("name")
        return self._paged(call, [row for row in rows if not name or name in row["name"]])

    @route("POST", "/{id}/message_templates", scope=READS)
    def create_template(self, call: Call) -> Json:
        self._account(call)
        name, language, category = call.need("name"), call.need("language"), call.need("category")
        if not re.fullmatch(r"[a-z0-9_]{1,512}", name):
            raise Refusal("invalid", "name has other characters than small letters, digits and _", name="name")
        if any(row["name"] == name and row["language"] == language for row in self.state["templates"].values()):
            raise Refusal("coded", "There is already content for this template in this language", code=2388024)
        body: Json = next((one for one in call.need("components") if one["type"] == "BODY"), {})
        text = "{{1}} is your verification code." if category == "AUTHENTICATION" else body.get("text")
        if not text:
            raise Refusal("missing", "BODY needs a text", name="components")
        id = f"59471010{self.count('template'):06d}"
        row = {"name": name, "language": language, "category": category, "status": "PENDING", "body": text}
        self.state["templates"][id] = _template(id, row)
        return {"id": id, "status": "PENDING", "category": category}

    @route("DELETE", "/{id}/message_templates", scope=READS)
    def delete_template(self, call: Call) -> Json:
        self._account(call)
        name, only, rows = call.need("name"), call.get("hsm_id"), self.state["templates"]
        ids = [id for id, row in rows.items() if row["name"] == name and only in (None, id)]
        if not ids:
            raise Refusal("coded", "Message template was not found", code=2593002, status=404)
        for id in ids:
            del rows[id]
        return {"success": True}

    @route("GET", "/{id}", scope=READS)
    def show_node(self, call: Call) -> Json:
        if call.params["id"] == self.state["number"]["id"]:
            number: Json = self.state["number"]
            return number
        node = self._node(call, "templates", "groups", "media")
        return {name: value for name, value in node.items() if name != "invite_link"}

    @route("DELETE", "/{id}", scope=READS)
    def delete_node(self, call: Call) -> Json:
        node = self._node(call, "groups", "media")
        for kind in ("groups", "media"):
            self.state[kind].pop(node["id"], None)
        return {"success": True}

    @property
    def _now(self) -> int:
        return int(self.world.time().timestamp())

    def _number(self, call: Call) -> None:
        if call.params["id"] != self.state["number"]["id"]:
            raise Refusal("coded", "Unsupported request. Object does not exist", code=100, is_gone=True)

    def _account(self, call: Call) -> None:
        if call.params["id"] != self.state["account"]:
            raise Refusal("coded", "Unsupported request. Object does not exist", code=100, is_gone=True)

    def _node(self, call: Call, *kinds: str) -> Json:
        for kind in kinds:
            if call.params["id"] in self.state[kind]:
                found: Json = self.state[kind][call.params["id"]]
                return found
        raise Refusal("coded", "Unsupported get request. Object does not exist", code=100, is_gone=True)

    def _check_template(self, content: Json) -> None:
        name, language = content["name"], content["language"]["code"]
        rows = [row for row in self.state["templates"].values() if row["name"] == name and row["language"] == language]
        if not rows or rows[0]["status"] != "APPROVED":
            about = f"template name ({name}) does not exist in {language}"
            raise Refusal(
                "coded", "Template name does not exist in the translation", code=132001, status=404, about=about
            )
        text = rows[0]["components"][0]["text"]
        given = [one for part in content.get("components", []) if part["type"] == "body" for one in part["parameters"]]
        if len(given) != len(set(re.findall(r"\{\{\d+\}\}", text))):
            raise Refusal("coded", "Number of parameters does not match the expected number of params", code=132000)

    def _group(self, id: str, row: Json, at: int) -> Json:
        people = [{"wa_id": one} for one in row["participants"]]
        return {
            "id": id, "messaging_product": "whatsapp", "subject": row["subject"], "description": row["description"],
            "suspended": False, "creation_timestamp": at, "participants": people, "join_approval_mode": "auto_approve",
            "total_participant_count": len(people),
            "invite_link": f"https://chat.whatsapp.com/{self.ident(22, 'group', id, alphabet=MIXED)}",
        }  # fmt: skip

    def _status(self, status: str, after_s: int) -> Json:
        id = self.ident(16, "event", self.count("event"), alphabet="123456789")
        told = {"id": id, "delivery_status": status, "timestamp": self._now + after_s}
        return told | {"webhook_update_state": "DELIVERED"}

    def _paged(self, call: Call, rows: list[Json]) -> Json:
        part, more = page(rows, call.get("after"), call.whole("limit", 25, top=100) or 25)
        cursors = {"before": "QVFIUk", "after": more or "QVFIUm"}
        answer: Json = {"data": part, "paging": {"cursors": cursors}}
        if more:
            answer["paging"]["next"] = f"https://graph.facebook.com{call.path}?after={more}"
        return answer

    def _tell(self, value: Json, field: str = "messages") -> None:
        about = {"display_phone_number": "442079460712", "phone_number_id": self.state["number"]["id"]}
        told = {"messaging_product": "whatsapp", "metadata": about} | value
        entry = {"id": self.state["account"], "time": self._now, "changes": [{"field": field, "value": told}]}
        self.emit({"object": "whatsapp_business_account", "entry": [entry]})


def _template(id: str, row: Json) -> Json:
    body = {"type": "BODY", "text": row["body"]}
    return {"id": id, "components": [body], **{n: row[n] for n in ("name", "category", "language", "status")}}
