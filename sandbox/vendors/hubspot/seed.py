"""The portal at the start: the company's customers as companies and contacts, its deals, notes and tasks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story
from sandbox.vendors.hubspot.schema import FROM_STORY, PROPERTIES, TIES, created, is_closed, modified

STAGES = {
    "Prospecting": "appointmentscheduled", "Qualification": "qualifiedtobuy", "Needs Analysis": "qualifiedtobuy",
    "Value Proposition": "presentationscheduled", "Id. Decision Makers": "decisionmakerboughtin",
    "Perception Analysis": "decisionmakerboughtin", "Proposal/Price Quote": "contractsent",
    "Negotiation/Review": "contractsent", "Closed Won": "closedwon", "Closed Lost": "closedlost",
}  # fmt: skip
RENEWALS = {"contractsent": "961102", "closedwon": "961103", "closedlost": "961104"}
TEAMS = ("Sales", "Marketing", "Support")


def stamp(moment: datetime) -> str:
    """A moment as HubSpot writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def owner_id(person: Person) -> str:
    """The id of a user of the portal as an owner."""
    return "7" + ident(7, "hubspot", person.email, alphabet="0123456789")


def is_owner(person: Person, default: Person) -> bool:
    """Whether somebody of the company uses the portal."""
    return person.team in TEAMS or person == default or "Revenue" in person.title


def seed_hubspot(story: Story) -> Json:
    """Objects by kind and id, and what ties them."""
    seed = _Seed(story)
    seed.customers()
    seed.leads()
    seed.deals()
    return {"objects": seed.objects, "ties": seed.ties, "bin": {}}


class _Seed:
    def __init__(self, story: Story) -> None:
        self.story = story
        self.objects: Json = {kind: {} for kind in PROPERTIES}
        self.ties: Json = {}
        self.companies: dict[str, str] = {}
        self.people: dict[str, str] = {}

    def customers(self) -> None:
        for customer in self.story.company.customers:
            owner = owner_id(self.story.company.person(customer.owner))
            since = self.story.started(customer)
            name = customer.crm_name.replace(" & ", " and ")
            stage = "other" if customer.churned else "customer"
            self.companies[customer.key] = company = self._add(
                "companies", customer.key, since, name=name, domain=customer.domain,
                industry=FROM_STORY[customer.industry], country=customer.country, hubspot_owner_id=owner,
                numberofemployees=str(customer.seats * 3), lifecyclestage=stage,
            )  # fmt: skip
            for place, (person, title) in enumerate(customer.contacts):
                first, _, last = person.rpartition(" ")
                contact = self._add(
                    "contacts", person, since + timedelta(hours=place), firstname=first, lastname=last, company=name,
                    email=f"{person.split()[0]}.{last}@{customer.domain}".lower(), jobtitle=title,
                    phone=f"+44 20 7946 {sum(map(ord, person)) * 7919 % 10000:04d}", hubspot_owner_id=owner,
                    lifecyclestage=stage,
                )  # fmt: skip
                self._tie("contacts", contact, "companies", company)
                self.people.setdefault(customer.key, contact)
                called = self.story.now - timedelta(days=9 + place)
                note = self._add(
                    "notes", person, called, hs_timestamp=stamp(called), hubspot_owner_id=owner,
                    hs_note_body=f"<p>Called {person}: happy with the tills, asked about reports.</p>",
                )  # fmt: skip
                self._tie("notes", note, "contacts", contact)

    def leads(self) -> None:
        for place, row in enumerate(self.story.company.work["leads"]):
            first, _, last = row["name"].rpartition(" ")
            host = "".join(char for char in row["company"].lower() if char.isalnum())
            owner = owner_id(self.story.company.person(row["owner"]))
            made = self.story.now - timedelta(days=3 + place)
            lead = self._add(
                "contacts", row["name"], made, firstname=first, lastname=last, company=row["company"],
                email=f"{first}@{host}.example".lower(), jobtitle=row["title"], hubspot_owner_id=owner,
                lifecyclestage="salesqualifiedlead" if row["status"].startswith("Working") else "lead",
            )  # fmt: skip
            due = self.story.now + timedelta(days=2 + place)
            task = self._add(
                "tasks", row["name"], made, hs_task_subject=f"Call {row['name']}", hs_task_status="NOT_STARTED",
                hs_task_priority="MEDIUM", hs_task_type="CALL", hs_timestamp=stamp(due), hubspot_owner_id=owner,
            )  # fmt: skip
            self._tie("tasks", task, "contacts", lead)

    def deals(self) -> None:
        for deal in self.story.deals:
            stage, pipeline = STAGES[deal.stage], "default"
            if deal.name.endswith("renewal"):
                stage, pipeline = RENEWALS[stage], "58210"
            made = self._add(
                "deals", deal.name, deal.created, dealname=deal.name.replace(" & ", " and "), dealstage=stage,
                pipeline=pipeline, amount=str(deal.amount), hubspot_owner_id=owner_id(deal.owner),
                deal_currency_code=self.story.company.plan(deal.customer.plan).currency.upper(),
                closedate=f"{deal.closes}T12:00:00Z",
            )  # fmt: skip
            self._tie("deals", made, "companies", self.companies[deal.customer.key])
            self._tie("deals", made, "contacts", self.people[deal.customer.key])

    def _add(self, kind: str, mark: str, made: datetime, **properties: Any) -> str:
        own = str(10_000_000_000 + int(ident(8, "hubspot", kind, mark, alphabet="0123456789")))
        at = stamp(made)
        properties |= {"hs_object_id": own, created(kind): at, modified(kind): at}
        if kind == "deals":
            properties["hs_is_closed"] = "true" if is_closed(properties["dealstage"]) else "false"
        self.objects[kind][own] = {"id": own, "properties": properties, "createdAt": at, "updatedAt": at}
        return own

    def _tie(self, kind: str, own: str, other_kind: str, other: str) -> None:
        self.ties[f"{kind}/{own}>{other_kind}/{other}"] = TIES[kind, other_kind]
