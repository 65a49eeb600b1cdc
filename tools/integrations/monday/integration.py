"""monday.com, GraphQL: boards, their items and the updates on them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from core.errors import Candidate, VendorError
from core.records import Project, Task
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.monday import document, mapping
from tools.integrations.monday.desk import Desk
from tools.integrations.monday.fault import SignedToken, meaning, signed
from tools.integrations.monday.readback import Readback
from tools.kit.auth import OAuth2
from tools.kit.graphql import ask
from tools.kit.http import Answer
from tools.kit.webhook import Delivery, Greeting, WebhookEvent
from tools.stream import Batch, stream

BoardId = Annotated[str, finds("board"), "the board, by name, link or number"]
ItemId = Annotated[str, finds("item"), "the item, by name, link or number"]
Day = datetime.date
OTHERS = "values of other columns, as name and value: Budget: 500; Priority: High"

READ, WRITE = ("boards:read",), ("boards:write",)
UNDO = "it is itself an undo"
BIN = "monday.com brings an item back from its bin by hand only"
ARCHIVE = "monday.com takes an item out of the archive by hand only"


class Monday(Readback, Integration):
    """monday.com under one person's connection."""

    key = "monday"
    name = "monday.com"
    category = "project_management"
    aliases = ("monday", "monday.com", "monday board")
    base_url = "https://api.monday.com/v2"
    headers = {"API-Version": "2026-10"}
    auth = OAuth2(
        authorize_url="https://auth.monday.com/oauth2/authorize",
        token_url="https://auth.monday.com/oauth2/token",  # noqa: S106 - an address
        scopes=(
            "me:read", "boards:read", "boards:write", "updates:read", "updates:write", "users:read", "workspaces:read",
            "docs:read", "notifications:write",
        ),
        scheme="",
    )  # fmt: skip
    webhook = SignedToken(signed)
    names = ("board", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """monday.com's `{errors: [{message, extensions}]}`, mostly with status 200, or its older shape."""
        return meaning(answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery."""
        return [mapping.to_event(delivery.data["event"])]

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The first delivery is a challenge that wants to come back."""
        told = delivery.data
        if not isinstance(told, Mapping) or "challenge" not in told or "event" in told:
            return None
        back = json.dumps({"challenge": str(told["challenge"])})
        return Greeting(body=back, headers={"content-type": "application/json"})

    async def identify(self) -> Account:
        """The person, and the address of their account."""
        me = (await ask(self.http, document.ME))["me"]
        return Account(me["id"], site=f"https://{me['account']['slug']}.monday.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Boards and people."""
        return await self._desk.names()

    async def find_board(self, text: str) -> Sequence[Candidate]:
        """Boards by name, link or id."""
        return await self._desk.board_candidates(text)

    async def find_item(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Items by name, link or id, on the board that is named if one is."""
        return await self._desk.item_candidates(text, args.get("board"))

    async def find_group(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Groups of the board that is named, or of the item's board."""
        return await self._desk.group_candidates(text, args.get("board"), args.get("item"))

    async def find_workspace(self, text: str) -> Sequence[Candidate]:
        """Workspaces by name or id."""
        return await self._desk.workspaces(text)

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """People by name, address or id."""
        return await self._desk.people(text)

    @tool("read", scopes=READ)
    async def search_items(
        self,
        query: Annotated[str, "the words"],
        board: Annotated[str | None, finds("board"), "only this board"] = None,
        limit: Annotated[int, "how many, 20 at most"] = 10,
    ) -> list[Task]:
        """Find monday.com items (rows) by words, on all boards or one."""
        return await self._desk.search(query, board, limit)

    @tool("read", scopes=READ)
    async def list_items(
        self,
        board: BoardId,
        group: Annotated[str | None, finds("group"), "only this group of it"] = None,
        status: Annotated[str | None, "only items with this status label"] = None,
        person: Annotated[Who | None, "only items of this person"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Task]:
        """Show what is on a monday.com board, narrowed by group, status or person."""
        return await self._desk.items(board, group, status, person, limit)

    @tool("read", scopes=("boards:read", "workspaces:read"))
    async def list_boards(
        self,
        workspace: Annotated[str | None, finds("workspace"), "only boards of this workspace"] = None,
        limit: Annotated[int, "how many"] = 25,
    ) -> list[Project]:
        """Show which monday.com boards there are, the last used first."""
        return await self._desk.boards(workspace, limit)

    @tool("read", scopes=("boards:read", "updates:read"))
    async def get_item(self, item: ItemId) -> Task:
        """Show one monday.com item with all its columns and the newest updates on it."""
        found = mapping.to_task(await self._desk.item(item))
        return found.model_copy(update={"comments": tuple(await self._desk.updates(item, 5))})

    @tool("write", scopes=WRITE, proof="read_item", undo="delete_item", recover="recover_create")
    async def create_item(
        self,
        board: BoardId,
        name: Annotated[str, "name of the item"],
        group: Annotated[str | None, finds("group"), "the group of the board it goes into"] = None,
        status: Annotated[str | None, "status label"] = None,
        person: Annotated[Who | None, "who owns it"] = None,
        date: Annotated[Day | None, "day for its date column"] = None,
        columns: Annotated[Text | None, OTHERS] = None,
    ) -> Change:
        """Add an item (row) to a monday.com board."""
        return await self._desk.create(board, name, group, status, person, date, columns)

    @tool("write", scopes=WRITE, proof="read_item", undo="restore_item", recover="recover_change")
    async def update_item(
        self,
        board: BoardId,
        item: ItemId,
        status: Annotated[str | None, "new status label"] = None,
        person: Annotated[Who | None, "new owner"] = None,
        date: Annotated[Day | None, "new day"] = None,
        columns: Annotated[Text | None, OTHERS] = None,
    ) -> Change:
        """Change what a monday.com item's columns hold: status, owner, date or others."""
        return await self._desk.update(board, item, status, person, date, columns)

    @tool("write", scopes=WRITE, proof="read_item", undo="move_item", recover="recover_move")
    async def move_item(self, item: ItemId, group: Annotated[str, finds("group"), "the group it goes to"]) -> Change:
        """Move a monday.com item to another group of its board."""
        return await self._desk.move(item, group)

    @tool("write", scopes=("updates:write",), proof="read_update", undo="delete_update", recover="recover_post")
    async def post_update(
        self,
        item: ItemId,
        body: Annotated[Text, "the update"],
        mention: Annotated[list[Who] | None, "people to notify"] = None,
    ) -> Change:
        """Write an update (comment) on a monday.com item."""
        return await self._desk.post(item, body, mention or ())

    @tool("write", scopes=WRITE, proof="read_item", irreversible=ARCHIVE, recover="recover_archive")
    async def archive_item(self, item: ItemId) -> Change:
        """Put a monday.com item into the archive, out of sight but kept."""
        return await self._desk.archive(item)

    @tool("destructive", scopes=WRITE, proof="read_item", irreversible=BIN, recover="recover_delete")
    async def delete_item(self, item: ItemId) -> Change:
        """Delete a monday.com item."""
        return await self._desk.delete(item)

    @tool("write", scopes=WRITE, proof="read_item", irreversible=UNDO, is_hidden=True)
    async def restore_item(
        self,
        board: Annotated[str, "id"],
        item: Annotated[str, "id"],
        values: Annotated[dict[str, Any], "former values by column, in monday.com's own words"],
    ) -> Change:
        """Set columns of an item back to what they held."""
        return await self._desk.restore(board, item, values)

    @tool("destructive", scopes=("updates:write",), proof="read_update", irreversible=UNDO, is_hidden=True)
    async def delete_update(self, update: Annotated[str, "id"]) -> Change:
        """Delete an update."""
        return await self._desk.delete_update(update)

    @stream("item")
    async def stream_items(self, cursor: str) -> Batch:
        """Items of all boards, as they change."""
        return await self._desk.changes(cursor)

    @property
    def _desk(self) -> Desk:
        return Desk(self.http)
