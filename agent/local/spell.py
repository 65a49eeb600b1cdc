"""Puts slips of the pen in command words right, so that "mereg" is read as "merge"; names are left as they are."""

from __future__ import annotations

import re
from functools import lru_cache

from agent.local import choice, lexicon, word

_MIN = 5


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    said = " ".join([*lexicon.ACTIONS.values(), *lexicon.OBJECTS.values(), *choice.spellings()])
    words = set(re.findall(r"[a-z]+", said.lower())) | word.COMMAND | word.FUNCTION | word.POLITE | _MORE
    return frozenset(words - _SLIPS)


_SLIPS = frozenset(
    "creat serach delte updte tikcet isues reveiw custmer invocie paymnts sumary acount csae calender oportunities opprtunity succesful succeded payed wensday".split()
)
_MORE = frozenset(
    "about after before today tomorrow yesterday monday tuesday wednesday thursday friday please thanks because everything anything "
    "everyone latest recent priority urgent title label labels description assignee summary status message messages channel slack "
    "stripe linear github calendar salesforce jira google available customer invoice payment subscription opportunity account".split()
)


@lru_cache(maxsize=1)
def _near() -> dict[str, str]:
    """Each known word with one letter left out, or two neighbours swapped, to the word."""
    near: dict[str, str] = {}
    for known in sorted(_known()):
        if len(known) >= _MIN - 1:
            for form in _shortened(known) | _swapped(known):
                near.setdefault(form, known)
    return near


def _shortened(text: str) -> set[str]:
    return {text[:k] + text[k + 1 :] for k in range(len(text))}


def _swapped(text: str) -> set[str]:
    return {text[:k] + text[k + 1] + text[k] + text[k + 2 :] for k in range(len(text) - 1)}


@lru_cache(maxsize=4096)
def corrected(low: str) -> str:
    """The known word that a lower-case word is one slip away from, else the word itself."""
    if len(low) < _MIN - 1 or not low.isalpha() or low in _known():
        return low
    near = _near()
    if low in near and len(low) >= _MIN - 1:
        return near[low] if near[low][0] == low[0] else low
    if len(low) >= _MIN:
        for form in _shortened(low):
            if form in _known() and form[0] == low[0] and len(form) >= _MIN and low != form + "s":
                return form
            if len(low) > _MIN and form in near and near[form][0] == low[0] and len(near[form]) == len(low):
                return near[form]
    return low
