"""Sentences that only make sense after another: answers, corrections, and "the same for …"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from agent.interpretation import Step
from agent.local import choice
from agent.local.context import Context
from agent.local.day import Moment
from agent.local.form import Form, kind_of
from agent.local.read import read
from agent.local.role import role_of
from agent.local.slot import Reading, Segment
from agent.local.text import Sentence, Token, fold
from agent.local.toolbox import Toolbox
from agent.local.value import Writer, fill, plain
from core.tool import Tool

_LEAD = re.compile(
    r"^(?:(?:oh|ah|oops|sorry|um+|hmm+|ok(?:ay)?|well|so|please|pls|no+|nope|nah|wait|yes|yeah|yep|sure)[\s,.!:—-]+)*"
    r"(?:(?:actually|rather|instead|i meant?|i mean|meant|i said|make (?:it|that)(?: to)?|change (?:it|that)(?: to)?|it(?:'s| is| should be)|that(?:'s| should be)|"
    r"should be|let(?:'s| us) (?:say|do|make it)|use|try|in|into|to|for|at|on|with|call it|say|it should say|the answer is|put it (?:in|on|under)|go with|set it to|"
    r"same(?: thing)?(?: again)?(?:,)? (?:for|but for|with|but)|what about|how about|and(?: what about| also)?|also|now|then|do|only|just|as)[\s,:]+)*",
    re.I,
)
_CORRECTS = re.compile(
    r"^\W*(?:(?:oh|ah|oops|sorry|um+|hmm+|ok(?:ay)?|well)[\s,.!—-]+)*(?:no+|nope|nah|wait|actually|rather|i meant?|i mean|meant|i said|make (?:it|that)|change (?:it|that)|sorry|oops|"
    r"not\s\S+(?:\s\S+)?,|it should|should be|instead|that should)\b",
    re.I,
)
_AGAIN = re.compile(
    r"^\W*(?:(?:ok(?:ay)?|and|great|thanks|cool|nice)[\s,.!]+)*(?:and\s+)?(?:what about|how about|same|(?:do )?the same|likewise|ditto|and (?:for|in|on|from|at|to|by)\b|only (?:the|those|for)|just (?:the|those|for)|now (?:for|the same)|"
    r"also\s+\S+$|(?:and\s+)?(?:one more|another one)\b|and \S+['’]s\??$)",
    re.I,
)
_NOT_THIS = re.compile(
    r"[,;]?\s*(?:\bnot|\binstead of|\brather than)\s+[^,;.]+$|^(?:no,?\s+)?not\s+[^,;.]+[,;]\s*|\s+instead\s*[.!]?$",
    re.I,
)


def is_correction(text: str) -> bool:
    """Whether a sentence opens like a correction."""
    return bool(_CORRECTS.match(text))


def is_again(text: str) -> bool:
    """Whether a sentence asks for the last thing with something else in it."""
    return bool(_AGAIN.match(text))


def core_of(text: str) -> str:
    """The words that carry the new value."""
    text = _NOT_THIS.sub("", text)
    stripped = _LEAD.sub("", text).strip(" .!?")
    return stripped or text.strip()


def wanted(step: Step, tool: Tool, asked: str) -> str:
    """The parameter that a question was about: the missing one its words name, else the first missing, "" where none is."""
    missing = tool.missing(step.args)
    low = asked.lower()
    optional = [n for n in tool.properties if n not in step.args]
    for name in (*missing, *optional):
        words = [w for w in name.split("_") if len(w) > 2]
        if words and all(w in low for w in words):
            return name
    for name in missing:
        kind = kind_of(tool.properties[name])
        if (kind in ("date", "date-time") and re.search(r"\bwhen|what time|which day|date\b", low)) or (
            "person" in kind and re.search(r"\bwho", low)
        ):
            return name
    return missing[0] if missing else ""


def answered(name: str, text: str, tool: Tool, form: Form, writer: Writer, toolbox: Toolbox) -> dict[str, Any]:
    """The answer to a question for a parameter, with whatever else was said; empty where it is no answer."""
    whole = read(text, writer.now)
    more = toolbox.read(tool.id, whole)
    named = fill(more, whole, form, writer).args
    value = typed(name, core_of(text), tool, form, writer)
    if value is None:
        return {}
    is_short = len(whole.tokens) <= 4
    extra = {} if is_short else {k: v for k, v in named.items() if k != name and not _shares(v, value)}
    if name in named and not is_short and kind_of(tool.properties[name]) not in ("text",):
        value = named[name]
    return {**extra, name: value}


def _shares(a: Any, b: Any) -> bool:
    return fold(str(a)) in fold(str(b)) or fold(str(b)) in fold(str(a))


def typed(name: str, text: str, tool: Tool, form: Form, writer: Writer) -> Any:
    """A short text as the value of one parameter, None where it cannot be one."""
    sentence = read(text, writer.now)
    tokens = sentence.tokens
    kind = form.kinds.get(name, "string")
    if not tokens:
        return None
    if kind in ("enum", "boolean"):
        found = sorted(choice.matches(tokens, form.choices[name]), key=lambda m: m[0] - m[1])
        if kind == "boolean" and not found:
            return {"yes": True, "no": False}.get(tokens[0].low)
        return found[0][2] if found else None
    single = {
        "date": ("when",),
        "date-time": ("when",),
        "number": ("number",),
        "money": ("money", "number"),
        "duration": ("duration",),
        "email": ("email",),
    }
    if kind in single:
        at = next((k for k, t in enumerate(tokens) if t.kind in single[kind]), None)
        if at is None:
            return None
        part = Reading((Segment(at, at + 1, name),), 0.0)
    else:
        part = Reading((Segment(0, _end(tokens), name),), 0.0)
    return fill(part, sentence, form, writer).args.get(name)


def _end(tokens: tuple[Token, ...]) -> int:
    end = len(tokens)
    while end > 1 and (
        tokens[end - 1].low in ("please", "pls", "plz", "thanks", "project", "team", "channel")
        or tokens[end - 1].text in ".!,"
    ):
        end -= 1
    return end


def revised(
    step: Step, text: str, tool: Tool, form: Form, writer: Writer, toolbox: Toolbox, before: str = ""
) -> dict[str, Any]:
    """What a correction or "same for …" changes in the arguments of a call; empty where nothing fits.

    With `before`, what was done and said last, the whole text is read first as it stands in its conversation.
    """
    if before:
        whole = read(text, writer.now)
        said = fill(toolbox.read(tool.id, whole, toolbox.see(whole, before), True), whole, form, writer).args
        if said := {k: v for k, v in said.items() if step.args.get(k) != v}:
            return said
    core = core_of(text)
    sentence = read(core, writer.now)
    by_kind = _by_kind(step.args, sentence, form, writer)
    if by_kind:
        return by_kind
    if re.fullmatch(r"[A-Z][\w'’.-]*(?: [A-Z][\w'’.-]*)?\W*", core) and (
        named := _by_name(step.args, core, tool, form, writer, only="person")
    ):
        return named
    changed = fill(toolbox.read(tool.id, sentence), sentence, form, writer).args
    changed = {k: v for k, v in changed.items() if step.args.get(k) != v}
    if changed:
        return changed
    return _by_name(step.args, core, tool, form, writer)


def _by_kind(args: Mapping[str, Any], sentence: Sentence, form: Form, writer: Writer) -> dict[str, Any]:
    """New values for parameters of the same type as the typed spans of a short sentence."""
    tokens = sentence.tokens
    changed: dict[str, Any] = {}
    for name, phrases in form.choices.items():
        for i, j, value in choice.matches(tokens, phrases):
            covers = j - i >= len([t for t in tokens if not t.is_sign]) - 1
            if (
                value != args.get(name)
                and (covers or j - i > 1)
                and name not in changed
                and not any(s == value for s in changed.values())
            ):
                changed[name] = value
    if changed:
        first = next((n for n in changed if n in args), next(iter(changed)))
        return {first: changed[first]}
    for k, token in enumerate(tokens):
        names = [n for n, kind in form.kinds.items() if "+" not in n and _takes(kind, token.kind, n)]
        name = next((n for n in names if n in args), names[0] if len(names) == 1 else "")
        if name:
            base = _moment_of(args.get(name), writer)
            filled = fill(
                Reading((Segment(k, k + 1, name),), 0.0),
                sentence,
                form,
                writer,
                base=base if _is_partial(token) else None,
            )
            changed |= filled.args
    return changed


def _is_partial(token: Token) -> bool:
    value = token.span.value if token.span else None
    return (
        isinstance(value, Moment)
        and (value.day is None or (value.clock is None and not value.part))
        and value.exact is None
    )


def _moment_of(value: Any, writer: Writer) -> Any:
    from datetime import datetime

    try:
        return (
            datetime.fromisoformat(str(value)).astimezone(writer.zone)
            if isinstance(value, str) and "T" in value
            else None
        )
    except ValueError:
        return None


def _takes(kind: str, span: str, name: str) -> bool:
    wanted_kinds = {
        "when": ("date", "date-time"), "duration": ("duration",), "money": ("money",), "number": ("number", "money"),
        "email": ("email", "person", "list-person"), "person": ("person", "list-person"),
    }.get(span, ())  # fmt: skip
    return (
        kind in wanted_kinds
        or span == name
        or (span == "key" and role_of(name) == "thing" and name in ("issue", "task"))
    )


def _by_name(
    args: Mapping[str, Any], core: str, tool: Tool, form: Form, writer: Writer, only: str = ""
) -> dict[str, Any]:
    """A bare name takes the place of the last one given as a person, place or object."""
    tokens = read(core, writer.now).tokens
    if not tokens or len(tokens) > 5:
        return {}
    for name in reversed(list(args)):
        kind = form.kinds.get(name, "")
        if only and only not in kind:
            continue
        if kind in ("person", "list-person") or role_of(name) in ("place", "firm", "thing", "state", "query"):
            value = plain(tokens, core, kind.removeprefix("list-"), name, writer)
            if value is not None:
                return {name: [value] if kind.startswith("list") else value}
    return {}


def last_call(context: Context) -> Step | None:
    """The call a correction is about."""
    return context.pending[0] if context.pending else context.last
