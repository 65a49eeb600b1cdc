"""How often a plan of a given evidence is right: measured on the development cases, which nothing was learned from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from agent.local.dialogue import Dialogue
from agent.local.encoder import Encoder
from agent.local.model import Model
from agent.local.toolbox import Toolbox
from core.tool import Tool
from evals.brain import prediction, request_of
from evals.case import Case, load_cases
from evals.score import judge

CASES = Path(__file__).parent.parent / "dev"
PULL = 1e-3
STEPS = 50
ROUNDS = 2


def calibrated(model: Model, tools: Sequence[Tool], encoder: Encoder, folder: Path = CASES) -> Model:
    """The model with the weights of its confidence, by logistic regression over the plans it makes of the cases."""
    cases = [case for path in sorted(folder.glob("*.jsonl")) for case in load_cases(path)]
    known = {tool.id: tool for tool in tools}
    for _ in range(ROUNDS):  # confidence decides which plan is made, and is measured on the plans made
        box = Toolbox(tools, model, encoder)
        found = [pair for case in cases if (pair := _plan(case, box, known)) is not None]
        x = np.array([seen for seen, _ in found])
        y = np.array([right for _, right in found], float)
        model = replace(model, calibration=tuple(round(float(w), 4) for w in logistic(x, y)))
    return model


def _plan(case: Case, box: Toolbox, tools: dict[str, Tool]) -> tuple[tuple[float, ...], bool] | None:
    """The evidence of the plan made of a case, and whether it was right; None where no whole plan was made."""
    dialogue = Dialogue(box, request_of(case))
    reading = dialogue.interpretation()
    if not dialogue.evidence or reading.missing or not reading.calls:
        return None
    as_call = replace(reading, outcome="call")
    verdict = judge(case, prediction(case, as_call), tools, ())
    return dialogue.evidence, case.expect == "call" and bool(verdict.is_full)


def logistic(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Weights (features) that make y (n, of 0 and 1) likeliest for x (n, features): Newton's method, slightly pulled to 0."""
    weights = np.zeros(x.shape[1])
    for _ in range(STEPS):
        p = 1 / (1 + np.exp(-np.clip(x @ weights, -30, 30)))
        slope = x.T @ (p - y) + PULL * weights
        bend = (x * (p * (1 - p))[:, None]).T @ x + PULL * np.eye(x.shape[1])
        weights -= np.linalg.solve(bend, slope)
    return weights
