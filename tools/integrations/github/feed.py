"""What GitHub sends by itself: issues, pull requests, comments, reviews, runs, pushes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from core.records import Ref
from tools.kit.webhook import Delivery, WebhookEvent


def to_events(delivery: Delivery) -> list[WebhookEvent]:
    """The one event of a delivery; a ping, with which a hook begins, is none."""
    data, event = delivery.data, delivery.headers["x-github-event"]
    if event == "ping":
        return []
    kind = ".".join(filter(None, (event, data.get("action"))))
    thing = data.get("comment") or data.get("pull_request") or data.get("issue") or data.get("workflow_run") or {}
    at = thing.get("updated_at") or thing.get("submitted_at")
    moment = datetime.fromisoformat(at) if at else None
    return [WebhookEvent(delivery.headers["x-github-delivery"], kind, _ref(data), moment, _people(data))]


def _people(data: Mapping[str, Any]) -> tuple[str, ...]:
    """The logins of those who are asked to review, and of those who have it."""
    item = data.get("pull_request") or data.get("issue") or {}
    return tuple(one["login"] for one in (*(item.get("requested_reviewers") or ()), *(item.get("assignees") or ())))


def _ref(data: Mapping[str, Any]) -> Ref | None:
    for name in ("pull_request", "issue"):
        if item := data.get(name):
            repo = item["html_url"].split("/", 3)[3].rsplit("/", 2)[0]
            label = f"{repo}#{item['number']}"
            kind = "pull_request" if name == "pull_request" or item.get("pull_request") else "issue"
            return Ref(integration="github", kind=kind, id=label, key=label, url=item["html_url"])
    repo = (data.get("repository") or {}).get("full_name")
    return Ref(integration="github", kind="repository", id=repo, key=repo) if repo else None
