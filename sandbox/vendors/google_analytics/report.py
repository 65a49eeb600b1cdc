"""The Data API."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sandbox.exchange import Call, Json
from sandbox.google import refused
from sandbox.vendor import route
from sandbox.vendors.google_analytics.base import READ, Base
from sandbox.vendors.google_analytics.measure import check, expression, fields, header, shown, table
from sandbox.vendors.google_analytics.seed import told

BASE = "/v1beta/properties/{property}"
COMMON = "0"
MOST_METRICS, MOST_DIMENSIONS = 10, 9


class Reports(Base):
    """`properties`: reports and metadata."""

    @route("GET", f"{BASE}/metadata", scope=READ)
    def metadata(self, call: Call) -> Json:
        """What can be measured; property 0 has what all have."""
        own = str(call.params["property"]) != COMMON
        number = self.property(call)["number"] if own else COMMON
        names = [*told()["dimensions"], *told()["days"]]
        dimensions = [_dimension(name) for name in names if own or ":" not in name]
        metrics = [
            {
                "apiName": name,
                "uiName": title,
                "description": f"{title}, as counted.",
                "category": category,
                "type": kind,
            }
            for name, (_, kind, title, category) in told()["metrics"].items()
        ]
        return {"name": f"properties/{number}/metadata", "dimensions": dimensions, "metrics": metrics}

    @route("POST", f"{BASE}:runReport", scope=READ)
    def run_report(self, call: Call) -> Json:
        """Metrics by dimensions for one or two periods."""
        row, body = self.property(call), call.body or {}
        names, metrics = self._asked(body)
        asked = list(dict.fromkeys([*metrics, *fields(body.get("metricFilter"))]))
        check(asked, "metric", [*told()["metrics"]])
        spans = body.get("dateRanges") or []
        if not spans:
            raise refused(400, "invalidArgument", "A dateRange is required.")
        found: list[tuple[tuple[str, ...], list[float]]] = []
        totals = []
        for place, span in enumerate(spans):
            mark = (str(span.get("name") or f"date_range_{place}"),) if len(spans) > 1 else ()
            rows = table(row["users"], self._days(row, span), names, asked, body.get("dimensionFilter"))
            test = expression(body.get("metricFilter"), asked)
            kept = {key: [round(one, 6) for one in values] for key, values in rows.items() if test({}, values)}
            found += [((*key, *mark), values) for key, values in kept.items()]
            sums = [sum(values[n] for values in kept.values()) for n in range(len(metrics))]
            totals.append((("RESERVED_TOTAL",) * len(names) + mark, sums))
        heads = [*names, "dateRange"] if len(spans) > 1 else names
        found = self._ordered(found, heads, metrics, body.get("orderBys") or [])
        start, limit = int(body.get("offset") or 0), int(body.get("limit") or 10_000)
        told_of = self._table(heads, metrics, found[start : start + limit])
        if "TOTAL" in (body.get("metricAggregations") or []):
            told_of["totals"] = [self._row(key, values, metrics) for key, values in totals]
        about = {"currencyCode": row["currency"], "timeZone": row["zone"]}
        return told_of | {"rowCount": len(found), "metadata": about, "kind": "analyticsData#runReport"}

    @route("POST", f"{BASE}:runRealtimeReport", scope=READ)
    def run_realtime(self, call: Call) -> Json:
        """The last half hour."""
        row, body = self.property(call), call.body or {}
        names, metrics = self.names(body, "dimensions"), self.names(body, "metrics")
        check(metrics, "metric", told()["realtime"]["metrics"])
        check(names, "dimension", told()["realtime"]["dimensions"])
        day = self._today(row)
        rows = table(row["users"] / 40, (day, day), names, metrics, None)
        found = sorted(((key, values) for key, values in rows.items()), key=lambda one: -one[1][0] if one[1] else 0)
        told_of = self._table(names, metrics, found[: int(body.get("limit") or 10_000)])
        if "TOTAL" in (body.get("metricAggregations") or []):
            sums = [sum(values[n] for _, values in found) for n in range(len(metrics))]
            told_of["totals"] = [self._row(("RESERVED_TOTAL",) * len(names), sums, metrics)]
        return told_of | {"rowCount": len(found), "kind": "analyticsData#runRealtimeReport"}

    @route("POST", f"{BASE}:runPivotReport", scope=READ)
    def run_pivot(self, call: Call) -> Json:
        """Dimensions crossed."""
        row, body = self.property(call), call.body or {}
        names, metrics = self._asked(body)
        pivots = body.get("pivots") or []
        if sorted(name for one in pivots for name in one.get("fieldNames", [])) != sorted(names):
            raise refused(400, "invalidArgument", "Each dimension must be in exactly one pivot.")
        [span] = body.get("dateRanges") or [{}]
        rows = table(row["users"], self._days(row, span), names, metrics, body.get("dimensionFilter"))
        heads, kept = [], rows
        for pivot in pivots:
            places = [names.index(name) for name in pivot["fieldNames"]]
            sums: dict[tuple[str, ...], float] = {}
            for key, values in rows.items():
                own = tuple(key[place] for place in places)
                sums[own] = sums.get(own, 0) + values[0]
            top = sorted(sums, key=lambda one: -sums[one])[: int(pivot.get("limit") or 10_000)]
            kept = {key: values for key, values in kept.items() if tuple(key[place] for place in places) in top}
            values_of = [{"dimensionValues": [{"value": one} for one in own]} for own in top]
            heads.append({"pivotDimensionHeaders": values_of, "rowCount": len(sums)})
        told_of = self._table(names, metrics, sorted(kept.items(), key=lambda one: -one[1][0]))
        about = {"currencyCode": row["currency"], "timeZone": row["zone"]}
        return told_of | {"pivotHeaders": heads, "metadata": about, "kind": "analyticsData#runPivotReport"}

    def _asked(self, body: Json) -> tuple[list[str], list[str]]:
        names, metrics = self.names(body, "dimensions"), self.names(body, "metrics")
        check(metrics, "metric", [*told()["metrics"]])
        check(names, "dimension", [*told()["dimensions"], *told()["days"]])
        if not metrics or len(metrics) > MOST_METRICS or len(names) > MOST_DIMENSIONS:
            raise refused(400, "invalidArgument", "Requests are limited to 10 metrics and 9 dimensions.")
        if "itemName" in names and "sessions" in metrics:
            said = "Please remove sessions to make the request compatible. Its dimensions & metrics are incompatible."
            raise refused(400, "invalidArgument", said)
        return names, metrics

    def _days(self, row: Json, span: Json) -> tuple[date, date]:
        edges = []
        for name in ("startDate", "endDate"):
            text, today = str(span.get(name) or ""), self._today(row)
            if hit := re.fullmatch(r"(\d+)daysAgo", text):
                edges.append(today - timedelta(days=int(hit[1])))
            elif text in ("today", "yesterday"):
                edges.append(today - timedelta(days=int(text == "yesterday")))
            else:
                try:
                    edges.append(date.fromisoformat(text))
                except ValueError:
                    raise refused(400, "invalidArgument", f"Invalid {name}: {text}.") from None
        if edges[0] > edges[1]:
            raise refused(400, "invalidArgument", "startDate is after endDate.")
        return edges[0], min(edges[1], self._today(row))

    def _today(self, row: Json) -> date:
        return self.world.time().astimezone(ZoneInfo(row["zone"])).date()

    def _ordered(
        self,
        rows: list[tuple[tuple[str, ...], list[float]]],
        names: Sequence[str],
        metrics: Sequence[str],
        orders: Sequence[Json],
    ) -> list[tuple[tuple[str, ...], list[float]]]:
        for one in reversed(orders):
            if "metric" in one:
                name = one["metric"]["metricName"]
                check([name], "metric", metrics)
                place = list(metrics).index(name)
                rows = sorted(rows, key=lambda row, n=place: row[1][n], reverse=bool(one.get("desc")))  # type: ignore[misc]
            else:
                name = one["dimension"]["dimensionName"]
                check([name], "dimension", names)
                place = list(names).index(name)
                rows = sorted(rows, key=lambda row, n=place: row[0][n], reverse=bool(one.get("desc")))  # type: ignore[misc]
        return rows

    def _table(
        self, names: Sequence[str], metrics: Sequence[str], rows: Sequence[tuple[tuple[str, ...], list[float]]]
    ) -> Json:
        told_of: Json = {"metricHeaders": [header(name) for name in metrics]}
        told_of |= {"dimensionHeaders": [{"name": name} for name in names]} if names else {}
        return told_of | {"rows": [self._row(key, values, metrics) for key, values in rows]}

    def _row(self, key: Sequence[str], values: Sequence[float], metrics: Sequence[str]) -> Json:
        cells = [shown(name, value) for name, value in zip(metrics, values, strict=False)]
        return {"metricValues": cells} | ({"dimensionValues": [{"value": one} for one in key]} if key else {})


def _dimension(name: str) -> Json:
    title = _words(name.partition(":")[2] or name)
    about: Json = {"apiName": name, "uiName": title, "description": f"The {title.lower()}."}
    return about | ({"category": "Custom", "customDefinition": True} if ":" in name else {"category": "General"})


def _words(name: str) -> str:
    text = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return text[:1].upper() + text[1:].lower()
