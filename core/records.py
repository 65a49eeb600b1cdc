"""Vendor-neutral records. Every one carries a `Ref` to the system it lives in; fields the vendor lacks stay unset."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class Ref(BaseModel):
    """Where a record lives: integration key, kind, the vendor's id (what its API takes), key shown to people, link."""

    model_config = ConfigDict(frozen=True)

    integration: str
    kind: str
    id: str
    key: str = ""
    url: str = ""

    @property
    def label(self) -> str:
        """What people call it: its key where it has one, else its id."""
        return self.key or self.id


class Record(BaseModel):
    """A record; `title` is its one-line name."""

    model_config = ConfigDict(frozen=True)

    ref: Ref
    title: str = ""


class Party(BaseModel):
    """Somebody in another record: the vendor's id of the person (or their address), and the name shown."""

    model_config = ConfigDict(frozen=True)

    id: str
    name: str = ""

    def __str__(self) -> str:
        return self.name or self.id


class Person(Record):
    """Somebody known to the system, a contact or a lead; `ref.id` is what its API takes."""

    email: str = ""
    handle: str = ""
    job_title: str = ""
    phone: str = ""
    company: str = ""
    timezone: str = ""
    status: str = ""
    source: str = ""
    role: str = ""
    labels: tuple[str, ...] = ()
    description: str = ""
    owner: Party | None = None
    is_active: bool = True


class Company(Record):
    """A company in a CRM, or the profile that it shows; `about` is its one line."""

    website: str = ""
    industry: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    about: str = ""
    description: str = ""
    owner: Party | None = None


class Channel(Record):
    """A place for messages or a calendar; `section` is what it stands under, `link` lets `uses` people in."""

    topic: str = ""
    is_private: bool = False
    is_archived: bool = False
    members: tuple[Party, ...] = ()
    admins: tuple[Party, ...] = ()
    size: int | None = None
    kind: str = ""
    section: str = ""
    link: str = ""
    uses: int | None = None
    expires_at: datetime | None = None


class Message(Record):
    """A message or comment; `text` is what it says, `options` the answers of a poll; `sent_at` is aware."""

    text: str = ""
    author: str = ""
    channel: str = ""
    thread: str = ""
    sent_at: datetime | None = None
    reactions: tuple[str, ...] = ()
    is_private: bool = False
    is_pinned: bool = False
    file: str = ""
    options: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    priority: str = ""


class Task(Record):
    """An issue, ticket of work or reminder; `section` is the list, column or group that it stands in,
    `fields` are those of the company's own."""

    description: str = ""
    status: str = ""
    kind: str = ""
    assignee: Party | None = None
    assignees: tuple[Party, ...] = ()
    reporter: Party | None = None
    priority: str = ""
    labels: tuple[str, ...] = ()
    project: str = ""
    section: str = ""
    followers: tuple[Party, ...] = ()
    parent: str = ""
    cycle: str = ""
    estimate: float | None = None
    due: date | None = None
    due_at: datetime | None = None
    recurrence: str = ""
    is_private: bool = False
    created_at: datetime | None = None
    updated_at: datetime | None = None
    checklist: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)
    comments: tuple[Message, ...] = ()


class Project(Record):
    """A project, team or board."""

    state: str = ""
    lead: Party | None = None
    health: str = ""
    target: date | None = None


class Event(Record):
    """Something with a beginning and an end that is not a meeting: a CI run, a cycle, a work log."""

    status: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    author: str = ""
    detail: str = ""
    location: str = ""
    seconds: int | None = None
    done: int | None = None
    total: int | None = None


class Meeting(Record):
    """A calendar entry or call; all-day entries have dates at midnight of the calendar's zone."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None
    is_all_day: bool = False
    location: str = ""
    description: str = ""
    organizer: Party | None = None
    guests: tuple[Party, ...] = ()
    responses: dict[str, str] = Field(default_factory=dict)
    video_url: str = ""
    recurrence: str = ""
    status: str = ""
    passcode: str = ""
    options: tuple[str, ...] = ()


class Deal(Record):
    """An opportunity."""

    stage: str = ""
    amount: Decimal | None = None
    currency: str = ""
    company: str = ""
    owner: Party | None = None
    closes_on: date | None = None
    is_open: bool = True
    next_step: str = ""
    lines: tuple[str, ...] = ()


class Ticket(Record):
    """A support case; `merged` are the ids of those that were folded into it."""

    status: str = ""
    priority: str = ""
    kind: str = ""
    requester: str = ""
    company: str = ""
    owner: Party | None = None
    group: Party | None = None
    labels: tuple[str, ...] = ()
    description: str = ""
    due_at: datetime | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    comments: tuple[Message, ...] = ()
    merged: tuple[str, ...] = ()


class Customer(Record):
    """Somebody who pays, or is paid; `balance` is what they owe, `owed` what we owe them."""

    email: str = ""
    phone: str = ""
    balance: Decimal | None = None
    owed: Decimal | None = None
    currency: str = ""
    spent: Decimal | None = None
    orders: int | None = None
    labels: tuple[str, ...] = ()
    updated_at: datetime | None = None
    company: str = ""
    address: str = ""
    tax_number: str = ""


class Payment(Record):
    """A payment, expense or refund; `amount` in major units of `currency` (ISO 4217, upper case).

    `account` is what the money went through, `category` what it was for.
    """

    amount: Decimal | None = None
    currency: str = ""
    status: str = ""
    customer: str = ""
    reason: str = ""
    paid_at: datetime | None = None
    paid_on: date | None = None
    reference: str = ""
    account: str = ""
    category: str = ""


class Invoice(Record):
    """An invoice, or a bill that came in (`customer` is the supplier then); amounts in major units of `currency`."""

    status: str = ""
    customer: str = ""
    total: Decimal | None = None
    due_amount: Decimal | None = None
    currency: str = ""
    due: date | None = None
    memo: str = ""
    lines: tuple[str, ...] = ()
    kind: str = ""
    issued: date | None = None
    reference: str = ""
    email: str = ""
    sent_at: datetime | None = None
    is_sent: bool = False


class Product(Record):
    """Something sold, or a link that sells it; `stock` is how many there are, `stock_by_place` of them where."""

    amount: Decimal | None = None
    currency: str = ""
    is_recurring: bool = False
    is_active: bool = True
    status: str = ""
    sku: str = ""
    description: str = ""
    labels: tuple[str, ...] = ()
    stock: int | None = None
    stock_by_place: dict[str, int] = Field(default_factory=dict)
    variants: tuple[str, ...] = ()
    updated_at: datetime | None = None


class Order(Record):
    """An order or subscription."""

    status: str = ""
    customer: str = ""
    amount: Decimal | None = None
    currency: str = ""
    renews_on: date | None = None
    ends_on: date | None = None
    payment: str = ""
    delivery: str = ""
    tracking: tuple[str, ...] = ()
    address: str = ""
    lines: tuple[str, ...] = ()
    discount: str = ""
    reason: str = ""
    note: str = ""
    labels: tuple[str, ...] = ()
    created_at: datetime | None = None
    updated_at: datetime | None = None


class Campaign(Record):
    """A marketing campaign, or a discount: `value` is what it takes off, `limit` how often it may be used."""

    status: str = ""
    subject: str = ""
    audience: str = ""
    sends_at: datetime | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    sender: str = ""
    description: str = ""
    owner: Party | None = None
    is_sent: bool = False
    value: str = ""
    minimum: Decimal | None = None
    limit: int | None = None


class Repository(Record):
    """A code repository, or a branch in one."""

    description: str = ""
    default_branch: str = ""
    branch: str = ""
    is_private: bool = False


class PullRequest(Record):
    """A pull or merge request; `checks` is how its latest pipeline stands."""

    status: str = ""
    author: Party | None = None
    head: str = ""
    base: str = ""
    reviewers: tuple[Party, ...] = ()
    is_draft: bool = False
    is_merged: bool = False
    mergeable: bool | None = None
    description: str = ""
    files: tuple[str, ...] = ()
    checks: str = ""
    updated_at: datetime | None = None


class Document(Record):
    """A file, page or release; `folder` is where it lies, `link` a shared one, `access` for whom that works.

    `shared_with` says who was let in, by address, and as what. `properties` are what a database entry holds, by name.
    """

    mime_type: str = ""
    text: str = ""
    color: str = ""
    owner: Party | None = None
    size: int | None = None
    folder: Party | None = None
    link: str = ""
    access: str = ""
    expires_at: datetime | None = None
    shared_with: dict[str, str] = Field(default_factory=dict)
    properties: dict[str, str] = Field(default_factory=dict)
    modified_at: datetime | None = None


class Figure(BaseModel):
    """One measured value of a report."""

    model_config = ConfigDict(frozen=True)

    name: str
    value: str


class Report(Record):
    """Figures, or an update on how something stands; `picture` is how it looks, and is kept nowhere."""

    text: str = ""
    health: str = ""
    figures: tuple[Figure, ...] = ()
    sections: tuple[str, ...] = Field(default=())
    project: str = ""
    owner: Party | None = None
    labels: tuple[str, ...] = ()
    updated_at: datetime | None = None
    picture: bytes = Field(default=b"", exclude=True, repr=False)


class Design(Record):
    """A design file or part of one; `editor` touched it last, `page` is where in the file a part of it lies."""

    project: str = ""
    page: str = ""
    description: str = ""
    editor: Party | None = None
    modified_at: datetime | None = None


class Remembered(Record):
    """Something that the assistant remembers; `title` says it, `source` is the turn it comes from."""

    text: str = ""
    kind: str = ""
    scope: str = ""
    owner: str = ""
    since: datetime | None = None
    source: str = ""
    confidence: float | None = None
