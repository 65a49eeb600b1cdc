"""What a sentence says about which tool is meant, apart from the words of its arguments."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from agent.local import lexicon
from agent.local.form import kind_of
from agent.local.role import role_of
from agent.local.text import Sentence
from agent.local.word import split_name, stem
from core.tool import Tool

Usage = Mapping[str, tuple[int, int]]
KINDS = ("channel", "repo", "key", "when", "number", "money", "email", "duration", "every", "emoji", "url", "phone",
         "person", "quote", "id", "file")  # fmt: skip
_STANDS_FOR = {
    "names": "Ann and Bob", "channel": "#channel", "person": "someone", "url": "link", "email": "email", "quote": '"text"', "key": "ABC-1",
    "repo": "owner/repo", "id": "id", "phone": "phone number", "file": "file.pdf", "when": "tomorrow", "number": "5",
    "money": "$100", "duration": "2h", "every": "every week", "emoji": "emoji",
}  # fmt: skip
UNKNOWN = "it"
NEEDED = ("channel", "repo", "key", "when", "number", "money", "email", "id")
PAIR_SIZE = 16 + 2 * len(KINDS) + len(NEEDED)


def _is_at(tool: Tool, urls: str) -> bool:
    """Whether an address in the sentence is one of the tool's system: its key or a longer name of it is in it."""
    names = (tool.integration, *(alias for alias in tool.aliases if len(alias) > 4))
    return any(re.sub(r"[ _]", "", name) in urls for name in names)


_ASKS = re.compile(r"\s*(?:what|who|when|which|where|how|is|are|has|have|did|does|do|was|were|any)\b", re.I)
_NOUNS = frozenset(
    w for said in lexicon.OBJECTS.values() for w in said.split("|") if w.isalpha() and not w.endswith("s")
)


def masked(sentence: Sentence, usage: Usage) -> str:
    """The sentence with typed spans named by type and words that are mostly arguments left out."""
    out: list[str] = []
    for k, token in enumerate(sentence.tokens):
        if token.kind != "word":
            out.append(_STANDS_FOR.get(token.kind, token.kind))
        elif token.is_sign:
            if token.text in ":?,":
                out.append(token.text)
        else:
            inside, outside = usage.get(token.low, (0, 0))
            known = inside + outside
            if outside / known >= 0.5 if known else not token.is_capital and k < 6:
                out.append(token.low)
            elif not out or out[-1] != UNKNOWN:
                out.append(UNKNOWN)
    return " ".join(out)


def bag(masked_text: str, classes: Sequence[str]) -> list[str]:
    """Words, pairs of words and pieces of words of a masked sentence, and the classes it names."""
    words = masked_text.split()
    stems = [stem(word) for word in words]
    found = {"w:" + word for word in stems} | {f"b:{a}_{b}" for a, b in itertools.pairwise(stems)}
    if stems:
        found.add("f:" + stems[0])
    for word in set(words):
        if len(word) > 3 and word.isalpha():
            padded = f"^{word}$"
            found |= {"c:" + padded[i : i + n] for n in (3, 4) for i in range(len(padded) - n + 1)}
    return sorted(found.union(classes))


@dataclass(frozen=True)
class Trait:
    """What of a tool is compared with a sentence."""

    tool: Tool

    @cached_property
    def parts(self) -> tuple[str, str, str]:
        """Verb, last noun and integration."""
        words = split_name(self.tool.id.rpartition(".")[2] if "." in self.tool.id else self.tool.id)
        return words[0] if words else "", stem(words[-1]) if words else "", self.tool.integration

    @cached_property
    def factors(self) -> tuple[str, ...]:
        """Names of the rows of weights that add up to this tool's."""
        verb, noun, integration = self.parts
        return (
            "t:" + self.tool.id,
            "v:" + verb,
            "n:" + noun,
            "i:" + integration,
            "e:" + self.tool.effect,
            f"vn:{verb} {noun}",
        )

    @cached_property
    def classes(self) -> tuple[str, frozenset[str]]:
        """Its action and objects."""
        words = split_name(self.tool.id.rpartition(".")[2] if "." in self.tool.id else self.tool.id)
        return lexicon.tool_classes(words[0], words[1:]) if words else ("", frozenset())

    @cached_property
    def takes(self) -> frozenset[str]:
        """Kinds of typed spans that some parameter takes."""
        found: set[str] = set()
        for name, schema in self.tool.properties.items():
            if name == "limit":
                continue
            kind = kind_of(schema)
            found |= _TAKEN_BY_KIND.get(kind, frozenset()) | _TAKEN_BY_NAME.get(name, frozenset())
        return frozenset(found)

    @cached_property
    def needs(self) -> frozenset[str]:
        """Kinds of typed spans that a required parameter takes."""
        found: set[str] = set()
        for name in self.tool.required:
            kind = kind_of(self.tool.properties.get(name, {}))
            if kind not in ("text", "person", "list-person"):
                found |= _TAKEN_BY_KIND.get(kind, frozenset()) | _TAKEN_BY_NAME.get(name, frozenset())
        return frozenset(found - {"url", "quote"})

    @cached_property
    def is_plural(self) -> bool:
        """Whether it is about several records."""
        return self.tool.id.endswith("s") and self.tool.effect == "read"

    @cached_property
    def needs_thing(self) -> bool:
        """Whether it changes or reads one record that must be named."""
        return (
            any(role_of(name) in ("thing", "firm") for name in self.tool.required)
            and "text" not in self.tool.properties
        )

    @cached_property
    def calls(self) -> re.Pattern[str]:
        """Matches the ways people name the integration."""
        names = sorted(
            {a.lower() for a in self.tool.aliases} | {self.tool.integration.replace("_", " ")}, key=len, reverse=True
        )
        return re.compile(
            r"(?<![\w./@-])(?:" + "|".join(re.escape(n) for n in names if n) + r")(?![\w-])" if any(names) else r"(?!)"
        )

    def unnamed(self, value: str) -> str:
        """A value without the name of the system at its end: "the offsite in gcal" is about the offsite."""
        match = self._named_at_end.search(value.lower())
        return value[: match.start()] if match else value

    @cached_property
    def _named_at_end(self) -> re.Pattern[str]:
        return re.compile(r"\s+(?:in|on|from|via|with|using|of)\s+(?:my\s+|the\s+)?" + self.calls.pattern + "$")

    @cached_property
    def card(self) -> str:
        """The tool in one sentence."""
        name = self.tool.id.rpartition(".")[2].replace("_", " ")
        return f"{self.tool.title or self.tool.integration}: {self.tool.description} ({name})"


_TAKEN_BY_KIND: Mapping[str, frozenset[str]] = {
    "date": frozenset({"when"}), "date-time": frozenset({"when"}), "duration": frozenset({"duration"}),
    "money": frozenset({"money"}), "number": frozenset({"number"}), "person": frozenset({"person", "email"}),
    "list-person": frozenset({"person", "email"}), "email": frozenset({"email"}), "text": frozenset({"quote"}),
    "id": frozenset({"id", "url"}),
}  # fmt: skip
_TAKEN_BY_NAME: Mapping[str, frozenset[str]] = {
    name: frozenset({name}) for name in ("channel", "repo", "phone", "emoji", "file")
} | {"issue": frozenset({"key", "url"}), "recurrence": frozenset({"every"}), "task": frozenset({"key"})}


def named(raw: str, traits: Sequence[Trait]) -> set[str]:
    """Integrations that the sentence names."""
    low = raw.lower()
    patterns = {trait.tool.integration: trait.calls for trait in traits}
    return {key for key, pattern in patterns.items() if key and pattern.search(low)}


def sentence_classes(sentence: Sentence) -> list[tuple[int, str]]:
    """Classes of actions and objects with the place of the words that name them."""
    words = [t.low if t.kind == "word" else "<" + t.kind + ">" for t in sentence.tokens]
    return [(i, name) for i, _, names in lexicon.classes(words) for name in names]


def pairs(sentence: Sentence, traits: Sequence[Trait], mentioned: set[str]) -> NDArray[np.float32]:
    """Row by row what speaks for and against each tool."""
    found = sentence_classes(sentence)
    actions = [(i, name) for i, name in found if name[0] == "A"]
    objects = {name for _, name in found if name[0] == "N"}
    begin = actions[0][0] if actions else 0
    every = {name for _, name in actions}
    first = {name for i, name in actions if i == begin}
    early = {name for i, name in actions if i <= begin + 2}
    kinds = {span.kind for span in sentence.spans}
    urls = " ".join(str(span.value) for span in sentence.spans if span.kind == "url")
    is_plural = any(w.endswith("s") and w[:-1] in _NOUNS for w in sentence.lows)
    is_question = sentence.raw.strip().endswith("?") or bool(_ASKS.match(sentence.raw))
    rows = np.zeros((len(traits), PAIR_SIZE), np.float32)
    for k, trait in enumerate(traits):
        action, nouns = trait.classes
        key = trait.tool.integration
        shared, is_read = nouns & objects, trait.tool.effect == "read"
        row = [
            key in mentioned, bool(mentioned and key) and key not in mentioned, action in every, action in first, action in early,
            bool(shared), len(shared) > 1, bool(objects) and not shared, bool(every) and action not in every,
            is_question and is_read, is_question and not is_read, bool(urls and key) and _is_at(trait.tool, urls),
            bool(shared) and action in every, bool(shared) and action in first,
        ]  # fmt: skip
        for kind in KINDS:
            row += [kind in kinds and kind in trait.takes, kind in kinds and kind not in trait.takes]
        row += [kind in trait.needs and kind not in kinds for kind in NEEDED]
        row += [is_plural and trait.is_plural, is_plural and not trait.is_plural]
        rows[k, : len(row)] = row
    return rows
