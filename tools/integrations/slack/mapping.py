"""Slack's JSON to records and back; no key of Slack's passes these functions."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from core.records import Channel, Message, Party, Person, Ref, Task

NAMES: Mapping[str, str] = {}
EMOJI = {
    "👍": "+1", "👎": "-1", "❤️": "heart", "❤": "heart", "🎉": "tada", "👀": "eyes", "✅": "white_check_mark",
    "🚀": "rocket", "🔥": "fire", "🙏": "pray", "💯": "100", "👏": "clap", "😂": "joy", "🙌": "raised_hands",
    "thumbsup": "+1", "thumbs_up": "+1", "thumb_up": "+1", "thumbsdown": "-1", "thumbs_down": "-1", "thumb_down": "-1",
    "check_mark": "white_check_mark", "checkmark": "white_check_mark",
}  # fmt: skip
_MARK = re.compile(r"<([^<>\s][^<>]*)>")
_MENTION = re.compile(r"&lt;([@#][A-Z0-9]{3,})&gt;")
_PICTURE = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")


def escape(text: str) -> str:
    """Plain text as Slack takes it: no markup of its own passes but the mention of a person or channel."""
    return _MENTION.sub(r"<\1>", html.escape(text.strip(), quote=False))


def to_text(raw: str, names: Mapping[str, str] = NAMES) -> str:
    """Slack's text as people read it; `names` are people by id."""

    def shown(mark: re.Match[str]) -> str:
        target, _, label = mark[1].partition("|")
        if target.startswith("@"):
            name = label or names.get(target[1:], "")
            return f"@{name}" if name else mark[0]
        if target.startswith("#"):
            return f"#{label}" if label else mark[0]
        if target.startswith("!"):
            return "@" + (label or target[1:]).lstrip("@")
        is_bare = not label or re.sub(r"^(https?://|mailto:|tel:)", "", target).rstrip("/") == label.rstrip("/")
        return (label or target) if is_bare else f"{label} ({target})"

    return html.unescape(_MARK.sub(shown, raw))


def said(text: str, echo: str) -> str:
    """What a message reads back as: the text, or Slack's echo of it where emoji characters became names."""
    return to_text(echo) if _PICTURE.search(text) else text.strip()


def emoji_name(text: str) -> str:
    """The name under which Slack keeps an emoji."""
    name = re.sub(r"\s+", "_", text.strip().strip(":").strip().lower())
    return EMOJI.get(name, name)


def to_recurrence(text: str, at: datetime) -> str:
    """How Slack is told of a repetition that begins at `at`: "every Monday at 8:30"."""
    said = " ".join(text.lower().split())
    time = f"{at:%H:%M}"
    if re.search(r"\b(bi-?weekly|fortnight\w*|every (other|second|2) weeks?)\b", said):
        return f"every other {at:%A} at {time}"
    if re.search(r"\bweek ?days?\b", said):
        return f"every weekday at {time}"
    if days := re.findall(r"\b(mon|tues|wednes|thurs|fri|satur|sun)days?\b", said):
        return f"every {' and '.join(day.title() + 'day' for day in days)} at {time}"
    if re.search(r"\b(daily|days?|morning|evening)\b", said):
        return f"every day at {time}"
    if re.search(r"\b(weekly|weeks?)\b", said):
        return f"every {at:%A} at {time}"
    if re.search(r"\b(monthly|months?)\b", said):
        return f"every month on the {_ordinal(at.day)} at {time}"
    if re.search(r"\b(yearly|annually|years?)\b", said):
        return f"every {at:%B} {_ordinal(at.day)} at {time}"
    return f"every {said.removeprefix('every ')} at {time}"


def sent(item: Mapping[str, Any]) -> str:
    """When a message was written, in ISO 8601."""
    return moment(item["ts"]).isoformat()


def to_message(
    item: Mapping[str, Any], channel: str, site: str = "", names: Mapping[str, str] = NAMES, url: str = ""
) -> Message:
    """A message; its id is the channel's and its own timestamp. `channel` is the channel's id."""
    ts, thread, user = item["ts"], item.get("thread_ts", ""), item.get("user", "")
    place = item["channel"]["name"] if isinstance(item.get("channel"), Mapping) else channel
    files = [f"[file {file.get('title') or file.get('name', '')}]" for file in item.get("files", ())]
    return Message(
        ref=Ref(
            integration="slack", kind="message", id=f"{channel}/{ts}", key=ts,
            url=url or item.get("permalink", "") or _link(site, channel, ts, thread),
        ),
        text="\n".join(filter(None, [to_text(item.get("text") or "", names), *files])),
        author=names.get(user) or user or item.get("username", ""),
        channel=place,
        thread=thread if thread != ts else "",
        sent_at=moment(ts),
        reactions=tuple(reaction["name"] for reaction in item.get("reactions", ())),
    )  # fmt: skip


def to_reaction(item: Mapping[str, Any], channel: str, emoji: str, person: str) -> Message | None:
    """One person's reaction to a message, as a message of one emoji; None without it."""
    if not any(one["name"] == emoji and person in one["users"] for one in item.get("reactions", ())):
        return None
    ref = Ref(integration="slack", kind="reaction", id=f"{channel}/{item['ts']}/{emoji}", key=f":{emoji}:")
    return Message(ref=ref, text=f":{emoji}:", author=person, channel=channel, reactions=(emoji,))


def to_scheduled(item: Mapping[str, Any], channel: str, number: str) -> Message:
    """A message that waits for its time; its id is the channel's and the number Slack gave it."""
    return Message(
        ref=Ref(integration="slack", kind="scheduled", id=f"{channel}/{number}", key=number),
        text=to_text(item.get("text") or ""),
        channel=channel,
        sent_at=moment(item["post_at"]),
    )


def to_channel(item: Mapping[str, Any], site: str, members: Sequence[str] = ()) -> Channel:
    """A channel or direct message."""
    name = item.get("name", "")
    return Channel(
        ref=Ref(
            integration="slack", kind="channel", id=item["id"], key=f"#{name}" if name else "",
            url=f"{site}/archives/{item['id']}" if site else "",
        ),
        title=name or "direct message",
        topic=to_text((item.get("topic") or {}).get("value", "")),
        is_private=item.get("is_private", item.get("is_im", False)),
        is_archived=item.get("is_archived", False),
        members=tuple(Party(id=member) for member in members),
    )  # fmt: skip


def to_membership(channel: str, members: Sequence[str]) -> Channel:
    """Those of some people who are in a channel; its id is the channel's and the people's."""
    ref = Ref(integration="slack", kind="membership", id=f"{channel}/{','.join(members)}", key=channel)
    return Channel(ref=ref, members=tuple(Party(id=member) for member in members))


def to_person(item: Mapping[str, Any], site: str) -> Person:
    """A member of the workspace."""
    profile = item.get("profile", {})
    return Person(
        ref=Ref(
            integration="slack", kind="person", id=item["id"], key=f"@{item['name']}",
            url=f"{site}/team/{item['id']}" if site else "",
        ),
        title=item.get("real_name") or profile.get("real_name") or item["name"],
        email=profile.get("email", ""),
        handle=item["name"],
        job_title=profile.get("title", ""),
        phone=profile.get("phone", ""),
        timezone=item.get("tz", ""),
        is_active=not item.get("deleted", False),
    )  # fmt: skip


def to_reminder(item: Mapping[str, Any]) -> Task:
    """A reminder; of one that comes again Slack says only that it does."""
    return Task(
        ref=Ref(integration="slack", kind="reminder", id=item["id"]),
        title=to_text(item.get("text", "")),
        status="done" if item.get("complete_ts") else "open",
        due_at=moment(item["time"]) if item.get("time") else None,
        recurrence="recurring" if item.get("recurring") else "",
    )


def moment(stamp: str | float) -> datetime:
    """The time of a timestamp, in UTC."""
    return datetime.fromtimestamp(float(stamp), UTC)


def _link(site: str, channel: str, ts: str, thread: str) -> str:
    if not site:
        return ""
    link = f"{site}/archives/{channel}/p{ts.replace('.', '')}"
    return link if thread in ("", ts) else f"{link}?thread_ts={thread}&cid={channel}"


def _ordinal(number: int) -> str:
    suffix = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
