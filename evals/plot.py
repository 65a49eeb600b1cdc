"""The report's pictures: accuracy by integration, reliability, coverage against precision, latency."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl

from evals.score import Score, Verdict

mpl.use("Agg")
from matplotlib import pyplot as plt

BINS = 10
SIZE = (6.4, 4.0)


def draw(verdicts: Sequence[Verdict], by_integration: dict[str, Score], folder: Path) -> list[Path]:
    """Write four pictures of one run as PNG."""
    folder.mkdir(parents=True, exist_ok=True)
    pictures: dict[str, Callable[[Any], None]] = {
        "integrations": lambda axes: _integrations(axes, by_integration),
        "reliability": lambda axes: _reliability(axes, verdicts),
        "coverage": lambda axes: _coverage(axes, verdicts),
        "latency": lambda axes: _latency(axes, verdicts),
    }
    made = []
    for name, paint in pictures.items():
        figure, axes = plt.subplots(figsize=(6.4, 7.6) if name == "integrations" else SIZE)
        paint(axes)
        axes.spines[["top", "right"]].set_visible(False)
        figure.tight_layout()
        path = folder / f"{name}.png"
        figure.savefig(path, dpi=110, metadata={"Software": None})
        plt.close(figure)
        made.append(path)
    return made


def _integrations(axes: Any, scores: dict[str, Score]) -> None:
    rows = sorted(((s.accuracy.share or 0.0, name, s.accuracy.n) for name, s in scores.items()), reverse=False)
    axes.barh([f"{name} ({n})" for _, name, n in rows], [100 * share for share, _, _ in rows], color="#3b6ea5")
    axes.set_xlabel("accuracy, %")
    axes.set_xlim(0, 100)
    axes.tick_params(axis="y", labelsize=7)


def _reliability(axes: Any, verdicts: Sequence[Verdict]) -> None:
    plans = [
        (v.prediction.confidence, v.is_right)
        for v in verdicts
        if v.prediction.outcome == "call" and v.prediction.confidence is not None
    ]
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1, linestyle="--")
    points = []
    for k in range(BINS):
        inside = [(c, right) for c, right in plans if k / BINS <= c < (k + 1) / BINS or (k == BINS - 1 and c == 1)]
        if inside:
            points.append(
                (sum(c for c, _ in inside) / len(inside), sum(r for _, r in inside) / len(inside), len(inside))
            )
    axes.plot([x for x, _, _ in points], [y for _, y, _ in points], marker="o", color="#3b6ea5")
    for x, y, n in points:
        axes.annotate(str(n), (x, y), textcoords="offset points", xytext=(4, -10), fontsize=7)
    axes.set_xlabel("confidence of the plan")
    axes.set_ylabel("share that was right")


def coverage(verdicts: Sequence[Verdict]) -> list[tuple[float, float]]:
    """For each number of the surest plans: their share of the cases that want a call, and how many are right."""
    plans = sorted(
        ((v.prediction.confidence or 0.0, v.is_right) for v in verdicts if v.prediction.outcome == "call"), reverse=True
    )
    wanted = sum(v.case.expect == "call" for v in verdicts) or 1
    found, right = [], 0
    for n, (_, is_right) in enumerate(plans, 1):
        right += is_right
        found.append((n / wanted, right / n))
    return found


def _coverage(axes: Any, verdicts: Sequence[Verdict]) -> None:
    points = coverage(verdicts)
    axes.plot([100 * x for x, _ in points], [100 * y for _, y in points], color="#3b6ea5")
    axes.axhline(97, color="#999999", linewidth=1, linestyle="--")
    axes.set_xlabel("coverage: the surest plans, % of the cases that want a call")
    axes.set_ylabel("precision, %")


def _latency(axes: Any, verdicts: Sequence[Verdict]) -> None:
    axes.hist([v.prediction.ms for v in verdicts if v.prediction.ms is not None], bins=40, color="#3b6ea5")
    axes.set_xlabel("ms to interpret")
    axes.set_ylabel("cases")
