"""Properties of a Notion page: as words, from words, and back to what they were."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from core.errors import Rejected

Item = Mapping[str, Any]
Schema = Mapping[str, Item]  # a property's name to what Notion says of it: its type, its options

READ_ONLY = {
    "formula", "rollup", "created_time", "last_edited_time", "created_by", "last_edited_by", "unique_id", "button",
    "files", "verification", "place",
}  # fmt: skip
YES = {"yes", "true", "done", "checked", "on", "x", "1", "ticked"}
NO = {"no", "false", "unchecked", "off", "0", "not done", "unticked"}
EMPTY = {"", "empty", "none", "nobody", "nothing", "-"}
_JOINT = re.compile(r"^\s*(?::|=|\bis\b|\bto\b|\bas\b|->|→)?\s*", re.IGNORECASE)
_FILLER = re.compile(r"^\s*(?:(?:and|as|set|mark|make|change|update|it|the|to|please)\b\s*)+|\band\s*$", re.IGNORECASE)
_MONTHS = "january february march april may june july august september october november december".split()
_DAYS = "monday tuesday wednesday thursday friday saturday sunday".split()


def plain(pieces: Any) -> str:
    """The words of rich text."""
    return "".join(str(one.get("plain_text") or (one.get("text") or {}).get("content") or "") for one in pieces or ())


def shown(value: Item) -> str:
    """A property's value as words; "" for none."""
    kind = str(value.get("type") or "")
    held = value.get(kind)
    if held is None or kind == "button":
        return ""
    if kind in ("title", "rich_text"):
        return plain(held)
    if kind in ("select", "status"):
        return str(held.get("name") or "")
    if kind == "checkbox":
        return "yes" if held else "no"
    if kind == "date":
        return " to ".join(str(held[end]) for end in ("start", "end") if held.get(end))
    if kind == "unique_id":
        return "-".join(str(held[part]) for part in ("prefix", "number") if held.get(part) is not None)
    if kind == "formula":
        return shown({"type": held.get("type"), str(held.get("type")): held.get(str(held.get("type")))})
    if kind == "rollup":
        return shown({"type": held.get("type"), str(held.get("type")): held.get(str(held.get("type")))})
    if isinstance(held, list):
        return ", ".join(filter(None, (_one(one) for one in held)))
    if isinstance(held, Mapping):
        return str(held.get("name") or "")
    return str(int(held) if isinstance(held, float) and held.is_integer() else held)


def _one(item: Any) -> str:
    if not isinstance(item, Mapping):
        return str(item)
    if "type" in item and item["type"] in item and item["type"] != "person":
        return shown(item)
    return str(item.get("name") or item.get("id") or "")


def former(value: Item) -> dict[str, Any]:
    """A value as it can be set again."""
    kind = str(value["type"])
    held = value.get(kind)
    if kind in ("title", "rich_text"):
        kept = ("type", "text", "mention", "equation", "annotations")
        return {kind: [{name: one[name] for name in kept if name in one} for one in held or ()]}
    if kind in ("select", "status"):
        return {kind: {"name": held["name"]} if held else None}
    if kind == "multi_select":
        return {kind: [{"name": one["name"]} for one in held or ()]}
    if kind in ("people", "relation"):
        return {kind: [{"id": one["id"]} for one in held or ()]}
    return {kind: held}


def parted(text: str, schema: Schema) -> dict[str, str]:
    """Names of properties with the words that are meant for them, out of `status: Shipped, owner Ines`.

    A piece without a name may be an option that only one property has.

    Raises:
        Rejected: a piece is meant for no property.
    """
    found: dict[str, str] = {}
    spans = _named(text, schema)
    begin = spans[0][0] if spans else len(text)
    loose = [piece for piece in re.split(r"[;,\n]", text[:begin]) if piece.strip(" .")]
    for place, (_, end, name) in enumerate(spans):
        until = spans[place + 1][0] if place + 1 < len(spans) else len(text)
        value = _JOINT.sub("", text[end:until], count=1)
        found[name] = re.sub(r"[\s,;.]+(?:and)?[\s,;.]*$", "", value, flags=re.IGNORECASE).strip("\"'“” ")
    for piece in loose:
        words = _FILLER.sub("", piece).strip(" .")
        if not words:
            continue
        owner = option_of(words, schema)
        if owner is None:
            raise Rejected(f"“{words}” is meant for no property; there are {', '.join(schema)}.")
        found.setdefault(owner, words)
    return found


def option_of(words: str, schema: Schema) -> str | None:
    """The one property that has an option, or a yes and no, of this name."""
    wanted = words.casefold()
    owners = [name for name, about in schema.items() if wanted in {one.casefold() for one in options(about)}]
    if not owners:
        owners = [name for name, about in schema.items() if about["type"] == "checkbox" and name.casefold() == wanted]
    return owners[0] if len(owners) == 1 else None


def options(about: Item) -> list[str]:
    """What may be chosen."""
    kind = str(about["type"])
    if kind not in ("select", "multi_select", "status"):
        return []
    return [str(one["name"]) for one in (about.get(kind) or {}).get("options") or ()]


def written(
    name: str, about: Item, words: str, today: date, people: Mapping[str, str], pages: Mapping[str, str]
) -> dict[str, Any]:
    """A property's value out of words. `people` and `pages` are ids by the words that mean them.

    Raises:
        Rejected: the words do not fit the property.
    """
    kind = str(about["type"])
    if kind in READ_ONLY:
        raise Rejected(f"“{name}” is filled in by Notion itself, or cannot be set from here.", fields={name: kind})
    if kind == "checkbox":
        if words.casefold() not in YES | NO | {"", name.casefold()}:
            raise Rejected(f"“{name}” is yes or no, not “{words}”.", fields={name: "yes or no"})
        return {kind: words.casefold() not in NO}
    if words.casefold() in EMPTY:
        return {kind: [] if kind in ("title", "rich_text", "multi_select", "people", "relation") else None}
    make: dict[str, Callable[[], Any]] = {
        "title": lambda: _text(words),
        "rich_text": lambda: _text(words),
        "number": lambda: number(name, words),
        "select": lambda: {"name": chosen(name, about, words)},
        "status": lambda: {"name": chosen(name, about, words)},
        "multi_select": lambda: [{"name": chosen(name, about, one)} for one in several(words)],
        "date": lambda: {"start": day(name, words, today).isoformat()},
        "people": lambda: [{"id": people[one]} for one in several(words)],
        "relation": lambda: [{"id": pages[one]} for one in several(words)],
    }
    return {kind: make[kind]() if kind in make else words}


def several(words: str) -> list[str]:
    """A list as people write it."""
    return [one.strip() for one in re.split(r",|;|\band\b|&", words) if one.strip()]


def chosen(name: str, about: Item, words: str) -> str:
    """The option that is meant.

    Raises:
        Rejected: there is none of that name.
    """
    there = options(about)
    wanted = words.casefold().strip(" .\"'")
    best = next((one for one in there if one.casefold() == wanted), None)
    near = [one for one in there if wanted and one.casefold().startswith(wanted)]
    if best is None and len(near) == 1:
        best = near[0]
    if best is None:
        raise Rejected(f"“{name}” can be {', '.join(there)}, not “{words}”.", fields={name: "no such option"})
    return best


def number(name: str, words: str) -> float:
    """A number, with or without its unit.

    Raises:
        Rejected: it is none.
    """
    found = re.search(r"-?\d[\d,]*(?:\.\d+)?", words)
    if not found:
        raise Rejected(f"“{name}” is a number, not “{words}”.", fields={name: "a number"})
    value = float(found.group().replace(",", ""))
    return value / 100 if words.strip().endswith("%") else value


def day(name: str, words: str, today: date) -> date:
    """A day in ISO 8601, by name, or as `4 May`.

    Raises:
        Rejected: it is none.
    """
    text = re.sub(r"(\d)(?:st|nd|rd|th)\b|\b(?:on|by|the|of|next|this|coming)\b|,", r"\1 ", words.casefold()).strip()
    near = {"today": 0, "tomorrow": 1, "yesterday": -1}
    if text in near:
        return today + timedelta(days=near[text])
    if text[:3] in [one[:3] for one in _DAYS] and text.isalpha():
        place = [one[:3] for one in _DAYS].index(text[:3])
        return today + timedelta(days=(place - today.weekday() - 1) % 7 + 1)
    try:
        return datetime.fromisoformat(text).date()
    except ValueError:
        pass
    parts = text.split()
    month = next((place for place, one in enumerate(_MONTHS, 1) for part in parts if part[:3] == one[:3]), 0)
    numbers = [int(part) for part in parts if part.isdigit()]
    year = next((one for one in numbers if one > 999), today.year)
    of_month = next((one for one in numbers if 0 < one <= 31), 0)
    try:
        return date(year, month, of_month)
    except ValueError:
        raise Rejected(f"“{name}” is a day, not “{words}”.", fields={name: "a day such as 2027-01-31"}) from None


def of_kind(parts: Mapping[str, str], schema: Schema, kind: str) -> Sequence[str]:
    """The words that are meant for properties of one type, one by one."""
    given = [words for name, words in parts.items() if schema[name]["type"] == kind]
    return [one for words in given if words.casefold() not in EMPTY for one in several(words)]


def _text(words: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": words}}]


def _named(text: str, schema: Schema) -> list[tuple[int, int, str]]:
    """Where names of properties stand: at the beginning, or after a comma, a line or an “and”."""
    found: list[tuple[int, int, str]] = []
    for name in sorted(schema, key=len, reverse=True):
        pattern = rf"(?:^|[,;\n]|\band\b|\bset\b|\bthe\b)\s*(?:the\s+)?({re.escape(name)})(?!\w)"
        for hit in re.finditer(pattern, text, re.IGNORECASE):
            if all(hit.end(1) <= start or hit.start(1) >= end for start, end, _ in found):
                found.append((hit.start(1), hit.end(1), name))
    return sorted(found)
