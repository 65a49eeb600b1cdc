"""Looking things up in Figma, which has no search: through the projects of the teams that the deployment names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field

from core.clock import utc_now
from core.errors import Candidate, NotFound
from core.records import Design, Message, Project, Record, Ref
from core.tool import Call, Change
from tools.declare import finds
from tools.integrations.figma import mapping
from tools.integrations.figma.mapping import to_comment
from tools.kit.http import Http
from tools.kit.paging import listed

FileName = Annotated[str, finds("file")]
FrameName = Annotated[str, finds("frame")]
TeamName = Annotated[str, finds("team")]
ProjectName = Annotated[str, finds("project")]
CommentId = Annotated[str, Field(json_schema_extra={"format": "id", "x-find": "comment"})]
Commenter = Annotated[str, Field(json_schema_extra={"format": "person", "x-find": "commenter"})]

JUST_NOW = timedelta(minutes=5)
ME = {"me", "my", "mine", "i", "myself"}
LATEST = {"last", "latest", "newest", "my last", "the last one", "last comment", "my last comment"}


class Lookup:
    """What the tools of Figma share."""

    http: Http

    async def find_file(self, text: str) -> Sequence[Candidate]:
        """A file by link or key, or by words of its name in the teams' projects."""
        if key := mapping.file_key(text):
            return [Candidate(key, (await self.facts(key)).title, also=(text,))]
        found = [one for one in await self.files() if mapping.has_words(text, one.title)]
        exact = [one for one in found if one.title.casefold() == text.strip().casefold()]
        ordered = sorted(exact or found, key=lambda one: str(one.modified_at), reverse=True)
        return [Candidate(one.ref.id, one.title, one.project, (text,) if len(ordered) == 1 else ()) for one in ordered]

    async def find_team(self, text: str) -> Sequence[Candidate]:
        """A team by link or id, or by words of its name among those that are known."""
        if number := mapping.number_in(text, "team"):
            return [Candidate(number, (await self.team(number))[0] or number, also=(text,))]
        told = await asyncio.gather(*(self.team(one) for one in self.teams))
        wanted = text.casefold().removesuffix("team").strip()
        return [
            Candidate(number, name, also=(text,))
            for number, (name, _) in zip(self.teams, told, strict=True)
            if not wanted or mapping.has_words(wanted, name)
        ]

    async def find_project(self, text: str) -> Sequence[Candidate]:
        """A project by link or id, or by words of its name in the teams."""
        if number := mapping.number_in(text, "project"):
            name = str((await self.http.get(f"/v1/projects/{number}/files")).get("name") or number)
            return [Candidate(number, name, also=(text,))]
        wanted = text.casefold().removesuffix("project").strip() or text
        found = [one for one in await self.projects() if mapping.has_words(wanted, one.title)]
        return [Candidate(one.ref.id, one.title, one.state) for one in found]

    async def find_frame(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A frame or page of the file by link, id or name."""
        if node := mapping.node_id(text):
            return [Candidate(node, node, also=(text,))]
        parts = await self.frames(str(args["file"])) if args.get("file") else []
        wanted = text.casefold().removesuffix("frame").removesuffix("screen").strip() or text
        found = [one for one in parts if mapping.has_words(wanted, one.title)]
        exact = [one for one in found if one.title.casefold() == wanted]
        return [Candidate(one.ref.key, one.title, one.page) for one in exact or found]

    async def find_comment(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """A comment of the file by id or link, by words of it, by its author, or the last of one's own."""
        found = await self.comments(str(args["file"])) if args.get("file") else []
        wanted = text.strip().casefold().rpartition("#")[2]
        mine = [one for one in found if str((one.get("user") or {}).get("id")) == self.http.connection.account]
        if wanted in LATEST:
            found = sorted(mine, key=lambda one: str(one["created_at"]))[-1:]
        elif exact := [one for one in found if str(one["id"]) == wanted]:
            found = exact
        else:
            found = [
                one
                for one in found
                if mapping.has_words(wanted, f"{one.get('message')} {(one.get('user') or {}).get('handle')}")
            ]
        return [
            Candidate(str(one["id"]), str(one["message"])[:80], str(one["user"].get("handle") or ""), (text,))
            for one in found
        ]

    async def find_commenter(self, text: str, args: Mapping[str, Any]) -> Sequence[Candidate]:
        """Somebody who commented on the file; Figma shows nobody else."""
        if text.strip().casefold() in ME:
            return [Candidate(self.http.connection.account, "you", also=(text,))]
        found = await self.comments(str(args["file"])) if args.get("file") else []
        people = {str(one["user"]["id"]): str(one["user"].get("handle") or "") for one in found if one.get("user")}
        wanted = text.partition("@")[0].replace(".", " ")
        return [Candidate(number, name) for number, name in people.items() if mapping.has_words(wanted, name)]

    @property
    def teams(self) -> list[str]:
        """Ids of the teams whose files are known by name."""
        given = self.http.slots.get("teams", "").replace(",", " ").split()
        return [mapping.number_in(one, "team") or one for one in given]

    async def team(self, number: str) -> tuple[str, list[Project]]:
        """A team's name and projects."""
        data = await self.http.get(f"/v1/teams/{number}/projects")
        name = str(data.get("name") or "")
        return name, [mapping.to_project(one, name) for one in listed(data, "projects")]

    async def projects(self) -> list[Project]:
        """The projects of all known teams."""
        told = await asyncio.gather(*(self.team(one) for one in self.teams))
        return [project for _, projects in told for project in projects]

    async def files_of(self, project: str) -> list[Design]:
        """The files of a project."""
        data = await self.http.get(f"/v1/projects/{project}/files")
        name = str(data.get("name") or "")
        return [mapping.to_file(one, str(one["key"]), name) for one in listed(data, "files")]

    async def files(self) -> list[Design]:
        """The files of all known teams."""
        told = await asyncio.gather(*(self.files_of(one.ref.id) for one in await self.projects()))
        return [file for files in told for file in files]

    async def facts(self, key: str) -> Design:
        """What is known of a file."""
        data = await self.http.get(f"/v1/files/{key}/meta")
        return mapping.to_file(data.get("file") or data, key)

    async def frames(self, key: str) -> list[Design]:
        """The pages and frames of a file."""
        data = await self.http.get(f"/v1/files/{key}", depth=2)
        return list(mapping.frames(data.get("document") or {}, key))

    async def comments(self, key: str) -> list[Any]:
        """All comments on a file, as Figma tells them."""
        return listed(await self.http.get(f"/v1/files/{key}/comments"), "comments")

    async def all_comments(self, after: datetime | None) -> list[Any]:
        """The comments on all files of the known teams since a moment, oldest first, each with its file's key."""
        files = [one.ref.id for one in await self.files()]
        told = await asyncio.gather(*(self.comments(key) for key in files))
        found = [{**one, "file_key": key} for key, comments in zip(files, told, strict=True) for one in comments]
        fresh = [one for one in found if after is None or datetime.fromisoformat(str(one["created_at"])) >= after]
        return sorted(fresh, key=lambda one: str(one["created_at"]))

    async def read_comment(self, ref: Ref) -> Record:
        """Reads the file's comments again."""
        key, _, number = ref.id.partition("/")
        for one in await self.comments(key):
            if str(one["id"]) == number:
                return to_comment(one, key)
        raise NotFound("The comment is not there.")

    def posted(self, item: Any, key: str, message: str, frame: str | None, thread: str | None) -> Change:
        """A comment that was left."""
        comment = to_comment(item, key)
        expect = {"text": message, **({"channel": frame} if frame else {}), **({"thread": thread} if thread else {})}
        undo = Call(tool="figma.delete_comment", args={"file": key, "comment": comment.ref.key})
        return Change(comment, expect, undo=undo)

    async def recover_comment(
        self, file: str, message: str, frame: str | None = None, reply_to: str | None = None
    ) -> Change | None:
        """One's own comment of these words that was left just now."""
        for one in await self.comments(file):
            comment: Message = to_comment(one, file)
            is_mine = str((one.get("user") or {}).get("id")) == self.http.connection.account
            is_new = comment.sent_at is not None and utc_now() - comment.sent_at < JUST_NOW
            if is_mine and is_new and comment.text == message:
                return self.posted(one, file, message, frame, comment.thread if reply_to else None)
        return None
