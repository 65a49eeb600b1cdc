"""Writing to Intercom's conversations and tickets: what undoes it, what proves it, what became of a lost answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import Conflict, OutcomeUnknown, VendorError
from core.records import Record, Ref, Ticket
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.intercom.mapping import latest, to_case, to_html, to_person, to_ticket
from tools.integrations.intercom.search import Search, every, test
from tools.kit.paging import take
from tools.stream import Batch, by_time, since, stream

LOST = timedelta(minutes=5)
STATES = {"close": "closed", "snooze": "snoozed", "open": "open"}
ACTIONS = {state: action for action, state in STATES.items()}
MOST = 10_000


class Store(Search):
    """The writing half of the integration, under one person's connection."""

    @property
    def me(self) -> str:
        """The id of the teammate who is connected."""
        return self.http.connection.account

    async def say(self, conversation: str, body: str, kind: str) -> Change:
        """Add a comment or a note to a conversation."""
        told = {"message_type": kind, "type": "admin", "admin_id": self.me, "body": to_html(body)}
        item = await self.http.post(f"/conversations/{conversation}/reply", told)
        part = latest(item, self.site, self.me, body)
        if part is None:
            raise OutcomeUnknown("Intercom took it, but does not show it.", cause="the part is not in the answer")
        return Change(part, {"text": body, "is_private": kind == "note", "channel": conversation})

    async def assign(self, conversation: str, assignee: str | None, team: str | None) -> Change:
        """Hand a conversation over; `0` is nobody, None leaves it as it is."""
        before = await self.conversation(conversation)
        had = {"assignee": before.owner.id if before.owner else "0", "team": before.group.id if before.group else "0"}
        gives_team = team is not None and team != had["team"]
        if team is not None and gives_team:
            await self._give(conversation, "team", team)
        if assignee is not None and assignee != had["assignee"]:
            try:
                await self._give(conversation, "admin", assignee)
            except VendorError:
                if gives_team:  # both or none
                    await self._give(conversation, "team", had["team"])
                raise
        undo = Call(tool="intercom.restore_assignment", args={"conversation": conversation, **had})
        return Change(before, _held(assignee, team), undo=undo)

    async def _give(self, conversation: str, kind: str, own: str) -> None:
        told = {"message_type": "assignment", "type": kind, "admin_id": self.me, "assignee_id": own}
        await self.http.send("POST", f"/conversations/{conversation}/parts", json=told)

    async def move(self, conversation: str, action: str, until: datetime | None, body: str | None) -> Change:
        """Close, snooze or open a conversation.

        Raises:
            Conflict: it is so already.
        """
        before = await self.conversation(conversation)
        if before.status == STATES[action] and action != "snooze":
            raise Conflict(f"The conversation is already {before.status}.")
        told: dict[str, Any] = {"admin_id": self.me, "message_type": "snoozed" if action == "snooze" else action}
        if action == "close":
            told |= {"type": "admin"} | ({"body": to_html(body)} if body else {})
        if action == "snooze" and until:
            told["snoozed_until"] = int(until.timestamp())
        await self.http.post(f"/conversations/{conversation}/parts", told)
        return _moved(before, action, until)

    @tool("write", proof="read_conversation", irreversible="it is itself an undo", is_hidden=True)
    async def restore_assignment(
        self,
        conversation: Annotated[str, "id"],
        assignee: Annotated[str, "id of the teammate, 0 for nobody"],
        team: Annotated[str, "id of the team, 0 for none"],
    ) -> Change:
        """Give a conversation back to those who had it."""
        return await self.assign(conversation, assignee, team)

    @stream("conversation")
    async def stream_conversations(self, cursor: str) -> Batch:
        """Conversations as they change."""
        rows = self._rising("conversations", "conversations", cursor)
        return await by_time(rows, cursor, _changed, lambda item: to_ticket(item, self.site, {}, {}))

    @stream("contact")
    async def stream_contacts(self, cursor: str) -> Batch:
        """Customers as they change."""
        rows = self._rising("contacts", "data", cursor)
        return await by_time(rows, cursor, _changed, lambda item: to_person(item, self.site))

    async def _rising(self, kind: str, items: str, cursor: str) -> AsyncIterator[Any]:
        """What changed, oldest first: the search of conversations has no order, and a search may look at whole days."""
        begin = since(cursor)
        after = int((begin - timedelta(days=1)).timestamp()) if begin else 0
        found = await take(self.rows(kind, items, test("updated_at", ">", after)), MOST)
        for item in sorted(found, key=lambda one: int(one["updated_at"])):
            yield item

    async def read_conversation(self, ref: Ref) -> Record:
        """Reads the conversation again."""
        return await self.conversation(ref.id)

    async def read_part(self, ref: Ref) -> Record:
        """Reads the conversation again and finds what was said in it."""
        own, _, part = ref.id.partition("/")
        return await self.part(own, part)

    async def read_ticket(self, ref: Ref) -> Record:
        """Reads the ticket again, and who it is for."""
        item = await self.http.get(f"/tickets/{ref.id}")
        people = (item.get("contacts") or {}).get("contacts") or ()
        name = to_person(await self.http.get(f"/contacts/{people[0]['id']}"), "").title if people else ""
        return to_case(item, self.site, name)

    async def read_contact(self, ref: Ref) -> Record:
        """Reads the customer again."""
        return to_person(await self.http.get(f"/contacts/{ref.id}"), self.site)

    async def recover_part(self, conversation: str, body: str) -> Change | None:
        """What this teammate said with these words within the last minutes, if it is there."""
        item = await self.http.get(f"/conversations/{conversation}")
        part = latest(item, self.site, self.me, body, utc_now() - LOST)
        return Change(part, {"text": body, "channel": conversation}) if part else None

    async def recover_assignment(
        self, conversation: str, assignee: str | None = None, team: str | None = None
    ) -> Change | None:
        """The conversation, if those who were named have it."""
        now = await self.conversation(conversation)
        has = {"owner": now.owner.id if now.owner else None, "group": now.group.id if now.group else None}
        wanted = _held(assignee, team)
        fits = [has[name] == own for name, own in wanted.items()]
        if any(fits) and not all(fits):
            raise OutcomeUnknown("Only one of the two has the conversation.")
        return Change(now, wanted) if all(fits) else None

    async def recover_state(
        self, conversation: str, action: str = "close", until: datetime | None = None, **_: Any
    ) -> Change | None:
        """The conversation, if it is in the state that was wanted."""
        now = await self.conversation(conversation)
        is_so = now.status == STATES[action] and (action != "snooze" or now.due_at == until)
        return Change(now, {"status": STATES[action]}) if is_so else None

    async def recover_ticket(self, customer: str, title: str, **_: Any) -> Change | None:
        """The ticket that the customer got with this title within the last minutes.

        Raises:
            OutcomeUnknown: the search shows none, which it does for a while after one was made.
        """
        after = test("created_at", ">", int((utc_now() - LOST).timestamp()))
        rows = self.rows("tickets", "tickets", every([after, test("contact_ids", "=", customer)]))
        cases = [to_case(item, self.site) for item in await take(rows, 50)]
        found = next((one for one in cases if one.title == title), None)
        if found is None:
            raise OutcomeUnknown("Intercom does not show it, but its search is slow to show what is new.")
        return Change(found, {"title": title})


def _held(assignee: str | None, team: str | None) -> dict[str, Any]:
    """Who must have the conversation; those that are not named may be whoever they are."""
    wanted = {"owner": assignee, "group": team}
    return {name: None if own == "0" else own for name, own in wanted.items() if own is not None}


def _moved(before: Ticket, action: str, until: datetime | None) -> Change:
    expect: dict[str, Any] = {"status": STATES[action]}
    if action == "snooze" and until:
        expect["due_at"] = until.replace(microsecond=0)
    args: dict[str, Any] = {"conversation": before.ref.id, "action": ACTIONS[before.status]}
    if before.status == "snoozed" and before.due_at:
        args["until"] = before.due_at.isoformat()
    return Change(before, expect, undo=Call(tool="intercom.close_conversation", args=args))


def _changed(item: Any) -> str:
    return datetime.fromtimestamp(int(item["updated_at"]), UTC).isoformat()
