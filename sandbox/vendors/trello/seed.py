"""The boards at the start: the office, the fair, the support rota, ideas."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

HEX = "0123456789abcdef"
LABELS = (("Urgent", "red"), ("Waiting", "yellow"), ("Customer", "blue"), ("", "green"))
BOARDS: dict[str, tuple[list[str], list[str]]] = {  # name: lists, teams of its members besides Dana
    "Office fit-out": (["Backlog", "To do", "Doing", "Done"], ["IT", "People"]),
    "Spring trade fair": (["Ideas", "To do", "In progress", "Done"], ["Marketing", "Sales"]),
    "Support rota": (["This week", "Next week", "Swaps"], ["Support", "Product"]),
    "Product ideas": (["Inbox", "Considering", "Rejected"], ["Product", "Design"]),
    "Christmas party 2025": (["All"], ["People"]),
}
CLOSED = "Christmas party 2025"
# board | list | title | members | due in days | labels | done
CARDS = """
Office fit-out | Backlog | Paint the stairwell | | | |
Office fit-out | To do | Order 20 monitor arms | sanne.visser | 6 | Waiting |
Office fit-out | To do | Broken coffee machine on the 2nd floor | paul.odonnell | -1 | Urgent |
Office fit-out | Doing | Sockets for the north wall | paul.odonnell, sanne.visser | 3 | |
Office fit-out | Doing | Fit-out permit | hannah.reuter | 12 | Waiting |
Office fit-out | Done | New locks | sanne.visser | -20 | | done
Spring trade fair | Ideas | Photo booth with tills | | | |
Spring trade fair | To do | Book the AV rental | grace.kim | 9 | |
Spring trade fair | To do | Press kit for the fair | pieter.devries, dana.whitlock | 5 | Urgent |
Spring trade fair | To do | Invite Harbourlight Books to the stand | tom.hargreaves | 4 | Customer |
Spring trade fair | In progress | Stand design | emil.sorensen | 2 | |
Spring trade fair | In progress | Demo tills for the stand | dana.whitlock, ben.foster | 7 | |
Spring trade fair | Done | Choose the fair | nadia.rossi | -30 | | done
Support rota | This week | Late shift Monday | rosa.mendes | 1 | |
Support rota | This week | Late shift Tuesday | kyle.bennett | 2 | |
Support rota | Next week | Weekend cover for Pinecrest Outfitters | hamza.ali | 8 | Customer |
Support rota | Swaps | Swap Tuesday for Thursday | kyle.bennett | | Waiting |
Product ideas | Inbox | Receipts in two languages | ken.sato | | Customer |
Product ideas | Inbox | Till sounds | dana.whitlock | | |
Product ideas | Considering | Loyalty stamps | amara.okafor, dana.whitlock | 25 | |
Product ideas | Rejected | Crypto payments | dana.whitlock | | | done
Christmas party 2025 | All | Band | ella.murphy | | | done
"""
CHECKLIST = [["North wall", "complete"], ["Meeting room Heron", "complete"], ["Kitchen", "incomplete"]]


def hexid(at: datetime, *parts: object) -> str:
    """An id of 24 hex digits that begins with a time."""
    return f"{int(at.timestamp()):08x}" + ident(16, "trello", *parts, alphabet=HEX)


def member_id(company: Company, email: str) -> str:
    """The id of a person."""
    return "5f0000" + ident(18, "trello", "member", email, alphabet=HEX)


def seed_trello(company: Company, story: Story) -> Json:
    """Boards with lists, labels and cards, what was said, and the log of what happened."""
    state: Json = {"boards": {}, "lists": {}, "labels": {}, "cards": {}, "checklists": {}, "comments": {}, "log": []}
    old = story.now - timedelta(days=90)
    for name, (lists, teams) in BOARDS.items():
        board = hexid(old, "board", name)
        people = {person.email for team in teams for person in company.team(team)} | {company.default.email}
        state["boards"][board] = {
            "id": board, "name": name, "shortLink": ident(8, "trello", "board", name), "members": sorted(people),
            "closed": name == CLOSED, "dateLastActivity": (story.now - timedelta(days=1)).isoformat(),
        }  # fmt: skip
        for title in lists:
            key = hexid(old, "list", name, title)
            state["lists"][key] = {"id": key, "name": title, "idBoard": board, "closed": False}
        for title, colour in LABELS:
            key = hexid(old, "label", name, colour)
            state["labels"][key] = {"id": key, "idBoard": board, "name": title, "color": colour}
    for place, line in enumerate(CARDS.strip().splitlines()):
        board, column, title, who, due, labels, done = (part.strip() for part in line.split("|"))
        made = story.now - timedelta(days=30, minutes=-place)
        key = hexid(made, "card", board, title)
        there = [company.person(one.strip()).email for one in who.split(",") if one.strip()]
        when = (story.now + timedelta(days=int(due))).replace(minute=0, second=0, microsecond=0) if due else None
        state["cards"][key] = {
            "id": key, "name": title, "desc": f"{title}, see the drive." if place % 3 == 0 else "",
            "idShort": place + 1,
            "shortLink": ident(8, "trello", "card", board, title), "idList": hexid(old, "list", board, column),
            "idBoard": hexid(old, "board", board), "closed": False, "pos": 16384.0 * (place + 1),
            "due": when.isoformat(timespec="milliseconds") if when else None, "dueComplete": bool(done),
            "idMembers": [member_id(company, email) for email in there],
            "idLabels": [hexid(old, "label", board, c) for name, c in LABELS if name and name == labels],
            "dateLastActivity": (made + timedelta(days=3)).isoformat(timespec="milliseconds"),
        }  # fmt: skip
    sockets = next(card for card in state["cards"].values() if card["name"].startswith("Sockets"))
    list_of = hexid(old, "checklist", "sockets")
    state["checklists"][list_of] = {"id": list_of, "idCard": sockets["id"], "name": "Walls", "items": CHECKLIST}
    for who, text in (("paul.odonnell", "Electrician comes on Thursday."), ("hannah.reuter", "Thanks, told the team.")):
        at = story.now - timedelta(days=2, minutes=-len(state["comments"]))
        key = hexid(at, "comment", text)
        state["comments"][key] = {
            "id": key, "idCard": sockets["id"], "text": text, "date": at.isoformat(timespec="milliseconds"),
            "by": company.person(who).email,
        }  # fmt: skip
    return state
