"""Closed classes of English words."""

import re
from functools import lru_cache

FUNCTION = frozenset(
    "a an the this that these those my our your his her its their me i you he she we they us him them it "
    "to for in on at by of from with without into onto under over about between within as via per re regarding "
    "and or but so because if when then than while since until till before after during through "
    "is are was were be been being am do does did has have had can could would will shall should may might must "
    "not no don't doesn't didn't please pls plz kindly just also too now already still again "
    "what which who whose whom where why how there here "
    "called named titled saying says said reading reads labelled labeled tagged concerning mentioning "
    "i'm it's i'll we're we'll let lets".split()
)
PRONOUN = frozenset("it that this them those these him her one ones same they he she its their".split())
SELF = frozenset("me i my mine myself i'm i'll i've us".split())
DETERMINER = frozenset("a an the this that these those my our your his her its their some any".split())
POLITE = frozenset("please pls plz thanks thank thx cheers hey hi hello ok okay yo kindly ty asap".split())
COMMAND = frozenset(
    "accept add adjust ask assign attach award backlog ban bill block book bring bump call cancel change charge check clean clear close comment "
    "complete convert copy create cut decline delete describe dig dm draft drop edit email erase escalate extend fetch file find fix forward "
    "get give grab grant hand inform invite invoice issue jot kick kill label launch leave let link list log look mail make mark merge "
    "message mention move mute name need note notify open pause ping pin plan post postpone prepare push publish pull put queue raise react read "
    "rebase record refund reassign remind remove rename reopen reply request reschedule resend resolve respond restore retitle retry return review "
    "revoke rotate rsvp run save say schedule search see send set share shift show skip slack spin squash start stop subscribe summarise summarize "
    "switch tag take tell text transition trash trigger turn unassign undo update upload void withdraw write wipe wrap "
    "start follow set-up cc pay reply transfer reschedule swap double-check".split()
)

_SUFFIXES = ("ing", "ed", "es", "s")


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """A crude stem, so that `accepts`, `accepted` and `accept` meet."""
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and not word.endswith("ss"):
            word = word[: -len(suffix)]
            break
    return word[:-1] if len(word) > 3 and word.endswith("e") else word


def split_name(name: str) -> list[str]:
    """The words in `snake_case`, `kebab-case` or `camelCase`, in lower case."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return [word.lower() for word in re.split(r"[\s_\-./]+", spaced) if word]
