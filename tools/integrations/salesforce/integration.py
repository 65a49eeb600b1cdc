"""Salesforce, REST API: records found and read by SOQL, written by the sObject resources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from core.clock import utc_now
from core.errors import Conflict, Forbidden, NotFound, OutcomeUnknown, RateLimited, Rejected, VendorError
from core.records import Deal, Record, Ref
from core.tool import Call, Change
from tools.declare import Email, Money, Text, Who, finds, tool
from tools.integration import Account, Integration
from tools.integrations.salesforce.mapping import (
    FIELDS,
    SHOWN,
    expected,
    kind_of,
    to_deal,
    to_record,
    written,
)
from tools.integrations.salesforce.search import DATA, Search, together
from tools.integrations.salesforce.soql import literal, plain_words
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.stream import Batch, by_time, since, stream

Kind = Literal["Account", "Contact", "Lead", "Opportunity", "Case", "Task"]
RecordId = Annotated[str, finds("record")]
AccountId = Annotated[str, finds("account")]
Stage = Annotated[str, finds("stage")]
LeadStatus = Annotated[str, finds("lead_status")]
Reporter = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "contact"})]

API = ("api",)
TRASH = "only an administrator can bring it back, from the recycle bin"
CODES: dict[str, type[VendorError]] = {
    "INSUFFICIENT_ACCESS_OR_READONLY": Forbidden, "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Forbidden,
    "DUPLICATES_DETECTED": Conflict, "DUPLICATE_VALUE": Conflict, "UNABLE_TO_LOCK_ROW": Conflict,
    "ENTITY_IS_DELETED": NotFound, "ENTITY_IS_LOCKED": Conflict, "DELETE_FAILED": Conflict,
}  # fmt: skip
DAY_S = 3600.0
LOST = timedelta(minutes=5)


class Salesforce(Search, Integration):
    """Salesforce under one person's connection; the base URL is the instance that came with the token."""

    key = "salesforce"
    name = "Salesforce"
    category = "crm"
    aliases = ("salesforce", "sfdc", "sf")
    base_url = "{instance_url}"
    auth = OAuth2(
        authorize_url="https://login.salesforce.com/services/oauth2/authorize",
        token_url="https://login.salesforce.com/services/oauth2/token",  # noqa: S106 - an address
        revoke_url="https://login.salesforce.com/services/oauth2/revoke",
        scopes=("api", "refresh_token"),
    )
    names = ("account", "stage", "person")

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Salesforce's list of `{message, errorCode, fields}`."""
        if answer.status < 400 or not isinstance(answer.data, list) or not answer.data:
            return None
        said = " ".join(str(one.get("message", "")) for one in answer.data)
        codes = [str(one.get("errorCode", "")) for one in answer.data]
        fields = {str(name): str(one.get("message")) for one in answer.data for name in one.get("fields") or ()}
        if "REQUEST_LIMIT_EXCEEDED" in codes:
            return RateLimited(f"{cls.name}'s daily quota is used up.", retry_after_s=DAY_S, status=answer.status)
        kind = next((CODES[code] for code in codes if code in CODES), None)
        if kind:
            return kind(f"{cls.name} refused: {said}", status=answer.status, cause=f"{codes} {said}")
        return by_status(cls.name, answer, said, fields)

    async def identify(self) -> Account:
        """The person's user id, the last part of the identity that the API names."""
        home = await self.http.get(f"{DATA}/")
        return Account(home["identity"].rpartition("/")[2], site=self.http.connection.base_url)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Accounts last changed, and the stages of opportunities."""
        accounts = await self.rows("Account", (), "LastModifiedDate DESC", 200)
        stages = await self.choices("Opportunity", "StageName")
        return {"account": [one["Name"] for one in accounts], "stage": [stage.label for stage in stages]}

    @stream("opportunity")
    async def stream_opportunities(self, cursor: str) -> Batch:
        """Opportunities in the order of their change; deleted ones are not told."""
        moment = since(cursor)
        conditions = [f"LastModifiedDate >= {literal(moment)}"] if moment else []
        items = self.every("Opportunity", conditions, "LastModifiedDate")
        return await by_time(
            items, cursor, lambda item: str(item["LastModifiedDate"]), lambda item: to_deal(item, self.site)
        )

    @tool("read", scopes=API)
    async def search_records(
        self,
        text: Annotated[str, "the words to find"],
        object: Annotated[Kind | None, "the one kind to search"] = None,
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Record]:
        """Find accounts, contacts, leads, opportunities, cases and tasks by the words in them."""
        kinds = (object,) if object else ("Account", "Contact", "Lead", "Opportunity", "Case", "Task")
        parameters: dict[str, Any] = {"q": plain_words(text), "sobject": list(kinds), "overallLimit": limit}
        parameters |= {f"{kind}.fields": FIELDS[kind].replace(" ", "") for kind in kinds}
        found = await self.http.get(f"{DATA}/parameterizedSearch", **parameters)
        return [to_record(item, self.site) for item in found["searchRecords"]]

    @tool("read", scopes=API)
    async def list_opportunities(
        self,
        owner: Annotated[Who | None, "whose deals"] = None,
        stage: Annotated[Stage | None, "stage name"] = None,
        close_before: Annotated[date | None, "only those that close before this date"] = None,
        close_after: Annotated[date | None, "only those that close after this date"] = None,
        min_amount: Annotated[Money | None, "only those of this amount or more"] = None,
        account: Annotated[AccountId | None, "account name"] = None,
        open: Annotated[bool | None, "true for open ones only, false for closed ones only"] = None,
        limit: Annotated[int, "how many"] = 20,
    ) -> list[Deal]:
        """Show the pipeline: opportunities (deals), open or closed, by owner, stage, account, date or amount."""
        tests = {
            "OwnerId =": owner, "StageName =": stage, "CloseDate <": close_before, "CloseDate >": close_after,
            "Amount >=": min_amount, "AccountId =": account, "IsClosed =": None if open is None else not open,
        }  # fmt: skip
        conditions = [f"{test} {literal(value)}" for test, value in tests.items() if value is not None]
        found = await self.rows("Opportunity", conditions, "CloseDate, Name", limit)
        return [to_deal(item, self.site) for item in found]

    @tool("read", scopes=API)
    async def get_record(
        self, object: Annotated[Kind, "kind"], record: Annotated[RecordId, "the record, by name, link or id"]
    ) -> Record:
        """Show the details of a single account, contact, lead, opportunity, case or task, and who owns it."""
        return await self.record(record, object)

    @tool("read", scopes=API)
    async def account_summary(self, account: Annotated[AccountId, "the account, by name or id"]) -> list[Record]:
        """Sum up an account or customer: its details, contacts, open deals and open support cases."""
        its, is_open = f"AccountId = {literal(account)}", "IsClosed = false"
        found, *others = await together(
            self.record(account, "Account"),
            self.rows("Contact", (its,), "Name", 25),
            self.rows("Opportunity", (its, is_open), "CloseDate", 25),
            self.rows("Case", (its, is_open), "CreatedDate DESC", 25),
        )
        return [found, *(to_record(item, self.site) for rows in others for item in rows)]

    @tool("write", scopes=API, proof="read_record", undo="delete_record", recover="recover_lead")
    async def create_lead(
        self,
        last_name: Annotated[str, "last name"],
        company: Annotated[str, "the company they work for"],
        first_name: Annotated[str | None, "first name"] = None,
        email: Annotated[Email | None, "address"] = None,
        phone: Annotated[str | None, "number"] = None,
        source: Annotated[str | None, "how the lead came about"] = None,
        notes: Annotated[Text | None, "description"] = None,
    ) -> Change:
        """Add a new lead, a person who may become a customer."""
        fields = written(
            last_name=last_name, first_name=first_name, company=company, email=email, phone=phone, source=source,
            notes=notes,
        )  # fmt: skip
        return await self._create("Lead", fields, {"title": " ".join(filter(None, (first_name, last_name)))})

    @tool("write", scopes=API, proof="read_record", undo="delete_record", recover="recover_opportunity")
    async def create_opportunity(
        self,
        name: Annotated[str, "the deal's name"],
        account: Annotated[AccountId, "the account, by name or id"],
        close_date: Annotated[date, "expected close"],
        stage: Annotated[Stage, "stage name"] = "Prospecting",
        amount: Annotated[Money | None, "size"] = None,
        owner: Annotated[Who | None, "whose deal"] = None,
    ) -> Change:
        """Open a new opportunity (deal) with an account."""
        fields = written(name=name, account=account, close_date=close_date, stage=stage, amount=amount, owner=owner)
        return await self._create("Opportunity", fields, {"company": (await self.record(account, "Account")).title})

    @tool("write", scopes=API, proof="read_record", undo="restore_record")
    async def update_opportunity(
        self,
        opportunity: Annotated[str, finds("opportunity"), "the opportunity, by name, link or id"],
        stage: Annotated[Stage | None, "the stage it moves to"] = None,
        amount: Annotated[Money | None, "new size"] = None,
        close_date: Annotated[date | None, "the new close date"] = None,
        next_step: Annotated[str | None, "next step"] = None,
        owner: Annotated[Who | None, "new owner"] = None,
    ) -> Change:
        """Edit an opportunity (deal): move it to a stage, or set its amount, close date, next step or owner."""
        fields = written(stage=stage, amount=amount, close_date=close_date, next_step=next_step, owner=owner)
        return await self._update("Opportunity", opportunity, fields)

    @tool("write", scopes=API, proof="read_record", undo="restore_record")
    async def update_record(
        self,
        object: Annotated[Literal["Lead", "Contact", "Account"], "kind"],
        record: Annotated[RecordId, "the record, by name, link or id"],
        email: Annotated[Email | None, "new address"] = None,
        phone: Annotated[str | None, "new number"] = None,
        title: Annotated[str | None, "their new job title"] = None,
        status: Annotated[LeadStatus | None, "the new status, of a lead only"] = None,
        owner: Annotated[Who | None, "new owner"] = None,
        fields: Annotated[Text | None, "any other fields, each as a name and its value"] = None,
    ) -> Change:
        """Edit the details of a lead, contact or account, such as its email, phone, status or owner."""
        named = written(email=email, phone=phone, title=title, status=status, owner=owner)
        absent = {"Account": ("Email", "Title", "Status"), "Contact": ("Status",)}.get(object, ())
        wrong = [name for name in absent if name in named]
        if wrong:
            raise Rejected(f"{object} records have no {', '.join(wrong).lower()}.", fields={wrong[0]: "not there"})
        return await self._update(object, record, named | await self.pairs(object, fields or ""))

    @tool("write", scopes=API, proof="read_record", undo="delete_record", recover="recover_activity")
    async def log_activity(
        self,
        record: Annotated[RecordId, "the contact, account or deal, by name or id"],
        subject: Annotated[str, "one line"],
        notes: Annotated[Text | None, "what was talked about"] = None,
        date: Annotated[date | None, "when"] = None,
    ) -> Change:
        """Log a call, conversation or note as a finished task on a contact, lead, account or deal."""
        about = await self.record(record)
        link = {"person" if about.ref.kind in ("contact", "lead") else "thing": about.ref.id}
        day = date or utc_now().astimezone(self.who.zone).date()
        fields = written(subject=subject, notes=notes, date=day, status="Completed", **link)
        return await self._create("Task", fields, {"parent": about.ref.key or about.title})

    @tool("write", scopes=API, proof="read_record", undo="delete_record", recover="recover_case")
    async def create_case(
        self,
        subject: Annotated[str, "one line"],
        description: Annotated[Text | None, "details"] = None,
        account: Annotated[AccountId | None, "account name"] = None,
        contact: Annotated[Reporter | None, "the contact who reported it"] = None,
        priority: Annotated[Literal["High", "Medium", "Low"], "priority"] = "Medium",
    ) -> Change:
        """File a new support case or ticket, for an account or a contact if named."""
        fields = written(subject=subject, description=description, account=account, contact=contact, priority=priority)
        linked = {"company": (await self.record(account, "Account")).title} if account else {}
        linked |= {"requester": (await self.record(contact, "Contact")).title} if contact else {}
        return await self._create("Case", fields, linked)

    @tool("destructive", scopes=API, proof="read_record", irreversible=TRASH)
    async def delete_record(
        self, object: Annotated[Kind, "kind"], record: Annotated[RecordId, "the record, by name, link or id"]
    ) -> Change:
        """Delete a lead, contact, opportunity or other record; the recycle bin keeps it for some time."""
        before = await self.record(record, object)
        await self.http.send("DELETE", f"{DATA}/sobjects/{object}/{before.ref.id}")
        return Change(before, is_gone=True)

    @tool("write", scopes=API, proof="read_record", irreversible="it is itself an undo", is_hidden=True)
    async def restore_record(
        self,
        object: Annotated[str, "kind"],
        record: Annotated[str, "id"],
        fields: Annotated[dict[str, Any], "former values, in Salesforce's own words"],
    ) -> Change:
        """Set fields of a record back to what they were."""
        return await self._update(object, record, fields)

    async def read_record(self, ref: Ref) -> Record:
        """Reads the record again."""
        return await self.record(ref.id)

    async def recover_lead(self, last_name: str, company: str, **_: Any) -> Change | None:
        """The lead that this person made with this name and company within the last minutes, if there is one."""
        return await self._recent("Lead", {"LastName": last_name, "Company": company})

    async def recover_opportunity(self, name: str, account: str, **_: Any) -> Change | None:
        """The opportunity that this person made with this name within the last minutes, if there is one."""
        return await self._recent("Opportunity", {"Name": name, "AccountId": account})

    async def recover_activity(self, subject: str, record: str, **_: Any) -> Change | None:
        """The activity that this person logged with this subject within the last minutes, if there is one."""
        link = "WhoId" if kind_of(record) in ("Contact", "Lead") else "WhatId"
        return await self._recent("Task", {"Subject": subject, link: record})

    async def recover_case(self, subject: str, **_: Any) -> Change | None:
        """The case that this person opened with this subject within the last minutes, if there is one."""
        return await self._recent("Case", {"Subject": subject})

    async def _recent(self, kind: str, values: Mapping[str, str]) -> Change | None:
        since = utc_now() - LOST
        mine = (f"CreatedById = {literal(self.http.connection.account)}", f"CreatedDate >= {literal(since)}")
        same = (f"{name} = {literal(value)}" for name, value in values.items())
        found = await self.rows(kind, (*mine, *same), "CreatedDate DESC", 1)
        if not found:
            return None
        record = to_record(found[0], self.site)
        return Change(record, {"title": record.title}, undo=self._deleting(kind, record.ref.id))

    async def _create(self, kind: str, fields: Mapping[str, Any], linked: Mapping[str, Any]) -> Change:
        made = await self.http.post(f"{DATA}/sobjects/{kind}", fields)
        record = to_record({"attributes": {"type": kind}, "Id": made["id"], **fields}, self.site)
        expect = expected(fields, kind) | {name: value for name, value in linked.items() if value is not None}
        return Change(record, expect, undo=self._deleting(kind, made["id"]))

    async def _update(self, kind: str, record: str, fields: Mapping[str, Any]) -> Change:
        """Change fields; those that no record shows are read back here."""
        if not fields:
            raise Rejected("There is nothing to change.")
        before = await self.record(record, kind)
        path = f"{DATA}/sobjects/{kind}/{before.ref.id}"
        former = await self.http.get(path)
        await self.http.send("PATCH", path, json=fields, is_repeatable=True)
        unseen = [name for name in fields if name not in SHOWN]
        after = await self.http.get(path) if unseen else {}
        differs = [name for name in unseen if (after.get(name) or None) != (fields[name] or None)]
        if differs:
            raise OutcomeUnknown(f"Salesforce took it, but holds another {', '.join(differs)}.")
        kept = {name: former.get(name) for name in (*fields, *(("Probability",) if "StageName" in fields else ()))}
        args = {"object": kind, "record": before.ref.id, "fields": kept}
        return Change(before, expected(fields, kind), undo=Call(tool="salesforce.restore_record", args=args))

    def _deleting(self, kind: str, record: str) -> Call:
        return Call(tool="salesforce.delete_record", args={"object": kind, "record": record})
