"""Zendesk Support, API 2: tickets with their public and internal comments, views, customers and agents."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any

from core.errors import Candidate, Rejected, VendorError
from core.records import Person, Record, Ref, Ticket
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.zendesk import mapping, search
from tools.integrations.zendesk.desk import Desk, deleted
from tools.integrations.zendesk.mapping import AnyStatus, Kind, Priority, Status
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.webhook import Delivery, Signature, WebhookEvent, stamped
from tools.stream import Batch, stream

Number = Annotated[int, "number of the ticket"]
Limit = Annotated[int, "how many"]

READ, WRITE = ("read",), ("write",)
SIGNED = "X-Zendesk-Webhook-Signature"
SENT = "the requester already has it"
UNDO = "it is itself an undo"
GONE = "Zendesk cannot take merged tickets apart"


class Zendesk(Integration):
    """Zendesk under one agent's connection."""

    key = "zendesk"
    name = "Zendesk"
    category = "support"
    aliases = ("zendesk", "zd", "zendesk support")
    base_url = "https://{subdomain}.zendesk.com"
    slots = {"subdomain": ""}
    auth = OAuth2(
        authorize_url="https://{subdomain}.zendesk.com/oauth/authorizations/new",
        token_url="https://{subdomain}.zendesk.com/oauth/tokens",  # noqa: S106 - an address
        scopes=("read", "write"),
        is_json=True,
    )
    calls_per_s = 3.0  # the smallest plan has 200 a minute
    webhook = Signature(stamped(SIGNED, f"{SIGNED}-Timestamp", "{stamp}{body}", ""))
    names = ("view", "group")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Zendesk's `{error, description, details}`."""
        if answer.status < 400 or not isinstance(answer.data, Mapping):
            return None
        said, fields = mapping.refusal(answer.data)
        return by_status(cls.name, answer, said.strip(), fields)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery; its subject is `zen:ticket:<number>` or the like."""
        told = delivery.data
        _, kind, number = str(told["subject"]).split(":", 2)
        ref = mapping.ticket_ref(number, "") if kind == "ticket" else Ref(integration=cls.key, kind=kind, id=number)
        return [WebhookEvent(str(told["id"]), str(told["type"]), ref, datetime.fromisoformat(told["time"]))]

    async def identify(self) -> Account:
        """The user, and the address of this Zendesk."""
        me = (await self.http.get("/api/v2/users/me"))["user"]
        return Account(str(me["id"]), site=str(me.get("url") or "").partition("/api/")[0])

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Views and groups by name."""
        listed = {"view": await self._desk.views(), "group": await self._desk.groups()}
        return {kind: [one.label for one in rows] for kind, rows in listed.items()}

    async def find_person(self, text: str) -> Sequence[Candidate]:
        """Agents by name, address or id."""
        return [Candidate(o.ref.id, o.title, o.email) for o in await self._desk.users(text, 20, ("agent", "admin"))]

    async def find_requester(self, text: str) -> Sequence[Candidate]:
        """Anybody by name, address or id; an address that is not known yet is taken as it is."""
        found = [Candidate(one.ref.id, one.title, one.email) for one in await self._desk.users(text, 20)]
        address = text.strip().lower()
        return found or ([Candidate(address, address, "new to Zendesk")] if "@" in address else [])

    async def find_customer(self, text: str) -> Sequence[Candidate]:
        """People and companies that tickets came from, each as the term that the search takes."""
        return await self._desk.customers(text)

    async def find_group(self, text: str) -> Sequence[Candidate]:
        """Groups of agents by name."""
        return search.fitting(text, await self._desk.groups())

    async def find_view(self, text: str) -> Sequence[Candidate]:
        """Views by name."""
        return search.fitting(text, await self._desk.views())

    @tool("read", scopes=READ)
    async def search_tickets(
        self,
        query: Annotated[str | None, "words that the ticket holds, or a query in Zendesk's own language"] = None,
        status: Annotated[AnyStatus | None, "status"] = None,
        priority: Annotated[Priority | None, "priority"] = None,
        assignee: Annotated[Who | None, "the agent who works on it"] = None,
        requester: Annotated[str | None, finds("customer"), "the person or company that it came from"] = None,
        tag: Annotated[str | None, "a tag on it"] = None,
        created_after: Annotated[date | None, "only those opened after this day"] = None,
        limit: Limit = 25,
    ) -> list[Ticket]:
        """Find Zendesk tickets by words, status, priority, agent, customer, tag or the day they were opened."""
        terms = search.query(query, status, priority, assignee, requester, tag, created_after)
        return await self._desk.search(terms, limit)

    @tool("read", scopes=READ)
    async def get_ticket(self, ticket: Number) -> Ticket:
        """Show one Zendesk ticket in full, with what was said on it."""
        found, said = await self._desk.ticket(ticket), await self._desk.comments(ticket)
        return found.model_copy(update={"comments": tuple(said)})

    @tool("write", scopes=WRITE, proof="read_ticket", undo="delete_ticket", recover="recover_ticket")
    async def create_ticket(
        self,
        subject: Annotated[str, "one line"],
        body: Annotated[Text, "what it is about"],
        requester: Annotated[str, finds("requester"), "whom it is for, by name or address"],
        priority: Annotated[Priority, "priority"] = "normal",
        type: Annotated[Kind | None, "what sort of ticket"] = None,
        assignee: Annotated[Who | None, "the agent to work on it"] = None,
        tags: Annotated[list[str] | None, "tags"] = None,
    ) -> Change:
        """Open a new Zendesk ticket on behalf of a customer or colleague."""
        fields = mapping.written(None, priority, type, assignee, None, mapping.tagged(tags) if tags else None)
        return await self._desk.open(requester, subject, body, fields)

    @tool("write", scopes=WRITE, proof="read_comment", irreversible=SENT, recover="recover_reply")
    async def reply(
        self,
        ticket: Number,
        body: Annotated[Text, "what to answer"],
        status: Annotated[Status | None, "status to put it in with the answer"] = None,
    ) -> Change:
        """Answer the customer on a Zendesk ticket: a public comment, which is mailed to them."""
        return await self._desk.say(ticket, body, is_private=False, status=status)

    @tool("write", scopes=WRITE, proof="read_comment", irreversible="Zendesk keeps comments", recover="recover_note")
    async def add_internal_note(self, ticket: Number, body: Annotated[Text, "the note"]) -> Change:
        """Leave a note on a Zendesk ticket that only agents see, not the customer."""
        return await self._desk.say(ticket, body, is_private=True)

    @tool("write", scopes=WRITE, proof="read_ticket", undo="reset_ticket", recover="recover_update")
    async def update_ticket(
        self,
        ticket: Number,
        status: Annotated[Status | None, "the status to set"] = None,
        priority: Annotated[Priority | None, "the priority to set"] = None,
        assignee: Annotated[Who | None, "the agent who takes it over"] = None,
        group: Annotated[str | None, finds("group"), "the group that takes it over"] = None,
        add_tags: Annotated[list[str] | None, "tags to put on"] = None,
        remove_tags: Annotated[list[str] | None, "tags to take off"] = None,
    ) -> Change:
        """Change a Zendesk ticket: solve, hold, escalate, hand over to an agent or group, tag or untag."""
        before = await self._desk.ticket(ticket)
        labels = mapping.retagged(before.labels, add_tags, remove_tags)
        fields = mapping.written(status, priority, None, assignee, group, labels)
        if not fields:
            raise Rejected("There is nothing to change.")
        return await self._desk.update(before, fields)

    @tool("read", scopes=READ)
    async def list_view(
        self, view: Annotated[str, finds("view"), "the view or queue"], limit: Limit = 25
    ) -> list[Ticket]:
        """Show the tickets that stand in a Zendesk view, as an agent's queue has them."""
        return await self._desk.queue(view, limit)

    @tool("read", scopes=READ)
    async def find_user(self, query: Annotated[str, "name or address"], limit: Limit = 5) -> list[Person]:
        """Look up a customer or agent in Zendesk: address, phone, organization, role."""
        return await self._desk.users(query, limit)

    @tool("destructive", scopes=WRITE, proof="read_merge", irreversible=GONE)
    async def merge_tickets(
        self,
        target: Annotated[int, "number of the ticket that stays"],
        sources: Annotated[list[int], "numbers of the tickets that go into it and are closed"],
    ) -> Change:
        """Fold Zendesk tickets into another one for good."""
        if not sources or target in sources:
            raise Rejected("A ticket is merged into another one, not into itself.")
        return await self._desk.merge(target, sources)

    @tool("destructive", scopes=WRITE, proof="read_ticket", undo="undelete_ticket", recover="recover_delete")
    async def delete_ticket(self, ticket: Number) -> Change:
        """Delete a Zendesk ticket; it can be brought back for 30 days."""
        before = await self._desk.ticket(ticket)
        await self.http.send("DELETE", f"/api/v2/tickets/{ticket}")
        return deleted(before)

    @tool("write", scopes=WRITE, proof="read_ticket", irreversible=UNDO, is_hidden=True)
    async def undelete_ticket(self, ticket: Number) -> Change:
        """Bring a deleted ticket back."""
        await self.http.send("PUT", f"/api/v2/deleted_tickets/{ticket}/restore", is_repeatable=True)
        return Change(Ticket(ref=mapping.ticket_ref(ticket, self._desk.site)))

    @tool("write", scopes=WRITE, proof="read_ticket", irreversible=UNDO, is_hidden=True)
    async def reset_ticket(self, ticket: Number, fields: Annotated[dict[str, Any], "former values"]) -> Change:
        """Set fields of a ticket back to what they were."""
        return await self._desk.update(await self._desk.ticket(ticket), fields)

    @stream("ticket")
    async def stream_tickets(self, cursor: str) -> Batch:
        """Tickets as they change, by Zendesk's incremental export, which only administrators may read."""
        return await self._desk.changes(cursor)

    async def read_ticket(self, ref: Ref) -> Record:
        """Reads the ticket again."""
        return await self._desk.ticket(ref.id)

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the ticket and the comment again."""
        return await self._desk.comment(ref)

    async def read_merge(self, ref: Ref) -> Record:
        """Reads the ticket that stays and the closed ones again."""
        return await self._desk.merged(ref)

    async def recover_ticket(self, subject: str, **_: Any) -> Change | None:
        """The new ticket, if it is there."""
        return await self._desk.opened_lately(subject)

    async def recover_reply(self, ticket: int, body: str, status: str | None = None) -> Change | None:
        """The answer, if it stands on the ticket."""
        return await self._desk.said_lately(ticket, body, is_private=False, status=status)

    async def recover_note(self, ticket: int, body: str) -> Change | None:
        """The note, if it stands on the ticket."""
        return await self._desk.said_lately(ticket, body, is_private=True)

    async def recover_update(self, ticket: int, **asked: Any) -> Change | None:
        """The change, if the ticket holds what was asked for; what it held before is no longer known."""
        return await self._desk.updated_lately(ticket, **asked)

    async def recover_delete(self, ticket: int) -> Change | None:
        """Whether the ticket is gone."""
        return await self._desk.deleted_lately(ticket)

    @property
    def _desk(self) -> Desk:
        return Desk(self.http)
