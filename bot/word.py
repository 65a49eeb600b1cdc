"""A short answer to something that waits: yes, no, or which of the options. Anything longer is no answer."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

_YES = (
    "y|yes|yep|yup|yeah|ye|ja|oui|si|ok|okay|k|kk|sure|sure thing|go|go ahead|go for it|do it|do so|please do|"
    "approve|approved|confirm|confirmed|i confirm|agreed|correct|right|thats right|exactly|perfect|great|fine|"
    "sounds good|looks good|lgtm|all good|good|send it|ship it|run it|make it so|proceed|continue|of course|"
    "absolutely|definitely|by all means|yes please|yes do it|yes go ahead|ok do it|ok go|ok go ahead|👍|✅|👌|🆗"
)
_NO = (
    "n|no|nope|nah|nein|non|no thanks|no thank you|cancel|cancel it|cancel that|stop|abort|reject|rejected|"
    "never mind|nevermind|nvm|forget it|forget that|dont|do not|dont do it|dont do that|please dont|leave it|skip|"
    "skip it|drop it|wait|hold on|no dont|no stop|no cancel|not now|scrap that|👎|❌|🚫|✋"
)
_FILLER = r"(?:please|pls|plz|thanks|thank you|thx|atom|then|now|just|mate)"
_ORDINALS = {
    "first": 0,
    "1st": 0,
    "one": 0,
    "second": 1,
    "2nd": 1,
    "two": 1,
    "third": 2,
    "3rd": 2,
    "three": 2,
    "fourth": 3,
    "4th": 3,
    "four": 3,
    "fifth": 4,
    "5th": 4,
    "five": 4,
    "last": -1,
}


def word(text: str) -> Literal["yes", "no", ""]:
    """Whether a text says yes or no and nothing else."""
    said = _plain(text)
    said = re.sub(rf"(?:^{_FILLER}\s+|\s+{_FILLER}$)", "", said).strip()
    said = re.sub(r"^(yes|no|ok|okay|yeah|yep|nope)( \1)+$", r"\1", said)
    if said in _YES.split("|"):
        return "yes"
    return "no" if said in _NO.split("|") else ""


def option(text: str, options: Sequence[Sequence[str]]) -> str | None:
    """The value of the option `(label, value)` that a text chooses, by number, name or place; None for none of them."""
    said = _plain(text)
    number = re.fullmatch(r"(?:option |number |no )?(\d{1,2})", said)
    if number and 1 <= int(number[1]) <= len(options):
        return options[int(number[1]) - 1][1]
    place = re.fullmatch(r"(?:the )?(\w+)(?: one| option)?", said)
    if options and place and place[1] in _ORDINALS and -1 <= _ORDINALS[place[1]] < len(options):
        return options[_ORDINALS[place[1]]][1]
    exact = [value for label, value in options if said in (_plain(label), _plain(value))]
    near = [value for label, value in options if said and set(said.split()) <= set(_plain(label).split())]
    found = exact or near
    return found[0] if len(found) == 1 else None


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(char for char in folded if not unicodedata.combining(char) and char not in "'’`")
    kept = re.sub(r"[\ufe0f\U0001f3fb-\U0001f3ff]", "", kept)
    return " ".join(re.sub(r"[^\w👍✅👌🆗👎❌🚫✋@.\-]+|[.!?]+$", " ", kept).split())
