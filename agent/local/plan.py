"""Clauses to an ordered plan: references to earlier calls, arguments folded into them, one call for each object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.local.context import KINDS, Context
from agent.local.form import kind_of
from agent.local.role import role_of
from agent.local.text import fold
from agent.local.word import DETERMINER, PRONOUN
from core.tool import Call, Tool

_NOUNS = frozenset(
    "issue ticket bug task story link url pr event meeting invite channel invoice deal opportunity opp lead case record message thread "
    "contact account payment subscription one number key page doc file result results details summary card id post new same last".split()
)
_PLACES = frozenset(
    "first second third fourth last other current latest former latter top bottom itself same above there then well".split()
)
_SAME_THING = {"add_labels": ("labels",), "add": ("guests", "members", "people"), "people": ("members", "guests"), "assignee": ("assignee", "assignees", "owner"),
               "assignees": ("assignees", "assignee"), "labels": ("labels", "add_labels"), "owner": ("owner", "assignee")}  # fmt: skip
_FOLDERS = frozenset("assign set make label tag give mark put prioritise prioritize invite add due hand with".split())


@dataclass
class Draft:
    """A call being made: its arguments, the words behind them, and how sure it is.

    `confidence` is that of the tool, 0 to 1; `sureness` the log probability of how its words were read.
    """

    tool: Tool
    args: dict[str, Any]
    words: dict[str, str] = field(default_factory=dict)
    confidence: float = 0.0
    text: str = ""
    impossible: str = ""
    sureness: float = 0.0

    @property
    def missing(self) -> tuple[str, ...]:
        """Required parameters that are not there."""
        return self.tool.missing(self.args)


def is_pointer(value: Any, *, is_told: bool = False) -> bool:
    """Whether a value is no name but points at something said before: "it", "the ticket", "that one".

    After something was told, words of place alone point too: "last one", "meeting itself", "there".
    """
    if not isinstance(value, str):
        return False
    if is_told and (low := fold(value).split()) and len(low) <= 4:
        known = _NOUNS | PRONOUN | DETERMINER | _PLACES | KINDS
        if all(w in known for w in low):
            return True
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


MOST_OBJECTS = 6
_COUNTS = {"two": 2, "both": 2, "three": 3, "four": 4, "2": 2, "3": 3, "4": 4}
_ALL = re.compile(
    r"\b(?:(?:those|these|all|the) (two|three|four|2|3|4)|(both)(?: of them)?|all of them|them all|every one of them|each of them|them|those)\b",
    re.I,
)


def linked(drafts: Sequence[Draft], context: Context) -> list[Draft]:
    """Drafts with pointers and missing objects filled from earlier calls of the plan, or from the conversation."""
    made: list[Draft] = []
    for draft in drafts:
        if made and (folded := _folded(made[-1], draft)) is not None:
            made[-1] = folded
            continue
        made += _expanded(_resolved(draft, made, context), draft, context)
    return made


def _expanded(draft: Draft, said: Draft, context: Context) -> list[Draft]:
    """One call for each record of the last list, where the words mean all of them: "close those two"."""
    match = _ALL.search(said.text)
    if match is None or draft.tool.effect == "read":
        return [draft]
    count = _COUNTS.get((match[1] or match[2] or "").lower(), 0)
    for name in draft.tool.required:
        if role_of(name) != "thing" or draft.tool.properties[name].get("type") == "array":
            continue
        told = said.args.get(name)
        if told is not None and not is_pointer(told, is_told=True) and str(told) not in ("2", "3", "4"):
            continue
        values = context.all_of(draft.tool, name, MOST_OBJECTS)
        if len(values) > 1 and count in (0, len(values)):
            return [replace(draft, args={**draft.args, name: value}) for value in values]
    return [draft]


def _resolved(draft: Draft, earlier: Sequence[Draft], context: Context) -> Draft:
    args, words = dict(draft.args), dict(draft.words)
    for name in _objects(draft.tool):
        value = args.get(name)
        if isinstance(value, str) and fold(value) in ("him", "her", "them") and (person := _person(earlier)):
            args[name] = person
            continue
        if value is not None and not is_pointer(value, is_told=bool(context.things)):
            if (
                not earlier
                and isinstance(value, str)
                and (found := context.singled(value, draft.tool, name)) is not None
            ):
                args[name] = found
            continue
        if value is None and name not in draft.tool.required and name not in draft.tool.one_of:
            continue
        found = _from_plan(draft, name, earlier)
        if found is None:
            found = context.find(str(value or draft.text), draft.tool, name)
        if found is not None:
            args[name] = found
            words.setdefault(name, str(value or ""))
        elif is_pointer(value, is_told=bool(context.things)):
            args.pop(name, None)
            words.pop(name, None)
    for name in draft.tool.required:
        is_open = name not in args and kind_of(draft.tool.properties[name]) == "email"
        if is_open and _PERSONAL.search(draft.text) and (address := context.address(draft.tool)):
            args[name] = address
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
            (role_of(name) in ("thing", "place", "firm", "branch") or schema.get("x-find") not in (None, "person"))
            and kind_of(schema) in ("string", "id", "number", "enum", "email")
        )
        or kind_of(schema) == "id"
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
        if before.tool.effect == "read" and name not in before.tool.id:
            continue
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
        if name not in draft.tool.required and context.things and is_pointer(value, is_told=True):
            args.pop(name, None)  # it says which record is meant, and is no text
            continue
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
            or (isinstance(value, str) and _POINTS.fullmatch(fold(value)))
        ):
            args[name] = {"$ref": last, "field": "url"}
            words.setdefault(name, str(value or ""))
        elif isinstance(value, str) and (match := _LINK_WORDS.search(value)):
            args[name] = value[: match.start()] + "{{" + f"{last}.url" + "}}" + value[match.end() :]


_POINTS = re.compile(
    r"(?:about |with )?(?:it|this|that)|where (?:it|this|that|they) (?:is|are)"
    r"|(?:the |its |a |both |this )?(?:[\w-]+ ){0,2}(?:link|url)s?(?: (?:of|to|for) [\w '-]+)?"
)
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
    return replace(
        before,
        args=args,
        words=words,
        confidence=min(before.confidence, draft.confidence),
        sureness=before.sureness + draft.sureness,
    )


_PERSONAL = re.compile(r"\b(?:her|him|she|he|them)\b", re.I)
_SEVERAL = re.compile(r"\s*(?:,\s*and|,|&|\band\b)\s*")


def several(draft: Draft, raw: str) -> list[Draft]:
    """One call for each object, where one parameter's words list several ("PAY-1 and PAY-2", "'a' and 'b'")."""
    for name in draft.tool.required:
        value, schema = draft.args.get(name), draft.tool.properties[name]
        if not isinstance(value, str | int) or isinstance(value, bool) or schema.get("type") == "array":
            continue
        text = str(value)
        is_object = (
            role_of(name) in ("thing", "place") or schema.get("x-find") is not None or kind_of(schema) == "email"
        )
        parts = [p for p in _SEVERAL.split(text) if p] if is_object else []
        if len(parts) < 2 or not all(_is_name(p) for p in parts):
            parts = _following(text, raw, is_object)
        if 1 < len(parts) <= MOST_OBJECTS:
            made = [int(part) if isinstance(value, int) else part for part in parts]
            others = {n: v for n, v in draft.args.items() if n == name or v not in parts}
            return [replace(draft, args={**others, name: one}, words={**draft.words, name: str(one)}) for one in made]
    return [draft]


_KEY = r"[A-Za-z][A-Za-z0-9]+-\d+"
_SHAPES = (_KEY, r"#[\w-]+", r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", r"[a-z]+_[A-Za-z0-9]+", r"[\w.-]+/[\w./-]+", r"#?\d+")
_QUOTED = r"(?:'[^']+'|\"[^\"]+\"|“[^”]+”)"
_JOINT = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"


def _following(value: str, raw: str, is_object: bool) -> list[str]:
    """Names of the same shape that follow or precede a name in a list; a title only where it is quoted."""
    quoted = any(f"{a}{value}{b}" in raw for a, b in ("''", '""', "“”"))
    shape = _QUOTED if quoted else next((one for one in _SHAPES if is_object and re.fullmatch(one, value)), None)
    if shape is None:
        return [value]
    for match in re.finditer(rf"(?<![\w-]){shape}(?:{_JOINT}{shape})+(?![\w-])", raw):
        names = [one.strip("'\"“”") for one in re.findall(shape, match[0])]
        if value.lower().lstrip("#") in [one.lower().lstrip("#") for one in names]:
            if shape == _KEY:
                return [one.upper() for one in names]
            return [one.lstrip("#") for one in names] if value.isdigit() else names
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
