"""HubSpot's marketing side: campaigns, e-mails, forms and static lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field

from core.errors import Conflict, VendorError
from core.records import Campaign, Document, Party, Report
from core.tool import Call, Change
from tools.declare import Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.hubspot_marketing.mapping import (
    expected,
    to_budget,
    to_campaign,
    to_email,
    to_form,
    to_performance,
    to_stats,
    written,
)
from tools.integrations.hubspot_marketing.platform import account_of, understood
from tools.integrations.hubspot_marketing.search import CAMPAIGNS, EMAILS, LISTS
from tools.integrations.hubspot_marketing.store import Store, copied, of
from tools.kit.auth import OAuth2
from tools.kit.http import Answer
from tools.kit.paging import by_cursor, take

CampaignId = Annotated[str, finds("campaign")]
EmailId = Annotated[str, finds("email")]
Invitee = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "contact"})]
Order = Literal["hs_name", "-hs_name", "createdAt", "-createdAt", "updatedAt", "-updatedAt"]

READ, WRITE = ("marketing.campaigns.read",), ("marketing.campaigns.write",)
REVENUE = (*READ, "marketing.campaigns.revenue.read")
MAIL, SEND, FORMS = ("content",), ("content", "marketing-email"), ("forms",)
LIST = ("crm.lists.read", "crm.lists.write", "crm.objects.contacts.read")


class HubspotMarketing(Store, Integration):
    """HubSpot's marketing side under one person's connection."""

    key = "hubspot_marketing"
    name = "HubSpot Marketing"
    category = "marketing"
    aliases = ("hubspot marketing", "marketing hub", "hubspot campaigns", "hubspot emails")
    base_url = "https://api.hubapi.com"
    auth = OAuth2(
        authorize_url="https://app.hubspot.com/oauth/authorize",
        token_url="https://api.hubapi.com/oauth/2026-03/token",  # noqa: S106 - an address
        revoke_url="https://api.hubapi.com/oauth/2026-03/token/revoke",
        scopes=("oauth", *REVENUE, *WRITE, *FORMS, *SEND, *LIST, "crm.objects.owners.read"),
    )
    calls_per_s = 10.0
    names = ("campaign",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """HubSpot's `{status: error, message, category, errors}`."""
        return understood(cls.name, answer)

    async def identify(self) -> Account:
        """The portal that the person granted."""
        return await account_of(self.http)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Campaigns last changed."""
        return {"campaign": [one.title for one in await self.list_campaigns(limit=100)]}

    @tool("read", scopes=READ)
    async def list_campaigns(
        self,
        name: Annotated[str | None, "part of the name"] = None,
        sort: Annotated[Order, "order, with - before it for the last first"] = "-updatedAt",
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Campaign]:
        """Show marketing campaigns, or find one by its name, with its dates and owner."""
        items = await take(self.campaigns(name=name, sort=sort), limit)
        owners = await self.owners(items)
        return [to_campaign(item, self.site, owners) for item in items]

    @tool("write", scopes=WRITE, proof="read_campaign", undo="archive_campaign", recover="recover_campaign")
    async def create_campaign(
        self,
        name: Annotated[str, "what the campaign is called"],
        start_date: Annotated[date | None, "first day"] = None,
        end_date: Annotated[date | None, "last day"] = None,
        owner: Annotated[Who | None, "the colleague who runs it"] = None,
        notes: Annotated[Text | None, "notes on it"] = None,
        audience: Annotated[str | None, "whom it is for, in words"] = None,
    ) -> Change:
        """Set up a new campaign that e-mails, pages and budget are gathered under."""
        properties = written(
            name=name, start_date=start_date, end_date=end_date, owner=owner, notes=notes, audience=audience
        )
        made = await self.http.post(CAMPAIGNS, {"properties": properties})
        undo = Call(tool="hubspot_marketing.archive_campaign", args={"campaign": made["id"]})
        return Change(to_campaign(made, self.site, {}), expected(properties), undo=undo)

    @tool("read", scopes=REVENUE)
    async def get_campaign_performance(
        self,
        campaign: Annotated[CampaignId, "the campaign, by name or id"],
        start_date: Annotated[date | None, "counted from this day on"] = None,
        end_date: Annotated[date | None, "counted up to this day"] = None,
        attribution_model: Annotated[
            Annotated[str, finds("attribution_model")] | None, "how revenue is credited, such as first touch"
        ] = None,
    ) -> Report:
        """Tell how a campaign does: sessions, contacts it reached, deals and revenue."""
        found, path = await self.campaign(campaign), f"{CAMPAIGNS}/{campaign}/reports"
        days = {"startDate": start_date, "endDate": end_date}
        asked = {name: day.isoformat() for name, day in days.items() if day}
        metrics = await self.http.get(f"{path}/metrics", **asked)
        revenue = await self.http.get(f"{path}/revenue", **asked, attributionModel=attribution_model)
        return to_performance(found, metrics, revenue)

    @tool("read", scopes=READ)
    async def get_campaign_budget(self, campaign: Annotated[CampaignId, "the campaign, by name or id"]) -> Report:
        """Tell what a campaign may cost, what was spent and what is left."""
        told = await self.http.get(f"{CAMPAIGNS}/{campaign}/budget/totals")
        return to_budget(await self.campaign(campaign), told)

    @tool("read", scopes=FORMS)
    async def list_forms(
        self,
        name: Annotated[str | None, "part of the name"] = None,
        archived: Annotated[bool, "true for archived ones"] = False,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Document]:
        """Show the forms there are, or find one by its name, with the fields it has."""
        path = "/marketing/v3/forms/"
        told = "true" if archived else "false"
        pages = by_cursor(self.http, path, "results", "paging.next.after", "after", limit=100, archived=told)
        part = (name or "").casefold()
        found = (item async for item in pages if part in str(item.get("name")).casefold())
        return [to_form(item, self.site) for item in await take(found, limit)]

    @tool("read", scopes=MAIL)
    async def list_emails(
        self,
        state: Annotated[Literal["draft", "published"] | None, "drafts, or those that went out"] = None,
        campaign: Annotated[CampaignId | None, "the campaign they belong to"] = None,
        created_after: Annotated[datetime | None, "only those made after this moment"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Campaign]:
        """Show marketing e-mails, the last changed first, by state, campaign or the time they were made."""
        published = None if state is None else "true" if state == "published" else "false"
        after = created_after.isoformat() if created_after else None
        pages = self.emails(sort="-updatedAt", isPublished=published, createdAfter=after)
        found = (item async for item in pages if campaign in (None, item.get("campaign")))
        return [to_email(item, self.site) for item in await take(found, limit)]

    @tool("write", scopes=MAIL, proof="read_email", undo="archive_email", recover="recover_email")
    async def clone_email(
        self,
        email: Annotated[EmailId, "the marketing e-mail to copy, by name or id"],
        new_name: Annotated[str, "what the copy is called"],
    ) -> Change:
        """Copy a marketing e-mail to a new draft."""
        before = await self.email(email)
        made = await self.http.post(f"{EMAILS}clone", {"id": email, "cloneName": new_name})
        return copied(to_email(made, self.site), new_name, before.subject)

    @tool(
        "destructive", scopes=SEND, proof="read_email", irreversible="mail that is out cannot be called back",
        recover="recover_sent",
    )  # fmt: skip
    async def send_email(self, email: Annotated[EmailId, "the marketing e-mail, by name or id"]) -> Change:
        """Send a marketing e-mail to all its recipients, right now."""
        before = await self.email(email)
        if before.is_sent:
            raise Conflict(f"“{before.title}” went out already.")
        await self.http.post(f"{EMAILS}{email}/publish")
        return Change(before, {"is_sent": True})

    @tool("read", scopes=MAIL)
    async def get_email_stats(
        self,
        emails: Annotated[list[EmailId] | None, "the marketing e-mails, by name or id; else all"] = None,
        start: Annotated[datetime | None, "counted from this moment on"] = None,
        end: Annotated[datetime | None, "counted up to this moment"] = None,
    ) -> Report:
        """Tell how marketing e-mails did: sent, opened, clicked, unsubscribed."""
        told = await self.http.get(
            f"{EMAILS}statistics/list",
            emailIds=emails or None,
            startTimestamp=start.isoformat() if start else None,
            endTimestamp=end.isoformat() if end else None,
        )
        return to_stats(told, [(await self.email(one)).title for one in emails or ()])

    @tool("write", scopes=LIST, proof="read_members", undo="remove_from_list")
    async def add_to_list(
        self,
        list: Annotated[str, finds("list"), "the static list, by name or id"],
        contacts: Annotated[list[Invitee], "the contacts, by name or e-mail address"],
    ) -> Change:
        """Put contacts on a static list."""
        before = await self.members(list, contacts)
        there = {party.id for party in before.members}
        new = [contact for contact in contacts if contact not in there]
        if not new:
            raise Conflict(f"They are on “{before.title}” already.")
        await self.http.send("PUT", f"{LISTS}/{list}/memberships/add", json=new, is_repeatable=True)
        undo = Call(tool="hubspot_marketing.remove_from_list", args={"list": list, "contacts": new})
        return Change(of(before, contacts), {"members": tuple(Party(id=one) for one in contacts)}, undo=undo)
