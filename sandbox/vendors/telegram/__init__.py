"""Telegram's Bot API: the chats that one bot is in, its messages, and the queue of what comes in."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import MIXED, Grant
from sandbox.vendor import Vendor, route

BOT = "/bot{token}"
BY_STATUS: Mapping[int, str] = {
    400: "Bad Request", 401: "Unauthorized", 403: "Forbidden: bot was kicked from the supergroup chat",
    404: "Not Found", 409: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete "
    "the webhook first", 422: "Bad Request: message text is empty", 500: "Internal Server Error",
}  # fmt: skip
KINDS = {
    "unauthenticated": 401, "invalid_token": 401, "expired": 401, "revoked": 401, "server_error": 500, "no_route": 404,
}  # fmt: skip
RIGHTS = (
    "can_be_edited", "is_anonymous", "can_manage_chat", "can_delete_messages", "can_manage_video_chats",
    "can_restrict_members", "can_promote_members", "can_change_info", "can_invite_users", "can_post_stories",
    "can_edit_stories", "can_delete_stories",
)  # fmt: skip
SAME = (
    "Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a "
    "current content and reply markup of the message"
)
GIFTS = ("unlimited_gifts", "limited_gifts", "unique_gifts", "premium_subscription", "gifts_from_channels")


class Telegram(Vendor):
    """Fernwick's bot."""

    key = "telegram"
    hosts = ("https://api.telegram.org",)

    def seed(self) -> Json:
        told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
        state: Json = {"chats": {}, "members": {}, "messages": {}, "updates": [], "links": {}, "pins": {}, "moved": {}}
        bot = told["bot"]
        me = {"id": bot["id"], "is_bot": True, "first_name": bot["name"], "username": bot["username"]}
        state["me"] = me
        for row in told["chats"]:
            self._seed_chat(state, row, me)
        chat = str(told["pinned"]["chat"])
        julia = next(one["user"] for one in state["members"][chat].values() if one["status"] == "creator")
        pin = self._message(state, chat, julia, told["pinned"]["text"], 3000)
        state["pins"][chat] = [pin["message_id"]]
        for number, (at, who, text, minutes) in enumerate(told["updates"]):
            author = self._user(who)
            message = self._message(state, str(at), author, text, minutes)
            state["updates"].append({"update_id": 880_000_001 + number, "message": message})
        return state

    def new_token(self, grant: Grant, serial: int) -> str:
        return f"7012345678:AA{self.ident(33, grant.email, grant.kind, serial, alphabet=MIXED)}"

    def secret(self, grant: Grant) -> Json:
        groups = [row for row in self.state["chats"].values() if row["type"] != "private"]
        return {"token": grant.token, "chats": ", ".join(str(row["id"]) for row in groups)}

    def credential(self, call: Call) -> str | None:
        return call.params.get("token")

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        return {"x-telegram-bot-api-secret-token": secret}

    def refuse(self, refusal: Refusal) -> Answer:
        if refusal.kind == "rate_limited":
            wait = refusal.detail.get("retry_after", 1)
            told: Json = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {wait}"}
            return Answer(429, told | ({"parameters": {"retry_after": wait}} if wait >= 0 else {}))
        if refusal.kind == "missing":
            return _refused(400, f"Bad Request: {refusal.detail['name'].replace('_', ' ')} is empty")
        if refusal.kind == "said":
            return _refused(refusal.status, refusal.message, refusal.detail.get("parameters"))
        status = KINDS.get(refusal.kind, refusal.status)
        return _refused(status if status != 422 else 400, BY_STATUS.get(status, "Bad Request"))

    def answer(self, call: Call, endpoint: Any, handler: Any) -> Answer:
        """Every success is `{ok: true, result}`."""
        return Answer(200, {"ok": True, "result": handler(self, call)})

    @route("GET POST", f"{BOT}/getMe")
    def get_me(self, call: Call) -> Json:
        flags = ("can_join_groups", "can_read_all_group_messages", "supports_inline_queries")
        return {**self.state["me"], **dict.fromkeys(flags, True)}

    @route("GET POST", f"{BOT}/getUpdates")
    def get_updates(self, call: Call) -> list[Json]:
        offset, limit = call.get("offset"), call.whole("limit", 100, top=100)
        if offset and int(offset) > 0:
            self.state["updates"] = [row for row in self.state["updates"] if row["update_id"] >= int(offset)]
        rows: list[Json] = self.state["updates"]
        return rows[:limit]

    @route("POST", f"{BOT}/sendMessage")
    def send_message(self, call: Call) -> Json:
        chat, text = self._chat(call), str(call.get("text") or "").strip()
        if not text:
            raise Refusal("said", "Bad Request: message text is empty")
        if len(text) > 4096:
            raise Refusal("said", "Bad Request: message is too long")
        return self._send(call, chat, {"text": text})

    @route("POST", f"{BOT}/sendDocument")
    def send_document(self, call: Call) -> Json:
        chat, file = self._chat(call), call.need("document")
        told: Json = {"file_id": f"BQACAgIAAxkDAAI{self.ident(24, 'file', self.count('file'), alphabet=MIXED)}"}
        told["file_unique_id"] = self.ident(15, told["file_id"], alphabet=MIXED)
        if isinstance(file, dict):
            told |= {
                "file_name": file["filename"],
                "mime_type": file["content_type"],
                "file_size": len(file["content"]),
            }
        elif "://" in file:
            told |= {"file_name": file.rpartition("/")[2], "mime_type": "application/pdf", "file_size": 48_000}
        elif len(file) < 20:
            raise Refusal("said", "Bad Request: wrong file identifier/HTTP URL specified")
        else:
            told["file_id"] = file
        return self._send(call, chat, {"document": told, "caption": call.get("caption")})

    @route("POST", f"{BOT}/sendPoll")
    def send_poll(self, call: Call) -> Json:
        chat, options = self._chat(call), call.need("options")
        if not 1 <= len(options) <= 12:
            raise Refusal("said", "Bad Request: poll must have from 1 to 12 options")
        poll = {
            "id": self.ident(19, "poll", self.count("poll"), alphabet="123456789"), "question": call.need("question"),
            "options": [
                {"persistent_id": str(place), "text": one["text"], "voter_count": 0}
                for place, one in enumerate(options)
            ],
            "total_voter_count": 0, "is_closed": False, "is_anonymous": call.flag("is_anonymous", True),
            "type": "regular", "allows_multiple_answers": call.flag("allows_multiple_answers"),
            "allows_revoting": True, "members_only": False,
        }  # fmt: skip
        return self._send(call, chat, {"poll": poll})

    @route("POST", f"{BOT}/editMessageText")
    def edit_message(self, call: Call) -> Json:
        chat = self._chat(call)
        row = self._row(call, chat, "edit")
        if row.get("from", {}).get("id") != self.state["me"]["id"] and chat["type"] != "channel":
            raise Refusal("said", "Bad Request: message can't be edited")
        if row.get("text") == call.need("text"):
            raise Refusal("said", SAME)
        row |= {"text": call.need("text"), "edit_date": self._now}
        return row

    @route("POST", f"{BOT}/deleteMessage")
    def delete_message(self, call: Call) -> bool:
        chat = self._chat(call)
        row = self._row(call, chat, "delete")
        if row["date"] < self._now - 48 * 3600 and row.get("from", {}).get("id") == self.state["me"]["id"]:
            raise Refusal("said", "Bad Request: message can't be deleted")
        del self.state["messages"][str(chat["id"])][str(row["message_id"])]
        return True

    @route("POST", f"{BOT}/setMessageReaction")
    def react(self, call: Call) -> bool:
        self._row(call, self._chat(call), "react")
        return True

    @route("POST", f"{BOT}/getChat")
    def get_chat(self, call: Call) -> Json:
        chat = self._chat(call)
        pins = self.state["pins"].get(str(chat["id"])) or [0]
        there = self.state["messages"].get(str(chat["id"]), {})
        shown = {name: value for name, value in chat.items() if name != "size"}
        gifts = dict.fromkeys(GIFTS, False)
        row = shown | {"accent_color_id": 3, "max_reaction_count": 11, "accepted_gift_types": gifts}
        return row | ({"pinned_message": there[str(pins[-1])]} if str(pins[-1]) in there else {})

    @route("POST", f"{BOT}/getChatMemberCount")
    def count_members(self, call: Call) -> int:
        chat = self._chat(call)
        there = [one for one in self.state["members"][str(chat["id"])].values() if one["status"] != "kicked"]
        return int(chat.get("size") or len(there))

    @route("POST", f"{BOT}/getChatAdministrators")
    def list_admins(self, call: Call) -> list[Json]:
        chat = self._chat(call)
        if chat["type"] == "private":
            raise Refusal("said", "Bad Request: there are no administrators in the private chat")
        rows = self.state["members"][str(chat["id"])].values()
        return [one for one in rows if one["status"] in ("creator", "administrator") and not one["user"]["is_bot"]]

    @route("POST", f"{BOT}/getChatMember")
    def get_member(self, call: Call) -> Json:
        return self._member(call)

    @route("POST", f"{BOT}/banChatMember")
    def ban(self, call: Call) -> bool:
        chat, row = self._chat(call), self._member(call)
        if row["status"] == "creator":
            raise Refusal("said", "Bad Request: can't remove chat owner")
        if row["status"] == "administrator":
            raise Refusal("said", "Bad Request: user is an administrator of the chat")
        until = int(call.get("until_date") or 0)
        now = {"status": "kicked", "user": row["user"], "until_date": until}
        if call.flag("revoke_messages"):
            there, own = self.state["messages"][str(chat["id"])], row["user"]["id"]
            for id in [id for id, one in there.items() if one.get("from", {}).get("id") == own]:
                del there[id]
        self._changed(chat, row, now)
        return True

    @route("POST", f"{BOT}/unbanChatMember")
    def unban(self, call: Call) -> bool:
        chat, row = self._chat(call), self._member(call)
        if row["status"] == "kicked":
            self._changed(chat, row, {"status": "left", "user": row["user"]})
        return True

    @route("POST", f"{BOT}/pinChatMessage")
    def pin(self, call: Call) -> bool:
        chat = self._chat(call)
        id, pins = self._row(call, chat, "pin")["message_id"], self.state["pins"].setdefault(str(chat["id"]), [])
        if id in pins:
            pins.remove(id)
        pins.append(id)
        return True

    @route("POST", f"{BOT}/unpinChatMessage")
    def unpin(self, call: Call) -> bool:
        pins = self.state["pins"].get(str(self._chat(call)["id"]), [])
        if int(call.get("message_id") or 0) not in pins:
            raise Refusal("said", "Bad Request: message to unpin not found")
        pins.remove(int(call.get("message_id")))
        return True

    @route("POST", f"{BOT}/createChatInviteLink")
    def create_link(self, call: Call) -> Json:
        chat = self._chat(call)
        if chat["type"] == "private":
            raise Refusal("said", "Bad Request: can't create invite link in a private chat")
        link = f"https://t.me/+{self.ident(16, 'link', self.count('link'), alphabet=MIXED)}"
        row = {"invite_link": link, "creator": self.state["me"], "creates_join_request": False, "is_primary": False}
        self.state["links"][link] = row | {"is_revoked": False} | _limits(call)
        return dict(self.state["links"][link])

    @route("POST", f"{BOT}/editChatInviteLink")
    def edit_link(self, call: Call) -> Json:
        row = self._link(call)
        kept = {name: row[name] for name in row if name not in ("expire_date", "member_limit", "name")}
        self.state["links"][row["invite_link"]] = kept | _limits(call)
        return dict(self.state["links"][row["invite_link"]])

    @route("POST", f"{BOT}/revokeChatInviteLink")
    def revoke_link(self, call: Call) -> Json:
        row = self._link(call)
        row["is_revoked"] = True
        return row

    @property
    def _now(self) -> int:
        return int(self.world.time().timestamp())

    def _seed_chat(self, state: Json, row: Json, me: Json) -> None:
        id = str(row["id"])
        chat: Json = {name: row[name] for name in ("id", "type", "title", "username", "size") if name in row}
        if "about" in row:
            chat["description"] = row["about"]
        state["members"][id], state["messages"][id] = {}, {}
        if row["type"] == "private":
            user = self._user(row["person"]) | {"id": row["id"], "username": row["username"]}
            chat |= {"first_name": user["first_name"], "last_name": user["last_name"]}
            state["members"][id][str(user["id"])] = {"status": "member", "user": user}
        for place, who in enumerate(row.get("admins", [])):
            user = self._user(who)
            told: Json = {"status": "administrator", "user": user, **dict.fromkeys(RIGHTS, True)}
            owner = {"status": "creator", "user": user, "is_anonymous": False}
            state["members"][id][str(user["id"])] = told if place else owner
        for who in row.get("members", []):
            user = self._user(who)
            state["members"][id][str(user["id"])] = {"status": "member", "user": user}
        state["members"][id][str(me["id"])] = {"status": "administrator", "user": me, **dict.fromkeys(RIGHTS, True)}
        state["chats"][id] = chat

    def _user(self, who: str) -> Json:
        """A colleague by handle, or somebody else by name."""
        inside = self.company.by_email.get(f"{who}@{self.company.domain}")
        first, _, last = (inside.name if inside else who).partition(" ")
        name = (inside.handle if inside else who.lower().replace(" ", "_")).replace(".", "_")
        id = {"Pilar Gomez": 5500000201, "Rohan Das": 5500000202}.get(who) or 5_600_000_000 + int(
            self.ident(7, "user", who, alphabet="0123456789")
        )
        return {"id": id, "is_bot": False, "first_name": first, "last_name": last, "username": name}

    def _message(self, state: Json, chat: str, author: Json | None, text: str, minutes: int) -> Json:
        at = int((self.world.now - timedelta(minutes=minutes)).timestamp())
        row = self._bare(state, chat, at, len(state["messages"][chat]) + 101) | {"text": text}
        if author:
            row["from"] = author
        state["messages"][chat][str(row["message_id"])] = row
        return row

    def _bare(self, state: Json, chat: str, at: int, id: int) -> Json:
        kept = ("id", "type", "title", "username", "first_name", "last_name")
        shown = {name: state["chats"][chat][name] for name in kept if name in state["chats"][chat]}
        return {"message_id": id, "date": at, "chat": shown}

    def _send(self, call: Call, chat: Json, content: Json) -> Json:
        id = str(chat["id"])
        reply = call.get("reply_parameters")
        reply = json.loads(reply) if isinstance(reply, str) else reply or {}
        there = self.state["messages"][id]
        if reply and str(reply["message_id"]) not in there:
            raise Refusal("said", "Bad Request: message to be replied not found")
        row = self._bare(self.state, id, self._now, self.count(f"message {id}", 1001))
        if chat["type"] == "channel":
            row["sender_chat"] = row["chat"]
        else:
            row["from"] = self.state["me"]
        if reply:
            row["reply_to_message"] = {
                k: v for k, v in there[str(reply["message_id"])].items() if k != "reply_to_message"
            }
        row |= {name: value for name, value in content.items() if value is not None}
        there[str(row["message_id"])] = row
        return row

    def _chat(self, call: Call) -> Json:
        wanted = str(call.need("chat_id"))
        moved = self.state["moved"].get(wanted)
        if moved:
            said = "Bad Request: group chat was upgraded to a supergroup chat"
            raise Refusal("said", said, parameters={"migrate_to_chat_id": moved})
        for row in self.state["chats"].values():
            public = f"@{row.get('username', '')}".lower() if row["type"] != "private" else ""
            if wanted == str(row["id"]) or (public and wanted.lower() == public):
                found: Json = row
                return found
        raise Refusal("said", "Bad Request: chat not found")

    def _row(self, call: Call, chat: Json, verb: str) -> Json:
        row: Json | None = self.state["messages"][str(chat["id"])].get(str(call.need("message_id")))
        if row is None:
            raise Refusal("said", f"Bad Request: message to {verb} not found")
        return row

    def _member(self, call: Call) -> Json:
        row: Json | None = self.state["members"][str(self._chat(call)["id"])].get(str(call.need("user_id")))
        if row is None:
            raise Refusal("said", "Bad Request: user not found")
        return row

    def _link(self, call: Call) -> Json:
        self._chat(call)
        row: Json | None = self.state["links"].get(call.need("invite_link"))
        if row is None or row["is_revoked"]:
            raise Refusal("said", "Bad Request: INVITE_HASH_EXPIRED")
        return row

    def _changed(self, chat: Json, before: Json, after: Json) -> None:
        self.state["members"][str(chat["id"])][str(after["user"]["id"])] = after
        told = {"chat": self._bare(self.state, str(chat["id"]), 0, 0)["chat"], "from": self.state["me"]}
        told |= {"date": self._now, "old_chat_member": before, "new_chat_member": after}
        self.emit({"update_id": self.count("update", 880_000_101), "chat_member": told})


def _limits(call: Call) -> Json:
    names = ("expire_date", "member_limit", "name")
    return {name: call.get(name) for name in names if call.get(name)}


def _refused(status: int, said: str, parameters: Any = None) -> Answer:
    body = {"ok": False, "error_code": status, "description": said}
    return Answer(status, body | ({"parameters": parameters} if parameters else {}))
