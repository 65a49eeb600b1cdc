"""What comes in from a chat platform and what goes back, in words that belong to none of them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import pydantic
from pydantic import BaseModel, ConfigDict

from core.principal import Principal
from core.tool import Effect

Platform = Literal["slack", "teams", "web", "terminal"]
PressAction = Literal[
    "approve",
    "reject",
    "choose",
    "undo",
    "edit",
    "share",
    "rate",
    "snooze",
    "less",
    "set",
    "connect",
    "disconnect",
    "forget",
]
Audience = Literal["direct", "channel"]
ReceiptStatus = Literal["done", "waiting", "failed", "unknown", "rejected", "not_understood"]


FieldKind = Literal["text", "number", "choice", "date", "yes-no"]
NoticeKind = Literal["reminder", "digest", "alert", "suggestion", "approval", "result"]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class Attachment(_Frozen):
    """A file that came with a message; `url` is where the adapter can fetch it, and no other."""

    id: str
    name: str
    media_type: str = ""
    size: int = 0
    url: str = ""


class Message(_Frozen):
    """Something a person wrote to the assistant.

    `id` is the platform's id of the event, the same when it is delivered again. `conversation` is the direct
    message or channel, `thread` the thread in it that the answer belongs to ("" where there is none).
    `text` is plain: markup is resolved, the mention of the assistant is taken out. `about` is what the text refers
    to, the message of a shortcut or the thread that the assistant was called into: words from outside, never orders.
    `has_outsiders` says that guests or members of other organisations read along.
    """

    id: str
    platform: Platform
    conversation: str
    thread: str = ""
    audience: Audience = "direct"
    author: Principal
    text: str
    sent_at: datetime
    about: str = ""
    files: tuple[Attachment, ...] = ()
    has_outsiders: bool = False

    @property
    def thread_key(self) -> str:
        """The conversation's key: turns with the same key share their history and never another tenant's."""
        return f"{self.author.tenant}:{self.platform}:{self.conversation}:{self.thread}"


class Press(_Frozen):
    """A button pressed, or an answer given in its place; `target` is the id of the approval, question or receipt."""

    id: str
    platform: Platform
    conversation: str
    thread: str = ""
    audience: Audience = "direct"
    by: Principal
    action: PressAction
    target: str
    value: str = ""
    pressed_at: datetime

    @property
    def thread_key(self) -> str:
        """The key of the conversation the button stands in."""
        return f"{self.by.tenant}:{self.platform}:{self.conversation}:{self.thread}"


class Button(_Frozen):
    """Something to press; `value` is what pressing it says, `confirm` what is asked before it counts."""

    label: str
    action: PressAction
    target: str
    value: str = ""
    style: Literal["plain", "primary", "danger"] = "plain"
    confirm: str = ""


class Text(_Frozen):
    """A paragraph in Markdown."""

    kind: Literal["text"] = "text"
    text: str


class Table(_Frozen):
    """Rows of cells; `links[i]` is the address of row i or ""."""

    kind: Literal["table"] = "table"
    title: str = ""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    links: tuple[str, ...] = ()


class Entry(_Frozen):
    """One line of a listing: plain text, a smaller second line, a link, and what can be done with it."""

    text: str
    detail: str = ""
    url: str = ""
    buttons: tuple[Button, ...] = ()


class Listing(_Frozen):
    """Things in lines of their own under a heading; `empty` is said where there are none."""

    kind: Literal["listing"] = "listing"
    title: str = ""
    entries: tuple[Entry, ...] = ()
    empty: str = ""
    buttons: tuple[Button, ...] = ()


class Picture(_Frozen):
    """An image, base64 of a PNG; `alt` says in words what it shows."""

    kind: Literal["picture"] = "picture"
    title: str = ""
    alt: str
    png: str


class PlanStep(_Frozen):
    """One call as a person reads it before approving: what it does and each exact argument."""

    tool: str
    title: str
    effect: Effect
    arguments: tuple[tuple[str, str], ...] = ()


class Plan(_Frozen):
    """A plan that waits for one approval by `asker`; the buttons carry `approval`."""

    kind: Literal["plan"] = "plan"
    approval: str
    asker: str
    steps: tuple[PlanStep, ...]
    expires_at: datetime


class Receipt(_Frozen):
    """What became of one intent. `key` and `url` were read back from the system, not taken from the request."""

    status: ReceiptStatus
    text: str
    key: str = ""
    url: str = ""
    undo: str = ""


class Receipts(_Frozen):
    """One line per intent, in the order asked; `undo` on a line is the id that an Undo button carries."""

    kind: Literal["receipts"] = "receipts"
    lines: tuple[Receipt, ...]


class Option(_Frozen):
    """One answer offered; `value` is what is said when it is chosen."""

    label: str
    value: str


class Field(_Frozen):
    """One argument of a plan that waits, as a form shows it; `step` counts from 1, as the plan does.

    `value` is what stands there now, in the words a person reads: a date as 2027-01-31, yes-no as `yes` or `no`,
    "" where nothing stands. What a form sends back is a press `edit` on the approval with a JSON object of texts by
    `key`; what is left out or unchanged stays as it is, and "" takes an argument away.
    """

    step: int
    parameter: str
    title: str
    label: str
    kind: FieldKind = "text"
    value: str = ""
    options: tuple[Option, ...] = ()
    is_required: bool = False
    is_long: bool = False

    @property
    def key(self) -> str:
        """The field's name in what a form sends back."""
        return f"{self.step}.{self.parameter}"


class Question(_Frozen):
    """One question, with buttons where the answers are known; `asker` is whom it is put to."""

    kind: Literal["question"] = "question"
    id: str
    asker: str
    text: str
    options: tuple[Option, ...] = ()


class Connect(_Frozen):
    """An invitation to connect an integration; shown to the asker alone."""

    kind: Literal["connect"] = "connect"
    integration: str
    name: str
    url: str
    text: str


class Failure(_Frozen):
    """What went wrong, what was kept, what to do next."""

    kind: Literal["failure"] = "failure"
    text: str
    next_step: str = ""


Part = Annotated[
    Text | Table | Listing | Picture | Plan | Receipts | Question | Connect | Failure,
    pydantic.Field(discriminator="kind"),
]


class Reply(_Frozen):
    """What the assistant says; `is_private` parts of the world see it only as the asker.

    `turn` is set where it answers something asked: what a button `rate` has as its target.
    `is_generated` says that a language model wrote words of it.
    """

    parts: tuple[Part, ...]
    is_private: bool = False
    is_generated: bool = False
    turn: str = ""

    @classmethod
    def of_text(cls, text: str) -> Reply:
        """A reply of one paragraph."""
        return cls(parts=(Text(text=text),))


class Notice(_Frozen):
    """Something worth saying to a person unasked.

    `signature` names the state that it tells of: the same state is told once, whatever the words. `subject` is the
    thing whose state it is: a newer notice of it replaces one that waits. `topic` is what sort it is within its kind
    (`review_requested`), for a person who wants fewer of these. `why` says in a sentence why it is sent; an urgent
    one waits for no quiet hours and no digest, and `not_before` is the moment before which it is not said.
    """

    tenant: str
    person: str
    kind: NoticeKind
    signature: str
    subject: str = ""
    topic: str = ""
    reply: Reply
    why: str
    is_urgent: bool = False
    not_before: datetime | None = None
    expires_at: datetime | None = None
