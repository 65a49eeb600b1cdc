"""Where a conversation stands and whose it is: what a message and a button have in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

from core.message import Audience, Message, Platform, Press
from core.principal import Principal


class Place(BaseModel):
    """A person in a thread of a platform. `key` names their state there, which is theirs alone."""

    model_config = ConfigDict(frozen=True)

    who: Principal
    platform: Platform
    conversation: str
    thread: str = ""
    audience: Audience = "direct"
    has_outsiders: bool = False

    @property
    def key(self) -> str:
        """`tenant:platform:conversation:thread:person`."""
        return f"{self.who.tenant}:{self.platform}:{self.conversation}:{self.thread}:{self.who.id}"


def place_of(origin: Message | Press) -> Place:
    """Where something was said or pressed."""
    return Place(
        who=origin.author if isinstance(origin, Message) else origin.by,
        platform=origin.platform,
        conversation=origin.conversation,
        thread=origin.thread,
        audience=origin.audience,
        has_outsiders=isinstance(origin, Message) and origin.has_outsiders,
    )
