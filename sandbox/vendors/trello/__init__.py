"""Trello's REST API 1, which takes everything in the query and refuses in plain sentences."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal
from sandbox.grant import Grant
from sandbox.vendor import Vendor, route
from sandbox.vendors.trello.seed import hexid, member_id, seed_trello

ID = re.compile(r"[0-9a-f]{24}")
KEY = "0123456789abcdef0123456789abcdef"
TOKEN = re.compile(r'oauth_token="([^"]+)"')
SIGNED_OUT = {"unauthenticated": "unauthorized permission requested", "revoked": "invalid token"}
SAID = {400: "invalid value", 403: "forbidden", 404: "The requested resource was not found.", 409: "conflict",
        422: "unprocessable"}  # fmt: skip
TAKES = {"name", "desc", "due", "dueComplete", "closed", "idMembers", "idLabels", "idList", "idBoard", "pos"}


class Trello(Vendor):
    """The company's boards."""

    key = "trello"
    hosts = ("https://api.trello.com",)

    def seed(self) -> Json:
        """Boards and cards."""
        return seed_trello(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """A sentence; the rate limit alone is JSON."""
        if refusal.kind == "rate_limited":
            body = {"error": "API_TOKEN_LIMIT_EXCEEDED", "message": "Rate limit exceeded"}
            return Answer(429, body, {"x-rate-limit-api-token-interval-ms": "10000"})
        if refusal.kind in ("invalid_token", "expired", *SIGNED_OUT):
            return Answer(
                401, "expired token" if refusal.kind == "expired" else SIGNED_OUT.get(refusal.kind, "invalid token")
            )
        if refusal.kind == "missing_scope":
            return Answer(401, "unauthorized permission requested")
        if refusal.kind == "server_error":
            return Answer(500, "Internal server error")
        if refusal.kind == "missing":
            return Answer(400, f"invalid value for {refusal.detail['name']}")
        if refusal.kind == "refused":  # whatever it is, it may come as JSON
            return Answer(refusal.status, {"message": SAID.get(refusal.status, "error"), "error": "ERROR"})
        return Answer(refusal.status, SAID[404] if refusal.kind == "no_route" else refusal.message)

    def credential(self, call: Call) -> str | None:
        """The token of the header or of the query."""
        told = call.headers.get("authorization", "")
        hit = TOKEN.search(told)
        if KEY not in (told if hit else next(iter(call.many("key")), "")):
            raise Refusal("invalid_key", "invalid key", status=401)
        return hit.group(1) if hit else next(iter(call.many("token")), None)

    def new_token(self, grant: Grant, serial: int) -> str:
        """A token of 76 letters."""
        return "ATTA" + self.ident(72, grant.email, serial, alphabet="0123456789abcdef")

    def secret(self, grant: Grant) -> Json:
        """The app's key and the person's token."""
        return {"key": KEY, "token": grant.token}

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """The HMAC over the body and the callback's address."""
        made = hmac.new(secret.encode(), body + str(about["url"]).encode(), hashlib.sha1)
        return {"X-Trello-Webhook": base64.b64encode(made.digest()).decode()}

    # members and boards

    @route("GET", "/1/members/{member}", scope="read")
    def get_member(self, call: Call) -> Json:
        """One member; the address is told to the member alone."""
        person = self._person(call, call.params["member"])
        return self._member(person.email) | ({"email": person.email} if person == call.person else {})

    @route("GET", "/1/members/{member}/boards", scope="read")
    def member_boards(self, call: Call) -> list[Json]:
        """The boards of a member."""
        email, wanted = self._person(call, call.params["member"]).email, call.get("filter", "all")
        rows = [row for row in self.state["boards"].values() if email in row["members"]]
        kept = [row for row in rows if wanted == "all" or row["closed"] is (wanted == "closed")]
        return [self._board(row) | self._nested_board(row, call, ()) for row in kept]

    @route("GET", "/1/members/{member}/cards", scope="read")
    def member_cards(self, call: Call) -> list[Json]:
        """The open cards of a member on open boards."""
        mine = member_id(self.company, self._person(call, call.params["member"]).email)
        boards = self.state["boards"]
        rows = [c for c in self.state["cards"].values() if mine in c["idMembers"] and not c["closed"]]
        return [self._card(row) for row in rows if not boards[row["idBoard"]]["closed"]]

    @route("GET", "/1/boards/{id}", scope="read")
    def get_board(self, call: Call) -> Json:
        """One board with what is asked for beside it."""
        row = self._one(call, "boards")
        asked = [name for value in call.many("fields") for name in value.split(",")]
        whole = self._board(row)
        shown = {name: whole[name] for name in ("id", *asked) if name in whole} if asked else whole
        return shown | self._nested_board(row, call, ("members", "labels"))

    def _nested_board(self, row: Json, call: Call, more: Iterable[str]) -> Json:
        found: Json = {}
        lists = call.get("lists", "none")
        if lists in ("all", "open"):
            mine = [one for one in self.state["lists"].values() if one["idBoard"] == row["id"]]
            found["lists"] = [one for one in mine if lists == "all" or not one["closed"]]
        if "members" in more and call.get("members", "none") != "none":
            found["members"] = [self._member(email) for email in row["members"]]
        return found

    @route("GET", "/1/boards/{id}/lists", scope="read")
    def board_lists(self, call: Call) -> list[Json]:
        """The lists of a board."""
        board = self._one(call, "boards")["id"]
        return [one for one in self.state["lists"].values() if one["idBoard"] == board]

    @route("GET", "/1/boards/{id}/labels", scope="read")
    def board_labels(self, call: Call) -> list[Json]:
        """The labels of a board."""
        board = self._one(call, "boards")["id"]
        return [one for one in self.state["labels"].values() if one["idBoard"] == board]

    @route("GET", "/1/boards/{id}/members", scope="read")
    def board_members(self, call: Call) -> list[Json]:
        """The members of a board."""
        return [self._member(email) for email in self._one(call, "boards")["members"]]

    @route("GET", "/1/boards/{id}/cards", scope="read")
    def board_cards(self, call: Call) -> list[Json]:
        """The open cards of a board."""
        board = self._one(call, "boards")["id"]
        return self._ordered(card for card in self.state["cards"].values() if card["idBoard"] == board)

    @route("GET", "/1/boards/{id}/actions", scope="read")
    def board_actions(self, call: Call) -> list[Json]:
        """What happened on a board, the latest first."""
        board, kinds = self._one(call, "boards")["id"], str(call.get("filter", "all")).split(",")
        begin = datetime.fromisoformat(call.get("since")) if call.get("since") else None
        rows = [
            one
            for one in reversed(self.state["log"])
            if one["data"]["board"]["id"] == board
            and (begin is None or datetime.fromisoformat(one["date"]) > begin)
            and any(_matches(one, kind) for kind in kinds)
        ]
        return rows[: call.whole("limit", 50)]

    @route("GET", "/1/lists/{id}/cards", scope="read")
    def list_cards(self, call: Call) -> list[Json]:
        """The open cards of a list."""
        place = self._one(call, "lists")["id"]
        return self._ordered(card for card in self.state["cards"].values() if card["idList"] == place)

    @route("GET", "/1/search", scope="read")
    def search(self, call: Call) -> Json:
        """Cards and members by words; `list:` and `board:` narrow the cards."""
        kinds, found = str(call.get("modelTypes", "all")).split(","), Json(options={"partial": call.flag("partial")})
        words = [word.strip('"') for word in str(call.need("query")).casefold().split()]
        if {"cards", "all"} & {*kinds}:
            rows = [card for card in self.state["cards"].values() if self._found(call, card, words)]
            rows.sort(key=lambda card: str(card["dateLastActivity"]), reverse=True)
            rows = rows[: call.whole("cards_limit", 10)]
            found["cards"] = [self._card(row) | self._nested_card(row, call, "card_") for row in rows]
        if {"members", "all"} & {*kinds}:
            people = [p for p in self.company.people if all(w in f"{p.name} {p.handle}".casefold() for w in words)]
            found["members"] = [self._member(p.email) for p in people[: call.whole("members_limit", 10)]]
        return found

    def _found(self, call: Call, card: Json, words: list[str]) -> bool:
        board, place = self.state["boards"][card["idBoard"]], self.state["lists"][card["idList"]]
        if (
            call.person.email not in board["members"]
            or board["closed"]
            or call.get("idBoards", board["id"]) != board["id"]
        ):
            return False
        there = f"{card['name']} {card['desc']}".casefold().split()
        for word in words:
            kind, _, value = word.partition(":")
            if kind == "list" and value:
                if value not in place["name"].casefold():
                    return False
            elif not any(one.startswith(word) for one in there):
                return False
        return True

    # cards

    @route("GET", "/1/cards/{id}", scope="read")
    def get_card(self, call: Call) -> Json:
        """One card, by id or short link."""
        row = self._card_row(call)
        return self._card(row) | self._nested_card(row, call, "")

    def _nested_card(self, row: Json, call: Call, prefix: str) -> Json:
        found: Json = {}
        if call.flag(f"{prefix}board"):
            found["board"] = self._board(self.state["boards"][row["idBoard"]])
        if call.flag(f"{prefix}list"):
            found["list"] = self.state["lists"][row["idList"]]
        if call.flag(f"{prefix}members"):
            people = {member_id(self.company, person.email): person.email for person in self.company.people}
            found["members"] = [self._member(people[one]) for one in row["idMembers"]]
        if not prefix and call.get("checklists", "none") == "all":
            rows = [one for one in self.state["checklists"].values() if one["idCard"] == row["id"]]
            found["checklists"] = [
                {"id": one["id"], "name": one["name"], "idCard": row["id"],
                 "checkItems": [{"id": one["id"], "name": name, "state": done} for name, done in one["items"]]}
                for one in rows
            ]  # fmt: skip
        return found

    @route("POST", "/1/cards", scope="write")
    def create_card(self, call: Call) -> Json:
        """A new card at the end of a list."""
        place = self._known("lists", call.need("idList"))
        now, number = self.world.time(), self.count("card", 1001)
        key = hexid(now, "new", number)
        row: Json = {
            "id": key, "name": "", "desc": "", "idShort": number, "shortLink": self.ident(8, "card", key),
            "idList": place["id"], "idBoard": place["idBoard"], "closed": False, "pos": 16384.0 * number, "due": None,
            "dueComplete": False, "idMembers": [], "idLabels": [], "dateLastActivity": self._now(),
        }  # fmt: skip
        row |= self._given(call, row)
        self.state["cards"][key] = row
        self._tell(call, "createCard", row)
        return self._card(row)

    @route("PUT", "/1/cards/{id}", scope="write")
    def update_card(self, call: Call) -> Json:
        """Change what is given; on another board a card loses members and labels that are not there."""
        row = self._card_row(call)
        changed = self._given(call, row)
        old = {name: row[name] for name in changed if row[name] != changed[name]}
        if changed.get("idBoard", row["idBoard"]) != row["idBoard"]:
            board = self._known("boards", changed["idBoard"])
            there = {member_id(self.company, email) for email in board["members"]}
            changed["idMembers"] = [one for one in row["idMembers"] if one in there]
            names = [self.state["labels"][one]["color"] for one in row["idLabels"]]
            labels = [one for one in self.state["labels"].values() if one["idBoard"] == board["id"]]
            changed["idLabels"] = [one["id"] for one in labels if one["color"] in names]
            self._tell(call, "moveCardFromBoard", row)
        row |= changed
        row["dateLastActivity"] = self._now()
        self._tell(call, "updateCard", row, old={name: row[name] for name in old})
        return self._card(row)

    @route("DELETE", "/1/cards/{id}", scope="write")
    def delete_card(self, call: Call) -> Json:
        """For good."""
        row = self._card_row(call)
        del self.state["cards"][row["id"]]
        for key in [key for key, one in self.state["comments"].items() if one["idCard"] == row["id"]]:
            del self.state["comments"][key]
        self._tell(call, "deleteCard", row)
        return {"limits": {}}

    @route("GET", "/1/cards/{id}/actions", scope="read")
    def card_actions(self, call: Call) -> list[Json]:
        """The comments on a card, the latest first."""
        card = self._card_row(call)
        rows = [one for one in reversed(self.state["comments"].values()) if one["idCard"] == card["id"]]
        start = call.whole("page", 0, 19) * 50
        return [self._comment(one, card) for one in rows[start : start + 50]]

    @route("GET", "/1/cards/{id}/checklists", scope="read")
    def card_checklists(self, call: Call) -> Any:
        """The checklists of a card."""
        found = self._nested_card(self._card_row(call), call, "")
        return found.get("checklists", [])

    @route("POST", "/1/cards/{id}/actions/comments", scope="write")
    def add_comment(self, call: Call) -> Json:
        """A comment."""
        card, now = self._card_row(call), self.world.time()
        row = {"id": hexid(now, "said", self.count("comment")), "idCard": card["id"], "text": call.need("text"),
               "by": call.person.email, "date": self._now()}  # fmt: skip
        self.state["comments"][row["id"]] = row
        self._emit(self._comment(row, card))
        return self._comment(row, card)

    @route("DELETE", "/1/cards/{id}/actions/{action}/comments", scope="write")
    def delete_comment(self, call: Call) -> Json:
        """For whoever wrote it."""
        self._card_row(call)
        row = self._known("comments", call.params["action"])
        if row["by"] != call.person.email:
            raise Refusal("forbidden", "unauthorized permission requested", status=401)
        del self.state["comments"][row["id"]]
        return {"_value": None}

    # how things are answered

    def _member(self, email: str) -> Json:
        person = self.company.by_email[email]
        return {"id": member_id(self.company, email), "fullName": person.name, "initials": person.name[0],
                "username": person.handle.replace(".", ""), "confirmed": True, "memberType": "normal"}  # fmt: skip

    def _board(self, row: Json) -> Json:
        names = ("id", "name", "closed", "shortLink", "dateLastActivity")
        link = f"https://trello.com/b/{row['shortLink']}"
        return {name: row[name] for name in names} | {"shortUrl": link, "url": link, "desc": ""}

    def _card(self, row: Json) -> Json:
        link = f"https://trello.com/c/{row['shortLink']}"
        labels = [self.state["labels"][one] for one in row["idLabels"]]
        return row | {"labels": labels, "shortUrl": link, "url": f"{link}/{row['idShort']}", "idChecklists": []}

    def _ordered(self, cards: Iterable[Json]) -> list[Json]:
        return [self._card(row) for row in sorted(cards, key=lambda card: float(card["pos"])) if not row["closed"]]

    def _comment(self, row: Json, card: Json) -> Json:
        return self._action(row["id"], "commentCard", row["date"], row["by"], card) | {
            "data": self._about(card) | {"text": row["text"]}
        }

    def _action(self, key: str, kind: str, at: str, by: str, card: Json) -> Json:
        who = self._member(by)
        creator = {name: who[name] for name in ("id", "fullName", "username", "initials")}
        return {"id": key, "type": kind, "date": at, "idMemberCreator": who["id"], "memberCreator": creator,
                "data": self._about(card)}  # fmt: skip

    def _about(self, card: Json) -> Json:
        board, place = self.state["boards"][card["idBoard"]], self.state["lists"][card["idList"]]
        return {
            "card": {name: card[name] for name in ("id", "name", "idShort", "shortLink")},
            "board": {name: board[name] for name in ("id", "name", "shortLink")},
            "list": {name: place[name] for name in ("id", "name")},
        }

    # what the handlers share

    def _now(self) -> str:
        return self.world.time().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _person(self, call: Call, given: str) -> Person:
        if given == "me":
            return call.person
        found = next((p for p in self.company.people if given in (member_id(self.company, p.email), p.handle)), None)
        if found is None:
            raise Refusal("unknown", "model not found", status=404)
        return found

    def _known(self, kind: str, key: Any) -> Json:
        if not ID.fullmatch(str(key)):
            raise Refusal("invalid", "invalid id")
        row: Json | None = self.state[kind].get(key)
        if row is None:
            raise Refusal("unknown", "The requested resource was not found.", status=404)
        return row

    def _one(self, call: Call, kind: str) -> Json:
        row = self._known(kind, call.params["id"])
        board = row if kind == "boards" else self.state["boards"][row["idBoard"]]
        if call.person.email not in board["members"]:
            raise Refusal("forbidden", f"unauthorized {kind.removesuffix('s')} permission requested", status=401)
        return row

    def _card_row(self, call: Call) -> Json:
        given = call.params["id"]
        short = next((card["id"] for card in self.state["cards"].values() if card["shortLink"] == given), given)
        row = self._known("cards", short)
        if call.person.email not in self.state["boards"][row["idBoard"]]["members"]:
            raise Refusal("forbidden", "unauthorized card permission requested", status=401)
        return row

    def _given(self, call: Call, row: Json) -> Json:
        found: Json = {}
        for name, value in call.query.items():
            if name not in TAKES:
                continue
            if name in ("idMembers", "idLabels"):
                found[name] = [self._part(name, one) for one in value.split(",") if one]
            elif name in ("closed", "dueComplete"):
                found[name] = value == "true"
            elif name == "due":
                found[name] = None if value in ("", "null") else self._moment(value)
            elif name == "idList":
                found[name] = self._known("lists", value)["id"]
            elif name == "idBoard":
                found[name] = self._known("boards", value)["id"]
            else:
                found[name] = value
        home = found.get("idBoard", row["idBoard"])
        if "idList" in found and self.state["lists"][found["idList"]]["idBoard"] != home:
            raise Refusal("invalid", "the list is not on the board")
        return found

    def _part(self, name: str, key: str) -> str:
        people = {member_id(self.company, person.email) for person in self.company.people}
        if key not in (people if name == "idMembers" else self.state["labels"]):
            raise Refusal("invalid", f"invalid value for {name}")
        return key

    def _moment(self, text: str) -> str:
        try:
            return datetime.fromisoformat(text).isoformat(timespec="milliseconds")
        except ValueError:
            raise Refusal("invalid", "invalid date") from None

    def _tell(self, call: Call, kind: str, row: Json, old: Json | None = None) -> None:
        self.state["boards"][row["idBoard"]]["dateLastActivity"] = self._now()
        key = hexid(self.world.time(), "action", self.count("action"))
        action = self._action(key, kind, self._now(), call.person.email, row)
        if old:
            action["data"] |= {"old": old, "card": action["data"]["card"] | old}
        self.state["log"].append(action)
        self._emit(action)

    def _emit(self, action: Json) -> None:
        self.emit({"action": action, "model": action["data"]["board"]})


def _matches(action: Json, kind: str) -> bool:
    name, _, field = kind.partition(":")
    return kind == "all" or (action["type"] == name and (not field or field in action["data"].get("old", {})))
