"""The mailboxes at the start: what is written down in `seed.yaml`, and a digest a day for everybody."""

from __future__ import annotations

import base64
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from sandbox.exchange import Json
from sandbox.grant import ident
from sandbox.story import Story

DIGESTS = 120
SYSTEM = ("INBOX", "SENT", "UNREAD", "STARRED", "IMPORTANT", "TRASH", "SPAM", "DRAFT", "CATEGORY_PERSONAL",
          "CATEGORY_SOCIAL", "CATEGORY_PROMOTIONS", "CATEGORY_UPDATES", "CATEGORY_FORUMS", "YELLOW_STAR")  # fmt: skip
HEX = "0123456789abcdef"


@cache
def _read() -> Any:
    return yaml.safe_load((Path(__file__).parent / "seed.yaml").read_text("utf-8"))


def seed_gmail(story: Story) -> Json:
    """Messages and drafts by id, labels by owner."""
    state: Json = {"messages": {}, "drafts": {}, "labels": {}, "history": [], "historyId": 9000}
    people = story.company
    told = _read()
    for handle, names in told["labels"].items():
        rows = [{"id": f"Label_{place}", "name": name, "type": "user"} for place, name in enumerate(names, 1)]
        state["labels"][people.person(handle).email] = rows
    for thread in told["threads"]:
        _thread(state, story, thread)
    for place, row in enumerate(told["drafts"]):
        owner = people.person(row["owner"]).email
        made = _mail(story, {"ago": 0.1, "from": row["owner"], **row}, row["subject"], f"draft{place}")
        message = _copy(made, owner, "", f"draft{place}", ["DRAFT"])
        state["messages"][message["id"]] = message
        number = f"r{int(ident(12, owner, place, alphabet='123456789'))}"
        state["drafts"][number] = {"owner": owner, "message": message["id"]}
    _digests(state, story)
    return state


def _thread(state: Json, story: Story, thread: Json) -> None:
    """Each of the people in a mail has a copy of it; the first copy that one has names their conversation."""
    first: dict[str, str] = {}
    for place, row in enumerate(thread["mails"]):
        title = thread["subject"] if place == 0 else f"Re: {thread['subject']}"
        mail = _mail(story, row, title, f"{thread['subject']}/{place}")
        for person in story.company.people:
            is_author = _bare(mail["headers"], "From") == person.email
            if not is_author and person.email not in f"{_bare(mail['headers'], 'To')} {_bare(mail['headers'], 'Cc')}":
                continue
            labels = ["SENT"] if is_author else [*([] if row.get("archived") else ["INBOX"]), *row.get("labels", [])]
            labels += ["UNREAD"] if row.get("unread") and not is_author else []
            own = {one["name"]: one["id"] for one in state["labels"].get(person.email, [])}
            labels += [own.get(one, one) for one in thread.get("labels", {}).get(person.handle, [])]
            copy = _copy(mail, person.email, first.get(person.email, ""), f"{thread['subject']}/{place}", labels)
            first.setdefault(person.email, copy["threadId"])
            state["messages"][copy["id"]] = copy


def _digests(state: Json, story: Story) -> None:
    """Enough of them for one mailbox to fill more than one page."""
    owner = story.company.default
    for day in range(DIGESTS, 0, -1):
        row = {"ago": day + 0.05, "from": "Till Talk Daily <daily@tilltalk.example>", "to": [owner.handle]}
        text = {"text": f"Issue {1400 - day}: what moved in retail payments.", "archived": True}
        mail = _mail(story, row | text, f"Till Talk Daily {1400 - day}", f"digest/{day}")
        copy = _copy(mail, owner.email, "", f"digest/{day}", ["CATEGORY_FORUMS"])
        state["messages"][copy["id"]] = copy


def _mail(story: Story, row: Json, subject: str, mark: str) -> Json:
    at = story.now - timedelta(days=row["ago"])
    named = {"From": [row["from"]], "To": row.get("to", []), "Cc": row.get("cc", [])}
    headers = [[name, ", ".join(_who(story, one) for one in people)] for name, people in named.items() if people]
    headers += [["Subject", subject], ["Date", f"{at:%a, %d %b %Y %H:%M:%S} +0000"]]
    headers += [["Message-ID", f"<{ident(20, mark, alphabet=HEX)}@mail.gmail.com>"]]
    files = [
        {"name": one["name"], "type": one["type"], "data": base64.urlsafe_b64encode(one["text"].encode()).decode()}
        for one in row.get("files", [])
    ]
    stamp = str(int(at.timestamp() * 1000))
    return {"headers": headers, "text": row.get("text", ""), "html": row.get("html", ""), "files": files, "at": stamp}


def _copy(mail: Json, owner: str, thread: str, mark: str, labels: list[str]) -> Json:
    number = ident(16, owner, mark, alphabet=HEX)
    return {
        "id": number, "threadId": thread or number, "owner": owner, "labelIds": sorted(labels), "historyId": "9000",
        "internalDate": mail["at"], **{name: mail[name] for name in ("headers", "text", "html", "files")},
    }  # fmt: skip


def _who(story: Story, text: str) -> str:
    person = next((one for one in story.company.people if text in (one.handle, one.name)), None)
    return f"{person.name} <{person.email}>" if person else text


def _bare(headers: list[list[str]], name: str) -> str:
    value = next((value for title, value in headers if title == name), "")
    return value.partition("<")[2].rstrip(">") if name == "From" else value
