"""Trello, REST API 1: boards, their lists, cards and comments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from core.errors import Candidate, Forbidden, NotFound, VendorError
from core.records import Message, Project, Record, Ref, Task
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.trello import mapping
from tools.integrations.trello.deck import Deck
from tools.kit.auth import Key
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent
from tools.stream import Batch, stream

CardId = Annotated[str, finds("card"), "the card, by title, link or id"]
BoardId = Annotated[str, finds("board"), "the board, by name, link or id"]

READ, WRITE = ("read",), ("write",)
UNDO = "it is itself an undo"


def signed(delivery: Delivery) -> tuple[bytes, list[str], int | None]:
    """The HMAC covers the body and then the callback's address."""
    return delivery.body + delivery.url.encode(), [delivery.headers.get("x-trello-webhook", "")], None


class Trello(Integration):
    """Trello under one person's connection."""

    key = "trello"
    name = "Trello"
    category = "project_management"
    aliases = ("trello", "trello board")
    base_url = "https://api.trello.com/1"
    auth = Key(
        asks=("key", "token"), send={"Authorization": 'OAuth oauth_consumer_key="{key}", oauth_token="{token}"'}
    )  # fmt: skip
    webhook = Signature(signed, algorithm="sha1")
    names = ("board",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Trello's plain sentences; some 401 do not mean the sign-in but what it may do."""
        if answer.status < 400:
            return None
        data = answer.data if isinstance(answer.data, Mapping) else {}
        said = str(data.get("message") or data.get("error") or ("" if "<" in answer.text else answer.text)).strip()
        if answer.status == 401 and "permission" in said:
            return Forbidden(f"You may not do this in Trello. Trello says: {said}", status=401, cause=said)
        return by_status(cls.name, answer, said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One action a delivery."""
        return [mapping.to_event(delivery.data["action"])]

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """Trello asks for the head of the address before it sends anything there."""
        return Greeting() if delivery.method == "HEAD" else None

    async def identify(self) -> Account:
        """The member whose token it is."""
        return Account((await self.http.get("/members/me"))["id"], site="https://trello.com")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Boards."""
        return {"board": [one.title for one in await self.list_boards()]}

    async def find_board(self, text: str) -> Sequence[Candidate]:
        """Boards by name, link or id."""
        return await self._deck.board_candidates(text)

    async def find_list(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Lists of the board that is named, of the card's board, or of all boards."""
        return await self._deck.list_candidates(text, args)

    async def find_card(self, text: str) -> Sequence[Candidate]:
        """Cards by title, link or id."""
        return await self._deck.card_candidates(text)

    async def find_person(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Members of the board at hand, by name, login or address."""
        return await self._deck.person_candidates(text, args, self.who.email, self.people)

    @tool("read", scopes=READ)
    async def search(
        self,
        query: Annotated[str, "words, or Trello's own operators such as list:Done or due:week"],
        board: Annotated[str | None, finds("board"), "only this board"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Task]:
        """Find Trello cards by words, on all boards or one."""
        return [mapping.to_task(one) for one in await self._deck.search(query, board, limit)]

    @tool("read", scopes=READ)
    async def list_boards(
        self, include_closed: Annotated[bool, "whether closed boards are shown too"] = False
    ) -> list[Project]:
        """Show which Trello boards the asker is on."""
        return await self._deck.list_boards(include_closed)

    @tool("read", scopes=READ)
    async def list_cards(
        self,
        board: BoardId,
        list: Annotated[str | None, finds("list"), "only this list or column of it"] = None,
        limit: Annotated[int, "how many"] = 50,
    ) -> Sequence[Task]:
        """Show what is on a Trello board, or in one list of it."""
        return await self._deck.cards(board, list, limit)

    @tool("read", scopes=READ)
    async def list_my_cards(
        self, due_before: Annotated[date | None, "only those due before this day"] = None
    ) -> Sequence[Task]:
        """Show the Trello cards that the asker is on, the most urgent first."""
        return await self._deck.my_cards(due_before, self.who.timezone)

    @tool("read", scopes=READ)
    async def get_card(self, card: CardId) -> Task:
        """Show one Trello card in full: description, checklists, newest comments."""
        return await self._deck.whole_card(card)

    @tool("write", scopes=WRITE, proof="read_card", undo="delete_card", recover="recover_card")
    async def create_card(
        self,
        name: Annotated[str, "title"],
        *,
        board: Annotated[str | None, finds("board"), "the board; left out, the list is looked for on all"] = None,
        list: Annotated[str, finds("list"), "the list or column it goes into"],
        desc: Annotated[Text | None, "description"] = None,
        due: Annotated[datetime | None, "when it is due"] = None,
        members: Annotated[Sequence[Who] | None, "people to put on it"] = None,
        labels: Annotated[Sequence[str] | None, "labels of the board, by name or colour"] = None,
    ) -> Change:
        """Add a card to a Trello list."""
        return await self._deck.create(list, mapping.written(name, desc, due), members or (), labels or ())

    @tool("write", scopes=WRITE, proof="read_card", undo="move_card")
    async def move_card(
        self,
        card: CardId,
        *,
        board: Annotated[str | None, finds("board"), "another board, where it leaves its own"] = None,
        list: Annotated[str, finds("list"), "the list or column it goes to"],
    ) -> Change:
        """Move a Trello card to another list, or to a list of another board."""
        return await self._deck.move(card, list, board)

    @tool("write", scopes=WRITE, proof="read_card", undo="restore_card")
    async def update_card(
        self,
        card: CardId,
        name: Annotated[str | None, "new title"] = None,
        desc: Annotated[Text | None, "new description"] = None,
        due: Annotated[datetime | None, "new due time"] = None,
        due_complete: Annotated[bool | None, "true ticks it off as done"] = None,
        members: Annotated[Sequence[Who] | None, "further people to put on it"] = None,
        labels: Annotated[Sequence[str] | None, "labels that replace those it has"] = None,
        archived: Annotated[bool | None, "true archives it, false takes it out of the archive"] = None,
    ) -> Change:
        """Edit a Trello card: title, text, due time, people, labels, done, archived."""
        fields = mapping.written(name, desc, due, due_complete, archived)
        return await self._deck.update(card, fields, members or (), labels)

    @tool("write", scopes=WRITE, proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def comment_on_card(self, card: CardId, text: Annotated[Text, "the comment"]) -> Change:
        """Write a comment on a Trello card."""
        return await self._deck.comment(card, text)

    @tool("destructive", scopes=WRITE, proof="read_card", irreversible="Trello deletes for good; archiving does not",
          recover="recover_delete")  # fmt: skip
    async def delete_card(self, card: CardId) -> Change:
        """Delete a Trello card for good, unlike archiving it."""
        return await self._deck.delete(card)

    @tool("write", scopes=WRITE, proof="read_card", irreversible=UNDO, is_hidden=True)
    async def restore_card(
        self, card: Annotated[str, "id"], fields: Annotated[dict[str, Any], "former values, in Trello's own words"]
    ) -> Change:
        """Set fields of a card back to what they were."""
        return await self._deck.update(card, fields)

    @tool("destructive", scopes=WRITE, proof="read_comment", irreversible=UNDO, is_hidden=True)
    async def delete_comment(self, comment: Annotated[str, "ids of card and comment"]) -> Change:
        """Delete a comment."""
        return await self._deck.delete_comment(
            await self.read_comment(Ref(integration=self.key, kind="comment", id=comment))
        )

    @stream("card")
    async def stream_cards(self, cursor: str) -> Batch:
        """Cards of the person's boards, as they change."""
        return await self._deck.changes(cursor)

    async def read_card(self, ref: Ref) -> Record:
        """Reads the card again."""
        return mapping.to_task(await self._deck.card(ref.id))

    async def read_comment(self, ref: Ref) -> Message:
        """Reads the comments on the card again."""
        for one in await self._deck.comments(ref.id.partition("/")[0]):
            if one.ref.id == ref.id:
                return one
        raise NotFound("The comment is no longer in Trello.")

    async def recover_card(self, name: str, list: str, **_: Any) -> Change | None:
        """The new card, if it is there."""
        return await self._deck.created_lately(list, name)

    async def recover_comment(self, card: str, text: str) -> Change | None:
        """The comment, if it stands on the card."""
        return await self._deck.said_lately(card, text)

    async def recover_delete(self, card: str) -> Change | None:
        """Whether the card is gone."""
        try:
            await self._deck.card(card)
        except NotFound:
            return Change(Task(ref=mapping.card_ref(card)), is_gone=True)
        return None

    @property
    def _deck(self) -> Deck:
        return Deck(self.http)
