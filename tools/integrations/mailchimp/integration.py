"""Mailchimp's Marketing API 3.0: audiences, the people in them, campaigns and how they did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any, Literal

from core.errors import Conflict, Rejected, VendorError
from core.records import Campaign, Channel, Person, Report
from core.tool import Call, Change
from tools.declare import Email, Text, finds, tool
from tools.integration import Account, Integration
from tools.integrations.mailchimp.mapping import (
    named,
    place,
    to_audience,
    to_campaign,
    to_events,
    to_report,
    to_subscriber,
)
from tools.integrations.mailchimp.store import Store
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import by_offset, take
from tools.kit.webhook import Delivery, Greeting, WebhookEvent, in_query

AudienceId = Annotated[str, finds("audience")]
CampaignId = Annotated[str, finds("campaign")]

CONFLICTS = ("Member Exists", "Member In Compliance State", "Forgotten Email Not Subscribed")


class Mailchimp(Store, Integration):
    """Mailchimp under one person's connection; the base URL is that of the account's data centre."""

    key = "mailchimp"
    name = "Mailchimp"
    category = "marketing"
    aliases = ("mailchimp", "mail chimp", "the newsletter tool")
    base_url = "https://{dc}.api.mailchimp.com/3.0"
    sites = {"login": "https://login.mailchimp.com"}
    auth = OAuth2(
        authorize_url="https://login.mailchimp.com/oauth2/authorize",
        token_url="https://login.mailchimp.com/oauth2/token",  # noqa: S106 - an address
        scopes=(),
    )
    webhook = in_query("token")
    names = ("audience", "campaign")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Problem details: `{type, title, status, detail, errors: [{field, message}]}`."""
        data = answer.data
        if not isinstance(data, Mapping) or not isinstance(data.get("status"), int) or "detail" not in data:
            return None
        fields = {str(one.get("field")): str(one.get("message")) for one in data.get("errors") or ()}
        said = " ".join([str(data["detail"]), *(f"{name}: {why}." for name, why in fields.items() if name)])
        if data.get("title") in CONFLICTS:
            return Conflict(f"{cls.name} refused: {said}", status=answer.status, cause=str(data["title"]))
        status = answer.status if answer.status >= 400 else data["status"]
        return by_status(cls.name, replace(answer, status=status), said, fields)

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """Mailchimp looks whether the address answers before it takes it."""
        return Greeting() if delivery.method == "GET" else None

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """A form with one event."""
        return to_events(delivery.body)

    async def identify(self) -> Account:
        """The account, and the data centre that it lives in."""
        told = (await self.http.send("GET", "/oauth2/metadata", site="login")).data
        endpoint = told.get("api_endpoint") or f"https://{told['dc']}.api.mailchimp.com"
        site = f"https://{told['dc']}.admin.mailchimp.com"
        return Account(str(told.get("user_id") or ""), site=site, base=f"{endpoint}/3.0")

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Audiences, and the campaigns of late."""
        campaigns = await self.list_campaigns(limit=100)
        return {
            "audience": [one["name"] for one in await self.audiences()],
            "campaign": [one.title for one in campaigns],
        }

    @tool("read")
    async def list_audiences(self, limit: Annotated[int, "how many"] = 10) -> list[Channel]:
        """Show the audiences (lists) there are, how many people are on each, and their open rates."""
        return [to_audience(item, self.http.connection.site) for item in await self.audiences(limit)]

    @tool("read")
    async def find_subscriber(
        self,
        query: Annotated[str, "their e-mail address or name"],
        audience: Annotated[AudienceId | None, "the one audience to look in"] = None,
    ) -> list[Person]:
        """Look a person up in all audiences: whether they are subscribed, bounced or left, and their tags."""
        found = await self.members(query, audience)
        names = {one["id"]: one["name"] for one in await self.audiences()} if found else {}
        return [to_subscriber(one, self.http.connection.site, names.get(one["list_id"], "")) for one in found]

    @tool("write", proof="read_subscriber", undo="restore_subscriber", recover="recover_subscriber")
    async def add_subscriber(
        self,
        email: Annotated[Email, "the person's address"],
        audience: Annotated[AudienceId, "the audience they join"],
        first_name: Annotated[str | None, "first name"] = None,
        last_name: Annotated[str | None, "last name"] = None,
        status: Annotated[Literal["subscribed", "pending"], "pending asks them to confirm by e-mail first"] = "pending",
        tags: Annotated[list[str] | None, "tags for them"] = None,
    ) -> Change:
        """Put a person on an audience, or complete the entry of one who is there."""
        return await self.add(audience, email, named(first_name, last_name), status, tags or [])

    @tool("write", proof="read_subscriber", undo="restore_subscriber")
    async def unsubscribe_contact(
        self,
        email: Annotated[Email, "the person's address"],
        audience: Annotated[AudienceId | None, "the audience they leave, if they are in several"] = None,
    ) -> Change:
        """Take a person off an audience: they get no more of its mail."""
        home = await self.home(email, audience)
        return await self.change(place(home, email), {"status": "unsubscribed"}, [], [])

    @tool("write", proof="read_subscriber", undo="restore_subscriber", one_of=("add", "remove"))
    async def tag_subscriber(
        self,
        email: Annotated[Email, "the person's address"],
        audience: Annotated[AudienceId | None, "the audience, if they are in several"] = None,
        add: Annotated[list[str] | None, "tags to give them"] = None,
        remove: Annotated[list[str] | None, "tags to take from them"] = None,
    ) -> Change:
        """Give a person of an audience tags, or take tags from them."""
        home = await self.home(email, audience)
        return await self.change(place(home, email), {}, add or [], remove or [])

    @tool("read")
    async def list_campaigns(
        self,
        status: Annotated[
            Literal["save", "paused", "schedule", "sending", "sent"] | None, "save is a draft, schedule is planned"
        ] = None,
        audience: Annotated[AudienceId | None, "the audience they go to"] = None,
        since: Annotated[date | None, "only those that go or went out on this day or later"] = None,
        until: Annotated[date | None, "only those that go or went out on this day or before"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Campaign]:
        """Show e-mail campaigns, the newest first: drafts, planned or sent, by audience or day."""
        rows = by_offset(
            self.http, "/campaigns", "campaigns", min(limit, 100), "offset", "count", last="", status=status,
            list_id=audience, since_send_time=self.midnight(since), sort_field="create_time", sort_dir="DESC",
            before_send_time=self.midnight(until + timedelta(1) if until else None),
        )  # fmt: skip
        return [to_campaign(item, self.http.connection.site) for item in await take(rows, limit)]

    @tool("write", proof="read_campaign", undo="delete_campaign", recover="recover_campaign")
    async def create_campaign(
        self,
        audience: Annotated[AudienceId, "the audience it goes to"],
        subject: Annotated[str, "the subject line"],
        body: Annotated[Text | None, "what the e-mail says, as text or HTML"] = None,
        from_name: Annotated[str | None, "the sender's name, else the audience's own"] = None,
        reply_to: Annotated[Email | None, "the address that answers go to, else the audience's own"] = None,
        segment: Annotated[Annotated[str, finds("segment")] | None, "a segment or tag, for a part of it only"] = None,
    ) -> Change:
        """Draft an e-mail campaign for an audience; nothing is sent yet."""
        home = await self.http.get(f"/lists/{audience}")
        usual = home.get("campaign_defaults") or {}
        sender = [from_name or usual.get("from_name") or "", reply_to or usual.get("from_email") or ""]
        to: dict[str, Any] = {"list_id": audience}
        to |= {"segment_opts": {"saved_segment_id": int(segment)}} if segment else {}
        settings = {"subject_line": subject, "title": subject, "from_name": sender[0], "reply_to": sender[1]}
        made = await self.http.post("/campaigns", {"type": "regular", "recipients": to, "settings": settings})
        if body:
            await self.fill(made["id"], body)
        expect = {
            "subject": subject,
            "audience": home["name"],
            "sender": " ".join(filter(None, sender)),
            "status": "save",
        }
        expect |= {"description": f"segment {segment}"} if segment else {}
        undo = Call(tool="mailchimp.delete_campaign", args={"campaign": made["id"]})
        return Change(to_campaign(made, self.http.connection.site), expect, undo=undo)

    @tool("write", proof="read_campaign", undo="unschedule_campaign", recover="recover_schedule")
    async def schedule_campaign(
        self,
        campaign: Annotated[CampaignId, "the campaign, by title, subject or id"],
        at: Annotated[datetime, "when it goes out, on a quarter of an hour"],
    ) -> Change:
        """Plan a finished campaign to go out at a set time."""
        if at.minute % 15 or at.second:
            raise Rejected("Mailchimp sends on quarters of an hour only.", fields={"at": "no quarter of an hour"})
        body = {"schedule_time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
        before = await self.campaign(campaign)
        await self.http.post(f"/campaigns/{campaign}/actions/schedule", body)
        undo = Call(tool="mailchimp.unschedule_campaign", args={"campaign": campaign})
        return Change(before, {"status": "schedule", "sends_at": at}, undo=undo)

    @tool(
        "destructive",
        proof="read_campaign",
        irreversible="mail that is out cannot be called back",
        recover="recover_sent",
    )
    async def send_campaign(self, campaign: Annotated[CampaignId, "the campaign, by title, subject or id"]) -> Change:
        """Send a campaign to everybody it is for, right now."""
        before = await self.campaign(campaign)
        told = await self.http.get(f"/campaigns/{campaign}/send-checklist")
        if not told.get("is_ready"):
            wrong = [f"{one.get('heading')}: {one.get('details')}" for one in told["items"] if one["type"] == "error"]
            raise Rejected(f"“{before.title}” is not ready to send. {' '.join(wrong)}".strip())
        await self.http.post(f"/campaigns/{campaign}/actions/send")
        return Change(before, {"is_sent": True})

    @tool("read")
    async def get_campaign_report(
        self, campaign: Annotated[CampaignId, "the campaign, by title, subject or id"]
    ) -> Report:
        """Tell how a sent campaign did: opens, clicks, bounces, unsubscribes."""
        return to_report(await self.http.get(f"/reports/{campaign}"), self.http.connection.site)
