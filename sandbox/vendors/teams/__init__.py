"""Microsoft Teams: teams, channels, posts, chats, online meetings."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any, ClassVar

from sandbox.company import Person
from sandbox.exchange import Answer, Call, Json
from sandbox.microsoft import Directory, refused, stamp
from sandbox.vendor import route
from sandbox.vendors.teams.seed import post, seed_teams

READ = "ChannelMessage.Read.All ChannelMessage.ReadWrite"
CHAT_READ, CHAT = "Chat.Read Chat.ReadWrite", "Chat.ReadWrite"
TEAMS, CHANNELS = "Team.ReadBasic.All Group.ReadWrite.All", "Channel.ReadBasic.All Group.ReadWrite.All"
MEMBERS = "TeamMember.Read.All TeamMember.ReadWrite.All"
_BOUND = re.compile(r"users\('([^']+)'\)$")
_TERM = re.compile(r'(from|sent)(>=|<=|<|>|[:=])("[^"]*"|\S+)|"([^"]*)"|(\S+)')
CHANNEL = "/v1.0/teams/{team}/channels/{channel}"


class Teams(Directory):
    """Microsoft Teams of one tenant."""

    key = "teams"
    denied: ClassVar[tuple[str, str]] = (
        "Forbidden",
        "Missing scope permissions on the request. API requires one of '{needed}'. Scopes on the request '{provided}'",
    )

    def seed(self) -> Json:
        """The company's teams and talk."""
        return seed_teams(self.world.story, self.number)

    # people

    @route("GET", "/v1.0/me", scope="User.Read")
    def get_me(self, call: Call) -> Json:
        """Who is signed in."""
        return self.user(call.person)

    # teams and channels

    @route("GET", "/v1.0/me/joinedTeams", scope=TEAMS)
    def joined(self, call: Call) -> Json:
        """The caller's teams."""
        found = [
            {
                "id": number, "displayName": row["name"], "description": row["about"], "isArchived": False,
                "visibility": "public", "webUrl": f"https://teams.microsoft.com/l/team/19%3a{number}/conversations",
            }
            for number, row in self.state["teams"].items()
            if call.person.email in row["members"]
        ]  # fmt: skip
        return {"value": found}

    @route("GET", "/v1.0/teams/{team}/channels", scope=CHANNELS)
    def list_channels(self, call: Call) -> Json:
        """The channels that the caller may see."""
        number, _ = self._team(call)
        rows = self.state["channels"].items()
        seen = [(one, row) for one, row in rows if row["team"] == number and self._sees(row, call.person)]
        return {"value": [self._channel_shown(one, row) for one, row in seen]}

    @route("POST", "/v1.0/teams/{team}/channels", scope="Channel.Create Group.ReadWrite.All")
    def create_channel(self, call: Call) -> Answer:
        """A channel; a shared one is made after the answer."""
        number, _ = self._team(call)
        name, kind = str(call.need("displayName")), str(call.get("membershipType") or "standard")
        if len(name) > 50 or kind not in ("standard", "private", "shared"):
            raise refused(400, "BadRequest", "Channel name is longer than 50 characters, or its type is not known.")
        there = [row["name"].lower() for row in self.state["channels"].values() if row["team"] == number]
        if name.lower() in there:
            raise refused(409, "NameAlreadyExists", "Channel name already existed, please use other name.")
        channel = f"19:{self.ident(32, 'channel', self.count('channel'))}@thread.tacv2".lower()
        row = {
            "team": number, "name": name, "about": str(call.get("description") or ""), "kind": kind,
            "members": [call.person.email] if kind == "private" else [],
        }  # fmt: skip
        self.state["channels"][channel] = row
        self.notify("created", f"teams('{number}')/channels('{channel}')", "channel", channel)
        return Answer(202) if kind == "shared" else Answer(201, self._channel_shown(channel, row))

    @route("GET", CHANNEL, scope=CHANNELS)
    def get_channel(self, call: Call) -> Json:
        """One channel."""
        return self._channel_shown(*self._channel(call))

    @route("DELETE", CHANNEL, scope="Channel.Delete.All Group.ReadWrite.All")
    def delete_channel(self, call: Call) -> None:
        """Take a channel away; General stays."""
        number, row = self._channel(call)
        if row["name"] == "General":
            raise refused(400, "BadRequest", "The General channel cannot be deleted.")
        del self.state["channels"][number]

    # members

    @route("GET", "/v1.0/teams/{team}/members", scope=MEMBERS)
    def list_members(self, call: Call) -> Json:
        """Who is in a team."""
        number, row = self._team(call)
        return self.paged(call, [self._member(number, one, role) for one, role in row["members"].items()], 100)

    @route("POST", "/v1.0/teams/{team}/members", scope="TeamMember.ReadWrite.All")
    def add_member(self, call: Call) -> Answer:
        """Put somebody in."""
        number, row = self._team(call, as_owner=True)
        person = self._bound(call.body)
        if person.email in row["members"]:
            raise refused(409, "Conflict", "The user is already a member of the team.")
        row["members"][person.email] = "owner" if "owner" in (call.get("roles") or []) else ""
        self._joined(number, person, "created")
        return Answer(201, self._member(number, person.email, row["members"][person.email]))

    @route("PATCH", "/v1.0/teams/{team}/members/{member}", scope="TeamMember.ReadWrite.All")
    def update_member(self, call: Call) -> Json:
        """Make somebody an owner, or no longer."""
        number, row = self._team(call, as_owner=True)
        email = self._member_of(call, row)
        row["members"][email] = "owner" if "owner" in (call.get("roles") or []) else ""
        self._joined(number, self.company.by_email[email], "updated")
        return self._member(number, email, row["members"][email])

    @route("DELETE", "/v1.0/teams/{team}/members/{member}", scope="TeamMember.ReadWrite.All")
    def remove_member(self, call: Call) -> None:
        """Take somebody out; the last owner stays."""
        number, row = self._team(call, as_owner=True)
        email = self._member_of(call, row)
        if [one for one, role in row["members"].items() if role == "owner"] == [email]:
            raise refused(400, "BadRequest", "The last owner of a team cannot be removed.")
        del row["members"][email]
        self._joined(number, self.company.by_email[email], "deleted")

    # posts

    @route("GET", CHANNEL + "/messages", scope=READ)
    def list_posts(self, call: Call) -> Json:
        """Posts, newest first, with their replies where they are wanted."""
        number, row = self._channel(call)
        place = f"{row['team']}/{number}"
        posts = [one for one in self._in(place) if not one["parent"]]
        wants = "replies" in str(call.get("$expand") or "")
        shown = [self._shown(one) | self._replies(one, wants) for one in reversed(posts)]
        return self.paged(call, shown, 20, 50)

    @route("POST", CHANNEL + "/messages", scope="ChannelMessage.Send Group.ReadWrite.All")
    def create_post(self, call: Call) -> Answer:
        """Post in a channel."""
        number, row = self._channel(call)
        return self._say(call, f"{row['team']}/{number}")

    @route("GET", CHANNEL + "/messages/delta", scope=READ)
    def changed_posts(self, call: Call) -> Json:
        """All posts, then those that changed; without replies."""
        number, row = self._channel(call)
        place, since = f"{row['team']}/{number}", self.since(call)
        posts = {one["id"]: one for one in self._in(place) if not one["parent"]}
        told = dict.fromkeys(
            one["id"] for one in self.state["log"] if since is not None and one["n"] > since and one["place"] == place
        )
        found = posts.values() if since is None else [posts[one] for one in told if one in posts]
        return self.delta(call, [self._shown(one) for one in found])

    @route("GET", CHANNEL + "/messages/{message}", scope=READ)
    def get_post(self, call: Call) -> Json:
        """One post, also a deleted one."""
        return self._shown(self._post(call))

    @route("GET", CHANNEL + "/messages/{parent}/replies/{message}", scope=READ)
    def get_reply(self, call: Call) -> Json:
        """One reply."""
        return self._shown(self._post(call))

    @route("POST", CHANNEL + "/messages/{parent}/replies", scope="ChannelMessage.Send Group.ReadWrite.All")
    def create_reply(self, call: Call) -> Answer:
        """Answer a post."""
        number, row = self._channel(call)
        place = f"{row['team']}/{number}"
        parent = self.state["posts"].get(f"{place}/{call.params['parent']}")
        if parent is None or parent["parent"]:
            raise refused(404, "NotFound", "Message could not be found.")
        return self._say(call, place, parent=parent["id"])

    @route("POST", CHANNEL + "/messages/{message}/microsoft.graph.softDelete", scope="ChannelMessage.ReadWrite")
    def delete_post(self, call: Call) -> None:
        """Delete a post of one's own."""
        self._unsay(call, stamp(self.world.time()))

    @route("POST", CHANNEL + "/messages/{message}/microsoft.graph.undoSoftDelete", scope="ChannelMessage.ReadWrite")
    def restore_post(self, call: Call) -> None:
        """Bring it back."""
        self._unsay(call, None)

    @route("POST", CHANNEL + "/messages/{parent}/replies/{message}/microsoft.graph.softDelete",
           scope="ChannelMessage.ReadWrite")  # fmt: skip
    def delete_reply(self, call: Call) -> None:
        """Delete a reply of one's own."""
        self._unsay(call, stamp(self.world.time()))

    @route("POST", CHANNEL + "/messages/{parent}/replies/{message}/microsoft.graph.undoSoftDelete",
           scope="ChannelMessage.ReadWrite")  # fmt: skip
    def restore_reply(self, call: Call) -> None:
        """Bring it back."""
        self._unsay(call, None)

    # chats

    @route("GET", "/v1.0/me/chats", scope=CHAT_READ)
    def list_chats(self, call: Call) -> Json:
        """The caller's chats."""
        wants = "members" in str(call.get("$expand") or "")
        mine = [(one, row) for one, row in self.state["chats"].items() if call.person.email in row["members"]]
        return self.paged(call, [self._chat_shown(one, row, wants) for one, row in mine], 20, 50)

    @route("POST", "/v1.0/chats", scope="Chat.Create Chat.ReadWrite")
    def create_chat(self, call: Call) -> Answer:
        """A chat; one of two people is there once only."""
        people = [self._bound(one).email for one in call.get("members") or []]
        kind = call.get("chatType")
        if call.person.email not in people or (kind == "oneOnOne") != (len(people) == 2):
            raise refused(400, "BadRequest", "The members do not fit the type of the chat.")
        for number, row in self.state["chats"].items():
            if kind == row["kind"] == "oneOnOne" and {*row["members"]} == {*people}:
                return Answer(201, self._chat_shown(number, row))
        number = f"19:{self.ident(32, 'chat', self.count('chat'))}@thread.v2".lower()
        self.state["chats"][number] = {"topic": call.get("topic"), "kind": kind, "members": people}
        return Answer(201, self._chat_shown(number, self.state["chats"][number]))

    @route("GET", "/v1.0/chats/{chat}/messages", scope=CHAT_READ)
    def list_chat_messages(self, call: Call) -> Json:
        """Messages of a chat, newest first."""
        return self.paged(call, [self._shown(one) for one in reversed(self._in(self._chat(call)))], 20, 50)

    @route("POST", "/v1.0/chats/{chat}/messages", scope="ChatMessage.Send Chat.ReadWrite")
    def create_chat_message(self, call: Call) -> Answer:
        """Write in a chat."""
        return self._say(call, self._chat(call))

    @route("GET", "/v1.0/chats/{chat}/messages/{message}", scope=CHAT_READ)
    def get_chat_message(self, call: Call) -> Json:
        """One message of a chat."""
        return self._shown(self._post(call))

    @route("POST", "/v1.0/users/{user}/chats/{chat}/messages/{message}/microsoft.graph.softDelete", scope=CHAT)
    def delete_chat_message(self, call: Call) -> None:
        """Delete a message of one's own."""
        self._unsay(call, stamp(self.world.time()))

    @route("POST", "/v1.0/users/{user}/chats/{chat}/messages/{message}/microsoft.graph.undoSoftDelete", scope=CHAT)
    def restore_chat_message(self, call: Call) -> None:
        """Bring it back."""
        self._unsay(call, None)

    # search and meetings

    @route("POST", "/v1.0/search/microsoft.graph.query", scope="Chat.Read Chat.ReadWrite")
    def search(self, call: Call) -> Json:
        """Messages that the caller may see."""
        asked = (call.get("requests") or [{}])[0]
        if asked.get("entityTypes") != ["chatMessage"]:
            raise refused(400, "BadRequest", "The entity types are not supported together.")
        terms = _TERM.findall(str((asked.get("query") or {}).get("queryString") or ""))
        seen = [one for one in self.state["posts"].values() if self._may_read(one, call.person) and not one["deleted"]]
        hits = [one for one in sorted(seen, key=lambda one: str(one["at"]), reverse=True) if self._hit(one, terms)]
        begin, size = int(asked.get("from") or 0), int(asked.get("size") or 25)
        rows = [
            {"hitId": one["id"], "rank": begin + n + 1, "summary": one["text"][:200], "resource": self._found(one)}
            for n, one in enumerate(hits[begin : begin + size])
        ]
        container = {"hits": rows, "total": len(hits), "moreResultsAvailable": len(hits) > begin + size}
        return {"value": [{"searchTerms": [], "hitsContainers": [container]}]}

    @route("POST", "/v1.0/me/onlineMeetings/microsoft.graph.createOrGet", scope="OnlineMeetings.ReadWrite")
    def create_or_get_meeting(self, call: Call) -> Answer:
        """The meeting of an external id, made where it is not there."""
        mark = str(call.need("externalId"))
        for row in self.state["meetings"].values():
            if row["mark"] == mark and row["owner"] == call.person.email:
                return Answer(200, self._meeting_shown(row))
        begin, end = call.get("startDateTime"), call.get("endDateTime")
        if begin and end and datetime.fromisoformat(str(begin)) >= datetime.fromisoformat(str(end)):
            raise refused(400, "BadRequest", "StartTime should be before EndTime.")
        number = f"MSo{self.ident(60, 'meeting', self.count('meeting'))}"
        told = (call.get("participants") or {}).get("attendees") or []
        people = [one.get("upn") or one["identity"]["user"]["id"] for one in told]
        row = {
            "id": number, "mark": mark, "owner": call.person.email, "subject": call.get("subject"), "begin": begin,
            "end": end, "people": people, "made": stamp(self.world.time()),
        }  # fmt: skip
        self.state["meetings"][number] = row
        return Answer(201, self._meeting_shown(row))

    @route("GET", "/v1.0/me/onlineMeetings/{meeting}", scope="OnlineMeetings.ReadWrite OnlineMeetings.Read")
    def get_meeting(self, call: Call) -> Json:
        """One meeting of one's own."""
        return self._meeting_shown(self._meeting(call))

    @route("DELETE", "/v1.0/me/onlineMeetings/{meeting}", scope="OnlineMeetings.ReadWrite")
    def delete_meeting(self, call: Call) -> None:
        """Take a meeting away."""
        del self.state["meetings"][self._meeting(call)["id"]]

    # inside

    def _team(self, call: Call, as_owner: bool = False) -> tuple[str, Json]:
        number = str(call.params["team"])
        row = self.state["teams"].get(number)
        if row is None:
            raise refused(404, "NotFound", f"No team found with Group Id {number}")
        role = row["members"].get(call.person.email)
        if role is None or (as_owner and role != "owner"):
            raise refused(403, "Forbidden", "Caller is not a member or an owner of the team, as the request needs.")
        return number, row

    def _channel(self, call: Call) -> tuple[str, Json]:
        team, _ = self._team(call)
        number = str(call.params["channel"])
        row = self.state["channels"].get(number)
        if row is None or row["team"] != team or not self._sees(row, call.person):
            raise refused(404, "NotFound", "Channel does not exist in the team, or the caller may not see it.")
        return number, row

    def _sees(self, row: Json, person: Person) -> bool:
        in_team = person.email in self.state["teams"][row["team"]]["members"]
        return in_team and (row["kind"] != "private" or person.email in row["members"])

    def _channel_shown(self, number: str, row: Json) -> Json:
        return {
            "id": number, "displayName": row["name"], "description": row["about"] or None, "email": "",
            "membershipType": row["kind"], "createdDateTime": stamp(self.world.now),
            "webUrl": f"https://teams.microsoft.com/l/channel/{number.replace(':', '%3a').replace('@', '%40')}"
            f"/{row['name'].replace(' ', '%20')}?groupId={row['team']}",
        }  # fmt: skip

    def _chat(self, call: Call) -> str:
        number = str(call.params["chat"])
        if call.person.email not in self.state["chats"].get(number, {}).get("members", ()):
            raise refused(404, "NotFound", "The chat does not exist, or the caller is not in it.")
        return number

    def _chat_shown(self, number: str, row: Json, with_members: bool = False) -> Json:
        shown: Json = {
            "id": number, "topic": row["topic"], "chatType": row["kind"], "createdDateTime": stamp(self.world.now),
            "lastUpdatedDateTime": stamp(self.world.now),
            "webUrl": f"https://teams.microsoft.com/l/chat/{number.replace(':', '%3a')}/0",
        }  # fmt: skip
        members = [self._member(number, one, "owner") for one in row["members"]]
        return shown | ({"members": members} if with_members else {})

    def _member(self, place: str, email: str, role: str) -> Json:
        person = self.company.by_email[email]
        return {
            "@odata.type": "#microsoft.graph.aadUserConversationMember", "id": self.ident(44, "member", place, email),
            "roles": [role] if role else [], "displayName": person.name, "userId": self.user_id(person),
            "email": person.email, "visibleHistoryStartDateTime": "0001-01-01T00:00:00Z",
        }  # fmt: skip

    def _member_of(self, call: Call, row: Json) -> str:
        number, wanted = str(call.params["team"]), call.params["member"]
        found = next((one for one in row["members"] if self.ident(44, "member", number, one) == wanted), None)
        if found is None:
            raise refused(404, "NotFound", "The member does not exist.")
        return str(found)

    def _bound(self, body: Any) -> Person:
        hit = _BOUND.search(str((body or {}).get("user@odata.bind") or ""))
        person = self.person_of(hit[1]) if hit else None
        if person is None or not str(body.get("@odata.type")).endswith("aadUserConversationMember"):
            raise refused(400, "BadRequest", "Bad request: the user is not bound, or not found in the tenant.")
        return person

    def _joined(self, team: str, person: Person, change: str) -> None:
        number = self.ident(44, "member", team, person.email)
        self.notify(change, f"teams('{team}')/members('{number}')", "conversationMember", number)

    def _in(self, place: str) -> list[Json]:
        found = [one for one in self.state["posts"].values() if one["place"] == place]
        return sorted(found, key=lambda one: int(one["id"]))

    def _may_read(self, row: Json, person: Person) -> bool:
        team, _, channel = row["place"].rpartition("/")
        if not team:
            return person.email in self.state["chats"][channel]["members"]
        return channel in self.state["channels"] and self._sees(self.state["channels"][channel], person)

    def _post(self, call: Call) -> Json:
        if "chat" in call.params:
            place = self._chat(call)
        else:
            number, channel = self._channel(call)
            place = f"{channel['team']}/{number}"
        row: Json | None = self.state["posts"].get(f"{place}/{call.params['message']}")
        if row is None or row["parent"] != call.params.get("parent"):
            raise refused(404, "NotFound", "Message could not be found.")
        return row

    def _say(self, call: Call, place: str, parent: str | None = None) -> Answer:
        body = call.get("body") or {}
        text = str(body.get("content") or "")
        if not text.strip():
            raise refused(400, "BadRequest", "Missing body content.")
        kind = str(body.get("contentType") or "text")
        more = {"parent": parent, "subject": call.get("subject"), "type": kind}
        row = post(self.state, place, call.person.email, text, self.world.time().replace(microsecond=0), **more)
        self._told(row, "created")
        return Answer(201, self._shown(row))

    def _unsay(self, call: Call, deleted: str | None) -> None:
        row = self._post(call)
        if row["author"] != call.person.email:
            raise refused(403, "Forbidden", "Only the author of a message can delete it.")
        row |= {"deleted": deleted, "changed": self.world.time().isoformat()}
        self._told(row, "deleted" if deleted else "updated")

    def _told(self, row: Json, change: str) -> None:
        self.log(place=row["place"], id=row["parent"] or row["id"])
        team, _, channel = row["place"].rpartition("/")
        place = f"teams('{team}')/channels('{channel}')" if team else f"chats('{channel}')"
        inner = f"messages('{row['parent']}')/replies" if row["parent"] else "messages"
        self.notify(change, f"{place}/{inner}('{row['id']}')", "chatMessage", row["id"])

    def _shown(self, row: Json) -> Json:
        team, _, channel = row["place"].rpartition("/")
        author = self.company.by_email[row["author"]]
        user = {"id": self.user_id(author), "displayName": author.name, "userIdentityType": "aadUser"}
        return {
            "id": row["id"], "replyToId": row["parent"], "etag": row["id"], "messageType": "message",
            "createdDateTime": stamp(datetime.fromisoformat(row["at"])),
            "lastModifiedDateTime": stamp(datetime.fromisoformat(row["changed"])), "lastEditedDateTime": None,
            "deletedDateTime": row["deleted"], "subject": row["subject"], "summary": None, "importance": "normal",
            "locale": "en-us", "policyViolation": None, "chatId": None if team else channel, "eventDetail": None,
            "from": {"application": None, "device": None, "user": user}, "attachments": [], "mentions": [],
            "body": {"contentType": row["type"], "content": "" if row["deleted"] else row["text"]},
            "channelIdentity": {"teamId": team, "channelId": channel} if team else None,
            "webUrl": f"https://teams.microsoft.com/l/message/{channel.replace(':', '%3A')}/{row['id']}?groupId={team}"
            f"&parentMessageId={row['parent'] or row['id']}" if team else None,
            "reactions": [
                {
                    "reactionType": one["type"], "createdDateTime": stamp(datetime.fromisoformat(row["at"])),
                    "user": {"user": {"id": self.user_id(self.company.by_email[one["by"]])}},
                }
                for one in row["reactions"]
            ],
        }  # fmt: skip

    def _replies(self, row: Json, wanted: bool) -> Json:
        rows = [one for one in self._in(row["place"]) if one["parent"] == row["id"]] if wanted else []
        return {"replies": [self._shown(one) for one in rows]} if wanted else {}

    def _hit(self, row: Json, terms: list[tuple[str, str, str, str, str]]) -> bool:
        author = self.company.by_email[row["author"]].name.lower()
        for name, sign, value, phrase, word in terms:
            day, wanted = row["at"][:10], value.strip('"').lower()
            if name == "from" and wanted not in author:
                return False
            if name == "sent" and not {">=": day >= wanted, "<": day < wanted}.get(sign, True):
                return False
            if not name and (phrase or word).lower() not in row["text"].lower():
                return False
        return True

    def _found(self, row: Json) -> Json:
        shown = self._shown(row)
        author = self.company.by_email[row["author"]]
        kept = ("id", "createdDateTime", "lastModifiedDateTime", "importance", "channelIdentity", "chatId", "replyToId")
        found = {name: shown[name] for name in kept if shown[name]} | {"webLink": shown["webUrl"] or ""}
        who = {"emailAddress": {"name": author.name, "address": author.email}}
        return {"@odata.type": "#microsoft.graph.chatMessage", "from": who, **found}

    def _meeting(self, call: Call) -> Json:
        row: Json | None = self.state["meetings"].get(str(call.params["meeting"]))
        if row is None or row["owner"] != call.person.email:
            raise refused(404, "NotFound", "Meeting not found.")
        return row

    def _meeting_shown(self, row: Json) -> Json:
        owner = self.company.by_email[row["owner"]]

        def shown(person: Person | None, told: str, role: str) -> Json:
            name = person.name if person else told
            user = {"id": self.user_id(person), "displayName": name} if person else None
            return {"upn": person.email if person else told, "role": role, "identity": {"user": user}}

        return {
            "id": row["id"], "subject": row["subject"], "externalId": row["mark"], "creationDateTime": row["made"],
            "startDateTime": row["begin"], "endDateTime": row["end"],
            "joinWebUrl": f"https://teams.microsoft.com/l/meetup-join/{row['id'][:24]}",
            "participants": {
                "organizer": shown(owner, owner.email, "presenter"),
                "attendees": [shown(self.person_of(one), one, "attendee") for one in row["people"]],
            },
            "joinMeetingIdSettings": {"joinMeetingId": "284155", "passcode": "k3nf7Q", "isPasscodeRequired": True},
        }  # fmt: skip
