"""Who sees which property."""

from __future__ import annotations

from typing import Any

from sandbox.company import Person
from sandbox.exchange import Call, Json
from sandbox.google import OAUTH, Google, refused
from sandbox.vendors.google_analytics.seed import seed_analytics, told

API = "https://www.googleapis.com/auth/analytics"
READ = f"{API}.readonly {API} {API}.edit"
EDIT = f"{API}.edit"


class Base(Google):
    """Google Analytics of one company."""

    hosts = ("https://analyticsdata.googleapis.com", "https://analyticsadmin.googleapis.com", *OAUTH)
    has_reasons = False

    def seed(self) -> Json:
        """Key events and changes; the figures are made when they are asked for."""
        return seed_analytics(self.world.story)

    def accounts(self, person: Person) -> list[tuple[Json, list[Json]]]:
        """The accounts that a person sees, each with the properties that they see."""
        found = []
        for account in told()["accounts"]:
            there = [one for one in account["properties"] if self.may(person, one)]
            if there:
                found.append((account, there))
        return found

    def may(self, person: Person, row: Json, how: str = "see") -> bool:
        """Whether a person may see or edit a property."""
        return bool({person.team, person.handle} & {*row[how]})

    def property(self, call: Call, how: str = "see") -> Json:
        """The property of the path, which the caller may see or edit."""
        number = str(call.params["property"])
        for _, there in self.accounts(call.person):
            for row in there:
                if row["number"] == number and self.may(call.person, row, how):
                    found: Json = row
                    return found
        said = "User does not have sufficient permissions for this property. To learn more, see the help center."
        raise refused(403, "forbidden", said)

    def names(self, body: Json, what: str) -> list[str]:
        """The metrics or dimensions that a report asks for."""
        rows: list[Any] = body.get(what) or []
        return [str(one.get("name")) for one in rows]
