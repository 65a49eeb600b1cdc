"""monday.com's GraphQL API."""

from __future__ import annotations

import base64
import hashlib
import hmac
import html
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from graphql import GraphQLError, GraphQLSchema, build_schema, execute_sync, parse, validate

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json, Refusal, page
from sandbox.grant import Grant
from sandbox.oauth import OAuth
from sandbox.vendor import Vendor, route
from sandbox.vendors.monday.seed import WORKSPACES, seed_monday, user_id
from sandbox.vendors.monday.value import given, settings, text, wrong

SCHEMA: GraphQLSchema = build_schema((Path(__file__).parent / "schema.graphql").read_text("utf-8"))
SIGNED_OUT = ("unauthenticated", "invalid_token", "expired", "revoked")
NEEDS = {"me": "me:read", "users": "users:read", "workspaces": "workspaces:read", "updates": "updates:read",
         "create_update": "updates:write", "delete_update": "updates:write"}  # fmt: skip
CODES = {403: "USER_UNAUTHORIZED", 404: "ResourceNotFoundException", 409: "ResourceLockedException",
         422: "InvalidArgumentException"}  # fmt: skip
EVENTS = {"create_item": "create_pulse", "change_multiple_column_values": "update_column_value",
          "move_item_to_group": "move_pulse_into_group", "archive_item": "archive_pulse", "delete_item": "delete_pulse",
          "create_update": "create_update", "delete_update": "delete_update"}  # fmt: skip


class Monday(Vendor):
    """The company's account."""

    key = "monday"
    hosts = ("https://api.monday.com", "https://auth.monday.com")
    oauth = OAuth(authorize="/oauth2/authorize", token="/oauth2/token", expires_in=None)

    def seed(self) -> Json:
        """Boards and items."""
        return seed_monday(self.company, self.world.story)

    def refuse(self, refusal: Refusal) -> Answer:
        """`{errors: [{message, extensions}]}`."""
        if refusal.kind in SIGNED_OUT:
            return Answer(401, {"errors": ["Not Authenticated"]})
        if refusal.kind == "rate_limited":
            wait = refusal.detail["retry_after"]
            more = {"code": "RATE_LIMIT_EXCEEDED", "status_code": 429}
            more |= {"retry_in_seconds": wait} if wait >= 0 else {}
            return _failed(429, "Rate limit exceeded", more, {"retry-after": str(wait)})
        if refusal.kind == "server_error":
            return _failed(500, "Internal server error", {"code": "INTERNAL_SERVER_ERROR", "status_code": 500})
        status = 404 if refusal.kind == "no_route" else refusal.status
        return _failed(status, refusal.message, {"code": CODES.get(status, "BAD_REQUEST"), "status_code": status})

    def credential(self, call: Call) -> str | None:
        """The bare token, or one after `Bearer`."""
        return call.headers.get("authorization", "").removeprefix("Bearer ").strip() or None

    def new_token(self, grant: Grant, serial: int) -> str:
        """A token that looks like a JSON Web Token."""
        return f"eyJhbGciOiJIUzI1NiJ9.{self.ident(60, grant.email, serial)}.{self.ident(43, 'sig', serial)}"

    def sign(self, secret: str, body: bytes, about: Mapping[str, Any]) -> dict[str, str]:
        """A JSON Web Token, which does not cover the body."""
        claims = {"aud": about.get("url", ""), "iat": int(self.world.time().timestamp()),
                  "exp": int(self.world.time().timestamp()) + 300}  # fmt: skip
        parts = ".".join(_encoded(json.dumps(one).encode()) for one in ({"alg": "HS256", "typ": "JWT"}, claims))
        made = hmac.new(secret.encode(), parts.encode(), hashlib.sha256).digest()
        return {"Authorization": f"{parts}.{_encoded(made)}"}

    @route(
        "POST", "/v2", scope="boards:read boards:write me:read users:read updates:read updates:write workspaces:read"
    )
    def graphql(self, call: Call) -> Answer:
        """Any document; what is wrong with a value comes with status 200."""
        try:
            document = parse(str(call.need("query")))
        except GraphQLError as error:
            return _failed(400, f"Parse error: {error.message}", {"code": "PARSE_ERROR"})
        if problems := validate(SCHEMA, document):
            return _failed(400, problems[0].message, {"code": "undefinedField"})
        scopes = call.grant.scopes if call.grant else None
        root = Root(self, call.person, scopes)
        result = execute_sync(SCHEMA, document, root, variable_values=call.get("variables") or {})
        errors = [error.formatted for error in result.errors or ()]
        return Answer(200, {"data": result.data} | ({"errors": errors} if errors else {}))


class Root:
    """One request of one person; a method for each root field, which gets the field's arguments."""

    def __init__(self, vendor: Monday, person: Person, scopes: list[str] | None) -> None:
        self.vendor, self.person, self.scopes = vendor, person, scopes
        self.company, self.state = vendor.company, vendor.state
        self.people = {user_id(self.company, one.email): one.name for one in self.company.people}

    def _may(self, name: str, write: bool = False) -> None:
        needed = NEEDS.get(name, "boards:write" if write else "boards:read")
        if self.scopes is not None and needed not in self.scopes:
            raise wrong("UserUnauthorizedException", f"Unauthorized field or type, missing scope {needed}", 403)

    # queries

    def me(self, _: Any) -> Json:
        """Who calls."""
        self._may("me")
        return self._user(self.person.email)

    def users(self, _: Any, ids: Any = None, name: str = "", emails: Any = None, limit: int = 25, page: int = 1) -> Any:
        """People by words of the name, addresses or ids."""
        self._may("users")
        rows = [
            self._user(one.email)
            for one in self.company.people
            if (not ids or user_id(self.company, one.email) in ids)
            and (not emails or one.email in emails)
            and all(any(w.startswith(p) for w in one.name.casefold().split()) for p in name.casefold().split())
        ]
        return _numbered(rows, limit, page)

    def workspaces(self, _: Any, limit: int = 25, page: int = 1, **more: Any) -> Any:
        """The workspaces."""
        self._may("workspaces")
        return _numbered([{"id": id, "name": name} for id, name in WORKSPACES.items()], limit, page)

    def boards(
        self, _: Any, ids: Any = None, workspace_ids: Any = None, limit: int = 25, page: int = 1, **more: Any
    ) -> Any:
        """Boards."""
        self._may("boards")
        rows = [
            self._board(row)
            for row in self.state["boards"].values()
            if (not ids or row["id"] in ids) and (not workspace_ids or row["workspace"] in workspace_ids)
        ]
        return _numbered(rows, limit, page)

    def items(self, _: Any, ids: Any = None, limit: int = 25, page: int = 1, exclude_nonactive: bool = False) -> Any:
        """Items by id, deleted ones too."""
        self._may("items")
        rows = [row for row in self.state["items"].values() if row["id"] in (ids or ())]
        kept = [row for row in rows if not exclude_nonactive or row["state"] == "active"]
        return _numbered([self._item(row) for row in kept], limit, page)

    def items_page_by_column_values(
        self, _: Any, board_id: str, limit: int, columns: Any = (), cursor: Any = None
    ) -> Any:
        """Items whose columns hold one of the texts each."""
        self._may("items")
        board = self._known("boards", board_id)
        return self._page([row for row in self._of(board) if self._holds(board, row, columns)], limit)

    def _holds(self, board: Json, row: Json, columns: Iterable[Json]) -> bool:
        for wanted in columns:
            if wanted["column_id"] == "name":
                held: str | None = row["name"]
            else:
                place = self._column(board, wanted["column_id"])
                held = text(place, row["values"].get(place["id"]), self.people)
            if held not in wanted["column_values"]:
                return False
        return True

    def next_items_page(self, _: Any, cursor: str, limit: int) -> Any:
        """The page after a cursor, which names the items that are left."""
        self._may("items")
        left = json.loads(base64.urlsafe_b64decode(cursor))
        return self._page([self.state["items"][id] for id in left if id in self.state["items"]], limit)

    def updates(self, _: Any, ids: Any = None, limit: int = 25, page: int = 1) -> Any:
        """Updates by id."""
        self._may("updates")
        rows = [row for row in self.state["updates"].values() if row["id"] in (ids or ())]
        return _numbered([self._update(row) for row in rows], limit, page)

    def search(self, _: Any) -> Json:
        """The search by words."""
        self._may("search")
        return {"items": self._search_items, "boards": self._search_boards}

    def _search_items(self, _: Any, query: str, limit: int = 10, board_ids: Any = None) -> Json:
        rows = [
            row
            for row in self.state["items"].values()
            if row["state"] == "active" and (not board_ids or row["board"] in board_ids) and _has(query, row["name"])
        ]
        return {"results": [{"id": row["id"], "live_data": self._item(row)} for row in rows[: min(limit, 20)]]}

    def _search_boards(self, _: Any, query: str, limit: int = 10) -> Json:
        rows = [self._board(row) for row in self.state["boards"].values() if _has(query, row["name"])]
        return {"results": [{"id": row["id"], "indexed_data": row} for row in rows[: min(limit, 20)]]}

    # mutations

    def create_item(
        self, _: Any, board_id: str, item_name: str, group_id: Any = None, column_values: Any = None
    ) -> Json:
        """A new item, in the first group unless another is named."""
        self._may("create_item", write=True)
        board = self._known("boards", board_id)
        if len(item_name) > 255:
            raise wrong("ItemNameTooLongException", "Item name is limited to 255 characters", item_name=item_name[:40])
        now, key = self._now(), str(self.vendor.count("item", 9_900_001))
        row: Json = {
            "id": key, "name": item_name, "board": board["id"], "state": "active", "creator": self.person.email,
            "group": self._group(board, group_id)["id"] if group_id else board["groups"][0]["id"],
            "values": self._given(board, column_values), "created_at": now, "updated_at": now,
        }  # fmt: skip
        self.state["items"][key] = row
        self._tell("create_item", row)
        return self._item(row)

    def change_multiple_column_values(self, _: Any, board_id: str, column_values: Any, item_id: Any = None) -> Json:
        """Other values of columns."""
        self._may("change", write=True)
        board, row = self._known("boards", board_id), self._active(item_id)
        if row["board"] != board["id"]:
            raise wrong("InvalidItemIdException", "Item does not belong to board", item_id=item_id)
        fresh = self._given(board, column_values)
        told = json.loads(column_values)
        row["values"] = {id: value for id, value in {**row["values"], **{id: fresh.get(id) for id in told}}.items()
                         if value is not None}  # fmt: skip
        self._tell("change_multiple_column_values", row, columnId=next(iter(told), ""))
        return self._item(row)

    def move_item_to_group(self, _: Any, group_id: str, item_id: Any = None) -> Json:
        """Into another group."""
        self._may("move", write=True)
        row = self._active(item_id)
        row["group"] = self._group(self.state["boards"][row["board"]], group_id)["id"]
        self._tell("move_item_to_group", row)
        return self._item(row)

    def archive_item(self, _: Any, item_id: Any = None) -> Json:
        """Out of sight."""
        self._may("archive", write=True)
        row = self._active(item_id)
        row["state"] = "archived"
        self._tell("archive_item", row)
        return self._item(row)

    def delete_item(self, _: Any, item_id: Any = None) -> Json:
        """Into the bin, where the API still finds it."""
        self._may("delete", write=True)
        row = self._active(item_id, archived=True)
        row["state"] = "deleted"
        self._tell("delete_item", row)
        return self._item(row)

    def create_update(self, _: Any, body: str, item_id: Any = None, mentions_list: Any = None) -> Json:
        """Something said on an item."""
        self._may("create_update")
        row, key = self._active(item_id, archived=True), str(self.vendor.count("update", 3_800_001))
        for one in mentions_list or ():
            if one["id"] not in self.people:
                raise wrong("InvalidUserIdException", "User not found", user_id=one["id"])
        self.state["updates"][key] = {
            "id": key, "item": row["id"], "body": body, "creator": self.person.email, "created_at": self._now(),
            "mentions": [one["id"] for one in mentions_list or ()],
        }  # fmt: skip
        self._tell("create_update", row, is_change=False, updateId=int(key), textBody=_plain(body))
        return self._update(self.state["updates"][key])

    def delete_update(self, _: Any, id: str) -> Json:
        """For whoever wrote it."""
        self._may("delete_update")
        row = self._known("updates", id)
        if row["creator"] != self.person.email:
            raise wrong("UserUnauthorizedException", "User unauthorized to perform action", 403)
        del self.state["updates"][id]
        return self._update(row)

    # how rows are answered

    def _user(self, email: str) -> Json:
        person = self.company.by_email[email]
        account = {"id": "880011", "slug": self.company.slug, "name": self.company.name}
        return {"id": user_id(self.company, email), "name": person.name, "email": email, "status": "ACTIVE",
                "account": account}  # fmt: skip

    def _board(self, row: Json) -> Json:
        def groups(_: Any, ids: Any = None) -> list[Json]:
            return [self._grouped(row, one) for one in row["groups"] if not ids or one["id"] in ids]

        def columns(_: Any, ids: Any = None) -> list[Json]:
            return [self._columned(one) for one in row["columns"] if not ids or one["id"] in ids]

        def items_page(_: Any, limit: int, cursor: Any = None) -> Json:
            return self._page(self._of(row), limit)

        return {
            "id": row["id"], "name": row["name"], "url": f"{self._site}/boards/{row['id']}", "state": "active",
            "items_count": len(self._of(row)), "owners": [self._user(row["owner"])], "groups": groups,
            "workspace": {"id": row["workspace"], "name": WORKSPACES[row["workspace"]]}, "columns": columns,
            "items_page": items_page, "activity_logs": lambda _, **asked: self._logs(row, **asked),
        }  # fmt: skip

    def _logs(self, board: Json, limit: int = 25, page: int = 1, **asked: Any) -> list[Json]:
        begin = datetime.fromisoformat(asked["from"]) if asked.get("from") else None
        rows = [one for one in reversed(self.state["log"]) if one["board"] == board["id"]]
        rows = [one for one in rows if begin is None or datetime.fromisoformat(one["at"]) >= begin]
        return [
            {"id": one["id"], "event": one["event"], "entity": "pulse", "user_id": one["by"], "created_at": one["at"],
             "data": json.dumps({"board_id": int(one["board"]), "pulse_id": int(one["item"])})}
            for one in _numbered(rows, limit, page)
        ]  # fmt: skip

    def _grouped(self, board: Json, group: Json) -> Json:
        def items_page(_: Any, limit: int, cursor: Any = None) -> Json:
            return self._page([row for row in self._of(board) if row["group"] == group["id"]], limit)

        return {**group, "archived": False, "deleted": False, "items_page": items_page}

    def _columned(self, column: Json) -> Json:
        return {**column, "archived": False, "settings_str": settings(column)}

    def _item(self, row: Json) -> Json:
        board = self.state["boards"][row["board"]]

        def column_values(_: Any, ids: Any = None) -> list[Json]:
            chosen = [one for one in board["columns"] if not ids or one["id"] in ids]
            return [
                {"id": one["id"], "type": one["type"], "text": text(one, row["values"].get(one["id"]), self.people),
                 "value": json.dumps(row["values"][one["id"]]) if one["id"] in row["values"] else None,
                 "column": self._columned(one)}
                for one in chosen
            ]  # fmt: skip

        def updates(_: Any, limit: int = 25, page: int = 1) -> list[Json]:
            rows = [one for one in reversed(self.state["updates"].values()) if one["item"] == row["id"]]
            return [self._update(one) for one in _numbered(rows, limit, page)]

        return {
            "id": row["id"], "name": row["name"], "url": f"{self._site}/boards/{board['id']}/pulses/{row['id']}",
            "state": row["state"], "created_at": row["created_at"], "updated_at": row["updated_at"],
            "creator": self._user(row["creator"]), "board": self._board(board),
            "group": self._grouped(board, self._group(board, row["group"])), "column_values": column_values,
            "updates": updates,
        }  # fmt: skip

    def _update(self, row: Json) -> Json:
        return {"id": row["id"], "body": row["body"], "text_body": _plain(row["body"]), "item_id": row["item"],
                "created_at": row["created_at"], "creator": self._user(row["creator"])}  # fmt: skip

    def _page(self, rows: list[Json], limit: int) -> Json:
        shown, more = page(rows, None, limit)
        left = [row["id"] for row in rows[limit:]]
        cursor = base64.urlsafe_b64encode(json.dumps(left).encode()).decode() if more else None
        return {"cursor": cursor, "items": [self._item(row) for row in shown]}

    # what the fields share

    @property
    def _site(self) -> str:
        return f"https://{self.company.slug}.monday.com"

    def _now(self) -> str:
        return self.vendor.world.time().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def _of(self, board: Json) -> list[Json]:
        rows = self.state["items"].values()
        return [row for row in rows if row["board"] == board["id"] and row["state"] == "active"]

    def _known(self, kind: str, id: Any) -> Json:
        row: Json | None = self.state[kind].get(str(id))
        if row is None:
            raise wrong("ResourceNotFoundException", f"{kind.removesuffix('s').title()} not found", 404, id=id)
        return row

    def _active(self, id: Any, archived: bool = False) -> Json:
        row = self._known("items", id)
        if row["state"] == "deleted" or (row["state"] == "archived" and not archived):
            raise wrong("InactiveItemException", "Item is not active", item_id=id)
        return row

    def _column(self, board: Json, id: str) -> Json:
        found: Json | None = next((one for one in board["columns"] if one["id"] == id), None)
        if found is None:
            raise wrong("InvalidColumnIdException", "This column ID doesn't exist for the board", column_id=id)
        return found

    def _group(self, board: Json, id: Any) -> Json:
        found: Json | None = next((one for one in board["groups"] if one["id"] == id), None)
        if found is None:
            raise wrong("ResourceNotFoundException", "Group not found", 404, group_id=id)
        return found

    def _given(self, board: Json, values: Any) -> Json:
        told = json.loads(values) if values else {}
        found = {id: given(self._column(board, id), value, self.people) for id, value in told.items()}
        return {id: value for id, value in found.items() if value is not None}

    def _tell(self, name: str, row: Json, is_change: bool = True, **more: Any) -> None:
        now, mark = self._now(), self.vendor.count("event")
        if is_change:
            row["updated_at"] = now
            self.state["log"].append({
                "id": f"log-{mark}", "event": EVENTS[name], "board": row["board"], "item": row["id"], "at": now,
                "by": user_id(self.company, self.person.email),
            })  # fmt: skip
        self.vendor.emit({"event": {
            "app": "monday", "type": EVENTS[name], "triggerTime": now, "boardId": int(row["board"]),
            "userId": int(user_id(self.company, self.person.email)), "pulseId": int(row["id"]),
            "pulseName": row["name"],
            "groupId": row["group"], "triggerUuid": self.vendor.ident(32, "event", mark, alphabet="0123456789abcdef"),
            **more,
        }})  # fmt: skip


def _failed(status: int, message: str, more: Json, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(status, {"errors": [{"message": message, "extensions": more}], "account_id": 880011}, headers or {})


def _numbered(rows: list[Json], limit: int, page: int) -> list[Json]:
    return rows[(page - 1) * limit : page * limit]


def _has(query: str, name: str) -> bool:
    return all(word in name.casefold() for word in query.casefold().split())


def _plain(body: str) -> str:
    return html.unescape(re.sub(r"<[^>]+>", "", body.replace("<br>", "\n").replace("</p>", "\n"))).strip()


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
