"""What Teams posts to the bot: the Bot Framework's activity, as far as the adapter reads it."""

from __future__ import annotations

import json
import mimetypes
import re
from datetime import UTC, datetime, timedelta
from typing import Any, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from bot.adapters.teams_quote import Quote, quote_of, verdict_of
from bot.adapters.teams_reference import Reference
from core.clock import Clock
from core.message import Attachment, Audience, Message, Press, PressAction
from core.principal import Principal

_THREAD = ";messageid="
_VERB = "atom."
_FILE = "application/vnd.microsoft.teams.file.download.info"
_ARGUMENT = re.compile(r"\d+\.\w+")
_OLD = timedelta(days=2)

SAID = ("message", "messageUpdate", "messageDelete")
PRESSED, RATED = "adaptiveCard/action", "message/submitAction"
WISH_ASKED, WISHED = "composeExtension/fetchTask", "composeExtension/submitAction"
WISH = "wish"
"""The input of the dialog that holds what a person wants done with a message."""
_TAG = re.compile(r"</?at\b[^>]*>", re.IGNORECASE)
_SPACES = re.compile(r"[ \t]{2,}")


class _Incoming(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", alias_generator=to_camel, populate_by_name=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_nulls(cls, data: Any) -> Any:
        return {k: v for k, v in data.items() if v is not None} if isinstance(data, dict) else data


class Account(_Incoming):
    """A person or a bot in a conversation; `aad_object_id` is the person's id in the directory."""

    id: str = ""
    name: str = ""
    aad_object_id: str = ""
    role: str = ""


class Conversation(_Incoming):
    """The chat or the channel's thread; a thread's id ends in `;messageid=…`."""

    id: str = ""
    conversation_type: str = ""
    is_group: bool = False
    tenant_id: str = ""


class Enclosure(_Incoming):
    """What is attached to a message; a file's `content` says where it can be fetched."""

    content_type: str = ""
    name: str = ""
    content: Any = None


class Deed(BaseModel):
    """What a pressed button means; a form's fields are a JSON object in `value`."""

    model_config = ConfigDict(frozen=True)

    action: PressAction
    target: str
    value: str = ""

    @property
    def is_opening(self) -> bool:
        """Whether it asks for the form that changes a plan."""
        return self.action == "edit" and not self.value


class Activity(_Incoming):
    """One event: a message, a pressed button (`invoke`), an installation."""

    type: str
    id: str = ""
    name: str = ""
    action: str = ""
    channel_id: str = ""
    service_url: str = ""
    sender: Account = Field(Account(), alias="from")
    recipient: Account = Account()
    conversation: Conversation = Conversation()
    text: str = ""
    value: Any = None
    reply_to_id: str = ""
    timestamp: datetime | None = None
    local_timezone: str = ""
    entities: tuple[dict[str, Any], ...] = ()
    attachments: tuple[Enclosure, ...] = ()
    members_added: tuple[Account, ...] = ()
    members_removed: tuple[Account, ...] = ()
    channel_data: dict[str, Any] = Field(default_factory=dict)

    @property
    def directory(self) -> str:
        """The Teams tenant's id, "" where none is given."""
        of_channel = self.channel_data.get("tenant")
        given = of_channel.get("id") if isinstance(of_channel, dict) else None
        return self.conversation.tenant_id or str(given or "")

    @property
    def is_personal(self) -> bool:
        """Whether the person and the bot are alone."""
        return self.conversation.conversation_type in ("personal", "") and not self.conversation.is_group

    @property
    def audience(self) -> Audience:
        """Who reads along."""
        return "direct" if self.is_personal else "channel"

    @property
    def place(self) -> str:
        """The chat or channel, without the thread."""
        return self.conversation.id.partition(_THREAD)[0]

    @property
    def thread(self) -> str:
        """The thread in a channel, "" in a chat."""
        return self.conversation.id.partition(_THREAD)[2]

    @property
    def message_event(self) -> str:
        """The id of the message within the tenant: its own id is unique only in its conversation."""
        return f"{self.conversation.id}/{self.id}"

    @property
    def event(self) -> str:
        """The event's id within the tenant: a message's own, and of what happened to it with the moment."""
        if not (self.is_edit or self.is_deletion):
            return self.message_event
        moment = self.timestamp.isoformat() if self.timestamp else ""
        return f"{self.message_event}/{self.type}/{moment}"

    @property
    def lane(self) -> str:
        """What is worked on in the order in which it came: one person's events in one conversation."""
        return f"{self.conversation.id}/{self.sender.id}"

    @property
    def timezone(self) -> str:
        """The sender's time zone by its IANA name."""
        try:
            return ZoneInfo(self.local_timezone).key if self.local_timezone else "UTC"
        except (ZoneInfoNotFoundError, ValueError):
            return "UTC"

    @property
    def is_by_bot(self) -> bool:
        """Whether a bot wrote it, this one included."""
        return self.sender.role == "bot" or self.sender.id.startswith("28:") or self.sender.id == self.recipient.id

    @property
    def is_mention(self) -> bool:
        """Whether the bot is addressed by name."""
        return any(self._mentioned(entity).id == self.recipient.id for entity in self._mentions)

    @property
    def is_install(self) -> bool:
        """Whether the bot has just been added to this conversation; an upgrade is not that."""
        if self.type == "installationUpdate":
            return self.action == "add"
        return self.type == "conversationUpdate" and any(m.id == self.recipient.id for m in self.members_added)

    @property
    def is_uninstall(self) -> bool:
        """Whether the bot has just been taken out of this conversation."""
        if self.type == "installationUpdate":
            return self.action == "remove"
        return self.type == "conversationUpdate" and any(m.id == self.recipient.id for m in self.members_removed)

    @property
    def is_edit(self) -> bool:
        """Whether a message was changed, or one taken back was put back."""
        return self.type == "messageUpdate"

    @property
    def is_deletion(self) -> bool:
        """Whether a message was taken back."""
        return self.type == "messageDelete"

    @property
    def is_old(self) -> bool:
        """Whether the message was first sent days ago: its id is that moment in milliseconds."""
        if not (self.id.isdecimal() and self.timestamp) or len(self.id) != 13:
            return False
        return self.timestamp - datetime.fromtimestamp(int(self.id) / 1000, UTC) > _OLD

    @property
    def files(self) -> tuple[Attachment, ...]:
        """The files that came along."""
        return tuple(_file(one) for one in self.attachments if one.content_type == _FILE)

    @property
    def said(self) -> str:
        """The text without markup: the bot's own mention is taken out, others become their names."""
        text = self.text.replace("&nbsp;", " ").replace("\xa0", " ")
        for entity in self._mentions:
            if self._mentioned(entity).id == self.recipient.id and entity.get("text"):
                text = text.replace(str(entity["text"]), " ")
        return _SPACES.sub(" ", _TAG.sub("", text)).strip()

    @property
    def deed(self) -> Deed | None:
        """The button that was pressed, by `Action.Execute` or its older twin `Action.Submit`."""
        value: Any = self.value if isinstance(self.value, dict) else {}
        action = value.get("action") if self.type == "invoke" else None
        data = action.get("data") if isinstance(action, dict) else value
        if not isinstance(data, dict):
            return None
        verb = str((action or {}).get("verb") or data.get("verb") or "").removeprefix(_VERB)
        target = str(data.get("target") or "")
        if verb not in get_args(PressAction) or not target:
            return None
        given = {key: str(one) for key, one in data.items() if _ARGUMENT.fullmatch(key) and one is not None}
        changed = json.dumps(given) if data.get("form") else ""
        return Deed(action=verb, target=target, value=changed or str(data.get("value") or ""))

    @property
    def quote(self) -> Quote:
        """The message that the assistant was called on."""
        return quote_of(self.value)

    @property
    def wish(self) -> str:
        """What is to be done with that message."""
        data = self.value.get("data") if isinstance(self.value, dict) else None
        return str(data.get(WISH) or "").strip() if isinstance(data, dict) else ""

    @property
    def verdict(self) -> str:
        """`up` or `down`, and on a line of its own why; "" where it is no rating."""
        return verdict_of(self.value)

    @property
    def reference(self) -> Reference:
        """Where the answer goes."""
        return Reference(
            service_url=self.service_url,
            channel_id=self.channel_id,
            conversation=self.conversation.id,
            is_personal=self.is_personal,
            bot=self.recipient.id,
            user=self.sender.id,
            user_name=self.sender.name,
            directory=self.directory,
        )

    @property
    def _mentions(self) -> list[dict[str, Any]]:
        return [entity for entity in self.entities if entity.get("type") == "mention"]

    @staticmethod
    def _mentioned(entity: dict[str, Any]) -> Account:
        given = entity.get("mentioned")
        return Account.model_validate(given) if isinstance(given, dict) else Account()


def _file(enclosure: Enclosure) -> Attachment:
    content = enclosure.content if isinstance(enclosure.content, dict) else {}
    kind = str(content.get("fileType") or "")
    return Attachment(
        id=str(content.get("uniqueId") or enclosure.name),
        name=enclosure.name,
        media_type=mimetypes.guess_type(f"x.{kind}" if kind else enclosure.name)[0] or "",
        url=str(content.get("downloadUrl") or ""),
    )


def to_message(activity: Activity, author: Principal, clock: Clock, *, has_outsiders: bool = False) -> Message:
    """The message that a `message` activity carries."""
    return Message(
        id=activity.id,
        platform="teams",
        conversation=activity.place,
        thread=activity.thread,
        audience=activity.audience,
        author=author,
        text=activity.said,
        sent_at=activity.timestamp or clock(),
        files=activity.files,
        has_outsiders=has_outsiders,
    )


def to_wish(activity: Activity, author: Principal, conversation: str, clock: Clock) -> Message:
    """The message that a wish about somebody's message is, in the person's own chat."""
    return Message(
        id=activity.id,
        platform="teams",
        conversation=conversation,
        author=author,
        text=activity.wish,
        sent_at=activity.timestamp or clock(),
        about=activity.quote.said,
    )


def to_press(activity: Activity, deed: Deed, by: Principal, clock: Clock) -> Press:
    """The press that an activity with a button's data carries."""
    return Press(
        id=activity.id,
        platform="teams",
        conversation=activity.place,
        thread=activity.thread,
        audience=activity.audience,
        by=by,
        action=deed.action,
        target=deed.target,
        value=deed.value,
        pressed_at=activity.timestamp or clock(),
    )
