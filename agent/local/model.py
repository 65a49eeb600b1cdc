"""The fitted weights, as a file: what `python -m agent.local` writes and the interpreter loads."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from agent.local.form import Form
from agent.local.head import Heads
from agent.local.rank import Floats, RankWeights
from core.tool import Tool

FOLDER = Path(__file__).parent / "fitted"


@dataclass(frozen=True)
class Model:
    """All that was learned: usage of words, segment and rank weights, forms and card vectors of known tools, the encoder's heads."""

    usage: Mapping[str, tuple[int, int]]
    slots: Mapping[str, float]
    rank: RankWeights
    forms: Mapping[str, tuple[str, Mapping[str, int], Mapping[str, Sequence[str]]]]
    cards: Mapping[str, Floats]
    heads: Heads | None = None
    calibration: tuple[float, ...] = ()

    def form(self, tool: Tool) -> Form | None:
        """The form of a tool whose examples are those it was fitted with."""
        known = self.forms.get(tool.id)
        if known is None or known[0] != digest(tool):
            return None
        seen = {label: frozenset(values) for label, values in known[2].items()}
        return Form(tool, Counter(known[1]), self.usage, seen)


def digest(tool: Tool) -> str:
    """A short hash of what the fit depends on."""
    text = json.dumps(
        [tool.id, tool.description, tool.parameters, [[e.say, e.args] for e in tool.examples]],
        default=str,
        sort_keys=True,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def text_key(text: str) -> str:
    """The key of a card's vector."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def save(model: Model, folder: Path = FOLDER) -> None:
    """Write the model as one JSON and one array file."""
    folder.mkdir(parents=True, exist_ok=True)
    said: dict[str, Any] = {
        "usage": model.usage, "slots": model.slots, "rows": list(model.rank.rows), "columns": list(model.rank.columns),
        "forms": {k: [h, dict(w), {p: sorted(v) for p, v in s.items()}] for k, (h, w, s) in model.forms.items()},
        "cards": list(model.cards), "calibration": list(model.calibration),
    }  # fmt: skip
    arrays = {}
    if model.heads is not None:
        heads = model.heads
        said["heads"] = {
            "scale": heads.scale,
            "tools": list(heads.tools),
            "params": list(heads.params),
            "names": list(heads.names),
            "values": list(heads.values),
            "value_names": heads.value_names,
        }
        arrays = {f"head_{name}": getattr(heads, name).astype(np.float16) for name in Heads.arrays()}
    data = json.dumps(said, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    (folder / "model.json.gz").write_bytes(gzip.compress(data, mtime=0))
    np.savez_compressed(
        folder / "model.npz",
        matrix=model.rank.matrix.astype(np.float16),
        pair=model.rank.pair,
        cards=np.stack(list(model.cards.values())).astype(np.float16)
        if model.cards
        else np.zeros((0, 384), np.float16),
        **arrays,
    )


@lru_cache(maxsize=2)
def load(folder: Path = FOLDER) -> Model:
    """Read a model."""
    said = json.loads(gzip.decompress((folder / "model.json.gz").read_bytes()))
    arrays = np.load(folder / "model.npz")
    matrix = arrays["matrix"].astype(np.float32)
    rank = RankWeights(
        {name: k for k, name in enumerate(said["rows"])},
        {name: k for k, name in enumerate(said["columns"])},
        matrix,
        arrays["pair"],
    )
    cards = arrays["cards"].astype(np.float32)
    return Model(
        {word: (a, b) for word, (a, b) in said["usage"].items()},
        said["slots"], rank,
        {k: (h, w, s) for k, (h, w, s) in said["forms"].items()},
        {key: cards[k] for k, key in enumerate(said["cards"])},
        _heads(said["heads"], arrays) if "heads" in said else None,
        tuple(said["calibration"]),
    )  # fmt: skip


def _heads(said: Mapping[str, Any], arrays: Mapping[str, Any]) -> Heads:
    made: dict[str, Any] = {name: arrays[f"head_{name}"].astype(np.float32) for name in Heads.arrays()}
    for part in ("tools", "params", "names", "values"):
        made[part] = {name: k for k, name in enumerate(said[part])}
    return Heads(scale=said["scale"], value_names=said["value_names"], **made)
