"""GitHub's JSON to records and back; no key of GitHub's passes these functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from core.records import Event, Message, Party, PullRequest, Ref, Repository, Task


def to_task(item: Mapping[str, Any]) -> Task:
    """An issue, or a pull request seen as one; its id is `owner/name#number`."""
    label = f"{_repo(item['repository_url'])}#{item['number']}"
    kind = "pull_request" if item.get("pull_request") else "issue"
    return Task(
        ref=Ref(integration="github", kind=kind, id=label, key=label, url=item["html_url"]),
        title=item["title"],
        description=settled(item.get("body")),
        status=item["state"],
        kind=kind,
        assignees=parties(one["login"] for one in item.get("assignees") or ()),
        reporter=_party(item["user"]),
        labels=tuple(sorted(_label(label) for label in item["labels"])),
        project=_repo(item["repository_url"]),
        created_at=_moment(item["created_at"]),
        updated_at=_moment(item["updated_at"]),
    )


def former(item: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """What an issue holds in the fields of an update, to set them back."""
    held = {
        "title": item["title"],
        "state": item["state"],
        "state_reason": item.get("state_reason"),
        "labels": sorted(_label(label) for label in item["labels"]),
        "assignees": sorted(one["login"] for one in item.get("assignees") or ()),
    }
    back = {name: held[name] for name in names}
    if back.get("state") == "closed" and held["state_reason"]:
        back["state_reason"] = held["state_reason"]
    return back


def expected(fields: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    """What the record of an issue must hold after these fields were written.

    Labels do not tell upper case from lower; they are spelled as the answer `after` spells them.
    """
    found: dict[str, Any] = {}
    spelled = {_label(label).lower(): _label(label) for label in after["labels"]}
    for name, value in fields.items():
        if name == "body":
            found["description"] = settled(value)
        elif name == "labels":
            found[name] = tuple(sorted({spelled.get(label.lower(), label) for label in value}))
        elif name == "assignees":
            found[name] = parties(value)
        elif name in ("title", "state"):
            found["status" if name == "state" else name] = value
    return found


def to_comment(item: Mapping[str, Any]) -> Message:
    """A comment; its id is `owner/name/id`."""
    repo, number = _repo(item["issue_url"]), item["issue_url"].rpartition("/")[2]
    key = f"{repo}#{number}"
    return Message(
        ref=Ref(integration="github", kind="comment", id=f"{repo}/{item['id']}", key=key, url=item["html_url"]),
        text=settled(item.get("body")),
        author=str(_party(item["user"]) or ""),
        channel=key,
        sent_at=_moment(item["created_at"]),
    )


def to_pull_request(item: Mapping[str, Any], files: Sequence[Mapping[str, Any]] = ()) -> PullRequest:
    """A pull request; teams among the reviewers are `owner/team`."""
    repo = item["base"]["repo"]["full_name"]
    label = f"{repo}#{item['number']}"
    owner = repo.partition("/")[0]
    asked = [one["login"] for one in item.get("requested_reviewers") or ()]
    teams = [f"{owner}/{one['slug']}" for one in item.get("requested_teams") or ()]
    is_merged = bool(item.get("merged_at"))
    return PullRequest(
        ref=Ref(integration="github", kind="pull_request", id=label, key=label, url=item["html_url"]),
        title=item["title"],
        status="merged" if is_merged else item["state"],
        author=_party(item["user"]),
        head=item["head"]["ref"],
        base=item["base"]["ref"],
        reviewers=parties([*asked, *teams]),
        is_draft=bool(item.get("draft")),
        is_merged=is_merged,
        mergeable=item.get("mergeable"),
        description=settled(item.get("body")),
        files=tuple(f"{one['filename']} (+{one['additions']} -{one['deletions']})" for one in files),
        updated_at=_moment(item["updated_at"]),
    )


def to_found_pull_request(item: Mapping[str, Any]) -> PullRequest:
    """A pull request as the search shows it: without branches and reviewers."""
    task = to_task(item)
    is_merged = bool((item.get("pull_request") or {}).get("merged_at"))
    return PullRequest(
        ref=task.ref,
        title=task.title,
        status="merged" if is_merged else task.status,
        author=task.reporter,
        is_draft=bool(item.get("draft")),
        is_merged=is_merged,
        description=task.description,
        updated_at=task.updated_at,
    )


def to_event(item: Mapping[str, Any]) -> Event:
    """A workflow run; its id is `owner/name/id`."""
    repo = item["repository"]["full_name"]
    is_over = item["status"] == "completed"
    started = _moment(item.get("run_started_at") or item["created_at"])
    ended = _moment(item["updated_at"]) if is_over else None
    return Event(
        ref=Ref(
            integration="github",
            kind="workflow_run",
            id=f"{repo}/{item['id']}",
            key=f"#{item['run_number']}",
            url=item["html_url"],
        ),
        title=f"{item.get('name') or item['display_title']} #{item['run_number']}",
        status=str(item["conclusion"] if is_over else item["status"]),
        started_at=started,
        ended_at=ended,
        author=str(_party(item.get("actor")) or ""),
        detail=f"{item['event']} on {item['head_branch']}",
        seconds=int((ended - started).total_seconds()) if ended and started else None,
    )


def to_branch(repo: str, branch: str, site: str) -> Repository:
    """A branch of a repository; its id is `owner/name/branch`."""
    url = f"{site}/{repo}/tree/{branch}"
    return Repository(
        ref=Ref(integration="github", kind="branch", id=f"{repo}/{branch}", key=branch, url=url),
        title=f"{branch} in {repo}",
        branch=branch,
    )


def parties(logins: Iterable[str]) -> tuple[Party, ...]:
    """People by login, in order of the alphabet."""
    return tuple(Party(id=login) for login in sorted(logins, key=str.lower))


def quoted(value: str) -> str:
    """A term of the search syntax that holds nothing but the value."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(text: str) -> str:
    """Words to search for; what looks like a qualifier of the syntax is quoted."""
    return " ".join(quoted(word) if ":" in word else word for word in text.split())


def period(since: date | None, until: date | None, zone: str) -> str | None:
    """A range of the search syntax: whole days of the person's zone."""
    first = datetime.combine(since, time.min, ZoneInfo(zone)).isoformat() if since else None
    last = datetime.combine(until, time(23, 59, 59), ZoneInfo(zone)).isoformat() if until else None
    if first and last:
        return f"{first}..{last}"
    return f">={first}" if first else f"<={last}" if last else None


def settled(text: str | None) -> str:
    """Text as GitHub keeps it, but for line ends and blanks around it."""
    return (text or "").replace("\r\n", "\n").strip()


def pairs(text: str | None) -> dict[str, str] | None:
    """The inputs of a workflow out of `name=value` lines or words; None if a line is no pair."""
    found: dict[str, str] = {}
    for line in re.split(r"[\n,;]|\s+(?=[\w.-]+\s*=)", text or ""):
        name, sign, value = line.strip().partition("=")
        if name and not sign:
            return None
        if name:
            found[name.strip()] = value.strip().strip("\"'")
    return found


def _repo(url: str) -> str:
    """`owner/name` out of an API address below `/repos/`."""
    return "/".join(url.partition("/repos/")[2].split("/")[:2])


def _label(item: Any) -> str:
    return str(item["name"] if isinstance(item, Mapping) else item)


def _party(item: Mapping[str, Any] | None) -> Party | None:
    return Party(id=item["login"]) if item else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text.replace("Z", "+00:00")) if text else None
