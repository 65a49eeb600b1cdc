"""HubSpot's CRM: contacts, companies, deals, notes and tasks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from core.clock import utc_now
from core.errors import VendorError
from core.records import Company, Deal, Person, Record
from core.tool import Change
from tools.declare import Email, Money, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.hubspot.mapping import SINGULAR, written
from tools.integrations.hubspot.platform import account_of, signature_v3, to_events, understood
from tools.integrations.hubspot.search import between, equal, test
from tools.integrations.hubspot.store import Store
from tools.kit.auth import OAuth2
from tools.kit.http import Answer
from tools.kit.paging import take
from tools.kit.webhook import Delivery, Signature, WebhookEvent

ContactId = Annotated[str, finds("contact")]
CompanyId = Annotated[str, finds("company")]
DealId = Annotated[str, finds("deal")]
RecordId = Annotated[str, finds("record")]
Stage = Annotated[str, finds("stage")]
Pipeline = Annotated[str, finds("pipeline")]
Lifecycle = Annotated[str, finds("lifecycle_stage")]
Industry = Annotated[str, finds("industry")]

CONTACTS = ("crm.objects.contacts.read", "crm.objects.contacts.write")
COMPANIES = ("crm.objects.companies.read", "crm.objects.companies.write")
DEALS = ("crm.objects.deals.read", "crm.objects.deals.write")
BIN = "only HubSpot's own recycle bin brings it back, for 90 days"


class Hubspot(Store, Integration):
    """HubSpot's CRM under one person's connection."""

    key = "hubspot"
    name = "HubSpot"
    category = "crm"
    aliases = ("hubspot", "hubspot crm", "hs")
    base_url = "https://api.hubapi.com"
    auth = OAuth2(
        authorize_url="https://app.hubspot.com/oauth/authorize",
        token_url="https://api.hubapi.com/oauth/2026-03/token",  # noqa: S106 - an address
        revoke_url="https://api.hubapi.com/oauth/2026-03/token/revoke",
        scopes=("oauth", *CONTACTS, *COMPANIES, *DEALS, "crm.objects.owners.read"),
    )
    calls_per_s = 10.0
    webhook = Signature(signature_v3)
    names = ("company", "stage", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """HubSpot's `{status: error, message, category, errors}`."""
        return understood(cls.name, answer)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """A list of events, each about one object."""
        return to_events(cls.key, delivery)

    async def identify(self) -> Account:
        """The portal that the person granted."""
        return await account_of(self.http)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Companies last changed, stages of deals, and owners."""
        companies = [one["properties"].get("name") or "" for one in await take(self.rows("company", ()), 200)]
        stages = [stage["label"] for pipeline in await self.pipelines() for stage in pipeline["stages"]]
        people = [f"{one.get('firstName') or ''} {one.get('lastName') or ''}".strip() for one in await self.owners()]
        return {"company": companies, "stage": stages, "person": people}

    @tool("read", scopes=CONTACTS[:1])
    async def search_contacts(
        self,
        query: Annotated[str | None, "name, e-mail address or phone number"] = None,
        company: Annotated[CompanyId | None, "the company they belong to"] = None,
        lifecycle_stage: Annotated[Lifecycle | None, "lifecycle stage, such as lead or customer"] = None,
        owner: Annotated[Who | None, "the colleague who looks after them"] = None,
        created_after: Annotated[date | None, "only those added on this date or since"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Person]:
        """Find contacts or leads by words, company, lifecycle stage, owner or the day they were added."""
        tests = equal({"associations.company": company, "lifecyclestage": lifecycle_stage, "hubspot_owner_id": owner})
        tests += between("createdate", created_after, None, self.who.zone)
        return [one for one in await self.search("contact", tests, query, limit) if isinstance(one, Person)]

    @tool("read", scopes=CONTACTS[:1])
    async def get_contact(self, contact: Annotated[ContactId, "the contact, by name, address or id"]) -> list[Record]:
        """Show a single contact in full, with their company, their deals and the latest notes on them."""
        found = await self.whole("contact", contact)
        others = [await self.near("contact", contact, kind, 5) for kind in ("company", "deal", "note")]
        return [found, *(record for some in others for record in some)]

    @tool("write", scopes=CONTACTS, proof="read_record", undo="delete_contact", recover="recover_contact")
    async def create_contact(
        self,
        email: Annotated[Email, "their address"],
        first_name: Annotated[str | None, "first name"] = None,
        last_name: Annotated[str | None, "last name"] = None,
        phone: Annotated[str | None, "phone number"] = None,
        company: Annotated[CompanyId | None, "the company they work for, which must be there already"] = None,
        owner: Annotated[Who | None, "the colleague who looks after them"] = None,
    ) -> Change:
        """Add a new person as a contact."""
        new = written(email=email, first_name=first_name, last_name=last_name, phone=phone, owner=owner)
        return await self.create("contact", new, company=company)

    @tool("write", scopes=CONTACTS, proof="read_record", undo="restore_record")
    async def update_contact(
        self,
        contact: Annotated[ContactId, "the contact, by name, address or id"],
        phone: Annotated[str | None, "the new number"] = None,
        email: Annotated[Email | None, "the new address"] = None,
        job_title: Annotated[str | None, "the new job title"] = None,
        lifecycle_stage: Annotated[Lifecycle | None, "the new lifecycle stage, such as customer"] = None,
        owner: Annotated[Who | None, "the colleague who takes them over"] = None,
    ) -> Change:
        """Edit a contact: phone, address, job title, lifecycle stage or owner."""
        new = written(phone=phone, email=email, job_title=job_title, lifecycle_stage=lifecycle_stage, owner=owner)
        return await self.update("contact", contact, new)

    @tool("read", scopes=COMPANIES[:1])
    async def search_companies(
        self,
        query: Annotated[str, "words of the name, or the web domain"],
        industry: Annotated[Industry | None, "industry"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Company]:
        """Find companies by name or domain, of one industry if wanted."""
        found = await self.search("company", equal({"industry": industry}), query, limit)
        return [one for one in found if isinstance(one, Company)]

    @tool("write", scopes=COMPANIES, proof="read_record", undo="archive_record", recover="recover_company")
    async def create_company(
        self,
        name: Annotated[str, "the company's name"],
        domain: Annotated[str | None, "web domain"] = None,
        industry: Annotated[Industry | None, "industry"] = None,
        phone: Annotated[str | None, "phone number"] = None,
        owner: Annotated[Who | None, "the colleague who looks after it"] = None,
    ) -> Change:
        """Add a new company."""
        new = written(company_name=name, domain=domain, industry=industry, phone=phone, owner=owner)
        return await self.create("company", new)

    @tool("read", scopes=DEALS[:1])
    async def list_deals(
        self,
        owner: Annotated[Who | None, "whose deals"] = None,
        stage: Annotated[Stage | None, "stage name"] = None,
        pipeline: Annotated[Pipeline | None, "pipeline name"] = None,
        close_before: Annotated[date | None, "only those that close before this date"] = None,
        close_after: Annotated[date | None, "only those that close after this date"] = None,
        company: Annotated[CompanyId | None, "the company they are with"] = None,
        min_amount: Annotated[Money | None, "only those of this amount or more"] = None,
        query: Annotated[str | None, "words of the deal's name"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Deal]:
        """Show the pipeline: deals by owner, stage, company, close date, amount or name."""
        fields = {"hubspot_owner_id": owner, "dealstage": stage, "pipeline": pipeline, "associations.company": company}
        tests = equal(fields) + ([test("amount", "GTE", min_amount)] if min_amount is not None else [])
        tests += between("closedate", close_after and close_after + timedelta(1), close_before, self.who.zone)
        return [one for one in await self.search("deal", tests, query, limit) if isinstance(one, Deal)]

    @tool("write", scopes=DEALS, proof="read_record", undo="archive_record", recover="recover_deal")
    async def create_deal(
        self,
        name: Annotated[str, "what the deal is called"],
        stage: Annotated[Stage | None, "stage name, else the first one"] = None,
        pipeline: Annotated[Pipeline | None, "pipeline name, else the first one"] = None,
        amount: Annotated[Money | None, "what it is worth"] = None,
        close_date: Annotated[date | None, "the day it should close"] = None,
        company: Annotated[CompanyId | None, "the company it is with"] = None,
        contact: Annotated[ContactId | None, "the person it is with"] = None,
        owner: Annotated[Who | None, "the colleague whose deal it is"] = None,
    ) -> Change:
        """Open a new deal, with a company or a contact if named."""
        new = written(deal_name=name, amount=amount, close_date=close_date, owner=owner)
        return await self.create("deal", new | await self.place(stage, pipeline), company=company, contact=contact)

    @tool("write", scopes=DEALS, proof="read_record", undo="restore_record")
    async def update_deal(
        self,
        deal: Annotated[DealId, "the deal, by name or id"],
        stage: Annotated[Stage | None, "the stage it moves to"] = None,
        amount: Annotated[Money | None, "what it is worth now"] = None,
        close_date: Annotated[date | None, "the new day it should close"] = None,
        owner: Annotated[Who | None, "the colleague who takes it over"] = None,
    ) -> Change:
        """Edit a deal: move it to a stage (won and lost too), or set its amount, close date or owner."""
        new = written(stage=stage, amount=amount, close_date=close_date, owner=owner)
        return await self.update("deal", deal, new | await self.home(stage))

    @tool("write", scopes=CONTACTS, proof="read_record", undo="archive_record", recover="recover_note")
    async def add_note(
        self,
        record: Annotated[RecordId, "the contact, company or deal it is about, by name or id"],
        body: Annotated[Text, "the note"],
    ) -> Change:
        """Log a note on a contact, company or deal."""
        return await self.create("note", written(note=body, at=utc_now()), record=record)

    @tool("write", scopes=CONTACTS, proof="read_record", undo="archive_record", recover="recover_task")
    async def create_task(
        self,
        subject: Annotated[str, "what is to be done, in one line"],
        due: Annotated[datetime | None, "when it is due, else this time tomorrow"] = None,
        assignee: Annotated[Who | None, "the colleague who does it"] = None,
        record: Annotated[RecordId | None, "the contact, company or deal it is about, by name or id"] = None,
        notes: Annotated[Text | None, "details"] = None,
        priority: Annotated[Literal["LOW", "MEDIUM", "HIGH"] | None, "priority"] = None,
    ) -> Change:
        """Make a to-do or follow-up for a colleague, about a contact, company or deal if named."""
        at = (due or utc_now() + timedelta(days=1)).replace(microsecond=0)
        fixed = {"status": "NOT_STARTED", "kind": "TODO"}
        new = written(subject=subject, at=at, owner=assignee, details=notes, priority=priority, **fixed)
        return await self.create("task", new, record=record)

    @tool("destructive", scopes=CONTACTS, proof="read_record", irreversible=BIN)
    async def delete_contact(self, contact: Annotated[ContactId, "the contact, by name, address or id"]) -> Change:
        """Delete a contact, which puts it into HubSpot's recycle bin."""
        return await self.archive("contact", contact)

    @tool("destructive", scopes=CONTACTS, proof="read_record", irreversible=BIN, is_hidden=True)
    async def archive_record(self, record: Annotated[str, "such as deals/12"]) -> Change:
        """Put an object into HubSpot's recycle bin."""
        plural, _, own = record.partition("/")
        return await self.archive(SINGULAR[plural], own)

    @tool("write", scopes=CONTACTS, proof="read_record", irreversible="it is itself an undo", is_hidden=True)
    async def restore_record(
        self,
        record: Annotated[str, "such as deals/12"],
        properties: Annotated[dict[str, str], "former values, in HubSpot's own words"],
    ) -> Change:
        """Set properties of an object back to what they were."""
        plural, _, own = record.partition("/")
        return await self.update(SINGULAR[plural], own, properties)
