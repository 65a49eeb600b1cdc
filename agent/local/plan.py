"""Clauses to an ordered plan: references to earlier calls, arguments folded into them, one call for each object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.local.context import Context
from agent.local.form import kind_of
from agent.local.role import role_of
from agent.local.text import fold
from agent.local.word import DETERMINER, PRONOUN
from core.tool import Call, Tool

_NOUNS = frozenset(
    "issue ticket bug task story link url pr event meeting invite channel invoice deal opportunity opp lead case record message thread "
    "contact account payment subscription one number key page doc file result results details summary card id post new same last".split()
)
_SAME_THING = {"add_labels": ("labels",), "add": ("guests", "members", "people"), "people": ("members", "guests"), "assignee": ("assignee", "assignees", "owner"),
               "assignees": ("assignees", "assignee"), "labels": ("labels", "add_labels"), "owner": ("owner", "assignee")}  # fmt: skip
_FOLDERS = frozenset("assign set make label tag give mark put prioritise prioritize invite add due hand with".split())


@dataclass
class Draft:
    """A call being made: its arguments, the words behind them, and how sure it is."""

    tool: Tool
    args: dict[str, Any]
    words: dict[str, str] = field(default_factory=dict)
    confidence: float = 0.0
    text: str = ""
    impossible: str = ""

    @property
    def missing(self) -> tuple[str, ...]:
        """Required parameters that are not there."""
        return self.tool.missing(self.args)


def is_pointer(value: Any) -> bool:
    """Whether a value is no name but points at something said before: "it", "the ticket", "that one"."""
    if not isinstance(value, str):
        return False
    words = fold(value).split()
    if not words or len(words) > 4:
        return False
    if all(w in PRONOUN or w in DETERMINER for w in words):
        return True
    if words[0] in DETERMINER | {"new", "its"} and words[0] != "a":
        return all(
            w in _NOUNS or w in PRONOUN or w in ("to", "of", "second", "first", "third", "just", "created", "we")
            for w in words[1:]
        )
    return words[0] in ("link", "url") and len(words) <= 3


def linked(drafts: Sequence[Draft], context: Context) -> list[Draft]:
    """Drafts with pointers and missing objects filled from earlier calls of the plan, or from the conversation."""
    made: list[Draft] = []
    for draft in drafts:
        if made and (folded := _folded(made[-1], draft)) is not None:
            made[-1] = folded
            continue
        made.append(_resolved(draft, made, context))
    return made


def _resolved(draft: Draft, earlier: Sequence[Draft], context: Context) -> Draft:
    args, words = dict(draft.args), dict(draft.words)
    for name in _objects(draft.tool):
        value = args.get(name)
        if isinstance(value, str) and fold(value) in ("him", "her", "them") and (person := _person(earlier)):
            args[name] = person
            continue
        if value is not None and not is_pointer(value):
            continue
        if value is None and name not in draft.tool.required and name not in draft.tool.one_of:
            continue
        found = _from_plan(draft, name, earlier)
        if found is None:
            found = context.find(str(value or draft.text), draft.tool, name)
        if found is not None:
            args[name] = found
            words.setdefault(name, str(value or ""))
        elif is_pointer(value):
            args.pop(name, None)
            words.pop(name, None)
    _texts(draft, args, words, earlier, context)
    return replace(draft, args=args, words=words)


def _person(earlier: Sequence[Draft]) -> str:
    """The person last named in the plan."""
    for before in reversed(earlier):
        for name, schema in before.tool.properties.items():
            value = before.args.get(name)
            if "person" in kind_of(schema) and value:
                return str(value[0] if isinstance(value, list) else value)
    return ""


def _objects(tool: Tool) -> list[str]:
    """Parameters that name a record."""
    return [
        name
        for name, schema in tool.properties.items()
        if (
            role_of(name) in ("thing", "place", "firm", "branch")
            and kind_of(schema) in ("string", "id", "number", "enum")
        )
        or name in ("object",)
    ]


def _from_plan(draft: Draft, name: str, earlier: Sequence[Draft]) -> Any:
    """The same argument of an earlier call, or a reference to what it makes."""
    for n in range(len(earlier) - 1, -1, -1):
        before = earlier[n]
        if before.tool.integration != draft.tool.integration:
            continue
        if name in before.args:
            return before.args[name]
        if role_of(name) == "thing" or name in ("number",):
            return {"$ref": n, "field": _field(name)}
        if name == "channel" and "channel" in before.tool.id:
            return {"$ref": n, "field": "id"}
    return None


def _field(name: str) -> str:
    return {"issue": "key", "number": "number"}.get(name, "id")


def _texts(
    draft: Draft, args: dict[str, Any], words: dict[str, str], earlier: Sequence[Draft], context: Context
) -> None:
    """A message without text, or whose text is "the link" or "it", carries the link of the call before."""
    for name, schema in draft.tool.properties.items():
        if kind_of(schema) != "text" or draft.tool.effect == "read":
            continue
        value = args.get(name)
        if not earlier:
            is_open = (
                value is None and name in draft.tool.required and any(w in PRONOUN for w in fold(draft.text).split())
            )
            if (is_pointer(value) or is_open) and context.things:
                url = context.things[0][0].value("url")
                if url:
                    args[name] = str(url)
            continue
        last = len(earlier) - 1
        if (
            (value is None and name in draft.tool.required)
            or is_pointer(value)
            or (isinstance(value, str) and re.fullmatch(r"(?:about |with )?(?:it|this|that)", fold(value)))
        ):
            args[name] = {"$ref": last, "field": "url"}
            words.setdefault(name, str(value or ""))
        elif isinstance(value, str) and (match := _LINK_WORDS.search(value)):
            args[name] = value[: match.start()] + "{{" + f"{last}.url" + "}}" + value[match.end() :]


_LINK_WORDS = re.compile(r"\b(?:the|its|a|with the) (?:link|url)(?: to it)?\b", re.I)


def _folded(before: Draft, draft: Draft) -> Draft | None:
    """Both as one call, where the second only adds arguments to what the first makes or changes."""
    if before.tool.integration != draft.tool.integration or draft.tool.effect != "write":
        return None
    first = draft.text.split()[0].lower() if draft.text.split() else ""
    objects = [n for n in _objects(draft.tool) if n in draft.tool.required]
    pointed = all(
        n not in draft.args or is_pointer(draft.args[n]) or draft.args[n] == before.args.get(n) for n in objects
    )
    if not pointed or (draft.tool.id != before.tool.id and first not in _FOLDERS):
        return None
    if before.tool.effect != "write" or (
        draft.tool.id != before.tool.id and not before.tool.id.partition(".")[2].startswith(("create", "update", "add"))
    ):
        return None
    extra = {n: v for n, v in draft.args.items() if n not in objects}
    if not extra:
        return None
    args, words = dict(before.args), dict(before.words)
    for name, value in extra.items():
        target = next((n for n in (name, *_SAME_THING.get(name, ())) if n in before.tool.properties), None)
        if target is None or (target in args and args[target] != value and not isinstance(args[target], list)):
            return None
        is_list = before.tool.properties[target].get("type") == "array"
        if is_list:
            args[target] = [*args.get(target, []), *(value if isinstance(value, list) else [value])]
        else:
            args[target] = value[0] if isinstance(value, list) else value
        words[target] = draft.words.get(name, "")
    return replace(before, args=args, words=words, confidence=min(before.confidence, draft.confidence))


_SEVERAL = re.compile(r"\s*(?:,\s*and|,|&|\band\b)\s*")


def several(draft: Draft, raw: str) -> list[Draft]:
    """One call for each object, where one parameter's words list several ("PAY-1 and PAY-2", "Ana and Bo")."""
    for name in draft.tool.required:
        value = draft.args.get(name)
        if (
            not isinstance(value, str)
            or kind_of(draft.tool.properties[name]) not in ("string", "id", "person")
            or role_of(name) not in ("thing", "place")
        ):
            continue
        parts = [p for p in _SEVERAL.split(value) if p]
        if len(parts) < 2:
            parts = _following(value, raw)
        if len(parts) > 1 and len(parts) <= 6 and all(_is_name(p) for p in parts):
            others = {n: v for n, v in draft.args.items() if n == name or v not in parts}
            return [replace(draft, args={**others, name: part}, words={**draft.words, name: part}) for part in parts]
    return [draft]


_KEY = r"[A-Za-z][A-Za-z0-9]+-\d+"


def _following(value: str, raw: str) -> list[str]:
    """Names of the same shape that follow or precede a name in a list."""
    shape = _KEY if re.fullmatch(_KEY, value) else r"#[\w-]+" if value.startswith("#") else None
    if shape is None:
        return [value]
    for match in re.finditer(rf"{shape}(?:(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*|\s+){shape})+", raw):
        names = re.findall(shape, match[0])
        if value.lower() in [n.lower() for n in names]:
            return [n.upper() if shape == _KEY else n for n in names]
    return [value]


def _is_name(text: str) -> bool:
    return bool(re.fullmatch(rf"{_KEY}|[#@][\w.-]+|[A-Z][\w.'’-]*(?: [A-Z][\w.'’-]*)?|\S+@\S+", text))


def calls(drafts: Sequence[Draft]) -> tuple[Call, ...]:
    """The drafts as calls."""
    return tuple(Call(tool=draft.tool.id, args=draft.args) for draft in drafts)


def words(drafts: Sequence[Draft]) -> dict[tuple[int, str], str]:
    """For each call and parameter the words it came from; "" is the tool itself."""
    found: dict[tuple[int, str], str] = {}
    for n, draft in enumerate(drafts):
        found[n, ""] = draft.text
        found |= {(n, name): said for name, said in draft.words.items() if name in draft.args}
    return found
