"""The workspace at the start: the company's channels and what was said in them."""

from __future__ import annotations

from datetime import timedelta

from sandbox.company import Company
from sandbox.exchange import Json
from sandbox.story import Remark, Story
from sandbox.vendors.slack.shape import Shape

WITHOUT_BOT = ("random", "sales")


def seed_slack(company: Company, story: Story, shape: Shape) -> Json:
    """Channels by id, messages by channel id (oldest first), nothing scheduled, no reminders."""
    channels: Json = {}
    messages: Json = {}
    for number, channel in enumerate(company.channels):
        people = list(dict.fromkeys(person for team in channel.teams for person in company.team(team)))
        members = [shape.user_id(person) for person in people]
        if not channel.private and not channel.archived and channel.name not in WITHOUT_BOT:
            members.append(shape.bot_user_id)
        key = "C" + shape.team_id[1:5] + shape.user_id(company.people[number])[1:7]
        made = story.now - timedelta(days=700 - number)
        row = shape.new_channel(key, channel.name, members, members[0], made)
        row |= {"is_private": channel.private, "is_archived": channel.archived}
        row["topic"] = {"value": channel.topic, "creator": members[0], "last_set": int(made.timestamp())}
        channels[key] = row
        said = [line for thread in story.channels[channel.name] for line in _lines(shape, thread, number)]
        messages[key] = sorted(said, key=lambda line: str(line["ts"]))
    return {"channels": channels, "messages": messages, "scheduled": {}, "reminders": {}}


def _lines(shape: Shape, thread: Remark, number: int) -> list[Json]:
    first = _line(shape, thread, number)
    if thread.reactions:
        first["reactions"] = [
            {"name": name, "users": [shape.user_id(person) for person in people], "count": len(people)}
            for name, people in thread.reactions.items()
        ]
    return [first, *(_line(shape, reply, number) | {"thread_ts": first["ts"]} for reply in thread.replies)]


def _line(shape: Shape, remark: Remark, number: int) -> Json:
    return shape.message(shape.user_id(remark.author), remark.text, shape.ts(remark.at, 100 + number))
