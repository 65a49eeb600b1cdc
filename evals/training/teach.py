"""Fine-tunes the encoder with its heads on the CPU; writes a checkpoint after each epoch and goes on from it."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional
from transformers import BertModel

from agent.local.form import FULL_NAME, OPEN, kind_of
from agent.local.piece import SHAPES, Pieces, before, pieces, shape, spelt
from agent.local.text import Token
from core.tool import Tool
from evals.training.lesson import Lesson
from evals.training.net import Net, Table

BATCH = 32
RATE, HEAD_RATE, WARM = 1.2e-4, 1.5e-3, 0.06
RENEW = 150
SWAP, TYPO, SOFT = 0.4, 0.03, 0.05
WORD_WEIGHT, CHOICE_WEIGHT = 1.0, 0.7
EDGE_WEIGHTS = (0.5, 0.5, 2.0)  # of beginnings and ends of arguments, and of further commands
JOINED = 0.15
LINKS = [["and"], ["and", "then"], ["then"], [",", "then"], [","], ["."], [",", "and"], ["also"], [".", "also"], ["and", "also"],
         ["plus"], [";"], ["and", "please"], [",", "after", "that"], [".", "then"], ["!"], ["?"], []]  # fmt: skip


@dataclass
class Sample:
    """A lesson as words, their shapes, the parameter of each (-1 for none), and the number of the command each is in.

    `commands` are the numbers of the tools; `spans` where arguments stand, with their parameter's name; `choices` the
    parameter, the numbers of its values, and which of them is meant (0 for none, else counted from 1).
    """

    words: list[str]
    shapes: list[int]
    labels: list[int]
    inside: list[int]
    spans: list[tuple[int, int, str]]
    before: str
    commands: list[int]
    choices: list[tuple[int, list[int], int]]


def sample(lesson: Lesson, table: Table) -> Sample:
    """What the network sees of a lesson."""
    tokens = lesson.sentence.tokens
    parts = lesson.parts or ((0, lesson.tool),)
    inside = [max(n for n, (at, _) in enumerate(parts) if at <= k or n == 0) for k in range(len(tokens))]
    labels, spans = [-1] * len(tokens), []
    for segment in lesson.gold:
        tool, names = parts[inside[segment.first]][1], segment.label.split("+")
        for k in range(segment.first, segment.last):
            name = names[-1] if segment.label == FULL_NAME and k == segment.last - 1 else names[0]
            labels[k] = table.params[tool, name]
        spans.append((segment.first, segment.last, segment.label))
    return Sample(
        [spelt(t) for t in tokens], [shape(t) for t in tokens], labels, inside, spans, before(lesson.context),
        [table.tools[tool] for _, tool in parts], _choices(lesson, table),
    )  # fmt: skip


def _choices(lesson: Lesson, table: Table) -> list[tuple[int, list[int], int]]:
    found = []
    for (tool, name), values in table.choices.items() if not lesson.parts else ():
        if tool == lesson.tool:
            said = [k for k, (value, _) in enumerate(values, 1) if value == lesson.args.get(name)]
            found.append((table.params[tool, name], [number for _, number in values], said[0] if said else 0))
    return found


def learn(
    lessons: Sequence[Lesson],
    tools: Sequence[Tool],
    origin: Path,
    tokenizer: Tokenizer,
    *,
    epochs: int,
    frozen: int = 0,
    seed: int = 1,
    checkpoint: Path | None = None,
    step: Callable[[int, int, str], None] = lambda done, steps, text: None,
) -> tuple[Net, Table]:
    """The network after some epochs; `step` is told of each step: how many are done, of how many, and the losses."""
    torch.manual_seed(seed)
    dice = random.Random(seed)  # noqa: S311
    table = Table.of(tools)
    free = {name for tool in tools for name, schema in tool.properties.items() if kind_of(schema) in OPEN}
    samples = [sample(lesson, table) for lesson in lessons]
    pool: dict[str, list[tuple[list[str], list[int]]]] = defaultdict(list)
    for made in samples:
        for first, last, label in made.spans:
            if label in free:
                pool[label].append((made.words[first:last], made.shapes[first:last]))
    net = Net(BertModel.from_pretrained(origin, add_pooling_layer=False), table, frozen)
    body = [p for p in net.encoder.parameters() if p.requires_grad]
    heads = [p for n, p in net.named_parameters() if not n.startswith("encoder.")]
    optimiser = torch.optim.AdamW(
        [{"params": body, "lr": RATE, "weight_decay": 0.01}, {"params": heads, "lr": HEAD_RATE, "weight_decay": 0.01}]
    )
    steps = epochs * (len(samples) // BATCH + 1)
    plan = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda k: min((k + 1) / (WARM * steps), max(0.02, (steps - k) / (steps * (1 - WARM))))
    )
    begun = 0
    if checkpoint is not None and checkpoint.exists():
        kept = torch.load(checkpoint, weights_only=False)
        net.load_state_dict(kept["net"])
        optimiser.load_state_dict(kept["optimiser"])
        plan.load_state_dict(kept["plan"])
        begun = kept["epoch"]
        dice.setstate(kept["dice"])
    count = 0
    for epoch in range(begun, epochs):
        net.train()
        losses: list[tuple[float, float]] = []
        for chosen in _batches(samples, dice):
            if count % RENEW == 0:
                renew(net, table, tokenizer)
            count += 1
            varied = [_varied(_followed(one, samples, dice), pool, dice) for one in chosen]
            with torch.autocast("cpu", torch.bfloat16):
                loss, parts = _loss(net, varied, tokenizer)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            plan.step()
            losses.append(parts)
            tool, word = np.mean(losses[-50:], axis=0)
            step(begun * (steps // epochs) + count, steps, f"loss: tools {tool:.2f}, words {word:.2f}")
        if checkpoint is not None:
            torch.save(
                {"net": net.state_dict(), "optimiser": optimiser.state_dict(), "plan": plan.state_dict(), "epoch": epoch + 1, "dice": dice.getstate()},
                checkpoint,
            )  # fmt: skip
    net.eval()
    renew(net, table, tokenizer)
    return net, table


def renew(net: Net, table: Table, tokenizer: Tokenizer) -> None:
    """Encode all cards and parameters with the encoder as it is now."""
    was = net.training
    net.eval()
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        net.cards.copy_(vectors(net, table.cards, tokenizer))
        net.params.copy_(vectors(net, table.texts, tokenizer))
        net.values.copy_(vectors(net, table.values, tokenizer))
    net.train(was)


def vectors(net: Net, texts: Sequence[str], tokenizer: Tokenizer) -> Tensor:
    """Mean-pooled vectors of length one."""
    rows = [tokenizer.encode(text).ids[:96] for text in texts]
    found = torch.zeros(len(texts), net.cards.shape[1])
    order = sorted(range(len(rows)), key=lambda k: len(rows[k]))
    for at in range(0, len(order), 64):
        part = order[at : at + 64]
        ids, mask = _padded([rows[k] for k in part])
        found[part] = net.pooled(net.states(ids, mask).float(), mask)
    return found


def _padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    size = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), size, dtype=torch.long)
    mask = torch.zeros(len(rows), size)
    for n, row in enumerate(rows):
        ids[n, : len(row)] = torch.tensor(row)
        mask[n, : len(row)] = 1
    return ids, mask


def _batches(samples: Sequence[Sample], dice: random.Random) -> Iterator[list[Sample]]:
    """Batches of about the same length, in a random order."""
    order = sorted(
        range(len(samples)),
        key=lambda k: (len(samples[k].words) + (15 if samples[k].before else 0)) * dice.uniform(0.8, 1.25),
    )
    groups = [order[k : k + BATCH] for k in range(0, len(order), BATCH)]
    dice.shuffle(groups)
    for group in groups:
        yield [samples[k] for k in group]


def _varied(one: Sample, pool: dict[str, list[tuple[list[str], list[int]]]], dice: random.Random) -> Sample:
    """The sample with other values here and there, and with slips of the keyboard."""
    words, shapes, labels, inside = list(one.words), list(one.shapes), list(one.labels), list(one.inside)
    for first, last, label in sorted(one.spans, reverse=True):
        if label in pool and dice.random() < SWAP:
            other, forms = dice.choice(pool[label])
            words[first:last], shapes[first:last] = other, forms
            labels[first:last], inside[first:last] = [labels[first]] * len(other), [inside[first]] * len(other)
    for k, word in enumerate(words):
        if len(word) > 3 and word.isalpha() and dice.random() < TYPO:
            at = dice.randrange(len(word) - 1)
            swapped = word[at + 1] + word[at] + word[at + 2 :]
            words[k] = word[:at] + (swapped if dice.random() < 0.5 else word[at + 1 :])
    return Sample(words, shapes, labels, inside, one.spans, one.before, one.commands, one.choices)


def _followed(one: Sample, samples: Sequence[Sample], dice: random.Random) -> Sample:
    """Now and then the sample with another command behind it."""
    if dice.random() >= JOINED or len(one.words) > 30:
        return one
    other = dice.choice(samples)
    if other.before or len(other.words) > 30 or len(other.commands) > 1:
        return one
    link = dice.choice(LINKS)
    sign = shape(Token(0, 1, ",", ","))
    shift, last = len(one.words) + len(link), one.inside[-1] if one.inside else 0
    return Sample(
        one.words + link + other.words,
        one.shapes + [sign if not w.isalpha() else 0 for w in link] + other.shapes,
        one.labels + [-1] * len(link) + other.labels,
        one.inside + [last] * len(link) + [last + 1] * len(other.words),
        one.spans + [(first + shift, end + shift, label) for first, end, label in other.spans],
        one.before,
        one.commands + other.commands,
        [],
    )


def _loss(net: Net, batch: Sequence[Sample], tokenizer: Tokenizer) -> tuple[Tensor, tuple[float, float]]:
    cut = [pieces(one.words, tokenizer, one.before) for one in batch]
    ids, mask = _padded([c.ids for c in cut])
    states = net.states(ids, mask).float()
    inside = torch.zeros_like(mask)
    for n, c in enumerate(cut):
        inside[n, : c.end] = 1
    logits = net.tool_logits(net.pooled(states, inside))
    wanted = torch.tensor([one.commands[0] if len(one.commands) == 1 else -100 for one in batch])
    tools = functional.cross_entropy(logits, wanted, label_smoothing=SOFT)
    rows, places, looks, labels, edges, groups = [], [], [], [], [], []
    can: list[int] = []
    for n, (one, c) in enumerate(zip(batch, cut, strict=True)):
        for k, place in enumerate(c.firsts):
            rows.append(n)
            places.append(place)
            looks.append(one.shapes[k])
            labels.append(one.labels[k] + 1)
            left, right = one.labels[k - 1] if k else -1, one.labels[k + 1] if k + 1 < len(one.labels) else -1
            own = one.labels[k]
            edges.append(
                (own >= 0 and left != own, own >= 0 and right != own, bool(k) and one.inside[k] != one.inside[k - 1])
            )
            groups.append(len(can) + one.inside[k])
        can += one.commands
    seen = torch.cat([states[rows, places], functional.one_hot(torch.tensor(looks), len(SHAPES)).to(states.dtype)], 1)
    allowed = (net.owner.unsqueeze(0) == torch.tensor(can).unsqueeze(1))[groups]
    scores, edge = net.word_logits(seen, allowed)
    word = functional.cross_entropy(scores, torch.tensor(labels))
    marks = torch.tensor(edges, dtype=torch.float32)
    border = functional.binary_cross_entropy_with_logits(edge, marks, weight=torch.tensor(EDGE_WEIGHTS))
    loss = tools + WORD_WEIGHT * word + border + CHOICE_WEIGHT * _choice_loss(net, batch, cut, states, inside)
    return loss, (tools.item(), word.item())


def _choice_loss(net: Net, batch: Sequence[Sample], cut: Sequence[Pieces], states: Tensor, inside: Tensor) -> Tensor:
    length = max(len(c.firsts) for c in cut) + 1
    words, mask = torch.zeros(len(batch), length, states.shape[2] + len(SHAPES)), torch.zeros(len(batch), length)
    for n, (one, c) in enumerate(zip(batch, cut, strict=True)):
        size = len(c.firsts)
        looks = functional.one_hot(torch.tensor(one.shapes[:size], dtype=torch.long), len(SHAPES)).to(states.dtype)
        words[n, :size] = torch.cat([states[n, list(c.firsts)], looks], 1)
        words[n, size, : states.shape[2]] = states[n, : c.end].mean(0)
        mask[n, : size + 1] = 1
    scores, unsaid = net.choice_logits(words, mask), net.unsaid_logits()
    losses = [
        functional.cross_entropy(torch.cat([unsaid[param, None], scores[n, values]]).float(), torch.tensor(answer))
        for n, one in enumerate(batch)
        for param, values, answer in one.choices
    ]
    return torch.stack(losses).sum() / len(batch) if losses else scores.sum() * 0
