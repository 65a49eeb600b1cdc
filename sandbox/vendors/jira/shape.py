"""How Jira's objects look on the wire."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sandbox.company import Company, Person, Project
from sandbox.exchange import Json

TYPES = {"Epic": 1, "Story": 0, "Task": 0, "Bug": 0, "Sub-task": -1}
PRIORITIES = ["Highest", "High", "Medium", "Low", "Lowest"]
STATUSES = {"To Do": "new", "In Progress": "indeterminate", "In Review": "indeterminate", "Done": "done"}
CATEGORIES = {
    "new": (2, "To Do", "blue-gray"),
    "indeterminate": (4, "In Progress", "yellow"),
    "done": (3, "Done", "green"),
}


def stamp(at: datetime) -> str:
    """A moment as Jira writes it."""
    return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}" + at.strftime("%z")


def named(names: Any, name: str, first: int = 1) -> str:
    """The id of a name: its place in the list."""
    return str(first + list(names).index(name))


class Shape:
    """Builds payloads from the state."""

    def __init__(self, company: Company, ident: Callable[..., str]) -> None:
        self.company = company
        hexed = ident(32, "cloud", alphabet="0123456789abcdef")
        parts = (hexed[:8], hexed[8:12], hexed[12:16], hexed[16:20], hexed[20:])
        self.cloud_id = "-".join(parts)
        self.api = f"https://api.atlassian.com/ex/jira/{self.cloud_id}/rest/api/3"
        self.site = f"https://{company.slug}.atlassian.net"
        self._ident = ident

    def account_id(self, person: Person) -> str:
        """24 hexadecimal digits."""
        return self._ident(24, "account", person.email, alphabet="0123456789abcdef")

    def user(self, person: Person) -> Json:
        """A person."""
        account = self.account_id(person)
        return {
            "self": f"{self.api}/user?accountId={account}",
            "accountId": account,
            "accountType": "atlassian",
            "emailAddress": person.email,
            "displayName": person.name,
            "active": True,
            "timeZone": person.time_zone,
            "avatarUrls": {},
        }

    def project(self, project: Project) -> Json:
        """A project in brief."""
        number = self.project_id(project)
        return {
            "self": f"{self.api}/project/{number}",
            "id": number,
            "key": project.key,
            "name": project.name,
            "projectTypeKey": "software",
            "simplified": True,
            "avatarUrls": {},
        }

    def project_id(self, project: Project) -> str:
        """From 10000 on."""
        return str(10000 + self.company.projects.index(project))

    def issue_type(self, name: str) -> Json:
        """Bug, Task and so on."""
        number = named(TYPES, name, 10001)
        return {
            "self": f"{self.api}/issuetype/{number}",
            "id": number,
            "name": name,
            "description": "",
            "iconUrl": f"{self.site}/icons/{number}.svg",
            "subtask": TYPES[name] < 0,
            "hierarchyLevel": TYPES[name],
        }

    def priority(self, name: str) -> Json:
        """1 is the highest."""
        number = named(PRIORITIES, name)
        return {
            "self": f"{self.api}/priority/{number}",
            "id": number,
            "name": name,
            "iconUrl": f"{self.site}/icons/priority{number}.svg",
        }

    def status(self, name: str) -> Json:
        """With its category."""
        number, category = named(STATUSES, name, 10010), STATUSES[name]
        of = CATEGORIES[category]
        return {
            "self": f"{self.api}/status/{number}",
            "id": number,
            "name": name,
            "description": "",
            "iconUrl": f"{self.site}/icons/status.svg",
            "statusCategory": {
                "self": f"{self.api}/statuscategory/{of[0]}",
                "id": of[0],
                "key": category,
                "name": of[1],
                "colorName": of[2],
            },
        }

    def comment(self, issue: Json, row: Json, user: Callable[[str], Json]) -> Json:
        """A comment."""
        return {
            "self": f"{self.api}/issue/{issue['id']}/comment/{row['id']}",
            "id": row["id"],
            "author": user(row["author"]),
            "updateAuthor": user(row["author"]),
            "body": row["body"],
            "created": row["created"],
            "updated": row["updated"],
            "jsdPublic": True,
        }

    def worklog(self, issue: Json, row: Json, user: Callable[[str], Json]) -> Json:
        """Time spent."""
        more = {"comment": row["comment"]} if row["comment"] else {}
        return {
            "self": f"{self.api}/issue/{issue['id']}/worklog/{row['id']}",
            "id": row["id"],
            "issueId": issue["id"],
            "author": user(row["author"]),
            "updateAuthor": user(row["author"]),
            "created": row["created"],
            "updated": row["created"],
            "started": row["started"],
            "timeSpent": spent(row["seconds"]),
            "timeSpentSeconds": row["seconds"],
            **more,
        }


def spent(seconds: int) -> str:
    """Seconds as Jira says them: a day has 8 hours, a week 5 days."""
    out = []
    for unit, size in (("w", 144000), ("d", 28800), ("h", 3600), ("m", 60)):
        number, seconds = divmod(seconds, size)
        if number:
            out.append(f"{number}{unit}")
    return " ".join(out) or "0m"
