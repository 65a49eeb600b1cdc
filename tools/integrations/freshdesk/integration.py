"""Freshdesk, API 2: tickets with their replies and notes, contacts. Each agent connects with their own key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from core.errors import Candidate, Forbidden, NotFound, Rejected, VendorError
from core.records import Message, Person, Record, Ref, Ticket
from core.tool import Change
from tools.declare import Email, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.freshdesk import mapping, search
from tools.integrations.freshdesk.desk import Desk, deleted
from tools.integrations.freshdesk.mapping import Priority, Status
from tools.kit.auth import Key
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, WebhookEvent, repeated
from tools.stream import Batch, stream

Number = Annotated[int, "number of the ticket"]
Limit = Annotated[int, "how many"]
Tags = list[str] | None
ReadyMade = Literal["new_and_my_open", "watching", "spam", "deleted"]

SENT = "the requester already has it"
UNDO = "it is itself an undo"


class Freshdesk(Integration):
    """Freshdesk under one agent's key."""

    key = "freshdesk"
    name = "Freshdesk"
    category = "support"
    aliases = ("freshdesk", "helpdesk", "fresh desk")
    base_url = "https://{domain}.freshdesk.com/api/v2"
    slots = {"domain": ""}
    auth = Key(asks=("api_key",), send={"Authorization": "basic:{api_key}:X"})
    calls_per_s = 3.0  # the smallest paid plan has 200 a minute
    webhook = repeated("X-Atom-Secret")
    names = ("group",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Freshdesk's `{description, errors}` and `{code, message}`; a 404 has no body."""
        data = answer.data
        if not isinstance(data, Mapping):
            return None
        said, fields = mapping.refusal(data)
        if answer.status < 400:
            is_error = {"code", "message"} <= {*data} and "id" not in data
            return Forbidden(f"Freshdesk says: {said}", status=answer.status, cause=said) if is_error else None
        return by_status(cls.name, answer, said, fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery, as the rule in the README words it."""
        return [mapping.event(delivery)]

    async def identify(self) -> Account:
        """The agent whose key it is."""
        me = await self.http.get("/agents/me")
        return Account(str(me["id"]), site=search.site(self.http.connection.secret, self.http.connection.base_url))

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Groups of agents."""
        return {"group": [one.label for one in await self._desk.groups()]}

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Agents by name, address or id."""
        return search.fitting(text, await self._desk.agents())

    async def find_group(self, text: str) -> Sequence[Candidate]:
        """Groups by name."""
        return search.fitting(text, await self._desk.groups())

    async def find_requester(self, text: str) -> Sequence[Candidate]:
        """Contacts by name, address or number."""
        return await self._desk.requesters(text)

    @tool("read")
    async def search_tickets(
        self,
        status: Annotated[Status | None, "status"] = None,
        priority: Annotated[Priority | None, "priority"] = None,
        assignee: Annotated[Who | None, "the agent who works on it"] = None,
        tag: Annotated[str | None, "a tag on it"] = None,
        type: Annotated[str | None, "its type, such as Question or Incident"] = None,
        text: Annotated[str | None, "words in its subject or description"] = None,
        created_after: Annotated[date | None, "only those opened after this day"] = None,
        due_before: Annotated[date | None, "only those due before this day"] = None,
        limit: Limit = 30,
    ) -> list[Ticket]:
        """Find Freshdesk tickets by status, priority, agent, tag, type, days or words."""
        query = search.query(status, priority, assignee, tag, type, created_after, due_before)
        return await self._desk.search(query, text, created_after, due_before, self.who.timezone, limit)

    @tool("read")
    async def list_tickets(
        self,
        requester: Annotated[str | None, finds("requester"), "the customer, by name or address"] = None,
        filter: Annotated[ReadyMade | None, "a ready-made list: mine and new ones, watched, spam or deleted"] = None,
        updated_since: Annotated[datetime | None, "only those changed since this moment"] = None,
        limit: Limit = 30,
    ) -> list[Ticket]:
        """Show the latest Freshdesk tickets, my own open ones, or what one customer sent."""
        return await self._desk.listed(requester, filter, updated_since, limit)

    @tool("read")
    async def get_ticket(self, ticket: Number) -> Ticket:
        """Show one Freshdesk ticket in full, with its replies and notes."""
        return await self._desk.whole(ticket)

    @tool("write", proof="read_ticket", undo="delete_ticket", recover="recover_ticket")
    async def create_ticket(
        self,
        subject: Annotated[str, "one line"],
        description: Annotated[Text, "what it is about"],
        requester: Annotated[Email, "address of the customer it is for"],
        priority: Annotated[Priority, "priority"] = "low",
        type: Annotated[str | None, "its type, such as Question or Incident"] = None,
        tags: Annotated[Tags, "tags"] = None,
    ) -> Change:
        """Open a new Freshdesk ticket for a customer."""
        fields = mapping.written(priority=priority, tags=tags or None, kind=type)
        return await self._desk.open(requester, subject, description, fields)

    @tool("write", proof="read_message", irreversible=SENT, recover="recover_reply")
    async def reply(
        self,
        ticket: Number,
        body: Annotated[Text, "what to answer"],
        cc: Annotated[list[Email] | None, "addresses that get a copy"] = None,
    ) -> Change:
        """Answer the customer on a Freshdesk ticket by mail."""
        return await self._desk.say(ticket, "reply", body, False, cc_emails=cc)

    @tool("write", proof="read_message", undo="delete_note", recover="recover_note")
    async def add_note(
        self,
        ticket: Number,
        body: Annotated[Text, "the note"],
        private: Annotated[bool, "whether only agents see it"] = True,
    ) -> Change:
        """Leave a note on a Freshdesk ticket, seen by the agents alone unless it is to be public."""
        return await self._desk.say(ticket, "notes", body, private, private=private)

    @tool("write", proof="read_ticket", undo="reset_ticket", recover="recover_update")
    async def update_ticket(
        self,
        ticket: Number,
        status: Annotated[Status | None, "the status to set"] = None,
        priority: Annotated[Priority | None, "the priority to set"] = None,
        assignee: Annotated[Who | None, "the agent who takes it over"] = None,
        tags: Annotated[Tags, "all tags that it has from now on"] = None,
        group: Annotated[str | None, finds("group"), "the group that takes it over"] = None,
        type: Annotated[str | None, "the type to set"] = None,
    ) -> Change:
        """Change a Freshdesk ticket: resolve, close, escalate, hand over to an agent or group, retag, retype."""
        fields = mapping.written(status, priority, assignee, tags, group, type)
        if not fields:
            raise Rejected("There is nothing to change.")
        return await self._desk.update(await self._desk.ticket(ticket), fields)

    @tool("read")
    async def search_contacts(
        self, query: Annotated[str, "name, address or phone number"], limit: Limit = 10
    ) -> list[Person]:
        """Look up a customer's contact in Freshdesk: address, phone, job, company."""
        return await self._desk.contacts(query, limit)

    @tool("destructive", proof="read_ticket", undo="restore_ticket", recover="recover_delete")
    async def delete_ticket(self, ticket: Number) -> Change:
        """Put a Freshdesk ticket into the trash, from which it can be brought back for 30 days."""
        before = await self._desk.ticket(ticket)
        await self.http.send("DELETE", f"/tickets/{ticket}")
        return deleted(before)

    @tool("write", proof="read_ticket", irreversible=UNDO, is_hidden=True)
    async def restore_ticket(self, ticket: Number) -> Change:
        """Bring a ticket back from the trash."""
        await self.http.send("PUT", f"/tickets/{ticket}/restore", is_repeatable=True)
        return Change(Ticket(ref=mapping.ticket_ref(ticket, self._desk.site)))

    @tool("write", proof="read_ticket", irreversible=UNDO, is_hidden=True)
    async def reset_ticket(self, ticket: Number, fields: Annotated[dict[str, Any], "former values"]) -> Change:
        """Set fields of a ticket back to what they were."""
        return await self._desk.update(await self._desk.ticket(ticket), fields)

    @tool("destructive", proof="read_message", irreversible=UNDO, is_hidden=True)
    async def delete_note(self, ticket: Number, note: Annotated[str, "id of the note"]) -> Change:
        """Take a note back."""
        ref = mapping.ticket_ref(ticket, self._desk.site)
        message = Message(ref=ref.model_copy(update={"kind": "conversation", "id": f"{ticket}/{note}"}))
        await self.http.send("DELETE", f"/conversations/{note}")
        return Change(message, is_gone=True)

    @stream("ticket")
    async def stream_tickets(self, cursor: str) -> Batch:
        """Tickets by the time of their last change; what is deleted is not told."""
        return await self._desk.changes(cursor)

    async def read_ticket(self, ref: Ref) -> Record:
        """Reads the ticket again; one in the trash is gone."""
        return await self._desk.ticket(ref.id)

    async def read_message(self, ref: Ref) -> Record:
        """Reads the reply or note again."""
        return await self._desk.message(ref)

    async def recover_ticket(self, requester: str, subject: str, **_: Any) -> Change | None:
        """The new ticket, if it is there."""
        return await self._desk.opened_lately(requester, subject)

    async def recover_reply(self, ticket: int, body: str, **_: Any) -> Change | None:
        """The reply, if it stands on the ticket."""
        return await self._desk.said_lately(ticket, "reply", body, False)

    async def recover_note(self, ticket: int, body: str, private: bool) -> Change | None:
        """The note, if it stands on the ticket."""
        return await self._desk.said_lately(ticket, "notes", body, private)

    async def recover_update(self, ticket: int, **asked: Any) -> Change | None:
        """The change, if the ticket holds what was asked for; what it held before is no longer known."""
        now, kind = await self._desk.ticket(ticket), asked.pop("type")
        expect = mapping.expected(mapping.written(**asked, kind=kind))
        return Change(now, expect) if mapping.shows(now, expect) else None

    async def recover_delete(self, ticket: int) -> Change | None:
        """Whether the ticket is gone."""
        try:
            await self._desk.ticket(ticket)
        except NotFound:
            return deleted(Ticket(ref=mapping.ticket_ref(ticket, self._desk.site)))
        return None

    @property
    def _desk(self) -> Desk:
        return Desk(self.http)
