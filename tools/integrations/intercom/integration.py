"""Intercom: conversations with customers, tickets, and the help center."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Literal

from core.clock import utc_now
from core.errors import Forbidden, RateLimited, Rejected, VendorError
from core.records import Document, Person, Ticket
from core.tool import Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.intercom.mapping import moment, to_article, to_case, to_events, to_person
from tools.integrations.intercom.search import every, test
from tools.integrations.intercom.store import Store
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status, retry_after
from tools.kit.paging import listed, take
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent, prefixed

ConversationId = Annotated[str, finds("conversation")]
ContactId = Annotated[str, finds("contact")]

CODES = {
    "unauthorized": 401, "token_not_found": 401, "token_revoked": 401, "token_expired": 401, "not_found": 404,
    "token_unauthorized": 403, "action_forbidden": 403, "api_plan_restricted": 403, "rate_limit_exceeded": 429,
    "conflict": 409, "server_error": 500, "service_unavailable": 503,
}  # fmt: skip
SEEN = "the customer has it already"


class Intercom(Store, Integration):
    """Intercom under one person's connection; what is written is written as the teammate they are there."""

    key = "intercom"
    name = "Intercom"
    category = "support"
    aliases = ("intercom", "inbox")
    base_url = "https://api.intercom.io"
    headers = {"Intercom-Version": "2.16"}
    auth = OAuth2(
        authorize_url="https://app.intercom.com/oauth",
        token_url="https://api.intercom.io/auth/eagle/token",  # noqa: S106 - an address
        scopes=(),
    )
    calls_per_s = 100.0
    webhook = Signature(prefixed("X-Hub-Signature", "sha1="), algorithm="sha1")
    names = ("team", "tag", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Intercom's `{type: error.list, errors: [{code, message, field}]}`."""
        data = answer.data
        if not isinstance(data, Mapping) or data.get("type") != "error.list":
            return None
        errors = [one for one in data.get("errors") or () if isinstance(one, Mapping)]
        codes = [str(one.get("code") or "") for one in errors]
        said = " ".join(str(one.get("message") or one.get("code")) for one in errors)
        status = answer.status if answer.status >= 400 else next((CODES[c] for c in codes if c in CODES), 400)
        if status == 429:
            ends = moment(answer.headers.get("x-ratelimit-reset"))
            wait = max(0.0, (ends - utc_now()).total_seconds()) if ends else retry_after(answer.headers)
            return RateLimited(f"{cls.name} asks for fewer requests.", retry_after_s=wait)
        if "token_unauthorized" in codes or "api_plan_restricted" in codes:
            return Forbidden(f"The app in {cls.name} lacks the permission for this. {said}", status=status, cause=said)
        fields = {str(one["field"]): str(one.get("message") or "") for one in errors if one.get("field")}
        return by_status(cls.name, replace(answer, status=status), said, fields)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """Intercom looks whether the address answers before it takes it."""
        return Greeting() if delivery.method in ("HEAD", "GET") else None

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One notification."""
        return to_events(delivery.data)

    async def identify(self) -> Account:
        """The teammate, their workspace, and the region that it lives in."""
        me = await self.http.get("/me")
        app = me.get("app") or {}
        region = str(app.get("region") or "US").lower()
        base = f"https://api.{region}.intercom.io" if region in ("eu", "au") else ""
        return Account(str(me["id"]), site=f"https://app.intercom.com/a/apps/{app.get('id_code', '')}", base=base)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Teams, tags and teammates."""
        found = {"team": ("/teams", "teams"), "tag": ("/tags", "data"), "person": ("/admins", "admins")}
        return {
            kind: [one["name"] for one in listed(await self.http.get(path), items)]
            for kind, (path, items) in found.items()
        }

    @tool("read")
    async def search_conversations(
        self,
        state: Annotated[Literal["open", "closed", "snoozed"] | None, "state"] = None,
        assignee: Annotated[Who | None, "the teammate who has it"] = None,
        customer: Annotated[ContactId | None, "the customer, by name or e-mail address"] = None,
        text: Annotated[str | None, "words of the first message"] = None,
        unread: Annotated[bool | None, "true for those that nobody has read"] = None,
        since: Annotated[datetime | None, "only those that changed after this moment"] = None,
        tag: Annotated[Annotated[str, finds("tag")] | None, "tag name"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Ticket]:
        """Find customer conversations (chats) by state, teammate, customer, tag, words or time."""
        values: dict[tuple[str, str], Any] = {
            ("state", "="): state,
            ("admin_assignee_id", "="): int(assignee) if assignee else None,
            ("contact_ids", "="): customer,
            ("source.body", "~"): text,
            ("read", "="): None if unread is None else not unread,
            ("updated_at", ">"): int(since.timestamp()) if since else None,
            ("tag_ids", "="): tag,
        }
        tests = [test(field, operator, value) for (field, operator), value in values.items() if value is not None]
        query = every(tests or [test("updated_at", ">", 0)])
        return await self.tickets(await take(self.rows("conversations", "conversations", query), limit))

    @tool("read")
    async def get_conversation(
        self, conversation: Annotated[ConversationId, "the conversation, by id, link or customer"]
    ) -> Ticket:
        """Read a single conversation from start to end, notes included."""
        return await self.conversation(conversation)

    @tool("write", proof="read_part", irreversible=SEEN, recover="recover_part")
    async def reply(
        self,
        conversation: Annotated[ConversationId, "the conversation, by id, link or customer"],
        body: Annotated[Text, "what the customer is told"],
    ) -> Change:
        """Answer the customer in a conversation."""
        return await self.say(conversation, body, "comment")

    @tool("write", proof="read_part", irreversible="Intercom keeps every note", recover="recover_part")
    async def add_internal_note(
        self,
        conversation: Annotated[ConversationId, "the conversation, by id, link or customer"],
        body: Annotated[Text, "the note"],
    ) -> Change:
        """Leave a note in a conversation for teammates only, which the customer never sees."""
        return await self.say(conversation, body, "note")

    @tool(
        "write", proof="read_conversation", undo="restore_assignment", recover="recover_assignment",
        one_of=("assignee", "team"),
    )  # fmt: skip
    async def assign_conversation(
        self,
        conversation: Annotated[ConversationId, "the conversation, by id, link or customer"],
        assignee: Annotated[Who | None, "the teammate who takes it"] = None,
        team: Annotated[Annotated[str, finds("team")] | None, "the team that takes it"] = None,
    ) -> Change:
        """Hand a conversation to a teammate, a team, or both."""
        return await self.assign(conversation, assignee, team)

    @tool("write", proof="read_conversation", undo="close_conversation", recover="recover_state")
    async def close_conversation(
        self,
        conversation: Annotated[ConversationId, "the conversation, by id, link or customer"],
        action: Annotated[
            Literal["close", "snooze", "open"], "close it, snooze it until a moment, or open it again"
        ] = "close",
        until: Annotated[datetime | None, "when a snooze ends"] = None,
        body: Annotated[Text | None, "a last message to the customer on closing"] = None,
    ) -> Change:
        """Close a conversation, snooze it, or open it again."""
        if action == "snooze" and until is None:
            raise Rejected("A snooze needs the moment at which it ends.", fields={"until": "is missing"})
        if body and action != "close":
            raise Rejected("Only closing takes a last message; send a reply instead.", fields={"body": "not here"})
        return await self.move(conversation, action, until, body)

    @tool("read")
    async def search_contacts(
        self,
        query: Annotated[str, "name or e-mail address"],
        role: Annotated[Literal["user", "lead"] | None, "users or leads only"] = None,
        company: Annotated[Annotated[str, finds("company")] | None, "the company they belong to"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Person]:
        """Find customers (users and leads) by name or address: who they are, when they were last seen."""
        return [to_person(item, self.site) for item in await self.customers(query, role, company, limit)]

    @tool(
        "write", proof="read_ticket", irreversible="a ticket can be resolved, not taken back", recover="recover_ticket"
    )
    async def create_ticket(
        self,
        ticket_type: Annotated[str, finds("ticket_type"), "the kind of ticket, such as bug"],
        customer: Annotated[ContactId, "the customer it is for, by name or e-mail address"],
        title: Annotated[str, "one-line title"],
        description: Annotated[Text | None, "details"] = None,
    ) -> Change:
        """Open a ticket for a customer."""
        told = {"_default_title_": title} | ({"_default_description_": description} if description else {})
        person = to_person(await self.http.get(f"/contacts/{customer}"), self.site)
        body = {"ticket_type_id": ticket_type, "contacts": [{"id": customer}], "ticket_attributes": told}
        made = await self.http.post("/tickets", body)
        expect = {"title": title, "requester": person.title} | ({"description": description} if description else {})
        return Change(to_case(made, self.site, person.title), expect)

    @tool("read")
    async def search_articles(
        self,
        phrase: Annotated[str, "words to look for"],
        state: Annotated[Literal["published", "draft", "all"], "which ones"] = "published",
    ) -> list[Document]:
        """Search the help center's articles."""
        found = await self.http.get("/articles/search", phrase=phrase, state=state)
        return [to_article(item) for item in listed(found, "data.articles")]

    @tool("destructive", proof="read_contact", irreversible="Intercom erases a customer for good")
    async def delete_contact(
        self, contact: Annotated[ContactId, "the customer, by name, e-mail address or id"]
    ) -> Change:
        """Delete a customer with all that Intercom knows of them."""
        before = to_person(await self.http.get(f"/contacts/{contact}"), self.site)
        await self.http.send("DELETE", f"/contacts/{contact}", is_repeatable=True)
        return Change(before, is_gone=True)
