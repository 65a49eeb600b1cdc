"""The portal at the start: campaigns, e-mails, forms, static lists, and the contacts on them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.company import Person
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

# name, status, days from now that it begins and ends, owner, audience, budget, spent
CAMPAIGNS = (
    ("Spring launch", "in_progress", -30, 70, "nadia.rossi", "Shops with one to ten tills", 42000, 18250),
    ("Trade fair Milan", "planned", 40, 44, "grace.kim", "Visitors of the fair", 15000, 2100),
    ("Referral programme", "active", -90, 180, "grace.kim", "Customers since last year", 8000, 3970),
    ("Autumn webinar series", "completed", -120, -60, "pieter.devries", "Store managers", 5000, 4880),
)
# name, subject, campaign, state, days ago that it was made
EMAILS = (
    ("Launch teaser", "Something new for your counter", "Spring launch", "PUBLISHED", 25),
    ("Launch announcement", "The new Fernwick is here", "Spring launch", "DRAFT", 6),
    ("Fair invitation", "Coffee at our stand in Milan?", "Trade fair Milan", "DRAFT", 4),
    ("Webinar reminder", "Tomorrow: fewer queues", "Autumn webinar series", "PUBLISHED", 75),
    ("Webinar recording", "Missed it? Watch again", "Autumn webinar series", "PUBLISHED", 70),
    ("Refer a friend", "A month for you, a month for them", "Referral programme", "PUBLISHED", 50),
)
FORMS = {
    "Request a demo": ("email", "firstname", "lastname", "company", "numemployees"),
    "Fair sign-up": ("email", "firstname", "lastname", "country"),
    "Newsletter": ("email",),
    "Old contact form": ("email", "message"),
}
LISTS = {"Milan guests": "MANUAL", "Beta testers": "MANUAL", "Webinar 2025": "SNAPSHOT", "All customers": "DYNAMIC"}


def stamp(moment: datetime) -> str:
    """A moment as HubSpot writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def owner_id(person: Person) -> str:
    """The id of a user of the portal as an owner."""
    return "7" + ident(7, "hubspot", person.email, alphabet="0123456789")


def is_owner(person: Person, default: Person) -> bool:
    """Whether somebody of the company uses the portal."""
    return person.team in ("Sales", "Marketing", "Support") or person == default or "Revenue" in person.title


def guid(*parts: object) -> str:
    """The id of a campaign."""
    text = ident(32, "hubspot", *parts, alphabet="0123456789abcdef")
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def number(length: int, *parts: object) -> str:
    """The id of anything else."""
    return "1" + ident(length - 1, "hubspot", *parts, alphabet="0123456789")


def seed_marketing(story: Story) -> Json:
    """Everything by kind and id."""
    now, people = story.now, story.company
    state: Json = {"campaigns": {}, "emails": {}, "forms": {}, "lists": {}, "contacts": {}}
    for name, status, begin, end, handle, audience, budget, spent in CAMPAIGNS:
        at = stamp(now + timedelta(days=min(begin, -2) - 5, hours=len(name)))
        properties = {
            "hs_name": name, "hs_campaign_status": status, "hs_owner": owner_id(people.person(handle)),
            "hs_start_date": (now + timedelta(days=begin)).date().isoformat(),
            "hs_end_date": (now + timedelta(days=end)).date().isoformat(), "hs_audience": audience,
        }  # fmt: skip
        own = guid("campaign", name)
        money = {"budget": budget, "spent": spent}
        state["campaigns"][own] = {"id": own, "properties": properties, "createdAt": at, "updatedAt": at, **money}
    for name, subject, campaign, status, ago in EMAILS:
        made = now - timedelta(days=ago, minutes=len(name))
        own = number(11, "email", name)
        sent = {"publishDate": stamp(made), "publishedAt": stamp(made)} if status == "PUBLISHED" else {}
        state["emails"][own] = new_email(own, name, subject, status, stamp(made)) | sent
        state["emails"][own]["campaign"] = guid("campaign", campaign)
    for place, (name, fields) in enumerate(FORMS.items()):
        at = stamp(now - timedelta(days=300 - 40 * place))
        own = guid("form", name)
        state["forms"][own] = {
            "id": own,
            "name": name,
            "fields": list(fields),
            "at": at,
            "archived": name.startswith("Old"),
        }
    _contacts(state, story)
    for name, kind in LISTS.items():
        at = stamp(now - timedelta(days=60))
        own = number(4, "list", name)
        some = [
            one
            for place, one in enumerate(sorted(state["contacts"]))
            if kind == "DYNAMIC" or (place + len(name)) % 5 == 0
        ]
        state["lists"][own] = {"listId": own, "name": name, "processingType": kind, "at": at, "members": some}
    return state


def new_email(own: str, name: str, subject: str, state: str, at: str) -> Json:
    """A marketing e-mail."""
    return {
        "id": own, "name": name, "subject": subject, "state": state, "isPublished": state == "PUBLISHED",
        "type": "BATCH_EMAIL", "language": "en", "archived": False, "createdAt": at, "updatedAt": at,
        "content": {"templatePath": "@hubspot/email/dnd/welcome.html", "plainTextVersion": subject},
        "from": {"fromName": "Fernwick", "replyTo": "hello@fernwick.example"}, "sendOnPublish": True,
        "to": {"contactIlsLists": {"include": [number(4, "list", "All customers")], "exclude": []}},
        "subcategory": "batch", "campaign": "",
    }  # fmt: skip


def _contacts(state: Json, story: Story) -> None:
    def add(name: str, email: str) -> None:
        first, _, last = name.rpartition(" ")
        own = str(10_000_000_000 + int(ident(8, "hubspot", "contacts", name, alphabet="0123456789")))
        state["contacts"][own] = {"email": email.lower(), "firstname": first, "lastname": last}

    for customer in story.company.customers:
        for name, _ in customer.contacts:
            add(name, f"{name.split()[0]}.{name.rpartition(' ')[2]}@{customer.domain}")
    rows: list[dict[str, Any]] = story.company.work["leads"]
    for row in rows:
        host = "".join(char for char in row["company"].lower() if char.isalnum())
        add(row["name"], f"{row['name'].split()[0]}@{host}.example")
