"""Cards that ask: the form that changes a plan, and the one that takes a wish about somebody's message."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from bot.render.adaptive_card import CARD_TYPE, LIMIT, escape
from core.message import Field

JSON = dict[str, Any]

_YES_NO = (("Yes", "yes"), ("No", "no"))
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_QUOTE = 300


def form_card(approval: str, fields: Sequence[Field]) -> JSON:
    """The form in which a plan's arguments are changed; what would not fit in a card is left out and said."""
    body: list[JSON] = [{"type": "TextBlock", "text": "Change the plan", "weight": "Bolder", "size": "Medium"}]
    left_out = 0
    for (_, title), of_step in groupby(fields, key=lambda one: (one.step, one.title)):
        body.append({"type": "TextBlock", "text": escape(title), "weight": "Bolder", "wrap": True})
        for field in of_step:
            element = _input(field)
            fits = _size(body) + _size([element]) < LIMIT
            left_out += not fits
            body += [element] if fits else []
    if left_out:
        body.append({"type": "TextBlock", "text": "What is too long to stand here keeps its value.", "wrap": True})
    save = _press("Show the new plan", approval, style="positive")
    back = {**_press("Back", approval), "associatedInputs": "none"}
    return _card([*body, {"type": "ActionSet", "actions": [save, back]}])


def wish_card(about: str, author: str, name: str) -> JSON:
    """The dialog that asks, in the input `name`, what to do with a message of `author`."""
    short = about if len(about) <= _QUOTE else f"{about[: _QUOTE - 1]}…"
    quote = [
        {"type": "TextBlock", "text": escape(author or "A message"), "weight": "Bolder", "wrap": True},
        {"type": "TextBlock", "text": escape(short), "wrap": True, "isSubtle": True},
    ]
    asked = {
        "type": "Input.Text",
        "id": name,
        "label": "What should I do with it?",
        "placeholder": "Make a ticket of this in PAY",
        "isMultiline": True,
        "isRequired": True,
        "errorMessage": "Say what should be done.",
        "maxLength": 4_000,
    }
    return _card([{"type": "Container", "style": "emphasis", "items": quote}, asked], [_submit("Go ahead")])


def note_card(text: str) -> JSON:
    """A card that only says something."""
    return _card([{"type": "TextBlock", "text": escape(text), "wrap": True}])


def attached(card: JSON) -> JSON:
    """A card as a message or a dialog carries it."""
    return {"contentType": CARD_TYPE, "content": card}


def _card(body: Sequence[JSON], actions: Sequence[JSON] = ()) -> JSON:
    card: JSON = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.5",
        "body": list(body),
    }
    return {**card, "actions": list(actions)} if actions else card


def _input(field: Field) -> JSON:
    element: JSON = {"id": field.key, "label": field.label, "isRequired": field.is_required}
    if field.is_required:
        element["errorMessage"] = "This is needed."
    if field.value:
        element["value"] = field.value
    if field.kind in ("choice", "yes-no"):
        pairs = _YES_NO if field.kind == "yes-no" else [(one.label, one.value) for one in field.options]
        none = [] if field.is_required else [{"title": "–", "value": ""}]
        choices = [{"title": title, "value": value} for title, value in pairs]
        return {"type": "Input.ChoiceSet", "style": "compact", "choices": [*choices, *none], **element}
    if field.kind == "date" and (not field.value or _DATE.fullmatch(field.value)):
        return {"type": "Input.Date", **element}
    if field.kind == "number" and (not field.value or _NUMBER.fullmatch(field.value)):
        number = {"value": float(field.value) if "." in field.value else int(field.value)} if field.value else {}
        return {"type": "Input.Number", **element, **number}
    return {"type": "Input.Text", "isMultiline": field.is_long, **element}


def _press(title: str, approval: str, style: str = "default") -> JSON:
    data = {"verb": "atom.edit", "target": approval, "form": "1"}
    shown = {"title": title, "style": style, "data": data}
    return {"type": "Action.Execute", "verb": "atom.edit", **shown, "fallback": {"type": "Action.Submit", **shown}}


def _submit(title: str) -> JSON:
    return {"type": "Action.Submit", "title": title, "style": "positive", "data": {}}


def _size(elements: Sequence[JSON]) -> int:
    return len(str(elements))
