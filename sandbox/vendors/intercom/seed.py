"""The workspace at the start: customers, conversations about the company's issues, tickets, articles."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.company import Customer, Person
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Issue, Story

FIRST = 88140201
TEAMS = {"Customer Care": "Support", "Billing Desk": "Finance", "Onboarding": "Sales"}
TAGS = ("refund", "outage", "feature request", "printer", "onboarding")
TICKET_TYPES = {"Bug": "Customer", "Question": "Customer", "Refund": "Back-office"}
ARTICLES = (
    ("Reset two-factor authentication", "published", "Ask an owner of the shop to switch it off under Security."),
    ("Connect a receipt printer", "published", "Hold the button for three seconds, then choose it under Devices."),
    ("Refund a sale", "published", "Open the sale, choose Refund, and pick the lines."),
    ("Read your invoice", "published", "Each seat of the month is one line. VAT follows the country of the shop."),
    ("Webhooks for developers", "draft", "Every webhook is signed; check the signature before you trust it."),
    ("Offline mode", "draft", "Sales are kept on the device until the network is back."),
)


def seconds(moment: datetime) -> int:
    """A moment as Intercom writes it."""
    return int(moment.timestamp())


def number(*parts: object) -> int:
    """A stable number of seven digits."""
    return 6_000_000 + int(ident(6, "intercom", *parts, alphabet="0123456789"))


def contact_id(name: str) -> str:
    """The id of a customer."""
    return ident(24, "intercom", "contact", name, alphabet="0123456789abcdef")


def is_admin(person: Person, default: Person) -> bool:
    """Whether somebody of the company has a seat."""
    return person.team == "Support" or person == default or person.handle in ("tom.hargreaves", "ling.chen")


def seed_intercom(story: Story) -> Json:
    """Everything by kind and id."""
    state: Json = {"contacts": {}, "companies": {}, "conversations": {}, "tickets": {}, "articles": {}}
    for customer in story.company.customers:
        _customer(state, story, customer)
    for row in story.company.work["leads"]:
        host = "".join(char for char in row["company"].lower() if char.isalnum())
        email = f"{row['name'].split()[0]}@{host}.example".lower()
        _contact(state, row["name"], email, "lead", seconds(story.now - timedelta(days=4)), None)
    about = [issue for issue in story.issues if issue.customer]
    for place, issue in enumerate(about):
        _conversation(state, story, place, issue)
    for place, (title, status, body) in enumerate(ARTICLES):
        at = seconds(story.now - timedelta(days=200 - 20 * place))
        own = str(number("article", title))
        link = f"https://help.fernwick.example/en/articles/{own}"
        state["articles"][own] = {
            "type": "article", "id": own, "title": title, "body": f"<p>{body}</p>", "description": "", "state": status,
            "created_at": at, "updated_at": at, "url": link, "workspace_id": "fw7k2q9d",
        }  # fmt: skip
    return state


def _customer(state: Json, story: Story, customer: Customer) -> None:
    since = story.started(customer)
    own = ident(24, "intercom", "company", customer.key, alphabet="0123456789abcdef")
    name = customer.billing_name if len(customer.key) % 2 else customer.crm_name
    state["companies"][own] = {
        "type": "company", "id": own, "company_id": customer.key, "name": name, "created_at": seconds(since),
        "updated_at": seconds(since), "user_count": len(customer.contacts), "industry": customer.industry,
        "website": f"https://{customer.domain}", "custom_attributes": {},
    }  # fmt: skip
    for person, _ in customer.contacts:
        first, _, last = person.rpartition(" ")
        email = f"{person.split()[0]}.{last}@{customer.domain}".lower()
        shown = first if customer.churned else person  # as people sign up
        _contact(state, shown, email, "user", seconds(since), own, contact_id(person))


def _contact(
    state: Json, name: str, email: str, role: str, at: int, company: str | None, own: str | None = None
) -> None:
    own = own or contact_id(name)
    state["contacts"][own] = {
        "type": "contact", "id": own, "external_id": None, "role": role, "name": name, "email": email, "phone": None,
        "created_at": at, "updated_at": at, "last_seen_at": at + 86_400, "unsubscribed_from_emails": False,
        "has_hard_bounced": False, "marked_email_as_spam": False, "company": company,
    }  # fmt: skip


def _conversation(state: Json, story: Story, place: int, issue: Issue) -> None:
    assert issue.customer is not None  # noqa: S101 - filtered by the caller
    name = issue.customer.contacts[0][0]
    status = {"done": "closed", "review": "snoozed"}.get(issue.status, "open")
    team = [person for person in story.company.people if person.team == "Support"]
    admin = number("admin", team[place % len(team)].email) if place % 3 else None
    made, changed = seconds(issue.created), seconds(issue.updated)
    own = str(FIRST + place)
    said = f"<p>Hello, {issue.title[0].lower()}{issue.title[1:]}. Can you help us?</p>"
    answer = {
        "id": str(FIRST * 10 + place), "part_type": "comment", "by": admin, "at": made + 1800,
        "body": f"<p>Thanks, we are looking into it. Our reference is {issue.key}.</p>",
    }  # fmt: skip
    tags = [tag for tag in TAGS if tag in (issue.label, issue.label.rstrip("s"))]
    state["conversations"][own] = {
        "id": own, "contact": contact_id(name), "body": said, "state": status, "read": place % 4 != 0,
        "priority": "none", "admin": admin, "team": number("team", "Customer Care") if place % 2 else None,
        "tags": tags, "snoozed_until": seconds(story.now + timedelta(days=2)) if status == "snoozed" else None,
        "created_at": made, "updated_at": max(made + 1800, changed), "waiting_since": None,
        "said": [answer] if admin else [], "moves": [],
    }  # fmt: skip
