"""The boards at the start: onboarding of customers, events, hiring, facilities."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Story

FIRST_BOARD, FIRST_ITEM, FIRST_USER, FIRST_UPDATE = 4_400_100, 6_600_100, 5_500_100, 3_300_100
WORKSPACES = {"710": "Operations", "711": "Customers", "712": "People"}
LABELS = ["Working on it", "Done", "Stuck", "Waiting for customer", "Not started"]
# board: workspace, owner, groups, columns beside status, person and date
BOARDS: dict[str, tuple[str, str, list[str], list[tuple[str, str, str]]]] = {
    "Client onboarding": ("711", "julia.stein", ["New", "In progress", "Live"],
                          [("numbers1", "Seats", "numbers"), ("text1", "Contact", "text"),
                           ("dd1", "Region", "dropdown")]),
    "Events 2027": ("710", "nadia.rossi", ["Planned", "Booked", "Past"],
                    [("numbers1", "Budget", "numbers"), ("long1", "Notes", "long_text")]),
    "Hiring": ("712", "miguel.torres", ["Open roles", "Interviews", "Filled"],
               [("email1", "Candidate mail", "email"), ("check1", "Agreed", "checkbox")]),
    "Facilities": ("710", "paul.odonnell", ["Requests", "This week", "Archive"], [("text1", "Room", "text")]),
}  # fmt: skip
DROPDOWN = ["EMEA", "APAC", "Americas"]
# board | group | name | status | person | due in days | others
ITEMS = """
Client onboarding | New | Kestrel Cycles | Not started | rosa.mendes | 6 | Seats=38, Contact=Iris Smit, Region=EMEA
Client onboarding | New | Monsoon Tea House | Waiting for customer | hamza.ali | 9 | Seats=48, Region=APAC
Client onboarding | In progress | Pinecrest Outfitters | Working on it | kyle.bennett | 2 | Seats=210, Region=Americas
Client onboarding | In progress | Saffron Lane handhelds | Stuck | rosa.mendes | -2 | Seats=75, Contact=Yousef Nader
Client onboarding | Live | Harbourlight Books | Done | dana.whitlock | -30 | Seats=42, Contact=Sam Pryce, Region=EMEA
Events 2027 | Planned | Retail summit Lisbon | Not started | grace.kim | 90 | Budget=12000
Events 2027 | Planned | Merchant breakfast Berlin | Working on it | nadia.rossi | 45 | Budget=1800, Notes=Forty at most
Events 2027 | Booked | Spring launch party | Working on it | dana.whitlock | 20 | Budget=6500
Events 2027 | Past | Winter fair | Done | grace.kim | -40 | Budget=3000
Hiring | Open roles | Senior Android Engineer | Working on it | miguel.torres | 15 |
Hiring | Open roles | Support Specialist Vienna | Not started | ella.murphy | 30 |
Hiring | Interviews | Content Lead cover | Waiting for customer | miguel.torres | 4 | Candidate mail=ada@example.org
Hiring | Filled | Payments Analyst | Done | miguel.torres | -60 | Agreed=true
Facilities | Requests | Repaint the lobby | Not started | | | Room=Lobby
Facilities | Requests | Office plants | Not started | sanne.visser | 12 | Room=2nd floor
Facilities | This week | Meeting room Heron screen | Stuck | paul.odonnell | 0 | Room=Heron
Facilities | Archive | Old lift contract | Done | paul.odonnell | -90 |
"""
CHECKS = 130  # past fire-door checks, so that a board has more than one page


def user_id(company: Company, email: str) -> str:
    """The number of a person."""
    return str(FIRST_USER + [person.email for person in company.people].index(email))


def seed_monday(company: Company, story: Story) -> Json:
    """Boards with groups, columns and items, updates, and the log of what changed."""
    state: Json = {"boards": {}, "items": {}, "updates": {}, "log": []}
    numbers = {name: str(FIRST_BOARD + place) for place, name in enumerate(BOARDS)}
    for name, (workspace, owner, groups, more) in BOARDS.items():
        columns = [("status", "Status", "status"), ("person", "Owner", "people"), ("date4", "Date", "date"), *more]
        state["boards"][numbers[name]] = {
            "id": numbers[name], "name": name, "workspace": workspace, "owner": company.person(owner).email,
            "groups": [{"id": group_id(title), "title": title} for title in groups],
            "columns": [{"id": id, "title": title, "type": kind} for id, title, kind in columns],
        }  # fmt: skip
    rows = [[part.strip() for part in line.split("|")] for line in ITEMS.strip().splitlines()]
    rows += [["Facilities", "Archive", f"Fire door check {number}", "Done", "sanne.visser", str(-number), ""]
             for number in range(1, CHECKS + 1)]  # fmt: skip
    for place, (board, group, name, status, who, due, others) in enumerate(rows):
        made = story.now - timedelta(days=25, minutes=-place)
        values: dict[str, Any] = {"status": {"index": LABELS.index(status)}}
        if who:
            person = int(user_id(company, company.person(who).email))
            values["person"] = {"personsAndTeams": [{"id": person, "kind": "person"}]}
        if due:
            values["date4"] = {"date": (story.now + timedelta(days=int(due))).date().isoformat()}
        for pair in filter(None, (part.strip() for part in others.split(","))):
            title, _, said = pair.partition("=")
            id, kind = next((id, kind) for id, name, kind in BOARDS[board][3] if name == title)
            values[id] = _value(kind, said)
        key = str(FIRST_ITEM + place)
        state["items"][key] = {
            "id": key, "name": name, "board": numbers[board], "group": group_id(group), "state": "active",
            "values": values, "creator": company.person(BOARDS[board][1]).email, "created_at": made.isoformat(),
            "updated_at": (made + timedelta(days=2)).isoformat(),
        }  # fmt: skip
    first = next(key for key, row in state["items"].items() if row["name"] == "Pinecrest Outfitters")
    for place, (who, text) in enumerate((("kyle.bennett", "Doug asks for a second training date."),
                                         ("dana.whitlock", "Fine, take the Thursday."))):  # fmt: skip
        key = str(FIRST_UPDATE + place)
        state["updates"][key] = {
            "id": key, "item": first, "body": f"<p>{text}</p>", "creator": company.person(who).email, "mentions": [],
            "created_at": (story.now - timedelta(days=1, minutes=-place)).isoformat(),
        }  # fmt: skip
    return state


def group_id(title: str) -> str:
    """The id of a group."""
    return title.lower().replace(" ", "_")


def _value(kind: str, said: str) -> Any:
    if kind == "dropdown":
        return {"ids": [DROPDOWN.index(said) + 1]}
    forms = {"long_text": {"text": said}, "email": {"email": said, "text": said}, "checkbox": {"checked": "true"}}
    return forms.get(kind, said)
