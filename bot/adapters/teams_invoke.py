"""What Teams waits for an answer to: buttons, dialogs, thumbs. The answer comes at once, the work goes on after."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from bot.adapters.teams_activity import Activity, Deed
from bot.adapters.teams_quote import Quote, quote_of
from bot.adapters.teams_turn import Turns
from bot.render.adaptive_card import CARD_TYPE
from bot.render.card_form import WISH, attached, note_card, wish_card
from core.clock import Clock
from core.errors import AtomError, Forbidden, NotFound
from core.log import logger
from core.message import Message, PressAction

JSON = dict[str, Any]
Spawn = Callable[[Coroutine[Any, Any, None]], None]

ANSWER_S = 8.0
"""Teams waits some ten seconds; then it tells the person that the app does not answer."""

_log = logger(__name__)
_MESSAGE = "application/vnd.microsoft.activity.message"
_ERROR = "application/vnd.microsoft.error"
_TAKEN: dict[PressAction, str] = {
    "approve": "On it.",
    "reject": "Cancelling it.",
    "choose": "Got it.",
    "undo": "Taking it back.",
    "edit": "Making the new plan.",
}
_SLOW = "That takes me too long just now. Please try again in a moment."
_ON_IT = "I am on it; the answer comes in our private chat."
_NOT_ADDED = "Teams does not let me write to you in private. Add me to your own apps in Teams, then try again."
_EMPTY = "You did not say what to do with it. I did nothing."


class Invokes:
    """Answers invokes, within `answer_s`; `spawn` takes the work that goes on after the answer."""

    def __init__(self, turns: Turns, spawn: Spawn, clock: Clock, answer_s: float) -> None:
        self._turns = turns
        self._spawn = spawn
        self._clock = clock
        self._answer_s = answer_s

    async def answer(self, activity: Activity) -> tuple[int, JSON]:
        """The HTTP status and the body."""
        answers = {
            "adaptiveCard/action": self._press,
            "message/submitAction": self._rate,
            "composeExtension/fetchTask": self._ask_wish,
            "composeExtension/submitAction": self._take_wish,
        }
        answer = answers.get(activity.name)
        return (200, await answer(activity)) if answer else (501, {})

    # --- buttons

    async def _press(self, activity: Activity) -> JSON:
        deed = activity.deed
        if deed is None:
            error = {"code": "BadRequest", "message": "This button is not one of mine."}
            return {"statusCode": 400, "type": _ERROR, "value": error}
        if deed.is_opening:
            return await self._open(activity, deed)
        self._spawn(self._turns.answer(activity, self._turns.press(activity, deed)))
        return {"statusCode": 200, "type": _MESSAGE, "value": _TAKEN.get(deed.action, "Got it.")}

    async def _open(self, activity: Activity, deed: Deed) -> JSON:
        """The form, in the place of the card, for the one who pressed alone."""
        try:
            async with asyncio.timeout(self._answer_s):
                form = await self._turns.form(await self._turns.author(activity), deed)
        except TimeoutError:
            return {"statusCode": 200, "type": _MESSAGE, "value": _SLOW}
        except AtomError as error:
            return {"statusCode": 200, "type": _MESSAGE, "value": error.sentence()}
        return {"statusCode": 200, "type": CARD_TYPE, "value": form}

    async def _rate(self, activity: Activity) -> JSON:
        verdict = _verdict(activity.value)
        if verdict:
            self._spawn(self._turns.answer(activity, self._turns.rate(activity, verdict)))
        return {}

    # --- "do something with this message"

    async def _ask_wish(self, activity: Activity) -> JSON:
        quote = quote_of(activity.value)
        card = wish_card(quote.text, quote.author) if quote.text else note_card("There are no words in this message.")
        return _dialog(card)

    async def _take_wish(self, activity: Activity) -> JSON:
        quote, wish = quote_of(activity.value), _wish(activity.value)
        if not wish or not quote.text:
            return _said(_EMPTY)
        try:
            async with asyncio.timeout(self._answer_s):
                work = await self._begun(activity, quote, wish)
        except TimeoutError:
            return _said(_SLOW)
        except (Forbidden, NotFound):
            return _said(_NOT_ADDED)
        except AtomError as error:
            return _said(error.sentence())
        if work is not None:
            self._spawn(work)
        return _said(_ON_IT)

    async def _begun(self, activity: Activity, quote: Quote, wish: str) -> Coroutine[Any, Any, None] | None:
        """The work, with its answer in the person's private chat; None where it is under way already."""
        author = await self._turns.author(activity)
        chat = await self._turns.private_chat(author, activity.reference)
        if not await self._turns.is_new(activity):
            return None
        message = Message(
            id=activity.id,
            platform="teams",
            conversation=chat.conversation,
            author=author,
            text=wish,
            sent_at=activity.timestamp or self._clock(),
            about=quote.said,
        )
        sink = self._turns.sink(chat, author.tenant, author.id, asked=activity.id)
        return self._turns.answer(activity, self._turns.wish(message, sink), chat)


def _dialog(card: JSON) -> JSON:
    value = {"title": "Ask ATOM", "height": "medium", "width": "medium", "card": attached(card)}
    return {"task": {"type": "continue", "value": value}}


def _said(text: str) -> JSON:
    return {"task": {"type": "message", "value": text}}


def _wish(value: Any) -> str:
    data = value.get("data") if isinstance(value, dict) else None
    return str(data.get(WISH) or "").strip() if isinstance(data, dict) else ""


def _verdict(value: Any) -> str:
    """`up` or `down`, and on a line of its own why; "" where it is no rating."""
    given = value.get("actionValue") if isinstance(value, dict) and value.get("actionName") == "feedback" else None
    if not isinstance(given, dict):
        return ""
    thumb = {"like": "up", "dislike": "down"}.get(str(given.get("reaction")), "")
    try:
        reason = json.loads(given.get("feedback") or "{}").get("feedbackText") or ""
    except (ValueError, AttributeError, TypeError):
        reason = ""
    return "\n".join(filter(None, (thumb, str(reason).strip()))) if thumb else ""
