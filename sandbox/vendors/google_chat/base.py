"""What all of Chat's resources share: who is in a space, how things look, what is told to whom."""

from __future__ import annotations

from typing import Any

from sandbox.company import Person
from sandbox.exchange import Call, Json
from sandbox.google import OAUTH, Google, refused
from sandbox.vendors.google_chat.seed import seed_chat, stamp, user_name

API = "https://www.googleapis.com/auth/chat."
SPACES = f"{API}spaces {API}spaces.readonly"
MAKE = f"{API}spaces {API}spaces.create"
READ = f"{API}messages {API}messages.readonly"
WRITE = f"{API}messages {API}messages.create"
CHANGE = f"{API}messages"
MEMBERS = f"{API}memberships {API}memberships.readonly"
JOIN = f"{API}memberships"
EVENT = "google.workspace.chat."


class Base(Google):
    """Google Chat of one Workspace."""

    hosts = ("https://chat.googleapis.com", *OAUTH)
    has_reasons = False

    def seed(self) -> Json:
        """Spaces, messages, events."""
        return seed_chat(self.world.story)

    def space(self, call: Call) -> Json:
        """The space of the path, which the caller is in."""
        return self.space_of(f"spaces/{call.params['space']}", call.person)

    def space_of(self, name: str, person: Person) -> Json:
        """A space that a person is in."""
        found: Json | None = self.state["spaces"].get(name)
        if found is None:
            raise refused(404, "notFound", f"Space {name} not found.")
        if person.email not in found["members"]:
            raise refused(403, "forbidden", "You are not permitted to use this app in the given space.")
        return found

    def address(self, user: str) -> str:
        """The address that `users/…` stands for."""
        number = user.removeprefix("users/")
        if "@" in number:
            return number.lower()
        found = next((email for email in self.company.by_email if user_name(email) == user), "")
        if not found:
            raise refused(404, "notFound", f"User {user} not found.")
        return found

    def user(self, email: str) -> Json:
        """A person in another resource."""
        person = self.company.by_email.get(email)
        name = {"displayName": person.name} if person else {}
        return {"name": user_name(email), **name, "email": email, "type": "HUMAN", "domainId": "fernwick"}

    def shown_space(self, space: Json) -> Json:
        """A space as its members see it."""
        kind = space["spaceType"]
        title = {"displayName": space["displayName"]} if space["displayName"] else {}
        about = {"spaceDetails": {"description": space["description"]}} if space["description"] else {}
        key = space["name"].removeprefix("spaces/")
        return {
            "name": space["name"], "type": "DM" if kind == "DIRECT_MESSAGE" else "ROOM", "spaceType": kind,
            **title, **about, "spaceThreadingState": "THREADED_MESSAGES" if kind == "SPACE" else "UNTHREADED_MESSAGES",
            "spaceHistoryState": "HISTORY_ON", "createTime": space["createTime"],
            "membershipCount": {"joinedDirectHumanUserCount": len(space["members"])},
            "spaceUri": f"https://chat.google.com/{'dm' if kind == 'DIRECT_MESSAGE' else 'room'}/{key}?cls=11",
        }  # fmt: skip

    def shown(self, message: Json) -> Json:
        """A message as the members of its space see it."""
        name, _, _ = message["name"].partition("/messages/")
        edited = {"lastUpdateTime": message["edited"]} if message.get("edited") else {}
        return {
            "name": message["name"], "sender": self.user(message["author"]), "createTime": message["createTime"],
            **edited, "text": message["text"], "formattedText": message["text"], "argumentText": message["text"],
            "thread": {"name": message["thread"]}, "space": {"name": name}, "threadReply": message["isReply"],
        }  # fmt: skip

    def shown_member(self, space: Json, email: str) -> Json:
        """A membership."""
        user = self.user(email)
        number = user["name"].removeprefix("users/")
        is_guest = email not in self.company.by_email
        return {
            "name": f"{space['name']}/members/{number}", "state": "INVITED" if is_guest else "JOINED",
            "role": space["members"][email], "member": user, "createTime": space["createTime"],
        }  # fmt: skip

    def told(self, space: str, kind: str, about: str, item: Json) -> None:
        """Write an event down and push it to whoever subscribed."""
        number, at = self.count("event"), stamp(self.world.time())
        row = {"name": f"{space}/spaceEvents/{self.ident(16, number)}", "kind": f"{EVENT}{about}.v1.{kind}", "at": at}
        self.state["events"].append({**row, "space": space, "about": about, "item": item})
        attributes = {
            "ce-id": row["name"], "ce-type": row["kind"], "ce-time": at, "ce-subject": f"//chat.googleapis.com/{space}",
            "ce-source": "//workspaceevents.googleapis.com/subscriptions/chat-1", "ce-specversion": "1.0",
        }  # fmt: skip
        self.publish({about: {"name": item["name"]}}, **attributes)

    def once(self, request: Any, made: Json | None = None) -> Json | None:
        """What a request with this id made before; with `made`, keep it."""
        if request and made is not None:
            self.state["requests"][str(request)] = made["name"]
        name = self.state["requests"].get(str(request)) if request else None
        found: Json | None = self.state["messages"].get(name) or self.state["spaces"].get(name)
        return found
