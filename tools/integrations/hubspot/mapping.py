"""HubSpot's objects to records and back; no key of HubSpot's passes these functions."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from core.records import Company, Deal, Message, Party, Person, Record, Ref, Task

PLURAL = {"contact": "contacts", "company": "companies", "deal": "deals", "note": "notes", "task": "tasks"}
SINGULAR = {plural: kind for kind, plural in PLURAL.items()}
TYPES = {"contact": "0-1", "company": "0-2", "deal": "0-3"}
FIELDS = {
    "contact": ["email", "firstname", "lastname", "phone", "jobtitle", "company", "lifecyclestage", "hubspot_owner_id",
                "lastmodifieddate"],
    "company": ["name", "domain", "industry", "phone", "hubspot_owner_id"],
    "deal": ["dealname", "dealstage", "pipeline", "amount", "deal_currency_code", "closedate", "hubspot_owner_id",
             "hs_is_closed", "hs_lastmodifieddate"],
    "note": ["hs_note_body", "hs_timestamp", "hubspot_owner_id"],
    "task": ["hs_task_subject", "hs_task_body", "hs_task_status", "hs_task_priority", "hs_timestamp",
             "hubspot_owner_id"],
}  # fmt: skip
NAMES = {
    "email": "email", "first_name": "firstname", "last_name": "lastname", "phone": "phone", "job_title": "jobtitle",
    "lifecycle_stage": "lifecyclestage", "owner": "hubspot_owner_id", "company_name": "name", "domain": "domain",
    "industry": "industry", "deal_name": "dealname", "stage": "dealstage", "pipeline": "pipeline", "amount": "amount",
    "close_date": "closedate", "note": "hs_note_body", "at": "hs_timestamp", "subject": "hs_task_subject",
    "details": "hs_task_body", "priority": "hs_task_priority", "status": "hs_task_status", "kind": "hs_task_type",
}  # fmt: skip
# The kinds of association that HubSpot itself defines, from what is made to what it is tied to.
TIES = {
    ("contact", "company"): 279, ("deal", "company"): 341, ("deal", "contact"): 3,
    ("note", "contact"): 202, ("note", "company"): 190, ("note", "deal"): 214,
    ("task", "contact"): 204, ("task", "company"): 192, ("task", "deal"): 216,
}  # fmt: skip
SHOWN = {
    "email": "email", "phone": "phone", "jobtitle": "job_title", "lifecyclestage": "status", "name": "title",
    "domain": "website", "industry": "industry", "dealname": "title", "dealstage": "stage", "amount": "amount",
    "closedate": "closes_on", "hs_note_body": "text", "hs_task_subject": "title", "hs_task_body": "description",
    "hs_task_priority": "priority", "hs_timestamp": "due_at", "hs_task_status": "status",
    "firstname": "title", "lastname": "title", "hubspot_owner_id": "owner",
}  # fmt: skip
_TAG = re.compile(r"<[^>]+>")


class Lens:
    """What it takes to see an object as a record: where people see it, their zone, the names of stages and owners."""

    def __init__(self, site: str, zone: ZoneInfo, stages: Mapping[str, str], owners: Mapping[str, Party]) -> None:
        self.site, self.zone, self.stages, self.owners = site, zone, stages, owners

    def record(self, kind: str, item: Mapping[str, Any], company: str = "", about: str = "") -> Record:
        """The record of an object; `company` is the one it is tied to, `about` the id of what it is on."""
        values = {name: value for name, value in item["properties"].items() if value not in (None, "")}
        ref = Ref(integration="hubspot", kind=kind, id=str(item["id"]), url=self._link(kind, str(item["id"]), about))
        owner = self._owner(values)
        if kind == "contact":
            return _person(ref, values, owner, company)
        if kind == "company":
            return Company(
                ref=ref,
                title=values.get("name") or values.get("domain", ""),
                website=values.get("domain", ""),
                industry=values.get("industry", ""),
                phone=values.get("phone", ""),
                owner=owner,
            )
        if kind == "deal":
            return self._deal(ref, values, owner, company)
        if kind == "note":
            return Message(
                ref=ref,
                text=to_text(values.get("hs_note_body", "")),
                author=str(owner or ""),
                channel=about,
                sent_at=moment(values.get("hs_timestamp")),
            )
        return Task(
            ref=ref,
            title=values.get("hs_task_subject", ""),
            description=to_text(values.get("hs_task_body", "")),
            status=values.get("hs_task_status", ""),
            priority=values.get("hs_task_priority", "").replace("NONE", ""),
            assignee=owner,
            parent=about,
            due_at=moment(values.get("hs_timestamp")),
        )

    def _deal(self, ref: Ref, values: Mapping[str, str], owner: Party | None, company: str) -> Deal:
        closes = moment(values.get("closedate"))
        return Deal(
            ref=ref,
            title=values.get("dealname", ""),
            stage=self.stages.get(values.get("dealstage", ""), values.get("dealstage", "")),
            amount=_decimal(values.get("amount")),
            currency=values.get("deal_currency_code", ""),
            company=company,
            owner=owner,
            closes_on=closes.astimezone(self.zone).date() if closes else None,
            is_open=values.get("hs_is_closed", "false") != "true",
        )

    def _owner(self, values: Mapping[str, str]) -> Party | None:
        owner = values.get("hubspot_owner_id", "")
        return self.owners.get(owner, Party(id=owner)) if owner else None

    def _link(self, kind: str, own: str, about: str) -> str:
        if kind in TYPES:
            return f"{self.site}/record/{TYPES[kind]}/{own}" if self.site else ""
        plural, _, other = about.partition("/")
        return self._link(SINGULAR[plural], other, "") if other else ""

    def expected(self, kind: str, properties: Mapping[str, str]) -> dict[str, Any]:
        """What the record read back must hold after these properties were written."""
        record = self.record(kind, {"id": "", "properties": properties})
        names = {SHOWN[name] for name in properties if name in SHOWN} - ({"due_at"} if kind == "note" else set())
        names -= {"owner"} if kind in ("note", "task") else set()
        names |= {"assignee"} if kind == "task" and "hubspot_owner_id" in properties else set()
        return {name: getattr(record, name) for name in names}


def written(**values: Any) -> dict[str, str]:
    """The properties of a create or edit, by our own names; what is None is left out."""
    return {NAMES[name]: _spelt(name, value) for name, value in values.items() if value is not None}


def tied(kind: str, to: str, other: str | None) -> list[dict[str, Any]]:
    """The tie of a new object to another one, or none."""
    if not other:
        return []
    spec = {"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": TIES[kind, to]}
    return [{"to": {"id": other}, "types": [spec]}]


def millis(day: date, zone: ZoneInfo) -> int:
    """The beginning of a day there, as a search wants it."""
    return int(datetime.combine(day, time(), zone).timestamp() * 1000)


def to_html(text: str) -> str:
    """Plain text as the body of a note or task."""
    return html.escape(text, quote=False).replace("\n", "<br>")


def to_text(body: str) -> str:
    """The body of a note or task as plain text."""
    lines = re.sub(r"<br\s*/?>|</p>|</div>|</li>", "\n", body, flags=re.IGNORECASE)
    return html.unescape(_TAG.sub("", lines)).strip()


def moment(value: Any) -> datetime | None:
    """A moment in ISO 8601 or in milliseconds; None for nothing or nonsense."""
    text = str(value or "")
    try:
        if text.isdigit():
            return datetime.fromtimestamp(int(text) / 1000, UTC)
        return datetime.fromisoformat(text) if text else None
    except ValueError:
        return None


def _person(ref: Ref, values: Mapping[str, str], owner: Party | None, company: str) -> Person:
    name = " ".join(filter(None, (values.get("firstname"), values.get("lastname"))))
    return Person(
        ref=ref,
        title=name or values.get("email", ""),
        email=values.get("email", ""),
        phone=values.get("phone", ""),
        job_title=values.get("jobtitle", ""),
        company=company or values.get("company", ""),
        status=values.get("lifecyclestage", ""),
        owner=owner,
    )


def _spelt(name: str, value: Any) -> str:
    if name == "email":
        return str(value).lower()  # HubSpot keeps addresses in lower case
    if name == "close_date":
        return f"{value}T12:00:00Z"  # noon is the same day in nearly every zone
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return to_html(value) if name in ("note", "details") else str(value)


def _decimal(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value)) if value else None
    except InvalidOperation:
        return None
