"""Clauses to an ordered plan: references to earlier calls, arguments folded into them, one call for each object."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from agent.local.context import KINDS, Context, alike
from agent.local.form import kind_of
from agent.local.role import role_of
from agent.local.text import fold
from agent.local.word import DETERMINER, PRONOUN, stem
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

    `confidence` is that of the tool, 0 to 1; `sureness` the log probability of how its words were read; `odd` how many
    words nothing explains.
    """

    tool: Tool
    args: dict[str, Any]
    words: dict[str, str] = field(default_factory=dict)
    confidence: float = 0.0
    text: str = ""
    impossible: str = ""
    sureness: float = 0.0
    odd: int = 0

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
    if draft.tool.effect == "read":
        return [draft]
    match = _ALL.search(said.text)
    count = _COUNTS.get((match[1] or match[2] or "").lower(), 0) if match else 0
    for name in draft.tool.required:
        if role_of(name) != "thing" or draft.tool.properties[name].get("type") == "array":
            continue
        told = said.args.get(name)
        parts = [part for part in _SEVERAL.split(told) if part] if isinstance(told, str) else []
        each = [context.singled(part, draft.tool, name) for part in parts]
        if len(parts) > 1 and all(one is not None for one in each):
            return [replace(draft, args={**draft.args, name: one}) for one in each]
        if told is not None and not is_pointer(told, is_told=True) and str(told) not in ("2", "3", "4"):
            continue
        if match is None:
            continue
        values = context.all_of(draft.tool, name, MOST_OBJECTS, said.text)
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
            if isinstance(value, str) and (found := context.singled(value, draft.tool, name)) is not None:
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
    if not earlier and (aside := _aside(draft, args, context)) is not None:
        args[aside[0]] = aside[1]
    _texts(draft, args, words, earlier, context)
    return replace(draft, args=args, words=words)


def _aside(draft: Draft, args: dict[str, Any], context: Context) -> tuple[str, Any] | None:
    """An optional record and what it is: the one that free words single out ("answer Femi"), or "it" after "on"."""
    group = next((g for g in context.things if g[0].integration == draft.tool.integration), ())
    if not group or (draft.tool.effect == "read" and not _THE_ONE.search(draft.text)):
        return None
    kinds = {stem(word) for word in group[0].tool.partition(".")[2].split("_")[1:]}
    taken = {word for said in draft.words.values() for word in fold(said).split()}
    for name in _objects(draft.tool):
        if name in args or name in draft.tool.required or not (name in _ANSWERED or stem(name) in kinds):
            continue
        rest = [word for word in fold(draft.text).split() if word not in taken and word not in KINDS]
        near = alike(group, rest, share=0.0) if len(group) > 1 else group if _ABOUT_IT.search(draft.text) else ()
        value = near[0].value(name) if len(near) == 1 else None
        if value is not None and value not in args.values():
            return name, value
    return None


_ANSWERED = ("reply_to", "thread", "record", "parent", "related", "object")
_THE_ONE = re.compile(r"\bthe [\w-]+ ones?\b", re.I)
_ABOUT_IT = re.compile(r"\b(?:on|to|in|under) (?:it|this|that|the (?:thread|deal|record))\b", re.I)


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
        if name in before.args and not before.tool.id.partition(".")[2].startswith(("copy_", "clone_", "duplicate_")):
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
            is_link = value is None and name in draft.tool.required and _LINK_WORDS.search(draft.text)
            is_same = value is None and name in draft.tool.required and _ALSO.search(draft.text)
            if not (is_pointer(value) or is_open or is_link or is_same):
                continue
            if (said := _said_before(context, name)) and not is_link:
                args[name] = said
            elif context.things and (url := context.things[0][0].link):
                args[name] = url
            continue
        last = _made(earlier, str(value or draft.text))
        if (
            (value is None and name in draft.tool.required)
            or is_pointer(value)
            or (isinstance(value, str) and _POINTS.fullmatch(fold(value)))
        ):
            args[name] = {"$ref": last, "field": "url"}
            words.setdefault(name, str(value or ""))
        elif isinstance(value, str) and (match := _LINK_WORDS.search(value)):
            args[name] = value[: match.start()] + "{{" + f"{last}.url" + "}}" + value[match.end() :]


def _made(earlier: Sequence[Draft], said: str) -> int:
    """Which earlier call's link is meant: of what the words name, else of what was made last, else the last one's."""
    words = {stem(word) for word in fold(said).split()}
    names = [draft.tool.id.partition(".")[2].split("_") for draft in earlier]
    for n in reversed(range(len(earlier))):
        if (
            "link" in names[n]
            or words & {stem(one) for one in names[n][1:]} - {"link"}
            or earlier[n].tool.integration in words
        ):
            return n
    made = [n for n, name in enumerate(names) if name[0] in _MAKES and name[-1] not in _ADDED]
    return made[-1] if made else len(earlier) - 1


_MAKES = frozenset("create add new upload export open schedule quick start".split())
_ADDED = frozenset("comment note label member reaction".split())


def _said_before(context: Context, name: str) -> str:
    """The text that the last call carried, for "post it there too"."""
    last = context.last
    if last is None or not any(word in last.tool for word in (".send", ".post", ".reply", ".add_comment")):
        return ""
    texts = (last.args.get(one) for one in (name, "text", "body", "message"))
    return next((str(one) for one in texts if isinstance(one, str)), "")


_ALSO = re.compile(r"\b(?:also|too|as well|same)\b", re.I)
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
        odd=before.odd + draft.odd,
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
        parts = [p for p in _SEVERAL.split(text) if p and p not in ("I", "me")] if is_object else []
        if len(parts) < 2 or not (all(_is_name(p) for p in parts) or _are_names(parts)):
            parts = _following(text, raw, is_object)
        if 1 < len(parts) <= MOST_OBJECTS:
            made = [int(part) if isinstance(value, int) else part for part in parts]
            others = {n: v for n, v in draft.args.items() if n == name or not _is_of(v, parts)}
            return [replace(draft, args={**others, name: one}, words={**draft.words, name: str(one)}) for one in made]
    return [draft]


def _are_names(parts: Sequence[str]) -> bool:
    """Whether these are names by their shape, or each begins with a capital and has words of its own."""
    return all(_is_shape(p) for p in parts) or all(" " in p and p[0].isupper() for p in parts)


def _is_shape(text: str) -> bool:
    return any(re.fullmatch(one, text) for one in _SHAPES)


def _is_of(value: Any, parts: Sequence[str]) -> bool:
    """Whether a value is only some of the names of a list."""
    items = value if isinstance(value, list) else [value]
    return bool(items) and all(str(item) in parts for item in items)


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
