"""Google Analytics' JSON to records; no key of Google's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from core.records import Document, Event, Figure, Project, Ref, Report

KEY = "google_analytics"
SITE = "https://analytics.google.com/analytics/web/#/"
FIGURES = 200
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_NAMED = re.compile(r"(?:properties/|p)?(\d{3,})")


def to_property(item: Mapping[str, Any], account: Mapping[str, Any]) -> Project:
    """A property, and the account it belongs to."""
    number = number_of(str(item["property"]))
    ref = Ref(integration=KEY, kind="property", id=number, url=f"{SITE}p{number}/reports")
    return Project(ref=ref, title=str(item.get("displayName") or number), state=str(account.get("displayName") or ""))


def to_report(data: Mapping[str, Any], number: str, title: str) -> Report:
    """A table of dimensions and metrics; the totals come first among the figures."""
    dimensions = [str(one["name"]) for one in data.get("dimensionHeaders") or ()]
    metrics = list(data.get("metricHeaders") or ())
    currency = str((data.get("metadata") or {}).get("currencyCode") or "")
    lines = [" | ".join([*dimensions, *(str(one["name"]) for one in metrics)])]
    figures = []
    for row in data.get("totals") or ():
        at = _period(dimensions, row)
        figures += [Figure(name=f"total {name}{at}", value=value) for name, value in _values(row, metrics, currency)]
    for row in data.get("rows") or ():
        keys, values = _keys(row, dimensions), _values(row, metrics, currency)
        lines.append(" | ".join([*keys, *(value for _, value in values)]))
        figures += [Figure(name=" ".join([*keys, name]), value=value) for name, value in values]
    if len(lines) == 1:
        lines = ["Nothing was measured."]
    ref = Ref(integration=KEY, kind="report", id=number, url=f"{SITE}p{number}/reports")
    return Report(
        ref=ref, title=title, text="\n".join(lines), figures=tuple(figures[:FIGURES]), sections=tuple(_notes(data))
    )


def to_pivot(data: Mapping[str, Any], number: str, title: str) -> Report:
    """A table with one dimension down and one across; a cell has a value for each metric."""
    metrics = list(data.get("metricHeaders") or ())
    currency = str((data.get("metadata") or {}).get("currencyCode") or "")
    down, across = dict[str, None](), dict[str, None]()
    cells: dict[tuple[str, str], str] = {}
    names = [str(one["name"]) for one in data.get("dimensionHeaders") or ()]
    for row in data.get("rows") or ():
        first, second = _keys(row, names)
        down[first], across[second] = None, None
        cells[first, second] = " / ".join(value for _, value in _values(row, metrics, currency))
    lines = [" | ".join([" / ".join(names), *across])]
    lines += [" | ".join([one, *(cells.get((one, other), "0") for other in across)]) for one in down]
    figures = [Figure(name=f"{one}, {other}", value=value) for (one, other), value in cells.items()]
    ref = Ref(integration=KEY, kind="report", id=number, url=f"{SITE}p{number}/reports")
    text = "\n".join(lines) if down else "Nothing was measured."
    return Report(ref=ref, title=title, text=text, figures=tuple(figures[:FIGURES]), sections=tuple(_notes(data)))


def to_field(item: Mapping[str, Any], kind: str, number: str) -> Document:
    """A metric or dimension."""
    name = str(item["apiName"])
    ref = Ref(integration=KEY, kind=kind, id=name, key=name, url=f"{SITE}p{number}/admin/customdefinitions")
    own = "custom " if item.get("customDefinition") else ""
    title = f"{item.get('uiName') or name} ({own}{kind}, {item.get('category') or 'Other'})"
    return Document(ref=ref, title=title, text=str(item.get("description") or ""))


def to_key_event(item: Mapping[str, Any]) -> Event:
    """An event that counts as a key event; `detail` is what one is worth."""
    name = str(item["name"])
    number = number_of(name.partition("/keyEvents/")[0])
    return Event(
        ref=Ref(integration=KEY, kind="key_event", id=name, url=f"{SITE}p{number}/admin/events/overview"),
        title=str(item.get("eventName") or ""),
        status=str(item.get("countingMethod") or ""),
        detail=worth(item.get("defaultValue") or {}),
        started_at=moment(item.get("createTime")),
    )


def to_change(item: Mapping[str, Any]) -> Event:
    """Somebody's change of the settings, a line for each thing that was changed."""
    lines = [_change(one) for one in item.get("changes") or ()]
    actor = str(item.get("userActorEmail") or str(item.get("actorType") or "").lower())
    return Event(
        ref=Ref(integration=KEY, kind="change", id=str(item["id"]), url=f"{SITE}admin/history"),
        title=lines[0].partition(":")[0] if lines else "Change",
        author=actor,
        detail="\n".join(lines),
        started_at=moment(item.get("changeTime")),
    )


def restored(item: Mapping[str, Any]) -> dict[str, Any]:
    """What a key event needs to be made again."""
    return {name: item[name] for name in ("eventName", "countingMethod", "defaultValue") if item.get(name)}


def worth(value: Mapping[str, Any]) -> str:
    """An amount and its currency."""
    return f"{float(value['numericValue']):.2f} {value.get('currencyCode', '')}".strip() if value else ""


def fields(data: Mapping[str, Any], kind: str) -> dict[str, str]:
    """Of the metrics or dimensions of a property the name that people see, by API name."""
    return {str(one["apiName"]): str(one.get("uiName") or one["apiName"]) for one in data.get(f"{kind}s") or ()}


def number_of(text: str) -> str:
    """The number of a property in its name or link, or ""."""
    text = text.strip()
    if "analytics.google.com" in text:
        hit = re.search(r"[#/]p(\d+)", text)
        return hit[1] if hit else ""
    found = _NAMED.fullmatch(text)
    return found[1] if found else ""


def moment(text: Any) -> datetime | None:
    """An RFC 3339 moment; Google writes up to nine digits of a second."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", str(text))) if text else None


def _keys(row: Mapping[str, Any], names: Sequence[str]) -> list[str]:
    values = [str(one.get("value") or "") for one in row.get("dimensionValues") or ()]
    return [
        f"{value[:4]}-{value[4:6]}-{value[6:]}" if name == "date" and len(value) == 8 else value
        for name, value in zip(names, values, strict=False)
    ]


def _values(row: Mapping[str, Any], metrics: Sequence[Mapping[str, Any]], currency: str) -> list[tuple[str, str]]:
    cells = row.get("metricValues") or ()
    return [(str(one["name"]), _shown(cell, one, currency)) for one, cell in zip(metrics, cells, strict=False)]


def _shown(cell: Mapping[str, Any], metric: Mapping[str, Any], currency: str) -> str:
    value, kind = str(cell.get("value") or "0"), str(metric.get("type") or "")
    if kind == "TYPE_CURRENCY":
        return f"{float(value):,.2f} {currency}".strip()
    if kind == "TYPE_INTEGER":
        return f"{int(value):,}"
    if kind == "TYPE_SECONDS":
        return f"{float(value):.0f} s"
    return f"{float(value):.1%}" if str(metric["name"]).endswith("Rate") else value


def _period(names: Sequence[str], row: Mapping[str, Any]) -> str:
    if "dateRange" not in names:
        return ""
    value = (row.get("dimensionValues") or [{}] * len(names))[names.index("dateRange")].get("value")
    return f" ({value})" if value else ""


def _notes(data: Mapping[str, Any]) -> Iterable[str]:
    """What one must know to read the figures right."""
    about, count, shown = data.get("metadata") or {}, int(data.get("rowCount") or 0), len(data.get("rows") or ())
    if count > shown:
        yield f"{shown} of {count} rows."
    if about.get("subjectToThresholding"):
        yield "Small numbers are withheld by Google."
    if about.get("dataLossFromOtherRow"):
        yield "Some rows are summed up as (other)."
    if about.get("samplingMetadatas"):
        yield "The figures are from a sample."


def _change(item: Mapping[str, Any]) -> str:
    action = str(item.get("action") or "changed").lower()
    before, after = _resource(item.get("resourceBeforeChange")), _resource(item.get("resourceAfterChange"))
    kind, now = after if after[0] else before
    name = str(now.get("displayName") or now.get("eventName") or str(item.get("resource") or "").rpartition("/")[2])
    moved = [
        f"{_words(one)} {before[1][one]} → {now[one]}"
        for one in now
        if one in before[1] and before[1][one] != now[one] and not one.endswith("Time")
    ]
    what = f"{_words(kind)} {name} {action}".strip()
    return f"{what}: {', '.join(moved)}" if moved else what


def _resource(item: Any) -> tuple[str, Mapping[str, Any]]:
    kind, data = next(iter((item or {}).items()), ("", {}))
    return str(kind), data


def _words(name: str) -> str:
    return _CAMEL.sub(" ", name).lower()
