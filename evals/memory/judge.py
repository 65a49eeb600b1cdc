"""Whether a turn came out right and what memory holds belongs there. Words stand for facts, never for a phrasing."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from evals.memory.play import Kept, Made, Played, Seen
from evals.memory.script import Score, Script, Turn, Words
from evals.value import as_text, holds

FROM_BEHAVIOUR = ("episode", "habit")
SHORTEST_VALUE = 3
_CLOCK = re.compile(r"(?<=\d)T(?=\d)")


class Check(BaseModel):
    """One scored turn; `why` says what was missing, `is_told` whether a value filled in was also spoken of."""

    model_config = ConfigDict(frozen=True)

    script: str
    turn: int
    say: str
    score: Score
    is_right: bool
    why: tuple[str, ...] = ()
    is_told: bool | None = None


class Found(BaseModel):
    """One thing in memory at the end of a script; `is_secret` where it holds what may be stored nowhere."""

    model_config = ConfigDict(frozen=True)

    script: str
    who: str
    kind: str
    scope: str
    text: str
    is_right: bool
    is_secret: bool


class Wanted(BaseModel):
    """A fact that should be in memory at the end of a script."""

    model_config = ConfigDict(frozen=True)

    script: str
    who: str
    words: Words
    is_there: bool


def check(played: Played) -> list[Check]:
    """The verdict on every scored turn."""
    return [
        _check(played.script, number, turn, seen)
        for number, (turn, seen) in enumerate(played.seen, start=1)
        if turn.score
    ]


def _check(script: Script, number: int, turn: Turn, seen: Seen) -> Check:
    why = tuple(_faults(turn, seen))
    return Check(
        script=script.id,
        turn=number,
        say=turn.say,
        score=turn.score or "recall",
        is_right=not why,
        why=why,
        is_told=_is_told(turn, seen) if turn.plan and not why else None,
    )


def _faults(turn: Turn, seen: Seen) -> Iterable[str]:
    everything = f"{seen.text}\n{seen.aside}"
    yield from (f"lacks “{words}”" for words in turn.has if not _says(everything, words))
    yield from (f"has “{words}”" for words in turn.lacks if _says(everything, words))
    yield from (f"has “{words}” openly" for words in turn.openly if _says(seen.open_text, words))
    for tool, filled in turn.plan.items():
        calls = [made for made in seen.calls if made.tool in tool.split("|")]
        if not calls:
            yield f"no {tool}"
        elif not any(all(_fits(made, name, values) for name, values in filled.items()) for made in calls):
            yield f"{tool} has other arguments"
    yield from (f"{made.tool} has {name}" for made in seen.calls for name in turn.asks if _given(made, name))


def _fits(made: Made, name: str, values: Words | None) -> bool:
    given = _given(made, name)
    if values is None:
        return not given
    return any(holds(text, [value]) for value in values for text in given)


def _given(made: Made, names: str) -> list[str]:
    """What a parameter holds, as the person reads it and as it is sent; `a|b` where either may hold it."""
    found = [as_text(given.get(name)) for name in names.split("|") for given in (made.labels, made.args)]
    return [_CLOCK.sub(" ", text) for text in found if text]


def _is_told(turn: Turn, seen: Seen) -> bool:
    """Whether the answer speaks of a value that was filled in, outside the plan that shows it."""
    values = {value for filled in turn.plan.values() for options in filled.values() for value in options or ()}
    return any(holds(seen.said, [value]) for value in values)


def _says(text: str, words: str) -> bool:
    """Whether a text says one of the words or phrases that `a|b` lists."""
    return any(holds(text, [word]) for word in words.split("|"))


def judge_kept(played: Played) -> list[Found]:
    """The verdict on everything that memory holds at the end, each thing once for each who is told of it."""
    return [_found(played, one) for one in dict.fromkeys(played.kept or ())]


def _found(played: Played, one: Kept) -> Found:
    script = played.script
    is_secret = any(_says(one.text, word) for word in script.never)
    listed = [*script.keep.items(), *script.may.items()]
    allowed = [facts for who, facts in listed if who == one.who or who.startswith("#")]
    is_fact = any(_is_fact(one.text, words) for facts in allowed for words in facts)
    is_true = one.kind in FROM_BEHAVIOUR and any(_tells(one.text, made) for made in played.done if made.who == one.who)
    return Found(
        script=script.id,
        who=one.who,
        kind=one.kind,
        scope=one.scope,
        text=one.text,
        is_right=not is_secret and (is_fact or is_true),
        is_secret=is_secret,
    )


def _is_fact(text: str, words: Words) -> bool:
    return all(_says(text, word) for word in words)


def _tells(text: str, made: Made) -> bool:
    """Whether a text tells of a call that was made: it holds a value of the call or, where it had none, the system."""
    values = [as_text(value) for given in (made.args, made.labels) for value in _flat(given)]
    values = values or [made.tool.partition(".")[0].replace("_", " ")]
    return any(len(value) >= SHORTEST_VALUE and holds(text, [value]) for value in values)


def _flat(given: Mapping[str, Any]) -> Iterable[Any]:
    return (one for value in given.values() for one in (value if isinstance(value, list | tuple) else [value]))


def judge_wanted(played: Played) -> list[Wanted]:
    """Which of the facts that should be in memory are."""
    kept = played.kept or ()
    return [
        Wanted(
            script=played.script.id,
            who=who,
            words=words,
            is_there=any(_is_fact(one.text, words) for one in kept if one.who == who or who.startswith("#")),
        )
        for who, facts in played.script.keep.items()
        for words in facts
    ]
