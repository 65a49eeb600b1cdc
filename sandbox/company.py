"""The demo company as its directory knows it: people, channels, projects, repositories, customers."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True)
class Person:
    """Somebody at the company; the e-mail address is the same in every system."""

    email: str
    name: str
    title: str
    team: str
    manager: str | None
    time_zone: str
    github: str
    phone: str
    is_admin: bool = False

    @property
    def first(self) -> str:
        """The first name."""
        return self.name.split()[0]

    @property
    def last(self) -> str:
        """The rest of the name."""
        return self.name.split(maxsplit=1)[1]

    @property
    def handle(self) -> str:
        """The part of the address before the @."""
        return self.email.split("@")[0]

    def as_json(self) -> dict[str, Any]:
        """Every field, JSON-able."""
        return asdict(self)


@dataclass(frozen=True)
class Channel:
    """A chat channel; `teams` may be `["*"]` for everybody."""

    name: str
    topic: str
    teams: tuple[str, ...]
    private: bool = False
    archived: bool = False


@dataclass(frozen=True)
class Project:
    """A Jira project; a private one is seen by its team and the leadership."""

    key: str
    name: str
    lead: str
    team: str
    repository: str | None = None
    is_private: bool = False


@dataclass(frozen=True)
class Squad:
    """A Linear team."""

    key: str
    name: str
    team: str


@dataclass(frozen=True)
class Repository:
    """A GitHub repository under the company's organisation."""

    name: str
    about: str
    language: str
    team: str
    private: bool = True


@dataclass(frozen=True)
class Customer:
    """A company that buys from us, as sales and as billing spell it."""

    key: str
    crm_name: str
    billing_name: str
    domain: str
    industry: str
    country: str
    owner: str
    seats: int
    plan: str
    contacts: tuple[tuple[str, str], ...]
    churned: bool = False

    @property
    def billing_email(self) -> str:
        """Where invoices go."""
        return f"accounts@{self.domain}"


@dataclass(frozen=True)
class Plan:
    """What is sold: `price` in minor units a seat and month."""

    key: str
    name: str
    price: int
    currency: str


class Company:
    """Everything in `data/`, with look-ups."""

    def __init__(self) -> None:
        about = _read("company")
        self.name: str = about["name"]
        self.slug: str = about["slug"]
        self.domain: str = about["domain"]
        self.people = [_person(row, self.domain) for row in _read("people")]
        self.by_email = {person.email: person for person in self.people}
        self.default = self.by_email[f"{about['default_user']}@{self.domain}"]
        self.channels: list[Channel] = [_make(Channel, row) for row in about["channels"]]
        self.projects: list[Project] = [_make(Project, row) for row in about["projects"]]
        self.squads: list[Squad] = [_make(Squad, row) for row in about["squads"]]
        self.repositories: list[Repository] = [_make(Repository, row) for row in about["repositories"]]
        self.plans: list[Plan] = [_make(Plan, row) for row in about["plans"]]
        self.customers = [_customer(row) for row in _read("customers")]
        self.work: dict[str, Any] = _read("work")
        self.talk: dict[str, Any] = _read("talk")

    def person(self, handle: str) -> Person:
        """By the part before the @ of the address."""
        return self.by_email[f"{handle}@{self.domain}"]

    def team(self, name: str) -> list[Person]:
        """The people of a team; `*` is everybody."""
        return [person for person in self.people if name in ("*", person.team)]

    def plan(self, key: str) -> Plan:
        """By its key."""
        return next(plan for plan in self.plans if plan.key == key)


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((DATA / f"{name}.yaml").read_text("utf-8"))


def _make(kind: Any, row: dict[str, Any]) -> Any:
    known = {field.name for field in fields(kind)}
    unknown = set(row) - known
    if unknown:
        raise ValueError(f"{kind.__name__} has no {', '.join(sorted(unknown))}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in row.items()})


def _person(row: list[Any], domain: str) -> Person:
    handle, name, title, team, manager, zone, github, *flags = row
    digits = sum(map(ord, handle)) * 7919 % 10000
    return Person(
        email=f"{handle}@{domain}",
        name=name,
        title=title,
        team=team,
        manager=f"{manager}@{domain}" if manager else None,
        time_zone=zone,
        github=github,
        phone=f"+44 20 7946 {digits:04d}",
        is_admin="admin" in flags,
    )


def _customer(row: dict[str, Any]) -> Customer:
    contacts = tuple(row["contacts"].items())
    return Customer(**{**row, "contacts": contacts})
