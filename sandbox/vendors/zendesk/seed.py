"""The help desk at the start: agents, the customers' people, what they wrote and what was answered."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from sandbox.company import Company, Customer, Person
from sandbox.exchange import Json
from sandbox.story import Story

SITE = "https://fernwick.zendesk.com"
SPELT = {"brightloom": "BrightLoom Textiles", "granite": "Granite and Oak", "tidepool": "Tidepool Surf"}
OUTSIDE = ("Leadership", "People")  # teams that do not work at the desk


def stamp(moment: datetime) -> str:
    """As Zendesk writes a time."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def seed_zendesk(company: Company, story: Story) -> Json:
    """Everything by kind and id."""
    told = yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))
    return _Desk(company, story, told).made()


class _Desk:
    def __init__(self, company: Company, story: Story, told: Json) -> None:
        self.company = company
        self.story = story
        self.told = told
        self.since = stamp(story.now - timedelta(days=700))
        self.groups: dict[str, int] = {}
        self.users: dict[str, Json] = {}
        self.comment = 88_000_100

    def made(self) -> Json:
        state: Json = {
            name: {} for name in "users organizations groups views tickets comments deleted changes keys".split()
        }
        for place, (name, about) in enumerate(self.told["groups"].items()):
            self.groups[name] = 36_000_501 + place
            row = {"id": self.groups[name], "name": name, "description": about, "deleted": False, "is_public": True}
            state["groups"][str(row["id"])] = row | {
                "created_at": self.since,
                "updated_at": self.since,
                "default": not place,
            }
        for place, person in enumerate(self.company.people):
            self._user(state, 36_100_001 + place, person.name, person.email, self._role(person), None, person.time_zone)
        for place, customer in enumerate(self.company.customers):
            self._customer(state, 36_300_001 + place, 36_200_001 + 10 * place, customer)
        for place, row in enumerate(self.told["views"]):
            number = 36_400_001 + place
            state["views"][str(number)] = {
                "id": number, "title": row["title"], "active": True, "position": place, "terms": row["terms"],
                "description": "", "default": True, "created_at": self.since, "updated_at": self.since,
            }  # fmt: skip
        for order, row in enumerate(self.told["tickets"]):
            self._ticket(state, row, order)
        return state

    def _role(self, person: Person) -> str:
        return "admin" if person.is_admin else "end-user" if person.team in OUTSIDE else "agent"

    def _user(self, state: Json, number: int, name: str, email: str, role: str, company: int | None, zone: str) -> None:
        row = {
            "id": number, "url": f"{SITE}/api/v2/users/{number}.json", "name": name, "email": email, "role": role,
            "organization_id": company, "phone": None, "iana_time_zone": zone, "active": True, "suspended": False,
            "verified": True, "details": "", "tags": [], "created_at": self.since, "updated_at": self.since,
        }  # fmt: skip
        state["users"][str(number)] = self.users[email] = row

    def _customer(self, state: Json, number: int, first: int, customer: Customer) -> None:
        name = SPELT.get(customer.key, customer.crm_name)
        state["organizations"][str(number)] = {
            "id": number, "name": name, "domain_names": [customer.domain], "tags": [customer.plan],
            "url": f"{SITE}/api/v2/organizations/{number}.json", "created_at": self.since, "updated_at": self.since,
        }  # fmt: skip
        for place, (contact, title) in enumerate(customer.contacts):
            self._user(state, first + place, contact, mail(contact, customer), "end-user", number, "Europe/London")
            self.users[mail(contact, customer)]["details"] = title

    def _ticket(self, state: Json, row: Json, order: int) -> None:
        customer = next(one for one in self.company.customers if one.key == row["customer"])
        person = self.users[mail(customer.contacts[row.get("contact", 0)][0], customer)]
        agent = self.users[f"{row['agent']}@{self.company.domain}"] if "agent" in row else None
        at = self.story.now - timedelta(days=row["days"])
        group = self.groups[row.get("group") or self.told["members"].get(row.get("agent"), "Support")]
        texts = [(person, row["body"], True)]
        for text in row.get("replies", []):
            texts.append((person, text[1:], True) if text.startswith(">") else (agent or person, text, True))
        texts += [(agent or person, text, False) for text in row.get("notes", [])]
        said = [
            self._said(who, text, is_public, at + timedelta(minutes=50 * n))
            for n, (who, text, is_public) in enumerate(texts)
        ]
        ticket = ticket_row(row["number"], row["subject"], row["body"], person, stamp(at))
        ticket |= {
            "status": row["status"], "priority": row["priority"], "type": row["type"], "tags": sorted(row["tags"]),
            "assignee_id": agent["id"] if agent else None, "group_id": group, "submitter_id": person["id"],
            "updated_at": min(said[-1]["created_at"], stamp(self.story.now)),
        }  # fmt: skip
        state["tickets"][str(row["number"])] = ticket
        state["comments"][str(row["number"])] = said
        state["changes"][str(row["number"])] = order

    def _said(self, who: Json, text: str, is_public: bool, at: datetime) -> Json:
        self.comment += 1
        return comment_row(self.comment, who["id"], text, is_public, stamp(at))


def mail(contact: str, customer: Customer) -> str:
    """The address of a customer's person, as everywhere."""
    return f"{contact.split()[0]}.{contact.split()[-1]}@{customer.domain}".lower()


def ticket_row(number: int, subject: str, body: str, person: Json, at: str) -> Json:
    """A ticket as it begins."""
    return {
        "id": number, "url": f"{SITE}/api/v2/tickets/{number}.json", "subject": subject, "raw_subject": subject,
        "description": body, "status": "new", "priority": None, "type": None, "requester_id": person["id"],
        "submitter_id": person["id"], "organization_id": person["organization_id"], "assignee_id": None,
        "group_id": None, "tags": [], "due_at": None, "external_id": None, "is_public": True, "has_incidents": False,
        "via": {"channel": "api", "source": {}}, "custom_fields": [], "created_at": at, "updated_at": at,
    }  # fmt: skip


def comment_row(number: int, author: int, text: str, is_public: bool, at: str) -> Json:
    """A comment."""
    row: dict[str, Any] = {"id": number, "type": "Comment", "author_id": author, "body": text, "plain_body": text}
    return row | {"html_body": f"<div>{text}</div>", "public": is_public, "attachments": [], "created_at": at}
