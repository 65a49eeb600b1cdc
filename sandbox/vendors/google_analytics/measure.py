"""Figures that are made up but fit together: they add up over days and dimensions, and are the same each time."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date, timedelta
from itertools import product
from typing import Any

from sandbox.exchange import Json
from sandbox.google import refused
from sandbox.grant import ident
from sandbox.vendors.google_analytics.seed import told

Test = Callable[[dict[str, str], list[float]], bool]


def check(names: Sequence[str], kind: str, known: Sequence[str]) -> None:
    """Refuse a metric or dimension that there is none of."""
    for name in names:
        if name not in known:
            said = f"Field {name} is not a valid {kind}. For a list of valid dimensions and metrics, see the schema."
            raise refused(400, "invalidArgument", said)


def cells(
    users: float, day: date, names: Sequence[str], extra: Sequence[str]
) -> Iterator[tuple[dict[str, str], float]]:
    """Each combination of the values of some dimensions on a day, and how many people it stands for."""
    lists: list[list[tuple[str, str, float]]] = []
    for name in dict.fromkeys([*names, *extra]):
        if name in told()["days"]:
            lists.append([(name, day.strftime(told()["days"][name]), 1.0)])
            continue
        values = told()["dimensions"][name]
        total = sum(values.values())
        lists.append([(name, str(value), weight / total) for value, weight in values.items()])
    today = users * (1.0 if day.weekday() < 5 else 0.6) * (0.9 + int(ident(2, day, alphabet="0123456789")) / 500)
    for combination in product(*lists):
        share = math.prod(weight for _, _, weight in combination)
        yield {name: value for name, value, _ in combination}, today * share


def table(
    users: float, span: tuple[date, date], names: Sequence[str], metrics: Sequence[str], only: Json | None
) -> dict[tuple[str, ...], list[float]]:
    """The metrics of each row that a period has."""
    test, wanted = expression(only), [one for one in fields(only) if one not in names]
    check(wanted, "dimension", [*told()["dimensions"], *told()["days"]])
    rows: dict[tuple[str, ...], list[float]] = {}
    day = span[0]
    while day <= span[1]:
        for at, people in cells(users, day, names, wanted):
            if not test(at, []):
                continue
            key = tuple(at[name] for name in names)
            sums = rows.setdefault(key, [0.0] * len(metrics))
            for place, name in enumerate(metrics):
                per = told()["metrics"][name][0]
                sums[place] = per if name in told()["fixed"] else sums[place] + people * per
        day += timedelta(days=1)
    return rows


def fields(node: Any) -> list[str]:
    """The names in a filter."""
    if isinstance(node, list):
        return [name for one in node for name in fields(one)]
    if not isinstance(node, dict):
        return []
    own = [str(node["fieldName"])] if "fieldName" in node else []
    return [*own, *(name for one in node.values() for name in fields(one))]


def expression(node: Json | None, metrics: Sequence[str] = ()) -> Test:
    """A filter expression as a test of a row: its dimensions, or its metrics in their order."""
    if not node:
        return lambda at, values: True
    if "notExpression" in node:
        inner = expression(node["notExpression"], metrics)
        return lambda at, values: not inner(at, values)
    for name, joined in (("andGroup", all), ("orGroup", any)):
        if name in node:
            tests = [expression(one, metrics) for one in node[name].get("expressions", [])]
            return lambda at, values, joined=joined, tests=tests: joined(test(at, values) for test in tests)  # type: ignore[misc]
    return _filter(node.get("filter") or {}, metrics)


def _filter(node: Json, metrics: Sequence[str]) -> Test:
    name = str(node.get("fieldName"))
    if "numericFilter" in node:
        check([name], "metric", metrics)
        about = node["numericFilter"]
        value = float(about["value"].get("int64Value") or about["value"].get("doubleValue") or 0)
        place, sign = list(metrics).index(name), about["operation"]
        return lambda at, values: {
            "EQUAL": values[place] == value, "GREATER_THAN": values[place] > value, "LESS_THAN": values[place] < value,
            "GREATER_THAN_OR_EQUAL": values[place] >= value, "LESS_THAN_OR_EQUAL": values[place] <= value,
        }[sign]  # fmt: skip
    if "inListFilter" in node:
        wanted = [one.lower() for one in node["inListFilter"]["values"]]
        return lambda at, values: at[name].lower() in wanted
    about = node.get("stringFilter") or {}
    text, how = str(about.get("value", "")).lower(), about.get("matchType", "EXACT")
    return lambda at, values: {
        "EXACT": at[name].lower() == text, "CONTAINS": text in at[name].lower(),
        "BEGINS_WITH": at[name].lower().startswith(text), "ENDS_WITH": at[name].lower().endswith(text),
        "PARTIAL_REGEXP": re.search(re.escape(text), at[name].lower()) is not None,
        "FULL_REGEXP": at[name].lower() == text,
    }[how]  # fmt: skip


def shown(name: str, value: float) -> Json:
    """A metric's value as the API writes it."""
    kind = told()["metrics"][name][1]
    return {"value": str(round(value)) if kind == "TYPE_INTEGER" else f"{value:.6f}".rstrip("0").rstrip(".")}


def header(name: str) -> Json:
    """A metric in the head of a table."""
    return {"name": name, "type": told()["metrics"][name][1]}
