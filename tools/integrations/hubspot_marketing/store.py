"""The undoing of what is written to HubSpot's marketing side, its proof, and what became of a lost answer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta
from typing import Annotated, Any

from core.clock import utc_now
from core.errors import OutcomeUnknown
from core.records import Campaign, Channel, Record, Ref
from core.tool import Call, Change
from tools.declare import tool
from tools.integrations.hubspot_marketing.mapping import to_campaign, to_email
from tools.integrations.hubspot_marketing.search import CAMPAIGNS, EMAILS, LISTS, Search
from tools.kit.paging import take
from tools.stream import Batch, by_time, since, stream

LOST = timedelta(minutes=5)
SLOW = "HubSpot does not show it, but its lists are slow to show what is new."


class Store(Search):
    """The writing half of the integration, under one person's connection."""

    @tool(
        "destructive",
        scopes=("marketing.campaigns.write",),
        proof="read_campaign",
        irreversible="HubSpot deletes a campaign for good",
        is_hidden=True,
    )
    async def archive_campaign(self, campaign: Annotated[str, "id"]) -> Change:
        """Delete a campaign; what it gathers stays."""
        before = await self.campaign(campaign)
        await self.http.send("DELETE", f"{CAMPAIGNS}/{campaign}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("destructive", scopes=("content",), proof="read_email", irreversible="it is itself an undo", is_hidden=True)
    async def archive_email(self, email: Annotated[str, "id"]) -> Change:
        """Delete a marketing e-mail."""
        before = await self.email(email)
        await self.http.send("DELETE", f"{EMAILS}{email}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool(
        "write", scopes=("crm.lists.write",), proof="read_members", irreversible="add_to_list adds them", is_hidden=True
    )
    async def remove_from_list(
        self,
        list: Annotated[str, "id of the list"],
        contacts: Annotated[list[str], "ids of the contacts"],
    ) -> Change:
        """Take contacts off a static list."""
        before = await self.members(list, contacts)
        await self.http.send("PUT", f"{LISTS}/{list}/memberships/remove", json=contacts, is_repeatable=True)
        return Change(of(before, contacts), {"members": ()})

    @stream("campaign")
    async def stream_campaigns(self, cursor: str) -> Batch:
        """Campaigns as they change."""
        return await by_time(
            self._rising(cursor),
            cursor,
            lambda item: str(item["updatedAt"]),
            lambda item: to_campaign(item, self.site, {}),
        )

    @stream("email")
    async def stream_emails(self, cursor: str) -> Batch:
        """Marketing e-mails as they change."""
        begin = since(cursor)
        after = (begin - timedelta(seconds=1)).isoformat() if begin else None
        rows = self.emails(sort="updatedAt", updatedAfter=after)
        return await by_time(rows, cursor, lambda item: str(item["updatedAt"]), lambda item: to_email(item, self.site))

    async def _rising(self, cursor: str) -> AsyncIterator[Any]:
        """What changed, oldest first; the list has no filter by time, so it is read from its end."""
        begin, found = since(cursor), list[Any]()
        async for item in self.campaigns(sort="-updatedAt"):
            if begin and str(item["updatedAt"]) < begin.strftime("%Y-%m-%dT%H:%M:%S"):
                break
            found.append(item)
        for item in reversed(found):
            yield item

    async def read_campaign(self, ref: Ref) -> Record:
        """Reads the campaign again."""
        return await self.campaign(ref.id)

    async def read_email(self, ref: Ref) -> Record:
        """Reads the marketing e-mail again."""
        return await self.email(ref.id)

    async def read_members(self, ref: Ref) -> Record:
        """Asks again, for each of the contacts, whether they are on the list."""
        own, _, contacts = ref.id.partition("/")
        return await self.members(own, contacts.split(","))

    async def recover_campaign(self, name: str, **_: Any) -> Change | None:
        """The campaign that was made with this name within the last minutes.

        Raises:
            OutcomeUnknown: there is none yet.
        """
        after = (utc_now() - LOST).strftime("%Y-%m-%dT%H:%M:%S")
        items = await take(self.campaigns(name=name, sort="-createdAt"), 20)
        fresh = [item for item in items if str(item.get("createdAt")) >= after]
        found = next((one for one in (to_campaign(item, self.site, {}) for item in fresh) if one.title == name), None)
        if found is None:
            raise OutcomeUnknown(SLOW)
        undo = Call(tool="hubspot_marketing.archive_campaign", args={"campaign": found.ref.id})
        return Change(found, {"title": name}, undo=undo)

    async def recover_email(self, new_name: str, **_: Any) -> Change | None:
        """The copy that was made with this name within the last minutes.

        Raises:
            OutcomeUnknown: there is none yet.
        """
        items = await take(self.emails(sort="-createdAt", createdAfter=(utc_now() - LOST).isoformat()), 100)
        found = next((one for one in (to_email(item, self.site) for item in items) if one.title == new_name), None)
        if found is None:
            raise OutcomeUnknown(SLOW)
        return copied(found, new_name, found.subject)

    async def recover_sent(self, email: str) -> Change | None:
        """The marketing e-mail, if it went out or is going out."""
        found = await self.email(email)
        return Change(found, {"is_sent": True}) if found.is_sent else None


def copied(made: Campaign, name: str, subject: str) -> Change:
    """A copy that was made, and how it is taken back."""
    undo = Call(tool="hubspot_marketing.archive_email", args={"email": made.ref.id})
    return Change(made, {"title": name, "subject": subject, "is_sent": False}, undo=undo)


def of(found: Channel, contacts: Sequence[str]) -> Channel:
    """The list under an id that also says who was asked about, for the read-back."""
    own = f"{found.ref.id}/{','.join(contacts)}"
    return found.model_copy(update={"ref": found.ref.model_copy(update={"id": own, "key": found.title})})
