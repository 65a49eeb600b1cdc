"""What happened at the demo company, dated around a moment; every vendor tells it in its own way."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.company import Channel, Company, Customer, Person, Repository
from sandbox.grant import ident

DONE = "done"
OPEN = ("todo", "doing", "review")
ROUTINE = {"jira": "Weekly dependency update", "linear": "Weekly bug triage"}
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


@dataclass
class Remark:
    """A comment or a chat message; `replies` and `reactions` (emoji to people) where there are any."""

    author: Person
    text: str
    at: datetime
    replies: list[Remark] = field(default_factory=list)
    reactions: dict[str, list[Person]] = field(default_factory=dict)


@dataclass
class PullRequest:
    """A pull request; `state` is `open`, `merged` or `closed`."""

    repository: Repository
    number: int
    title: str
    branch: str
    author: Person
    reviewers: list[Person]
    state: str
    opened: datetime
    ended: datetime | None
    issue_key: str | None = None


@dataclass
class Issue:
    """A piece of work; `home` is the Jira project or Linear team key, `status` one of `OPEN` or `DONE`."""

    system: str
    home: str
    number: int
    type: str
    priority: str
    title: str
    label: str
    status: str
    assignee: Person | None
    reporter: Person
    created: datetime
    updated: datetime
    due: date | None
    customer: Customer | None
    text: str
    pull_request: PullRequest | None = None
    comments: list[Remark] = field(default_factory=list)

    @property
    def key(self) -> str:
        """As people write it."""
        return f"{self.home}-{self.number}"


@dataclass
class Deal:
    """An opportunity; amount in whole currency units."""

    customer: Customer
    name: str
    amount: int
    stage: str
    owner: Person
    created: datetime
    closes: date


@dataclass
class Invoice:
    """A monthly bill; `status` is `draft`, `open` or `paid`, amount in minor units."""

    customer: Customer
    number: int
    amount: int
    currency: str
    created: datetime
    due: datetime
    status: str
    paid_at: datetime | None


@dataclass
class Meeting:
    """A calendar entry; `rule` is an RFC 5545 recurrence and `start` its first occurrence."""

    title: str
    organizer: Person
    attendees: list[Person]
    start: datetime
    end: datetime
    rule: str | None
    room: str | None
    customer: Customer | None


class Story:
    """All of it, oldest first."""

    def __init__(self, company: Company, now: datetime) -> None:
        self.company = company
        self.now = now
        self._dice = random.Random(company.slug)
        self.pull_requests = [pull for repository in company.repositories for pull in self._pulls(repository)]
        self.issues = [issue for system in ("jira", "linear") for issue in self._issues(system)]
        self.channels: dict[str, list[Remark]] = {channel.name: self._talk(channel) for channel in company.channels}
        self.deals = [self._deal(row) for row in company.work["deals"]]
        self.invoices = [bill for customer in company.customers for bill in self._invoices(customer)]
        self.meetings = [self._meeting(row) for row in company.work["meetings"]]

    def started(self, customer: Customer) -> datetime:
        """When a customer's subscription began."""
        months = 5 + int(ident(2, customer.key, "age", alphabet="01234"), 5) % 20
        return self.now - timedelta(days=30 * months)

    def issue(self, home: str, title: str) -> Issue:
        """The issue of a project whose title begins so."""
        return next(issue for issue in self.issues if issue.home == home and issue.title.startswith(title))

    def _ago(self, days: float) -> datetime:
        moment = self.now - timedelta(days=days)
        return moment.replace(second=self._dice.randrange(60))

    def _pulls(self, repository: Repository) -> list[PullRequest]:
        team = self.company.team(repository.team)
        titles: list[str] = self.company.work["pull_requests"].get(repository.name, [])
        pulls = []
        for place, title in enumerate(titles):
            author, *others = self._dice.sample(team, min(3, len(team)))
            days = 3.0 * (len(titles) - place) + self._dice.random() * 2
            state = "merged" if place < len(titles) * 0.6 else "open"
            ended = self._ago(days - 1.5) if state == "merged" else None
            branch = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
            number = 100 + place * 3 + len(repository.name)
            pulls.append(PullRequest(repository, number, title, branch, author, others, state, self._ago(days), ended))
        return pulls

    def _issues(self, system: str) -> list[Issue]:
        homes = self.company.projects if system == "jira" else self.company.squads
        found = []
        for home in homes:
            team = self.company.team(home.team)
            repository = getattr(home, "repository", None)
            pulls = [pull for pull in self.pull_requests if pull.repository.name == repository]
            first = 1 if home.key == "TEST" else 20 + sum(map(ord, home.key)) % 90
            weeks = [f"Task | Low | {ROUTINE[system]}, {n} weeks ago | routine" for n in range(12, 0, -1)]
            rows = ([] if home.key == "TEST" else weeks) + self.company.work[system][home.key]
            for place, row in enumerate(rows):
                ago = 7.0 * (12 - place) if place < len(weeks) and len(rows) > len(weeks) else None
                issue = self._issue(system, home.key, first + place, row, team, len(rows) - place, ago)
                if issue.status in ("review", DONE) and ago is None and pulls:
                    issue.pull_request = pulls.pop()
                    issue.pull_request.issue_key = issue.key
                found.append(issue)
        return found

    def _issue(
        self,
        system: str,
        home: str,
        number: int,
        row: str,
        team: list[Person],
        age: int,
        routine_ago: float | None,
    ) -> Issue:
        kind, priority, title, label, *customers = [part.strip() for part in row.split("|")]
        dice = self._dice
        status = DONE if routine_ago is not None else dice.choice([*OPEN, "todo", "doing", DONE])
        customer = next((c for c in self.company.customers if c.key in customers), None)
        created = self._ago(routine_ago if routine_ago is not None else age * 2.5 + dice.random())
        updated = min(created + timedelta(days=dice.random() * 6), self.now - timedelta(hours=1))
        text = f"{title}."
        if customer:
            text += f" Reported by {customer.crm_name} ({customer.contacts[0][0]})."
        due = None
        if status != DONE and dice.random() < 0.5:
            due = (self.now + timedelta(days=dice.randrange(-4, 25))).date()
        assignee = None if status == "todo" and dice.random() < 0.4 else dice.choice(team)
        issue = Issue(
            system,
            home,
            number,
            kind,
            priority,
            title,
            label,
            status,
            assignee,
            dice.choice(team),
            created,
            max(created, updated),
            due,
            customer,
            text,
        )
        if routine_ago is None:
            for text in dice.sample(self.company.work["comments"], dice.randrange(3)):
                issue.comments.append(Remark(dice.choice(team), text, issue.updated))
        return issue

    def _talk(self, channel: Channel) -> list[Remark]:
        threads: list[list[str]] = self.company.talk.get(channel.name, [])
        opened = []
        for place, lines in enumerate(threads):
            days = (len(threads) - place) * (60 if channel.archived else 1.3) - 0.9 + self._dice.random() * 0.3
            first, *rest = [
                self._line(line, self._ago(days) + timedelta(minutes=4 * n)) for n, line in enumerate(lines)
            ]
            first.replies = rest
            if self._dice.random() < 0.5:
                first.reactions = {
                    self._dice.choice(["eyes", "tada", "thumbsup"]): self._dice.sample(self.company.people, 2)
                }
            opened.append(first)
        return opened

    def _line(self, line: str, at: datetime) -> Remark:
        handle, _, text = line.partition(": ")
        said = re.sub(r"\{(\w+):([^}]+)\}", lambda hit: self.issue(hit[1], hit[2]).key, text)
        return Remark(self.company.person(handle), said, at)

    def _customer(self, key: str) -> Customer:
        return next(customer for customer in self.company.customers if customer.key == key)

    def _deal(self, row: dict[str, Any]) -> Deal:
        customer = self._customer(row["customer"])
        closes = (self.now + timedelta(days=row["closes_in"])).date()
        return Deal(
            customer,
            row["name"],
            row["amount"],
            row["stage"],
            self.company.person(customer.owner),
            self._ago(90 - row["closes_in"] / 3),
            closes,
        )

    def _invoices(self, customer: Customer) -> list[Invoice]:
        plan = self.company.plan(customer.plan)
        months = 2 if customer.churned else 6
        bills = []
        for back in range(months, 0, -1):
            created = self._ago(30 * back - 12 + (120 if customer.churned else 0))
            is_late = (back == 1 and customer.key in ("saffron", "kestrel", "monsoon")) or (
                back == 2 and customer.key == "saffron"
            )
            due = created + timedelta(days=14)
            paid = None if is_late else created + timedelta(days=self._dice.randrange(1, 12))
            if paid and paid > self.now:
                paid = None
            number = int(ident(3, customer.key, alphabet="123456789")) * 100 + months - back + 1
            bills.append(
                Invoice(
                    customer,
                    number,
                    plan.price * customer.seats,
                    plan.currency,
                    created,
                    due,
                    "paid" if paid else "open",
                    paid,
                )
            )
        return bills

    def _meeting(self, row: dict[str, Any]) -> Meeting:
        organizer = self.company.person(row["organizer"])
        people = {person.email: person for person in self.company.team(row.get("team", ""))}
        people |= {person.email: person for person in map(self.company.person, row.get("people", []))}
        people.pop(organizer.email, None)
        today = self.now.astimezone(ZoneInfo(organizer.time_zone)).date()
        every = row.get("every")
        if every == "weekday":
            day, rule = today - timedelta(days=today.weekday() + 28), "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR"
        elif every:
            day = today - timedelta(days=today.weekday() + 28 - WEEKDAYS.index(every))
            rule = f"RRULE:FREQ=WEEKLY;BYDAY={every}"
        else:
            day, rule = today + timedelta(days=row["in_days"]), None
        start = datetime.combine(day, time.fromisoformat(row["at"]), ZoneInfo(organizer.time_zone))
        customer = self._customer(row["customer"]) if "customer" in row else None
        return Meeting(
            row["title"],
            organizer,
            list(people.values()),
            start,
            start + timedelta(minutes=row["minutes"]),
            rule,
            row.get("room"),
            customer,
        )
