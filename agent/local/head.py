"""What was learned on top of the encoder: which tool a sentence is for, and which words are which parameter."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agent.local.encoder import Encoder
from agent.local.piece import SHAPES, pieces, shape, words
from agent.local.text import Sentence
from agent.local.word import split_name
from core.tool import Tool

OWN_SCALE = 16.0
NAMED = 1.0  # what words that name a value outright add to it
UNSAID = -2.0  # how much less than learned speaks for no value: a choice is missed more often than made up
CUT = -1.0  # the logit above which a word begins a further command
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sight:
    """A sentence seen: its vector of length one (384), and for each word that fits what parameters are compared with
    (words, 128), the logit of being none (words), the logits of beginning and ending an argument and of beginning a
    further command (words, 3), and what values of choices are compared with (words + 1, 128; the last is the whole)."""

    vector: Floats
    words: Floats
    none: Floats
    edges: Floats
    cues: Floats

    @property
    def cuts(self) -> list[int]:
        """The words that begin a further command."""
        return [k for k in range(1, len(self.edges)) if self.edges[k, 2] > CUT]


@dataclass(frozen=True)
class Hint:
    """How likely each word is each parameter of one tool, as log odds summed from the left; see `slot.decode`.

    `none` is a log probability for each word; `inside` the running sums of log probabilities by label; `begin` and `end`
    logits for each word.
    """

    none: list[float]
    inside: Mapping[str, list[float]]
    begin: list[float]
    end: list[float]


@dataclass(frozen=True)
class Choice:
    """An enum or boolean: its values, what stands for each (values, 128), and the logit of none being said."""

    name: str
    values: tuple[Any, ...]
    rows: Floats
    unsaid: float

    def read(self, sight: Sight, hinted: Any = None) -> tuple[Any, float, int]:
        """The value the sentence speaks for, None for none; its log probability; and the word that does most.

        `hinted` is a value that some words name outright.
        """
        scores = sight.cues @ self.rows.T / self.rows.shape[1] ** 0.5
        best = scores.max(0)
        logits = np.array(
            [self.unsaid + UNSAID, *(best + NAMED * np.array([value == hinted for value in self.values]))]
        )
        logs = logits - logits.max() - np.log(np.exp(logits - logits.max()).sum())
        k = int(logits.argmax())
        if k == 0:
            return None, float(logs[0]), 0
        return self.values[k - 1], float(logs[k]), min(int(scores[:, k - 1].argmax()), max(len(sight.words) - 1, 0))


@dataclass(frozen=True)
class Heads:
    """The heads' weights; see agent/training/net.py for how they come about.

    `own` (tools, 384) and `bias` (tools) are by `tools`, `rows` (parameters, 128) by `params` ("tool.parameter"),
    `by_name` (names, 128) by `names`, `options` (values, 128) by `values` ("tool.parameter=value"), `by_value_name` by
    `value_names`; `word` (128, 384 + shapes), `param` (128, 384), `out` (1, …), `edge` (3, …).
    """

    scale: float
    tools: Mapping[str, int]
    params: Mapping[str, int]
    names: Mapping[str, int]
    values: Mapping[str, int]
    value_names: Mapping[str, int]
    own: Floats
    bias: Floats
    rows: Floats
    by_name: Floats
    word: Floats
    word_bias: Floats
    param: Floats
    out: Floats
    out_bias: Floats
    edge: Floats
    edge_bias: Floats
    cue: Floats
    cue_bias: Floats
    options: Floats
    value: Floats
    by_value_name: Floats
    unsaid: Floats
    unsaid_by_name: Floats

    @classmethod
    def arrays(cls) -> tuple[str, ...]:
        """The names of its arrays."""
        return tuple(f.name for f in fields(cls) if f.type == "Floats")

    def see(self, sentence: Sentence, encoder: Encoder, before: str = "") -> Sight:
        """A sentence through the encoder once; `before` is what was done and said last."""
        cut = pieces(words(sentence), encoder.tokenizer, before)
        states = encoder.states(cut.ids)
        vector = states[: cut.end].mean(0)
        looks = np.zeros((len(cut.firsts), len(SHAPES)), np.float32)
        for k in range(len(cut.firsts)):
            looks[k, shape(sentence.tokens[k])] = 1
        seen = np.concatenate([states[list(cut.firsts)], looks], 1)
        whole = np.concatenate([vector, np.zeros(len(SHAPES), np.float32)])
        return Sight(
            vector / np.linalg.norm(vector),
            seen @ self.word.T + self.word_bias,
            (seen @ self.out.T + self.out_bias)[:, 0],
            seen @ self.edge.T + self.edge_bias,
            np.concatenate([seen, whole[None]]) @ self.cue.T + self.cue_bias,
        )

    def row(self, tool: Tool, name: str, encoder: Encoder) -> Floats:
        """What stands for a parameter, (128); one never trained on by its description and name."""
        known = self.params.get(f"{tool.id}.{name}")
        if known is not None:
            found: Floats = self.rows[known]
            return found
        made: Floats = self.param @ encoder.encode([param_text(tool, name)])[0]
        if name in self.names:
            made = made + self.by_name[self.names[name]]
        return made

    def knows(self, tool: Tool, name: str) -> bool:
        """Whether a parameter is a choice it was trained on."""
        return f"{tool.id}.{name}" in self.params and bool(options(tool.properties[name]))

    def choice(self, tool: Tool, name: str, encoder: Encoder) -> Choice:
        """What stands for the values of an enum or a boolean; one never trained on by its name and description."""
        values = options(tool.properties[name])
        rows = []
        for value in values:
            known = self.values.get(f"{tool.id}.{name}={value}")
            if known is not None:
                rows.append(self.options[known])
                continue
            made = self.value @ encoder.encode([value_text(tool, name, value)])[0]
            shared = self.value_names.get(f"{name}={value}")
            rows.append(made if shared is None else made + self.by_value_name[shared])
        place, called = self.params.get(f"{tool.id}.{name}"), self.names.get(name)
        unsaid = float(self.unsaid_by_name[called] if called is not None else self.unsaid_by_name.mean())
        return Choice(name, values, np.stack(rows), unsaid + (float(self.unsaid[place]) if place is not None else 0.0))

    def hint(self, sight: Sight, rows: Floats, labels: Sequence[str], more: int) -> Hint:
        """The sight against one tool's parameters; `more` words did not fit and are left open."""
        scores = np.concatenate([sight.none[:, None], sight.words @ rows.T / rows.shape[1] ** 0.5], 1)
        scores = scores - scores.max(1, keepdims=True)
        scores = np.maximum(scores - np.log(np.exp(scores).sum(1, keepdims=True)), -9.0)
        rest = [0.0] * more
        sums = np.concatenate([np.zeros((1, scores.shape[1]), np.float32), scores.cumsum(0)])
        inside = {
            label: [*sums[:, k + 1].tolist(), *([float(sums[-1, k + 1])] * more)] for k, label in enumerate(labels)
        }
        begin, end = (np.clip(sight.edges[:, k], -6, 6).tolist() for k in (0, 1))
        return Hint([*scores[:, 0].tolist(), *rest], inside, [*begin, *rest], [*end, *rest])


def options(schema: Mapping[str, Any]) -> tuple[Any, ...]:
    """The values of an enum or a boolean; empty for any other parameter."""
    if schema.get("type") == "boolean":
        return (True, False)
    return tuple(schema["enum"]) if schema.get("enum") and schema.get("type") != "array" else ()


def value_text(tool: Tool, name: str, value: Any) -> str:
    """A value of a choice in one line."""
    said = " ".join(split_name(str(value))) if not isinstance(value, bool) else "yes" if value else "no"
    about = tool.properties[name].get("description", "")
    return f"{' '.join(split_name(name))} {said}: {about} ({' '.join(split_name(tool.id.rpartition('.')[2]))})"


def param_text(tool: Tool, name: str) -> str:
    """A parameter in one line."""
    schema = tool.properties[name]
    values: Sequence[Any] = schema.get("enum") or schema.get("items", {}).get("enum") or ()
    said = f"{' '.join(split_name(name))}: {schema.get('description', '')}"
    if values:
        said += " one of " + ", ".join(str(value) for value in values[:8])
    return f"{said} ({' '.join(split_name(tool.id.rpartition('.')[2]))})"
