"""A sentence, and what was said before it, as word pieces for the encoder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from tokenizers import Tokenizer

from agent.local.context import Context
from agent.local.text import Sentence, Token
from agent.local.word import split_name

MOST, MOST_BEFORE = 160, 48
STANDS_FOR = {
    "names": "Ann and Bob", "channel": "#channel", "person": "someone", "url": "link", "email": "email address", "quote": '"text"',
    "key": "ABC-1", "repo": "owner/repo", "id": "id", "phone": "phone number", "file": "file.pdf", "emoji": "emoji", "code": "code",
}  # fmt: skip
SHAPES = ("word", "capital", "capitals", "mixed", "sign", "names", "channel", "person", "url", "email", "quote", "key", "repo", "id",
          "phone", "file", "when", "number", "money", "duration", "every", "emoji", "code", "other")  # fmt: skip
_PLACE = {name: k for k, name in enumerate(SHAPES)}


@dataclass(frozen=True)
class Pieces:
    """Ids with [CLS] and [SEP]; `firsts` is the place of each token's first piece, of those that fit; `end` is where the sentence ends."""

    ids: tuple[int, ...]
    firsts: tuple[int, ...]
    end: int


def spelt(token: Token) -> str:
    """What the encoder reads of a token: typed spans that are mere names by what they are."""
    return STANDS_FOR.get(token.kind, token.low)


def shape(token: Token) -> int:
    """The place in SHAPES of a token's looks."""
    if token.kind != "word":
        return _PLACE.get(token.kind, len(SHAPES) - 1)
    text = token.text
    if token.is_sign:
        return _PLACE["sign"]
    if any(c.isdigit() for c in text):
        return _PLACE["mixed"]
    if text.isupper() and len(text) > 1:
        return _PLACE["capitals"]
    return _PLACE["capital" if token.is_capital else "word"]


def pieces(words: Sequence[str], tokenizer: Tokenizer, before: str = "") -> Pieces:
    """Words as pieces, cut at MOST, with the words before them behind, cut at MOST_BEFORE."""
    ids, firsts = [101], []
    for word in words:
        own = _ids(tokenizer, word)
        if len(ids) + len(own) > MOST:
            break
        firsts.append(len(ids))
        ids += own
    end = len(ids)
    ids.append(102)
    if before:
        ids += [*_ids(tokenizer, before)[:MOST_BEFORE], 102]
    return Pieces(tuple(ids), tuple(firsts), end)


@lru_cache(maxsize=50_000)
def _ids(tokenizer: Tokenizer, text: str) -> tuple[int, ...]:
    return tuple(tokenizer.encode(text, add_special_tokens=False).ids) or (100,)


def words(sentence: Sentence) -> list[str]:
    """The tokens of a sentence as the encoder reads them."""
    return [spelt(token) for token in sentence.tokens]


def before(context: Context) -> str:
    """What was done and said last, as words; "" where nothing was."""
    steps = context.pending or ((context.last,) if context.last else ())
    return done(*(step.tool for step in steps[:2]), said=context.before)


def done(*tools: str, said: str = "") -> str:
    """Calls of tools, and the words that asked for them, as `before` gives them."""
    return f"{', '.join(' '.join(split_name(tool)) for tool in tools)}: {said}" if tools else ""
