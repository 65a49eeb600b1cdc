"""A set of tools made ready: forms to read arguments with, and a ranker over them and the kinds of talk."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from agent.local import align, slot
from agent.local.choice import is_negated
from agent.local.choice import matches as said_choices
from agent.local.encoder import Encoder
from agent.local.evidence import Trait, named
from agent.local.form import Form
from agent.local.head import Choice, Hint, Sight
from agent.local.model import Model, text_key
from agent.local.rank import Clue, Floats, Ranker, clue
from agent.local.read import read
from agent.local.role import role_of
from agent.local.slot import Reading, Segment
from agent.local.talk import PREFIX, talk_tools
from agent.local.text import Sentence
from agent.local.train_at import READ_AT
from agent.local.word import stem
from core.tool import Tool

READ_WEIGHT, MISSING_WEIGHT, ODD_WEIGHT = 0.2, 0.7, 0.2
TRIED = 12
REACH, NEAR = 5.5, 3.5
UNBOUND = 2.0
FOREIGN = 1.0
AWAY = 6.0
CAUTION = 0.4
FAVOUR = 1.0
KEYED = 1.5
_KEY = re.compile(r"\bkey\b")


_OWN = frozenset({"key", "id", "repo", "url", "email"})


@dataclass(frozen=True)
class Candidate:
    """A tool with the best reading of its arguments and the joint score."""

    tool: Tool
    reading: Reading
    logit: float
    score: float
    probability: float = 0.0

    @property
    def talk(self) -> str:
        """The kind of talk, "" for a real tool."""
        return self.tool.id.removeprefix(PREFIX) if self.tool.id.startswith(PREFIX) else ""


class Toolbox:
    """Reads and ranks over a fixed list of tools; safe to share between threads."""

    def __init__(self, tools: Sequence[Tool], model: Model, encoder: Encoder) -> None:
        self.tools = {tool.id: tool for tool in tools}
        self._model = model
        self.calibration = model.calibration
        self._encoder = encoder
        traits = [Trait(tool) for tool in [*tools, *talk_tools()]]
        self.traits = traits
        self.forms: dict[str, Form] = {tool.id: self._form(tool) for tool in tools}
        self._talk_form = Form(Tool(id="talk", description="", effect="read", parameters={}))
        self.ranker = Ranker(traits, model.rank, self._cards(traits), model.heads)
        self._rows: dict[str, Floats] = {}
        self._choices: dict[str, list[Choice]] = {}
        self._caution = np.array([CAUTION if trait.tool.effect == "destructive" else 0.0 for trait in traits])
        self._needs_thing = np.array([trait.needs_thing for trait in traits])
        self._integrations = np.array([trait.tool.integration for trait in traits], dtype=object)

    def _form(self, tool: Tool) -> Form:
        known = self._model.form(tool)
        if known is not None:
            return known
        seen = [(read(example.say, READ_AT), example.args) for example in tool.examples]
        return replace(align.form_of(tool, seen), common=self._model.usage)

    def _cards(self, traits: Sequence[Trait]) -> list[Floats]:
        """Each tool's card as a vector; a tool the model was not fitted with brings its examples as well."""
        texts: dict[str, None] = {}
        wanted: list[list[str]] = []
        for trait in traits:
            own = [trait.card]
            if trait.tool.id not in self._model.forms and not trait.tool.id.startswith(PREFIX):
                own += [example.say for example in trait.tool.examples]
            wanted.append(own)
            texts |= {text: None for text in own if text_key(text) not in self._model.cards}
        fresh = dict(zip(texts, self._encoder.encode(list(texts)), strict=True)) if texts else {}
        found: list[Floats] = []
        for own in wanted:
            rows = [fresh[text] if text in fresh else self._model.cards[text_key(text)] for text in own]
            found.append(np.stack(rows).astype(np.float32))
        return found

    def clue(self, sentence: Sentence, before: str = "") -> Clue:
        """What the ranker sees of a sentence; `before` is what was done and said last."""
        return clue(sentence, self._model.usage, self.see(sentence, before))

    def see(self, sentence: Sentence, before: str = "") -> Sight | None:
        """What the encoder sees of a sentence."""
        heads = self._model.heads
        return heads.see(sentence, self._encoder, before) if heads is not None and sentence.tokens else None

    def candidates(
        self,
        seen: Clue,
        *,
        connected: frozenset[str] | None = None,
        favoured: str = "",
        boost: float = FAVOUR,
        is_bound: bool = False,
        most: int = TRIED,
    ) -> list[Candidate]:
        """The best tools, read and scored, best first; their probabilities are among all tools."""
        logits = self.ranker.scores(seen)
        if connected is not None:
            said = named(seen.sentence.raw, self.traits)
            away = np.array([bool(key) and key not in connected and key not in said for key in self._integrations])
            logits = np.where(away, logits - AWAY, logits)
        if favoured:
            logits = logits + np.where(self._integrations == favoured, boost, 0.0)
        if is_bound:
            logits = logits - np.where(self._integrations == "", UNBOUND, 0.0)
            if favoured and not any(span.kind in _OWN for span in seen.sentence.spans):
                logits = logits - np.where((self._integrations != favoured) & self._needs_thing, FOREIGN, 0.0)
        logits = logits - self._caution
        order = np.argsort(-logits)[:most]
        best = float(logits[order[0]]) if len(order) else 0.0
        name = self.traits[int(order[0])].tool.id.partition(".")[2] if len(order) else ""
        tried = [
            int(k)
            for k in order
            if logits[k] > best - (REACH if self.traits[int(k)].tool.id.endswith("." + name) else NEAR)
        ]
        found = [self._read(k, float(logits[k]), seen, is_bound) for k in tried]
        excuse = next((c.logit - c.score for c in found if not c.talk), 0.0)
        found = [replace(c, score=c.score - max(0.0, excuse)) if c.talk else c for c in found]
        scores = logits.copy()
        scores[tried] = [c.score for c in found]
        weights = np.exp(scores - scores.max())
        total = float(weights.sum())
        made = [replace(c, probability=float(np.exp(c.score - scores.max())) / total) for c in found]
        return sorted(made, key=lambda c: c.score, reverse=True)

    def _read(self, k: int, logit: float, seen: Clue, is_bound: bool) -> Candidate:
        sentence = seen.sentence
        tool = self.traits[k].tool
        if tool.id.startswith(PREFIX):
            return Candidate(tool, Reading((), 0.0), logit, logit)
        reading = self.read(tool.id, sentence, seen.sight, is_bound)
        labels = {part for s in reading.segments for part in s.label.split("+")}
        missing = sum(
            name not in labels and not (is_bound and role_of(name) in ("thing", "place", "body", "branch"))
            for name in tool.required
        )
        keyed = KEYED * any(self._is_keyed(tool, s, sentence) for s in reading.segments)
        score = (
            keyed + logit + READ_WEIGHT * reading.score - MISSING_WEIGHT * missing - ODD_WEIGHT * reading.unexplained
        )
        return Candidate(tool, reading, logit, score)

    def _is_keyed(self, tool: Tool, segment: Segment, sentence: Sentence) -> bool:
        """Whether a word in capitals, such as PAY, stands where the system takes a key."""
        said = sentence.between(segment.first, segment.last)
        about = str(tool.properties.get(segment.label, {}).get("description", ""))
        return said.isalnum() and said.isupper() and 2 <= len(said) <= 10 and bool(_KEY.search(about))

    def read(self, tool: str, sentence: Sentence, sight: Sight | None = None, is_bound: bool = False) -> Reading:
        """The best reading of a tool's arguments, with the values of choices that the sentence speaks for."""
        sight = sight or self.see(sentence)
        hint = self._hint(tool, sentence, sight) if sight is not None else None
        found = slot.decode(sentence, self.forms[tool], self._model.slots, is_bound, hint)
        form = self.forms[tool]
        found = replace(found, segments=slot.snapped(slot.periods(found.segments, sentence, form), sentence, form))
        return self._chosen(tool, found, sentence, sight) if sight is not None else found

    def _chosen(self, tool: str, found: Reading, sentence: Sentence, sight: Sight) -> Reading:
        """The reading with its choices made by the encoder, which words that name a value outright only support."""
        if tool not in self._choices:
            heads, one = self._model.heads, self.tools[tool]
            known = [name for name in one.properties if heads is not None and heads.knows(one, name)]
            self._choices[tool] = (
                [heads.choice(one, name, self._encoder) for name in known] if heads is not None else []
            )
        segments, sureness = list(found.segments), found.sureness
        for choice in self._choices[tool]:
            named = next((s for s in segments if s.label == choice.name), None)
            hinted = named.value if named else self._hinted(tool, choice.name, sentence, segments)
            value, sure, at = choice.read(sight, hinted)
            sureness += sure
            if named is not None and value != named.value:
                segments.remove(named)
                named = None
            if named is None and value is not None:
                segments.append(Segment(at, at + 1, choice.name, value))
        return replace(found, segments=tuple(sorted(segments, key=lambda s: s.first)), sureness=sureness)

    def _hinted(self, tool: str, name: str, sentence: Sentence, segments: Sequence[Segment]) -> Any:
        """The one value of a choice that free words say; the tool's own verb says none."""
        taken = {k for s in segments for k in range(s.first, s.last)}
        own = {stem(word) for word in tool.partition(".")[2].split("_")}
        said = {
            value
            for i, j, value in said_choices(sentence.tokens, self.forms[tool].choices[name])
            if not taken & {*range(i, j)}
            and not {stem(t.low) for t in sentence.tokens[i:j]} <= own
            and not is_negated(sentence.tokens, i)
        }
        return said.pop() if len(said) == 1 else None

    def _hint(self, tool: str, sentence: Sentence, sight: Sight) -> Hint | None:
        heads, one = self._model.heads, self.tools[tool]
        if heads is None or not one.properties:
            return None
        if tool not in self._rows:
            self._rows[tool] = np.stack([heads.row(one, name, self._encoder) for name in one.properties])
        more = len(sentence.tokens) - len(sight.words)
        return heads.hint(sight, self._rows[tool], list(one.properties), more)
