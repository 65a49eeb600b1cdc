"""The repair desk at the start: agents, customers' people, their tickets."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import yaml

from sandbox.company import Company, Customer
from sandbox.exchange import Json
from sandbox.story import Story

DESK = ("Support", "IT", "Product", "Payments", "Sales")
SPELT = {"harbourlight": "Harbour Light Books", "pinecrest": "Pinecrest Outfitters Inc", "acme": "ACME Provisions"}


def stamp(moment: datetime) -> str:
    """As Freshdesk writes a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def told() -> Json:
    """What the seed file says."""
    found: Json = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    return found


def seed_freshdesk(company: Company, story: Story) -> Json:
    """Everything by kind and id."""
    state: Json = {kind: {} for kind in ("agents", "groups", "contacts", "companies", "tickets", "conversations")}
    text, since = told(), stamp(story.now - timedelta(days=600))
    dates = {"created_at": since, "updated_at": since}
    groups = {}
    for place, (name, about) in enumerate(text["groups"].items()):
        groups[name] = 43_000_701 + place
        row = {"id": groups[name], "name": name, "description": about, "agent_ids": [], "escalate_to": None}
        state["groups"][str(groups[name])] = row | dates
    for place, person in enumerate(one for one in company.people if one.team in DESK or one.is_admin):
        number = 43_010_001 + place
        contact = {"name": person.name, "email": person.email, "active": True, "job_title": person.title, "phone": None,
                   "mobile": None, "language": "en", "time_zone": person.time_zone, "last_login_at": None}  # fmt: skip
        row = {"id": number, "occasional": False, "available": True, "ticket_scope": 1, "type": "support_agent"}
        state["agents"][str(number)] = row | dates | {"contact": contact | dates, "group_ids": [], "signature": None}
    for place, customer in enumerate(company.customers):
        number = 43_020_001 + place
        name = SPELT.get(customer.key, customer.crm_name)
        row = {"id": number, "name": name, "domains": [customer.domain], "description": None, "note": None}
        state["companies"][str(number)] = row | dates | {"industry": customer.industry}
        for order, (contact_name, title) in enumerate(customer.contacts):
            one = contact_row(43_030_001 + place * 10 + order, contact_name, mail(contact_name, customer), since)
            digits = sum(map(ord, contact_name)) * 7919 % 10000
            one |= {"company_id": number, "job_title": title, "phone": f"+44 20 7946 {digits:04d}"}
            state["contacts"][str(one["id"])] = one
    people = {row["email"]: row for row in state["contacts"].values()}
    agents = {row["contact"]["email"]: row["id"] for row in state["agents"].values()}
    spoken = 43_100_000
    for row in text["tickets"]:
        customer = next(one for one in company.customers if one.key == row["customer"])
        asks = people[mail(customer.contacts[row.get("contact", 0)][0], customer)]
        at = story.now - timedelta(days=row["days"])
        agent = agents.get(f"{row.get('agent')}@{company.domain}")
        ticket = ticket_row(row["number"], row["subject"], f"<div>{row['body']}</div>", row["body"], asks, stamp(at))
        ticket |= {name: row[name] for name in ("status", "priority", "type", "tags")} | {"responder_id": agent}
        ticket["group_id"] = groups.get(text["desks"].get(row.get("agent"), ""))
        ticket["due_by"] = stamp(story.now + timedelta(days=row["due"]))
        lines = [*row.get("said", []), *(f"#{note}" for note in row.get("notes", []))]
        said = []
        for place, line in enumerate(lines):
            spoken += 1
            moment = stamp(min(at + timedelta(minutes=40 * (place + 1)), story.now))
            words = line.lstrip(">#")
            one = spoken_row(spoken, row["number"], f"<div>{words}</div>", words, moment)
            is_theirs, is_note = line.startswith(">"), line.startswith("#")
            one |= {"incoming": is_theirs, "private": is_note, "source": 2 if is_note else 0}
            said.append(
                one
                | {"user_id": asks["id"] if is_theirs else agent, "from_email": asks["email"] if is_theirs else None}
            )
            ticket["updated_at"] = moment
        state["tickets"][str(row["number"])], state["conversations"][str(row["number"])] = ticket, said
    return state


def mail(contact: str, customer: Customer) -> str:
    """The address of a customer's person, as everywhere."""
    return f"{contact.split()[0]}.{contact.split()[-1]}@{customer.domain}".lower()


def contact_row(number: int, name: str, email: str, at: str) -> Json:
    """A contact."""
    return {
        "id": number, "name": name, "email": email, "phone": None, "mobile": None, "active": False, "address": None,
        "company_id": None, "job_title": None, "language": "en", "time_zone": "London", "tags": [], "description": None,
        "other_emails": [], "view_all_tickets": False, "deleted": False, "created_at": at, "updated_at": at,
    }  # fmt: skip


def ticket_row(number: int, subject: str, html: str, text: str, asks: Json, at: str) -> Json:
    """A ticket as it begins."""
    return {
        "id": number, "subject": subject, "description": html, "description_text": text, "status": 2, "priority": 1,
        "source": 2, "type": None, "requester_id": asks["id"], "responder_id": None, "group_id": None, "tags": [],
        "company_id": asks["company_id"], "product_id": None, "email_config_id": None, "cc_emails": [],
        "fwd_emails": [], "reply_cc_emails": [], "to_emails": None, "spam": False, "deleted": False,
        "is_escalated": False, "fr_escalated": False, "due_by": at, "fr_due_by": at, "custom_fields": {},
        "created_at": at, "updated_at": at,
    }  # fmt: skip


def spoken_row(number: int, ticket: int, html: str, text: str, at: str) -> Json:
    """A reply or note."""
    return {
        "id": number, "ticket_id": ticket, "body": html, "body_text": text, "incoming": False, "private": False,
        "user_id": None, "support_email": None, "source": 0, "to_emails": [], "from_email": None, "cc_emails": [],
        "bcc_emails": [], "attachments": [], "created_at": at, "updated_at": at,
    }  # fmt: skip
