"""The account at the start: audiences with the company's customers and leads, and campaigns to them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

AUDIENCES = ("Fernwick Newsletter", "Product Updates", "Events")
TAGS = ("VIP", "Trial", "Webinar 2026", "Retail")
# title, subject, audience, status, days ago (before now) that it went out or will go
CAMPAIGNS = (
    ("Autumn newsletter", "Five tills that never sleep", 0, "sent", 40),
    ("October product news", "Split bills, faster receipts", 1, "sent", 26),
    ("Counter price change", "A word on prices from January", 0, "sent", 9),
    ("Trade fair invitation", "Meet us at the trade fair", 2, "schedule", -6),
    ("Winter release", "Winter release is here", 1, "save", 0),
    ("Partner update", "Partner update", 0, "save", 0),
)


def stamp(moment: datetime) -> str:
    """A moment as Mailchimp writes it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}+00:00"


def hash_of(email: str) -> str:
    """How a member is addressed."""
    return hashlib.md5(email.strip().lower().encode(), usedforsecurity=False).hexdigest()


def make_id(*parts: object) -> str:
    """An id of ten hexadecimal digits."""
    return ident(10, "mailchimp", *parts, alphabet="0123456789abcdef")


def web_id(*parts: object) -> int:
    """The number that addresses of the web site have."""
    return 1_000_000 + int(ident(6, "mailchimp", *parts, alphabet="0123456789"))


def member(audience: str, email: str, status: str, at: str, **more: Any) -> Json:
    """Somebody in an audience."""
    first, last, company = more.pop("first", ""), more.pop("last", ""), more.pop("company", "")
    return {
        "id": hash_of(email), "email_address": email, "unique_email_id": make_id(audience, email, "unique"),
        "contact_id": hash_of(audience + email), "web_id": web_id(audience, email), "email_type": "html",
        "status": status, "merge_fields": {"FNAME": first, "LNAME": last, "COMPANY": company}, "vip": False,
        "language": "en", "source": "API - Generic", "tags": [], "list_id": audience, "last_changed": at,
        "timestamp_signup": at, "timestamp_opt": at if status == "subscribed" else "", "member_rating": 3, **more,
    }  # fmt: skip


def seed_mailchimp(story: Story) -> Json:
    """Audiences, their members and tags, campaigns with content and reports."""
    lists = {make_id(name): {"name": name, "tags": {}, "segments": {}} for name in AUDIENCES}
    state: Json = {"lists": lists, "members": {own: {} for own in lists}, "campaigns": {}, "content": {}}
    for own, row in lists.items():
        row["tags"] = {tag: web_id(own, tag) for tag in TAGS}
        row["segments"] = {"Opened lately": web_id(own, "lately"), "New this year": web_id(own, "new")}
    _people(state, story)
    for title, subject, place, status, ago in CAMPAIGNS:
        at = story.now - timedelta(days=ago)
        at = at.replace(minute=0, second=0, microsecond=0)
        made = stamp(story.now - timedelta(days=max(ago, 0) + 3, hours=len(title)))
        own, audience = make_id("campaign", title), make_id(AUDIENCES[place])
        state["campaigns"][own] = {
            "id": own, "web_id": web_id(title), "type": "regular", "status": status, "create_time": made,
            "send_time": "" if status == "save" else stamp(at), "list_id": audience, "segment": None,
            "settings": {"subject_line": subject, "title": title, "from_name": "Fernwick",
                         "reply_to": "hello@fernwick.example"},
            "sent": 0 if status != "sent" else len(state["members"][audience]),
        }  # fmt: skip
        state["content"][own] = (
            "" if title == "Partner update" else f"<h1>{subject}</h1><p>Read on at fernwick.example.</p>"
        )
    return state


def _people(state: Json, story: Story) -> None:
    for number, customer in enumerate(story.company.customers):
        at = stamp(story.started(customer))
        for place, (name, _) in enumerate(customer.contacts):
            first, _, last = name.rpartition(" ")
            email = f"{name.split()[0]}.{last}@{customer.domain}".lower()
            if number % 3 == 1:
                first, last = first.lower(), ""  # as people fill in a form
            status = "unsubscribed" if customer.churned else "subscribed"
            for audience in AUDIENCES[: 1 + (number + place) % 3]:
                own = make_id(audience)
                row = member(own, email, status, at, first=first, last=last, company=customer.billing_name)
                if status == "unsubscribed":
                    row["unsubscribe_reason"] = "N/A (Unsubscribed by the contact)"
                tags = [
                    tag
                    for tag, fits in (("VIP", customer.seats > 80), ("Retail", customer.industry == "Retail"))
                    if fits
                ]
                row["tags"] = [{"id": state["lists"][own]["tags"][tag], "name": tag} for tag in tags]
                state["members"][own][row["id"]] = row
    for place, row in enumerate(story.company.work["leads"]):
        host = "".join(char for char in row["company"].lower() if char.isalnum())
        first, _, last = row["name"].rpartition(" ")
        at = stamp(story.now - timedelta(days=3 + place))
        status = "cleaned" if place == 4 else "pending" if place == 0 else "subscribed"
        own = make_id(AUDIENCES[place % 2])
        made = member(
            own, f"{first}@{host}.example".lower(), status, at, first=first, last=last, company=row["company"]
        )
        state["members"][own][made["id"]] = made
