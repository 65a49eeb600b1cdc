"""Figma, REST API: files and their frames, comments, pictures, versions, components. Nothing drawn can be changed."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from core.errors import Forbidden, NotFound, Rejected, TokenExpired, VendorError
from core.records import Design, Document, Message, Project, Ref
from core.tool import Change
from tools.declare import Text, tool
from tools.integration import Account, Integration
from tools.integrations.figma import mapping
from tools.integrations.figma.lookup import (
    Commenter,
    CommentId,
    FileName,
    FrameName,
    Lookup,
    ProjectName,
    TeamName,
)
from tools.integrations.figma.mapping import to_comment
from tools.kit.auth import OAuth2
from tools.kit.http import Answer, by_status
from tools.kit.paging import dig, listed, take, walk
from tools.kit.webhook import Delivery, WebhookEvent, in_body
from tools.stream import Batch, by_time, since, stream

META, CONTENT, PROJECTS = ("file_metadata:read",), ("file_content:read",), ("projects:read",)
READ, WRITE = ("file_comments:read",), ("file_comments:write", "file_comments:read")


class Figma(Lookup, Integration):
    """Figma under one person's connection."""

    key = "figma"
    name = "Figma"
    category = "design"
    aliases = ("figma", "design files", "mockups")
    base_url = "https://api.figma.com"
    slots = {"teams": ""}
    auth = OAuth2(
        authorize_url="https://www.figma.com/oauth",
        token_url="https://api.figma.com/v1/oauth/token",  # noqa: S106 - an address
        refresh_url="https://api.figma.com/v1/oauth/refresh",
        scopes=(
            "current_user:read",
            "file_content:read",
            "file_metadata:read",
            "file_comments:read",
            "file_comments:write",
            "file_versions:read",
            "projects:read",
            "library_content:read",
            "webhooks:write",
        ),
        client_in_header=True,
    )
    calls_per_s = 5.0  # counted by the minute, by seat, plan and endpoint; a 429 says how long to wait
    webhook = in_body("passcode")
    names = ("project",)

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """Figma's `{status, err}` and `{error, status, message}`; a bad token and a missing scope are 403s too."""
        data = answer.data
        said = str(data.get("err") or data.get("message") or "") if isinstance(data, Mapping) else ""
        if not isinstance(data, Mapping) or not (data.get("err") or data.get("error") is True):
            return None
        told = int(data.get("status") or answer.status)
        status, words = told if told >= 400 else 400, said.lower()
        if status in (401, 403) and "token" in words and ("invalid" in words or "expired" in words):
            return TokenExpired("Figma no longer accepts the sign-in.", status=status, cause=said)
        if status == 403 and "scope" in words:
            return Forbidden(f"The connection to Figma lacks a scope. Figma says: {said}", status=status, cause=said)
        return by_status(cls.name, Answer(status, answer.headers, data, answer.text), said)

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """One event a delivery; it has no id of its own, so what it is about makes one."""
        told = delivery.data
        kind, key = str(told["event_type"]), str(told.get("file_key") or "")
        detail = str(told.get("comment_id") or told.get("version_id") or "")
        about = mapping.ref("file", key) if key else None
        if kind == "FILE_COMMENT":
            about = Ref(integration=cls.key, kind="comment", id=f"{key}/{detail}", key=detail)
        number = ":".join((str(told.get("webhook_id")), kind, key, detail, str(told.get("timestamp"))))
        return [WebhookEvent(number, kind, about, mapping.moment(told.get("timestamp")))]

    @stream("comment")
    async def stream_comments(self, cursor: str) -> Batch:
        """The comments on all files of the known teams, then new ones."""
        return await by_time(
            self._comments(cursor),
            cursor,
            lambda item: str(item["created_at"]),
            lambda item: to_comment(item, str(item["file_key"])),
        )

    async def identify(self) -> Account:
        """The user that is connected."""
        return Account(str((await self.http.get("/v1/me"))["id"]), site=mapping.SITE)

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """The projects of the known teams."""
        return {"project": [one.title for one in await self.projects()]}

    @tool("read", scopes=META)
    async def get_file(self, file: Annotated[FileName, "the file, by link, key or name"]) -> Design:
        """Say what is known of one file: where it is, and who changed it last and when."""
        return await self.facts(file)

    @tool("read", scopes=CONTENT)
    async def list_frames(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        page: Annotated[str | None, "only on this page of the file"] = None,
    ) -> list[Design]:
        """List what is inside a file: its pages, and the frames or screens on them."""
        found = await self.frames(file)
        if not page:
            return found
        names = {one.title for one in found if one.ref.kind == "page" and mapping.has_words(page, one.title)}
        if not names:
            there = ", ".join(one.title for one in found if one.ref.kind == "page")
            raise NotFound(f"The file has no page “{page}”; it has {there}.")
        return [one for one in found if one.page in names]

    @tool("read", scopes=PROJECTS)
    async def list_projects(self, team: Annotated[TeamName, "the team, by link, id or name"]) -> list[Project]:
        """List the projects of a team."""
        return (await self.team(team))[1]

    @tool("read", scopes=PROJECTS)
    async def list_files(self, project: Annotated[ProjectName, "the project, by name, link or id"]) -> list[Design]:
        """List the files of a project, the last changed first."""
        return sorted(await self.files_of(project), key=lambda one: str(one.modified_at), reverse=True)

    @tool("read", scopes=READ)
    async def list_comments(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        open_only: Annotated[bool, "whether to leave resolved ones out"] = True,
        by: Annotated[Commenter | None, "whose comments"] = None,
    ) -> list[Message]:
        """Show the comments on a file, those that are still open or all."""
        found = await self.comments(file)
        closed = {str(one["id"]) for one in found if one.get("resolved_at")}
        kept = [
            one
            for one in found
            if not (open_only and {str(one["id"]), str(one.get("parent_id") or "")} & closed)
            and (by is None or str((one.get("user") or {}).get("id")) == by)
        ]
        return [to_comment(one, file) for one in sorted(kept, key=lambda one: str(one["created_at"]), reverse=True)]

    @tool("write", scopes=WRITE, proof="read_comment", undo="delete_comment", recover="recover_comment")
    async def post_comment(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        message: Annotated[Text, "what the comment says"],
        frame: Annotated[FrameName | None, "the frame to pin it to, by name or link"] = None,
        reply_to: Annotated[CommentId | None, "the comment that it answers, by id or words from it"] = None,
    ) -> Change:
        """Leave a comment on a file or a frame of it, or answer one."""
        body: dict[str, Any] = {"message": message}
        root = ""
        if reply_to:  # only the first comment of a thread can be answered
            there = {str(one["id"]): str(one.get("parent_id") or "") for one in await self.comments(file)}
            if reply_to not in there:
                raise NotFound("The comment that this answers is not there any more.")
            root = there[reply_to] or reply_to
            body["comment_id"] = root
        elif frame:
            body["client_meta"] = {"node_id": frame, "node_offset": {"x": 0, "y": 0}}
        item = await self.http.post(f"/v1/files/{file}/comments", body)
        return self.posted(item, file, message, None if reply_to else frame, root or None)

    @tool("destructive", scopes=WRITE, proof="read_comment", irreversible="Figma keeps no deleted comment")
    async def delete_comment(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        comment: Annotated[CommentId, "the comment, by id or words from it"],
    ) -> Change:
        """Delete a comment of one's own."""
        ref = Ref(integration=self.key, kind="comment", id=f"{file}/{comment}")
        before = await self.read_comment(ref)
        await self.http.send("DELETE", f"/v1/files/{file}/comments/{comment}", is_repeatable=True)
        return Change(before, is_gone=True)

    @tool("read", scopes=CONTENT)
    async def export_image(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        frames: Annotated[list[FrameName], "the frames, by name or link"],
        format: Annotated[Literal["png", "jpg", "svg", "pdf"], "kind of picture"] = "png",
        scale: Annotated[float, "how large, from 0.01 to 4"] = 1,
    ) -> list[Design]:
        """Render frames of a file as pictures, and give their links."""
        if not 0.01 <= scale <= 4:
            raise Rejected("A picture can be from 0.01 to 4 times as large.", fields={"scale": "out of bounds"})
        ids = ",".join(frames)
        data = await self.http.get(f"/v1/images/{file}", ids=ids, format=format, scale=scale)
        nodes = (await self.http.get(f"/v1/files/{file}/nodes", ids=ids, depth=1)).get("nodes") or {}
        names = {one: str(dig(nodes.get(one), "document.name") or one) for one in frames}
        links = data.get("images") or {}
        if failed := [names[one] for one in frames if not links.get(one)]:
            raise Rejected(f"Figma could not render {', '.join(failed)}: empty, hidden or gone.")
        return [mapping.to_picture(file, one, names[one], str(links[one]), format) for one in frames]

    @tool("read", scopes=("file_versions:read",))
    async def list_versions(
        self,
        file: Annotated[FileName, "the file, by link, key or name"],
        limit: Annotated[int, "how many"] = 10,
    ) -> list[Document]:
        """Show a file's history: its versions, the newest first."""

        async def page(address: Any) -> tuple[list[Any], Any]:
            size = None if address else {"page_size": max(1, min(limit, 50))}
            data = (await self.http.send("GET", address or f"/v1/files/{file}/versions", params=size)).data
            return listed(data, "versions"), dig(data, "pagination.next_page")

        return [mapping.to_version(one, file) for one in await take(walk(page), limit)]

    @tool("read", scopes=("library_content:read",))
    async def list_components(
        self,
        file: Annotated[FileName, "the library file, by link, key or name"],
        name: Annotated[str | None, "only those with these words in their name"] = None,
    ) -> list[Design]:
        """List the components that a library file has published."""
        data = await self.http.get(f"/v1/files/{file}/components")
        found = [mapping.to_component(one) for one in listed(data, "meta.components")]
        return [one for one in found if not name or mapping.has_words(name, one.title)]

    async def _comments(self, cursor: str) -> AsyncIterator[Any]:
        for one in await self.all_comments(since(cursor)):
            yield one
