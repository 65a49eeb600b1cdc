"""Salesforce's objects to records and back; no field name of Salesforce's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from core.records import Company, Deal, Party, Person, Record, Ref, Task, Ticket

OWNED = "Id, OwnerId, Owner.Name"
FIELDS = {
    "Account": f"{OWNED}, Name, Website, Industry, Phone",
    "Contact": f"{OWNED}, Name, Email, Phone, Title, Description, Account.Name",
    "Lead": f"{OWNED}, Name, Email, Phone, Title, Description, Company, Status, LeadSource",
    "Opportunity": f"{OWNED}, Name, StageName, Amount, CloseDate, NextStep, IsClosed, Account.Name, LastModifiedDate",
    "Case": f"{OWNED}, CaseNumber, Subject, Description, Status, Priority, Account.Name, Contact.Name, "
    "LastModifiedDate",
    "Task": f"{OWNED}, Subject, Description, Status, Priority, ActivityDate, Who.Name, What.Name, CreatedDate",
    "User": "Id, Name, Email, Title, Phone, TimeZoneSidKey, IsActive",
}
TITLES = {"Case": "Subject", "Task": "Subject"}
PREFIXES = {"001": "Account", "003": "Contact", "00Q": "Lead", "006": "Opportunity", "500": "Case", "00T": "Task"}
ID = re.compile(r"\b(?:001|003|00Q|006|500|00T)[a-zA-Z0-9]{12}(?:[a-zA-Z0-9]{3})?\b")


def kind_of(record: str) -> str:
    """The object that an id belongs to by its first three characters; "" for others."""
    return PREFIXES.get(record[:3], "")


def to_record(item: Mapping[str, Any], site: str) -> Record:
    """An object of any of the known kinds."""
    return MAKERS[item["attributes"]["type"]](item, site)


def to_company(item: Mapping[str, Any], site: str) -> Company:
    """An account."""
    return Company(
        ref=_ref(item, "account", site), title=_text(item, "Name"), website=_text(item, "Website"),
        industry=_text(item, "Industry"), phone=_text(item, "Phone"), owner=_owner(item),
    )  # fmt: skip


def to_person(item: Mapping[str, Any], site: str) -> Person:
    """A contact, a lead or a user."""
    return Person(
        ref=_ref(item, item["attributes"]["type"].lower(), site), title=_text(item, "Name"),
        email=_text(item, "Email"), phone=_text(item, "Phone"), job_title=_text(item, "Title"),
        company=_text(item, "Company") or _name(item, "Account"), status=_text(item, "Status"),
        source=_text(item, "LeadSource"), description=_text(item, "Description"), owner=_owner(item),
        timezone=_text(item, "TimeZoneSidKey"), is_active=item.get("IsActive", True),
    )  # fmt: skip


def to_deal(item: Mapping[str, Any], site: str) -> Deal:
    """An opportunity; its currency is the organisation's."""
    return Deal(
        ref=_ref(item, "opportunity", site), title=_text(item, "Name"), stage=_text(item, "StageName"),
        amount=_money(item.get("Amount")), company=_name(item, "Account"), owner=_owner(item),
        closes_on=_day(item.get("CloseDate")), is_open=not item.get("IsClosed"), next_step=_text(item, "NextStep"),
    )  # fmt: skip


def to_ticket(item: Mapping[str, Any], site: str) -> Ticket:
    """A case; people call it by its number."""
    return Ticket(
        ref=_ref(item, "case", site, _text(item, "CaseNumber")), title=_text(item, "Subject"),
        status=_text(item, "Status"), priority=_text(item, "Priority"), requester=_name(item, "Contact"),
        company=_name(item, "Account"), owner=_owner(item), description=_text(item, "Description"),
        updated_at=_moment(item.get("LastModifiedDate")),
    )  # fmt: skip


def to_task(item: Mapping[str, Any], site: str) -> Task:
    """A task or logged activity; its parent is the person or thing it is about."""
    return Task(
        ref=_ref(item, "task", site), title=_text(item, "Subject"), description=_text(item, "Description"),
        status=_text(item, "Status"), priority=_text(item, "Priority"), assignee=_owner(item),
        parent=_name(item, "Who") or _name(item, "What"), due=_day(item.get("ActivityDate")),
        created_at=_moment(item.get("CreatedDate")),
    )  # fmt: skip


MAKERS: dict[str, Callable[[Mapping[str, Any], str], Record]] = {
    "Account": to_company, "Contact": to_person, "Lead": to_person, "User": to_person, "Opportunity": to_deal,
    "Case": to_ticket, "Task": to_task,
}  # fmt: skip

WRITTEN = {
    "name": "Name", "first_name": "FirstName", "last_name": "LastName", "company": "Company", "email": "Email",
    "phone": "Phone", "title": "Title", "source": "LeadSource", "notes": "Description", "description": "Description",
    "status": "Status", "stage": "StageName", "amount": "Amount", "close_date": "CloseDate", "next_step": "NextStep",
    "owner": "OwnerId", "account": "AccountId", "contact": "ContactId", "subject": "Subject", "priority": "Priority",
    "date": "ActivityDate", "person": "WhoId", "thing": "WhatId",
}  # fmt: skip
SHOWN = {
    "Name": "title", "Company": "company", "Email": "email", "Phone": "phone", "Title": "job_title",
    "LeadSource": "source", "Description": "description", "Status": "status", "StageName": "stage",
    "Amount": "amount", "CloseDate": "closes_on", "NextStep": "next_step", "OwnerId": "owner", "Subject": "title",
    "Priority": "priority", "ActivityDate": "due", "Website": "website", "Industry": "industry",
}  # fmt: skip


def written(**values: Any) -> dict[str, Any]:
    """The fields of a create or update; what is None is left out."""
    return {WRITTEN[name]: _plain(value) for name, value in values.items() if value is not None}


def expected(fields: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What the record read back must show after these fields were written; links to other records go by name."""
    record = to_record({"attributes": {"type": kind}, "Id": "", **fields}, "")
    shown = {name: SHOWN[name] for name in fields if name in SHOWN}
    return {attribute: getattr(record, attribute) for attribute in shown.values() if hasattr(record, attribute)}


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value.isoformat() if isinstance(value, date) else value


def _ref(item: Mapping[str, Any], kind: str, site: str, key: str = "") -> Ref:
    name = item["attributes"]["type"]
    url = f"{site}/lightning/r/{name}/{item['Id']}/view" if site else ""
    return Ref(integration="salesforce", kind=kind, id=item["Id"], key=key, url=url)


def _text(item: Mapping[str, Any], name: str) -> str:
    return str(item.get(name) or "")


def _name(item: Mapping[str, Any], relation: str) -> str:
    return str((item.get(relation) or {}).get("Name") or "")


def _owner(item: Mapping[str, Any]) -> Party | None:
    return Party(id=item["OwnerId"], name=_name(item, "Owner")) if item.get("OwnerId") else None


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%f%z") if text else None
