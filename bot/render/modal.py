"""Slack's forms: the one that changes a plan, and the one that asks what to do with a message."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from bot.render.block import Block, cut, plain
from core.message import Field

EDIT, ASK, WISH = "atom:edit", "atom:wish", "wish"
_BLOCKS, _OPTIONS, _LABEL, _TEXT, _META = 98, 100, 75, 3_000, 2_900
_NUMBER = re.compile(r"[-+]?\d+([.,]\d+)?")

JSON = dict[str, Any]


def edit_view(approval: str, origin: str, fields: Sequence[Field]) -> JSON:
    """The form in which a plan's arguments are changed; what does not fit stays as it is, and is said to."""
    blocks: list[Block] = []
    for (_, title), of_step in groupby(fields, key=lambda one: (one.step, one.title)):
        blocks.append({"type": "header", "text": plain(cut(title or "Step", 150))})
        blocks += [_input(field) for field in of_step if len(field.value) <= _TEXT]
    if len(blocks) > _BLOCKS or any(len(field.value) > _TEXT for field in fields):
        blocks = [
            *blocks[:_BLOCKS],
            {"type": "section", "text": plain("What is too long to stand here stays as it is.")},
        ]
    return _modal(EDIT, "Change the plan", "Show it", blocks, {"approval": approval, "origin": origin})


def wish_view(about: str, channel: str) -> JSON:
    """The form that asks what to do with a message."""
    asked = {
        "type": "input",
        "block_id": f"text:{WISH}",
        "label": plain("What should I do with it?"),
        "element": {
            "type": "plain_text_input",
            "action_id": WISH,
            "multiline": True,
            "max_length": _TEXT,
            "placeholder": plain("Make a ticket of this in PAY"),
        },
    }
    quote = {"type": "section", "text": plain(cut(about or "A message without words", 500))}
    return _modal(ASK, "Do something", "Go ahead", [quote, asked], {"about": about[: _META // 6], "channel": channel})


def answers(view: Mapping[str, Any]) -> dict[str, str]:
    """What was filled in, by the field's key."""
    given = {}
    for values in view["state"]["values"].values():
        for key, one in values.items():
            chosen = (one.get("selected_option") or {}).get("value")
            given[key] = str(one.get("value") or one.get("selected_date") or chosen or "")
    return given


def problems(view: Mapping[str, Any]) -> dict[str, str]:
    """What does not fit, by the block it stands in."""
    wrong = {}
    for block, values in view["state"]["values"].items():
        for one in values.values():
            text = str(one.get("value") or "").strip()
            if block.startswith("number:") and text and not _NUMBER.fullmatch(text):
                wrong[block] = "This must be a number."
    return wrong


def _input(field: Field) -> Block:
    return {
        "type": "input",
        "block_id": f"{field.kind}:{field.key}"[:255],
        "optional": not field.is_required,
        "label": plain(cut(field.label, _LABEL)),
        "element": {"action_id": field.key, **_element(field)},
    }


def _element(field: Field) -> Block:
    if field.kind == "date" and (not field.value or re.fullmatch(r"\d{4}-\d{2}-\d{2}", field.value)):
        return {"type": "datepicker", **({"initial_date": field.value} if field.value else {})}
    pairs = [("Yes", "yes"), ("No", "no")] if field.kind == "yes-no" else [(o.label, o.value) for o in field.options]
    fits = 0 < len(pairs) <= _OPTIONS and all(value and len(value) <= 150 for _, value in pairs)
    if fits and (not field.value or field.value in [value for _, value in pairs]):
        options = [{"text": plain(cut(label, _LABEL)), "value": value} for label, value in pairs]
        chosen = [one for one in options if one["value"] == field.value]
        return {"type": "static_select", "options": options, **({"initial_option": chosen[0]} if chosen else {})}
    initial = {"initial_value": field.value} if field.value else {}
    return {"type": "plain_text_input", "multiline": field.is_long, "max_length": _TEXT, **initial}


def _modal(name: str, title: str, submit: str, blocks: Sequence[Block], kept: Mapping[str, str]) -> JSON:
    return {
        "type": "modal",
        "callback_id": name,
        "title": plain(title),
        "submit": plain(submit),
        "close": plain("Back"),
        "blocks": list(blocks),
        "private_metadata": json.dumps(kept),
    }
