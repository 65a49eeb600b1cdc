"""What Teams waits for an answer to: buttons, dialogs, thumbs. The answer comes at once, the work goes on after."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from bot.adapters.teams_activity import PRESSED, RATED, WISH, WISH_ASKED, WISHED, Activity, Deed
from bot.adapters.teams_turn import Turns
from bot.render.adaptive_card import CARD_TYPE
from bot.render.card_form import attached, note_card, wish_card
from core.errors import AtomError, Forbidden, NotFound
from core.message import PressAction

JSON = dict[str, Any]
Take = Callable[[Activity], Awaitable[None]]

ANSWER_S = 8.0
"""Teams waits some ten seconds; then it tells the person that the app does not answer."""

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
    """Answers invokes, within `answer_s`; `take` keeps what there is to do after the answer."""

    def __init__(self, turns: Turns, take: Take, answer_s: float) -> None:
        self._turns = turns
        self._take = take
        self._answer_s = answer_s

    async def answer(self, activity: Activity) -> tuple[int, JSON]:
        """The HTTP status and the body."""
        answers = {
            PRESSED: self._press,
            RATED: self._rate,
            WISH_ASKED: self._ask_wish,
            WISHED: self._take_wish,
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
        try:
            await self._take(activity)
        except AtomError as error:
            return {"statusCode": 200, "type": _MESSAGE, "value": error.sentence()}
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
        if activity.verdict:
            await self._take(activity)
        return {}

    # --- "do something with this message"

    async def _ask_wish(self, activity: Activity) -> JSON:
        quote = activity.quote
        if not quote.text:
            return _dialog(note_card("There are no words in this message."))
        return _dialog(wish_card(quote.text, quote.author, WISH))

    async def _take_wish(self, activity: Activity) -> JSON:
        if not activity.wish or not activity.quote.text:
            return _said(_EMPTY)
        try:
            async with asyncio.timeout(self._answer_s):
                await self._turns.private_chat(await self._turns.author(activity), activity.reference)
                await self._take(activity)
        except TimeoutError:
            return _said(_SLOW)
        except (Forbidden, NotFound):
            return _said(_NOT_ADDED)
        except AtomError as error:
            return _said(error.sentence())
        return _said(_ON_IT)


def _dialog(card: JSON) -> JSON:
    value = {"title": "Ask ATOM", "height": "medium", "width": "medium", "card": attached(card)}
    return {"task": {"type": "continue", "value": value}}


def _said(text: str) -> JSON:
    return {"task": {"type": "message", "value": text}}
