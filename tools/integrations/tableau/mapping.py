"""Tableau's JSON to records; no key of Tableau's passes these functions."""

from __future__ import annotations

import csv
import io
import re
import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.records import Event, Figure, Party, Ref, Report, Task
from tools.integrations.tableau.schedule import spoken

Item = Mapping[str, Any]
SHOWN_ROWS = 200
FINISHED = {"0": "Success", "1": "Failed", "2": "Cancelled"}


def ref(kind: str, identity: str, url: str = "") -> Ref:
    """Where something lives; its id is Tableau's LUID."""
    return Ref(integration="tableau", kind=kind, id=identity, url=url)


def to_workbook(item: Item, site: str) -> Report:
    """A workbook; `sections` are its sheets, where the answer has them."""
    owner = item.get("owner") or {}
    return Report(
        ref=ref("workbook", item["id"], item.get("webpageUrl") or f"{site}/workbooks"),
        title=item["name"],
        text=item.get("description") or "",
        sections=tuple(view["name"] for view in (item.get("views") or {}).get("view") or ()),
        project=(item.get("project") or {}).get("name") or "",
        owner=Party(id=owner["id"], name=owner.get("name") or "") if owner.get("id") else None,
        labels=labels(item),
        updated_at=moment(item.get("updatedAt")),
    )


def to_view(item: Item, site: str, workbook: str = "", query: str = "") -> Report:
    """A sheet or dashboard; its figure is how often it was looked at."""
    usage = item.get("usage") or {}
    seen = item.get("totalViewCount", usage.get("totalViewCount"))
    link = item.get("webUrl") or f"{site}/views/{str(item.get('contentUrl') or '').replace('/sheets/', '/')}"
    return Report(
        ref=ref("view", item["id"], link + query),
        title=item["name"],
        figures=(Figure(name="views", value=str(int(seen))),) if seen is not None else (),
        project=workbook or (item.get("workbook") or {}).get("name") or "",
        labels=labels(item),
        updated_at=moment(item.get("updatedAt")),
    )


def to_hit(item: Item, site: str) -> Report:
    """Something that a search found: a workbook, view, data source, flow or project."""
    told = item["content"]
    kind, place = str(told.get("type") or ""), told.get("containerName") or told.get("projectName") or ""
    seen = told.get("hitsTotal")
    return Report(
        ref=ref(kind, str(told.get("luid") or told.get("id") or item["uri"]), f"{site}/{kind}s"),
        title=told.get("title") or "",
        text=told.get("workbookDescription") or told.get("caption") or "",
        figures=(Figure(name="views", value=str(seen)),) if seen is not None else (),
        project=place,
        owner=Party(id=str(told["ownerId"]), name=told.get("ownerName") or "") if told.get("ownerId") else None,
        labels=tuple(sorted(told.get("tags") or ())),
        updated_at=moment(told.get("modifiedTime")),
    )


def to_job(item: Item, site: str) -> Task:
    """A background job, as a list or its own address tells it; `parent` is what it works on."""
    about = item.get("extractRefreshJob") or {}
    what = about.get("workbook") or about.get("datasource") or {}
    kind = item.get("jobType") or item.get("type") or ""
    return Task(
        ref=ref("job", item["id"], f"{site}/jobs"),
        title=item.get("title") or what.get("name") or kind,
        description=about.get("notes") or "",
        status=item.get("status") or _status(item),
        kind=kind,
        parent=what.get("id") or "",
        created_at=moment(item.get("createdAt")),
        updated_at=moment(item.get("endedAt") or item.get("completedAt") or item.get("startedAt")),
    )


def to_subscription(item: Item, site: str) -> Event:
    """Mail with a view or workbook; `author` is whom it goes to, `detail` when and as what."""
    user = item["user"]
    return Event(
        ref=ref("subscription", item["id"], f"{site}/subscriptions"),
        title=item["subject"],
        status="suspended" if str(item.get("suspended")).lower() == "true" else "active",
        author=user.get("name") or user["id"],
        detail=detail(item.get("schedule") or {}, bool(item.get("attachPdf"))),
    )


def detail(schedule: Item, as_pdf: bool) -> str:
    """When a subscription goes out, and as what."""
    return f"{spoken(schedule)}{', as a PDF' if as_pdf else ''}"


def to_table(view: Report, text: str) -> Report:
    """The numbers behind a view: the CSV, cut off where it is long, and how much there is."""
    rows = [row for row in csv.reader(io.StringIO(text.lstrip("\ufeff"))) if row]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows[: SHOWN_ROWS + 1])
    figures = (Figure(name="rows", value=str(max(0, len(rows) - 1))),)
    return view.model_copy(
        update={"text": out.getvalue(), "figures": figures, "sections": tuple(rows[0]) if rows else ()}
    )


def to_picture(view: Report, content: bytes) -> Report:
    """A view with how it looks."""
    figures: tuple[Figure, ...] = ()
    if content[:8] == b"\x89PNG\r\n\x1a\n" and len(content) > 24:
        wide, high = struct.unpack(">II", content[16:24])
        figures = (Figure(name="pixels", value=f"{wide} x {high}"),)
    return view.model_copy(update={"picture": content, "figures": figures})


def labels(item: Item) -> tuple[str, ...]:
    """The tags of something."""
    return tuple(sorted(tag["label"] for tag in (item.get("tags") or {}).get("tag") or ()))


def moment(text: str | None) -> datetime | None:
    """A moment."""
    return datetime.fromisoformat(text) if text else None


def wait_s(text: str | None) -> float | None:
    """Seconds of `hours:minutes:seconds`, as the sign-in says how long it lasts."""
    hit = re.fullmatch(r"(\d+):(\d+):(\d+)", text or "")
    return int(hit[1]) * 3600.0 + int(hit[2]) * 60 + int(hit[3]) if hit else None


def _status(item: Item) -> str:
    if item.get("completedAt"):
        return FINISHED.get(str(item.get("finishCode")), "Failed")
    return "InProgress" if item.get("startedAt") else "Pending"
