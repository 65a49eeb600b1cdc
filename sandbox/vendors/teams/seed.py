"""The teams at the start: the company's departments and talk, some chats."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sandbox.company import Company, Person
from sandbox.exchange import Json
from sandbox.story import Remark, Story

# team: what it is for, who is in it (departments, handles), owners, and its channels by name: the company's talk there
TEAMS: dict[str, tuple[str, str, str, dict[str, str]]] = {
    "Fernwick": ("Everybody", "*", "greta.solheim paul.odonnell", {
        "General": "general", "Random": "random", "Announcements": "announcements", "IT help": "it-help",
    }),
    "Payments": ("Checkout, payouts, refunds", "Payments dana.whitlock ken.sato", "ines.carvalho dana.whitlock", {
        "General": "payments", "On-call": "eng-oncall", "Incident 4471": "incident-4471", "Alerts": "",
    }),
    "Spring launch": ("One list, fourteen weeks", "Product Marketing Leadership Design ines.carvalho farid.haddad",
                      "dana.whitlock nadia.rossi", {"General": "launch", "Campaigns": "marketing", "Key visual": ""}),
    "Product": ("Product and engineering together", "Product", "dana.whitlock naomi.fischer", {
        "General": "product-eng", "Design crit": "design-crit",
    }),
    "Sales": ("Deals, wins, help wanted", "Sales Leadership dana.whitlock", "tom.hargreaves", {"General": "sales"}),
    "Support": ("Customers who need us", "Support dana.whitlock", "julia.stein", {"General": "support"}),
    "Finance": ("Invoices, expenses, close", "Finance", "ottilie.frost", {"General": "finance"}),
}  # fmt: skip
CHATS = [
    ("", "dana.whitlock priya.raman", [
        ("priya.raman", "The refunds draft is in your inbox."), ("dana.whitlock", "Thank you, I read it tonight."),
        ("priya.raman", "Could you bring the till to the demo?"),
    ]),
    ("", "dana.whitlock naomi.fischer", [("naomi.fischer", "Can we move our 1:1 by ten minutes?")]),
    ("", "dana.whitlock alex.novak", [("alex.novak", "Apple Pay works on my phone now.")]),
    ("Launch war room", "dana.whitlock nadia.rossi ines.carvalho farid.haddad", [
        ("nadia.rossi", "Press goes out on Tuesday at nine."), ("farid.haddad", "Gift cards are green."),
    ]),
    ("", "dana.whitlock ines.carvalho priya.raman", [("ines.carvalho", "Load test, who is on call?")]),
    ("", "priya.raman alex.okonkwo", [("alex.okonkwo", "Pairing at three?")]),
]  # fmt: skip
ALERTS = 60


def seed_teams(story: Story, number: Callable[..., str]) -> Json:
    """Everything by id; a post by its place and its own id."""
    state: Json = {
        "teams": {}, "channels": {}, "posts": {}, "chats": {}, "meetings": {}, "sequence": 0, "log": [],
    }  # fmt: skip
    company = story.company
    for name, (about, people, owners, channels) in TEAMS.items():
        team = number("team", name)
        members = {person.email: "" for person in _people(company, people)}
        members |= {company.person(handle).email: "owner" for handle in owners.split()}
        state["teams"][team] = {"name": name, "about": about, "members": members}
        for title, source in channels.items():
            channel = f"19:{number('channel', name, title).replace('-', '')}@thread.tacv2"
            state["channels"][channel] = {
                "team": team, "name": title, "about": "", "kind": "standard", "members": [],
            }  # fmt: skip
            place = f"{team}/{channel}"
            for remark in story.channels.get(source, []):
                _posted(state, place, remark)
            if title == "Alerts":
                ravi = company.person("ravi.menon")
                for count in range(ALERTS):
                    at = story.now - timedelta(days=8, minutes=30 * count)
                    post(state, place, ravi.email, f"Latency alert {count + 1} cleared.", at)
    for topic, handles, lines in CHATS:
        people = " ".join(sorted(handles.split()))
        chat = f"19:{number('chat', topic, people).replace('-', '')}@unq.gbl.spaces"
        kind = "group" if topic or len(handles.split()) > 2 else "oneOnOne"
        emails = [company.person(handle).email for handle in handles.split()]
        state["chats"][chat] = {"topic": topic or None, "kind": kind, "members": emails}
        for turn, (author, text) in enumerate(lines):
            at = story.now - timedelta(hours=30 - 3 * turn)
            post(state, chat, company.person(author).email, text, at)
    return state


def post(state: Json, place: str, author: str, text: str, at: datetime, **more: Any) -> Json:
    """Keep a message; its id is the moment in milliseconds, moved on where that is taken."""
    stamp = int(at.timestamp() * 1000)
    while f"{place}/{stamp}" in state["posts"]:
        stamp += 1
    row: Json = {
        "id": str(stamp), "place": place, "parent": None, "author": author, "subject": None, "text": text,
        "type": "text", "at": at.isoformat(), "changed": at.isoformat(), "deleted": None, "reactions": [],
    }  # fmt: skip
    row |= more
    state["posts"][f"{place}/{row['id']}"] = row
    return row


def _posted(state: Json, place: str, remark: Remark) -> None:
    reactions = [{"type": name, "by": person.email} for name, people in remark.reactions.items() for person in people]
    first = post(state, place, remark.author.email, remark.text, remark.at, reactions=reactions)
    for reply in remark.replies:
        post(state, place, reply.author.email, reply.text, reply.at, parent=first["id"])


def _people(company: Company, told: str) -> list[Person]:
    found: list[Person] = []
    for name in told.split():
        found += company.team(name) if name == "*" or name[0].isupper() else [company.person(name)]
    return found
