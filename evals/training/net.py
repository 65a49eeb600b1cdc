"""The network while it learns: the encoder with three heads, in PyTorch.

One head ranks tools: the likeness of the sentence to each tool's card, plus weights of the tool's own, which are
left out now and then so that a tool nobody trained on is found by its card alone. One says for each word which
parameter it belongs to, by its likeness to the parameter's description. One says where arguments begin and end, and where
a further command begins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertModel

from agent.local.evidence import Trait
from agent.local.head import options, param_text, value_text
from agent.local.piece import SHAPES
from agent.local.talk import talk_tools
from core.tool import Tool

WIDTH, NARROW = 384, 128
OWN_LEFT_OUT = 0.3


@dataclass(frozen=True)
class Table:
    """Numbers of tools, parameters and the values of choices, and the texts that stand for them."""

    tools: dict[str, int]
    params: dict[tuple[str, str], int]
    names: list[int]
    owners: list[int]
    cards: list[str]
    texts: list[str]
    choices: dict[tuple[str, str], list[tuple[Any, int]]]
    values: list[str]
    value_names: list[int]

    @classmethod
    def of(cls, tools: Sequence[Tool]) -> Table:
        """The table of tools, with the kinds of talk behind them."""
        every = [*tools, *talk_tools()]
        params = [(tool, name) for tool in tools for name in tool.properties]
        names: dict[str, int] = {}
        place = {tool.id: k for k, tool in enumerate(every)}
        choices: dict[tuple[str, str], list[tuple[Any, int]]] = {}
        texts: list[str] = []
        shared: dict[str, int] = {}
        value_names: list[int] = []
        for tool, name in params:
            for value in options(tool.properties[name]):
                choices.setdefault((tool.id, name), []).append((value, len(texts)))
                texts.append(value_text(tool, name, value))
                value_names.append(shared.setdefault(f"{name}={value}", len(shared)))
        return cls(
            place,
            {(tool.id, name): k for k, (tool, name) in enumerate(params)},
            [names.setdefault(name, len(names)) for _, name in params],
            [place[tool.id] for tool, _ in params],
            [Trait(tool).card for tool in every],
            [param_text(tool, name) for tool, name in params],
            choices, texts, value_names,
        )  # fmt: skip


class Net(nn.Module):
    """Encoder and heads; `cards` and `params` are vectors of texts, renewed now and then with the encoder as it is."""

    def __init__(self, encoder: BertModel, table: Table, frozen: int) -> None:
        super().__init__()
        names, owners, tools = table.names, table.owners, len(table.cards)
        self.encoder = encoder
        for part in (encoder.embeddings, *encoder.encoder.layer[:frozen]):
            part.requires_grad_(requires_grad=False)
        self.register_buffer("cards", torch.zeros(tools, WIDTH))
        self.register_buffer("params", torch.zeros(len(names), WIDTH))
        self.register_buffer("names", torch.tensor(names))
        self.register_buffer("owner", torch.tensor(owners))
        self.scale = nn.Parameter(torch.tensor(16.0))
        self.own = nn.Parameter(torch.zeros(tools, WIDTH))
        self.bias = nn.Parameter(torch.zeros(tools))
        self.word = nn.Linear(WIDTH + len(SHAPES), NARROW)
        self.param = nn.Linear(WIDTH, NARROW, bias=False)
        self.by_name = nn.Embedding(max(names) + 1, NARROW)
        self.by_param = nn.Embedding(len(names), NARROW)
        self.out = nn.Linear(WIDTH + len(SHAPES), 1)
        self.edge = nn.Linear(WIDTH + len(SHAPES), 3)
        self.register_buffer("values", torch.zeros(len(table.values), WIDTH))
        self.register_buffer("value_names", torch.tensor(table.value_names))
        self.cue = nn.Linear(WIDTH + len(SHAPES), NARROW)
        self.value = nn.Linear(WIDTH, NARROW, bias=False)
        self.by_value_name = nn.Embedding(max(table.value_names) + 1, NARROW)
        self.by_value = nn.Embedding(len(table.values), NARROW)
        self.unsaid = nn.Parameter(torch.zeros(len(names)))
        self.unsaid_by_name = nn.Parameter(torch.full((max(names) + 1,), 2.0))
        for embedding in (self.by_name, self.by_param, self.by_value_name, self.by_value):
            nn.init.normal_(embedding.weight, std=0.02)
        self.drop = nn.Dropout(0.1)

    def states(self, ids: Tensor, mask: Tensor) -> Tensor:
        """(batch, length, WIDTH)."""
        found: Tensor = self.encoder(input_ids=ids, attention_mask=mask).last_hidden_state
        return found

    @staticmethod
    def pooled(states: Tensor, mask: Tensor) -> Tensor:
        """Vectors of length one, (batch, WIDTH): the mean over `mask`."""
        weights = mask.unsqueeze(-1).to(states.dtype)
        return functional.normalize((states * weights).sum(1) / weights.sum(1), dim=-1)

    def tool_logits(self, sentence: Tensor) -> Tensor:
        """(batch, tools)."""
        own = self.own
        if self.training:
            kept = (torch.rand(own.shape[0], 1) >= OWN_LEFT_OUT).to(own.dtype)
            own, bias = own * kept, self.bias * kept[:, 0]
        else:
            bias = self.bias
        return self.scale * (self.drop(sentence) @ self.cards.T) + 16 * sentence @ own.T + bias

    def labels(self) -> Tensor:
        """What each parameter is compared with, (params, NARROW)."""
        special = self.by_param.weight
        if self.training:
            special = special * (torch.rand(special.shape[0], 1) >= OWN_LEFT_OUT).to(special.dtype)
        return self.param(self.params) + self.by_name(self.names) + special

    def options(self) -> Tensor:
        """What each value of a choice is compared with, (values, NARROW)."""
        special = self.by_value.weight
        if self.training:
            special = special * (torch.rand(special.shape[0], 1) >= OWN_LEFT_OUT).to(special.dtype)
        return self.value(self.values) + self.by_value_name(self.value_names) + special

    def choice_logits(self, words: Tensor, mask: Tensor) -> Tensor:
        """Of words (batch, length, WIDTH + SHAPES): how much some word speaks for each value, (batch, values)."""
        scores = self.cue(self.drop(words)) @ self.options().T / NARROW**0.5
        return scores.masked_fill(mask.unsqueeze(-1) == 0, -1e4).max(1).values

    def unsaid_logits(self) -> Tensor:
        """How much speaks for no value of a parameter at all, (parameters)."""
        return self.unsaid + self.unsaid_by_name[self.names]

    def word_logits(self, words: Tensor, allowed: Tensor) -> tuple[Tensor, Tensor]:
        """Of words (n, WIDTH + SHAPES) and allowed parameters (n, params): (n, 1 + params), none first; and edges (n, 3)."""
        scores = self.word(self.drop(words)) @ self.labels().T / NARROW**0.5
        scores = scores.masked_fill(~allowed, -1e4)
        return torch.cat([self.out(words), scores], 1), self.edge(words)
