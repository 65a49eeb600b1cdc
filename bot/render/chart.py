"""Numbers to compare as a picture: bars, longest first as they came, on a light ground that holds in dark chats too."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from bot.locale import Writer
from core.message import Picture

FEWEST, MOST = 3, 12
_GROUND, _INK, _SOFT, _BAR = "#ffffff", "#1b1c1f", "#5c5f66", "#3347d1"
_LONGEST_NAME = 32


@dataclass(frozen=True)
class Series:
    """What is compared: a title and named numbers."""

    title: str
    bars: tuple[tuple[str, Decimal], ...]


def series(result: Any) -> Series | None:
    """The numbers of a read that are worth comparing: a report's figures, or what deals amount to by stage."""
    if isinstance(result, Mapping):
        bars = _figures(result.get("figures") or ())
        title = str(result.get("title") or "")
    else:
        bars, title = _by_stage(result or ()), f"Amount by stage, of the {len(result or ())} listed"
    return Series(title, tuple(bars[:MOST])) if len(bars) >= FEWEST else None


def draw(one: Series, writer: Writer) -> Picture:
    """The picture; it takes some hundred milliseconds, so it is drawn in a thread."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = [_short(name) for name, _ in one.bars]
    figure = Figure(figsize=(7.2, 0.9 + 0.42 * len(names)), dpi=130, facecolor=_GROUND, layout="constrained")
    axes = figure.add_subplot(facecolor=_GROUND)
    bars = axes.barh(names, [float(value) for _, value in one.bars], color=_BAR, height=0.62)
    axes.invert_yaxis()
    axes.bar_label(bars, [writer.number(value) for _, value in one.bars], padding=4, color=_INK, fontsize=9)
    axes.margins(x=0.16)
    axes.tick_params(axis="y", length=0, labelcolor=_INK, labelsize=9)
    axes.tick_params(axis="x", bottom=False, labelbottom=False)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.spines["left"].set_color(_SOFT)
    file = io.BytesIO()
    FigureCanvasAgg(figure).print_png(file)
    return Picture(title=one.title, alt=told(one, writer), png=base64.b64encode(file.getvalue()).decode())


def told(one: Series, writer: Writer) -> str:
    """The picture in words: every bar with its number."""
    bars = ", ".join(f"{name} {writer.number(value)}" for name, value in one.bars)
    return f"Bar chart{f' of {one.title}' if one.title else ''}: {bars}."


def _figures(figures: Sequence[Mapping[str, Any]]) -> list[tuple[str, Decimal]]:
    """Figures of one kind: a share is not compared with a count."""
    found = [(str(one.get("name", "")), number) for one in figures if (number := _number(one.get("value"))) is not None]
    return found if len(found) == len(figures) else []


def _by_stage(records: Sequence[Mapping[str, Any]]) -> list[tuple[str, Decimal]]:
    """Sums of one currency by stage, in the order in which the stages came."""
    deals = [one for one in records if one.get("type") == "deal" and one.get("stage")]
    if not deals or len(deals) < len(records) or len({one.get("currency") for one in deals}) != 1:
        return []
    sums: dict[str, Decimal] = {}
    for one in deals:
        sums[one["stage"]] = sums.get(one["stage"], Decimal(0)) + (_number(one.get("amount")) or Decimal(0))
    return list(sums.items())


def _number(value: Any) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _short(name: str) -> str:
    """A name that fits beside its bar; a dollar sign would begin a formula."""
    plain = " ".join(name.split()).replace("$", r"\$")
    return plain if len(plain) <= _LONGEST_NAME else f"{plain[: _LONGEST_NAME - 1]}…"
