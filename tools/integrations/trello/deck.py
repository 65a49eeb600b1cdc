"""What the tools do at Trello step by step: look up, write, look whether a lost write arrived, read what changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from core.clock import utc_now
from core.errors import Candidate, Conflict, NotFound, Rejected
from core.records import Message, Project, Task
from core.tool import Call, Change
from tools.directory import People
from tools.integrations.trello import mapping
from tools.kit.http import Http
from tools.stream import Batch, by_time, since

RECENT = timedelta(minutes=10)
WHOLE = {"board": "true", "list": "true", "members": "true"}
HOME = {"fields": "name,shortUrl", "lists": "all", "members": "all"}
MOST = 1000


class Deck:
    """Trello under one connection."""

    def __init__(self, http: Http) -> None:
        self._http = http
        self._me = http.connection.account

    async def card(self, card: str, **more: str) -> dict[str, Any]:
        """A card with its board, list and members."""
        found: dict[str, Any] = await self._http.get(f"/cards/{card}", **WHOLE, **more)
        return found

    async def home(self, board: str) -> dict[str, Any]:
        """A board with its lists and members."""
        found: dict[str, Any] = await self._http.get(f"/boards/{board}", **HOME)
        return found

    async def boards(self, filter: str = "open") -> list[dict[str, Any]]:
        """The person's boards with their open lists."""
        found: list[dict[str, Any]] = await self._http.get(f"/members/{self._me}/boards", filter=filter, lists="open")
        return found

    async def list_boards(self, include_closed: bool) -> list[Project]:
        """The person's boards."""
        return [mapping.to_project(one) for one in await self.boards("all" if include_closed else "open")]

    async def search(self, query: str, board: str | None, limit: int) -> list[dict[str, Any]]:
        """Cards by Trello's search."""
        asked = {"query": query, "modelTypes": "cards", "idBoards": board, "cards_limit": min(limit, MOST),
                 "card_board": "true", "card_list": "true", "card_members": "true", "partial": "true"}  # fmt: skip
        return list((await self._http.get("/search", **asked)).get("cards") or ())[:limit]

    async def board_candidates(self, text: str) -> list[Candidate]:
        """Boards by id, link or words of the name."""
        wanted = mapping.id_of(text, "b")
        rows = await self.boards()
        if wanted:
            return [_board(one, text) for one in rows if wanted in (one["id"], one.get("shortLink"))]
        return _fitting(text, [_board(one) for one in rows])

    async def list_candidates(self, text: str, args: Mapping[str, Any]) -> list[Candidate]:
        """Lists of the board that is named, else of the card's own, else of all boards."""
        board = args.get("board") or (args.get("card") and (await self.card(str(args["card"])))["idBoard"])
        homes = [await self.home(str(board))] if board else await self.boards()
        rows = [
            Candidate(one["id"], one["name"], home["name"])
            for home in homes
            for one in home.get("lists") or ()
            if not one.get("closed")
        ]
        return _fitting(text, rows)

    async def card_candidates(self, text: str) -> list[Candidate]:
        """Cards by id, link or words of the title, with where they stand."""
        if id := mapping.id_of(text, "c"):
            try:
                found = [await self.card(id)]
            except (NotFound, Rejected):  # an id of no form that Trello knows is refused
                return []
        else:
            found = await self.search(text, None, 10)
        also = (text,) if id else ()
        tasks = [mapping.to_task(one) for one in found]
        return [
            Candidate(one.ref.id, one.title, f"{one.project}, {one.section}", (one.ref.key, *also)) for one in tasks
        ]

    async def person_candidates(
        self, text: str, args: Mapping[str, Any], own: str, directory: People
    ) -> list[Candidate]:
        """Members of the board at hand by name or login; addresses are names in the company's directory."""
        word = text.strip().lstrip("@")
        if word.casefold() == own.casefold():
            return [_member(await self._http.get("/members/me"))]
        names = [one.label for one in await directory.find(word)] if "@" in word else [word]
        rows = await self._members(args)
        if rows is not None:
            return [one for name in names for one in _fitting(name, [_member(row) for row in rows])]
        asked = [self._http.get("/search", query=name, modelTypes="members") for name in names if name]
        return [_member(row) for answer in await asyncio.gather(*asked) for row in answer.get("members") or ()]

    async def _members(self, args: Mapping[str, Any]) -> list[Mapping[str, Any]] | None:
        if args.get("card"):
            board: Any = (await self.card(str(args["card"])))["idBoard"]
        else:
            board = args.get("board") or await self._board_of(args.get("list"))
        return (await self.home(str(board))).get("members") or [] if board else None

    async def _board_of(self, wanted: Any) -> str:
        if not wanted:
            return ""
        return next((b["id"] for b in await self.boards() for one in b.get("lists") or () if one["id"] == wanted), "")

    async def whole_card(self, card: str) -> Task:
        """A card with its checklists and the newest comments."""
        found = mapping.to_task(await self.card(card, checklists="all"))
        return found.model_copy(update={"comments": tuple((await self.comments(card))[-5:])})

    async def comments(self, card: str) -> list[Message]:
        """The newest comments on a card, oldest first."""
        found = await self._http.get(f"/cards/{card}/actions", filter="commentCard")
        return [mapping.to_comment(one, card) for one in reversed(found)]

    async def cards(self, board: str, place: str | None, limit: int) -> list[Task]:
        """The open cards of a board, or of one of its lists."""
        path = f"/lists/{place}/cards" if place else f"/boards/{board}/cards"
        found = (await self._http.get(path))[:limit]
        home = await self.home(board)
        return [mapping.to_task(mapping.named(one, home)) for one in found]

    async def my_cards(self, due_before: date | None, zone: str) -> list[Task]:
        """The person's open cards, the most urgent first."""
        found = await self._named(await self._http.get(f"/members/{self._me}/cards", filter="open"))
        tasks = [mapping.to_task(one) for one in found]
        here = ZoneInfo(zone or "UTC")
        kept = [
            one for one in tasks if not due_before or (one.due_at and one.due_at.astimezone(here).date() < due_before)
        ]
        return sorted(kept, key=lambda one: (one.due_at is None, one.due_at or utc_now()))

    async def _named(self, cards: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        boards = list(dict.fromkeys(one["idBoard"] for one in cards))
        homes = dict(zip(boards, await asyncio.gather(*(self.home(one) for one in boards)), strict=True))
        return [mapping.named(one, homes[one["idBoard"]]) for one in cards]

    async def labels(self, board: str, names: Sequence[str]) -> list[Mapping[str, Any]]:
        """The labels of a board that have these names."""
        return mapping.labelled(names, await self._http.get(f"/boards/{board}/labels", limit=MOST)) if names else []

    async def create(self, place: str, fields: dict[str, Any], members: Sequence[str], labels: Sequence[str]) -> Change:
        """A new card in a list."""
        board = await self._board_of(place)
        if not board:
            raise Rejected("That list is on no open board of yours.")
        chosen = await self.labels(board, labels)
        fields |= {"members": [{"id": one} for one in members]} if members else {}
        fields |= {"labels": chosen} if chosen else {}
        asked = {**mapping.sent(fields), "idList": place}
        made = (await self._http.send("POST", "/cards", params=asked)).data
        card = mapping.named(made, await self.home(board))
        at = {"list": card["list"], "board": card["board"]}
        return _made(mapping.to_task(card), mapping.expected(card, {**fields, **at}))

    async def created_lately(self, place: str, name: str) -> Change | None:
        """The card with this very title that came into the list within the last minutes."""
        for one in await self._http.get(f"/lists/{place}/cards"):
            if one.get("name") == name and _is_recent(mapping.made_at(one["id"])):
                return _made(mapping.to_task(one), {"title": name})
        return None

    async def move(self, card: str, place: str, board: str | None) -> Change:
        """Put a card into another list, on another board if one is named."""
        before = await self.card(card)
        target = board or before["idBoard"]
        home = await self.home(target)
        there = next((one for one in home.get("lists") or () if one["id"] == place), None)
        if there is None:
            raise Rejected(f"“{home['name']}” has no such list.")
        if before["idList"] == place:
            raise Conflict(f"“{before['name']}” is in {there['name']} already.")
        moves = target != before["idBoard"]
        asked = {"idList": place} | ({"idBoard": target} if moves else {})
        await self._http.send("PUT", f"/cards/{card}", params=asked, is_repeatable=True)
        undo = {"card": card, "list": before["idList"]} | ({"board": before["idBoard"]} if moves else {})
        expect = {"section": there["name"], "project": home["name"]}
        return Change(mapping.to_task(before), expect, undo=Call(tool="trello.move_card", args=undo))

    async def update(
        self, card: str, fields: dict[str, Any], members: Sequence[str] = (), labels: Sequence[str] | None = None
    ) -> Change:
        """Change a card; `members` come on it besides those who are, `labels` replace the old ones."""
        before = await self.card(card)
        if members:
            there = before.get("members") or []
            new = [{"id": one} for one in members if one not in [person["id"] for person in there]]
            fields["members"] = [*there, *new]
        if labels is not None:
            fields["labels"] = await self.labels(before["idBoard"], labels)
        if not fields:
            raise Rejected("There is nothing to change.")
        await self._http.send("PUT", f"/cards/{card}", params=mapping.sent(fields), is_repeatable=True)
        undo = {"card": card, "fields": mapping.former(before, fields)}
        expect = mapping.expected(before, fields)
        return Change(mapping.to_task(before), expect, undo=Call(tool="trello.restore_card", args=undo))

    async def comment(self, card: str, text: str) -> Change:
        """Say something on a card."""
        made = await self._http.send("POST", f"/cards/{card}/actions/comments", params={"text": text})
        return _said(mapping.to_comment(made.data, card), text)

    async def said_lately(self, card: str, text: str) -> Change | None:
        """The comment that this person made with these very words within the last minutes."""
        me = (await self._http.get("/members/me")).get("fullName")
        for one in reversed(await self.comments(card)):
            if one.text.strip() == text.strip() and one.author == me and _is_recent(one.sent_at):
                return _said(one, text)
        return None

    async def delete(self, card: str) -> Change:
        """Delete a card."""
        before = mapping.to_task(await self.card(card))
        await self._http.send("DELETE", f"/cards/{card}")
        return Change(before, is_gone=True)

    async def delete_comment(self, comment: Message) -> Change:
        """Delete a comment."""
        card, _, own = comment.ref.id.partition("/")
        await self._http.send("DELETE", f"/cards/{card}/actions/{own}/comments")
        return Change(comment, is_gone=True)

    async def changes(self, cursor: str) -> Batch:
        """Cards that changed, board by board where something happened since, with what was archived and deleted."""
        begin, rows, gone = since(cursor), dict[str, Any](), list[str]()
        for board in await self.boards():
            last = mapping.moment(board.get("dateLastActivity"))
            if begin and last and last < begin:
                continue
            home = await self.home(board["id"])
            cards = await self._http.get(f"/boards/{board['id']}/cards")
            if begin:
                kinds = {"filter": "deleteCard,updateCard:closed", "since": begin.isoformat(), "limit": MOST}
                for action in await self._http.get(f"/boards/{board['id']}/actions", **kinds):
                    card = action["data"]["card"]
                    if action["type"] == "deleteCard":
                        gone.append(card["id"])
                    elif card.get("closed"):
                        cards += await self._archived(card["id"])
            rows |= {one["id"]: mapping.named(one, home) for one in cards if not begin or _changed(one, begin)}
        ordered = sorted(
            (one for one in rows.values() if one["id"] not in gone), key=lambda one: one["dateLastActivity"]
        )
        batch = await by_time(_each(ordered), cursor, at=lambda one: str(one["dateLastActivity"]), to=mapping.to_task)
        return replace(batch, gone=[mapping.card_ref(one) for one in gone])

    async def _archived(self, card: str) -> list[dict[str, Any]]:
        try:
            return [await self.card(card)]
        except NotFound:
            return []


def _changed(card: Mapping[str, Any], begin: datetime) -> bool:
    return datetime.fromisoformat(card["dateLastActivity"]) >= begin


async def _each(rows: Sequence[Any]) -> AsyncIterator[Any]:
    for row in rows:
        yield row


def _board(board: Mapping[str, Any], *also: str) -> Candidate:
    return Candidate(board["id"], board["name"], also=(str(board.get("shortLink") or ""), *also))


def _member(row: Mapping[str, Any]) -> Candidate:
    login = str(row.get("username") or "")
    return Candidate(row["id"], row.get("fullName") or login, row.get("email") or f"@{login}", (login,))


def _fitting(text: str, rows: Sequence[Candidate]) -> list[Candidate]:
    wanted = text.strip().casefold()
    exact = [row for row in rows if text.strip() == row.id or wanted in (row.label.casefold(), *row.also)]
    words = [
        row for row in rows if all(any(w.startswith(p) for w in row.label.casefold().split()) for p in wanted.split())
    ]
    return exact or words


def _is_recent(moment: datetime | None) -> bool:
    return moment is not None and utc_now() - moment < RECENT


def _made(card: Task, expect: Mapping[str, Any]) -> Change:
    return Change(card, expect, undo=Call(tool="trello.delete_card", args={"card": card.ref.id}))


def _said(comment: Message, text: str) -> Change:
    undo = Call(tool="trello.delete_comment", args={"comment": comment.ref.id})
    return Change(comment, {"text": text}, undo=undo)
