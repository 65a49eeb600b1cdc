"""The web chat: a page, what is written and pressed in it, and the stream of what is answered."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Coroutine, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote
from uuid import uuid4

from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from bot.assistant import Assistant, Sink
from bot.web.gate import HEADER, PATH, Gate, Session, read
from bot.web.transcript import Transcript, TranscriptSink
from core.clock import Clock, utc_now
from core.errors import ApprovalInvalid, AtomError, NotFound
from core.log import logger
from core.message import Failure, Message, Press, PressAction, Reply
from core.principal import Principal

_FOLDER = Path(__file__).parent
_ASSETS = {
    "": ("page.html", "text/html"),
    "/chat.css": ("chat.css", "text/css"),
    "/chat.js": ("chat.js", "text/javascript"),
    "/card.js": ("card.js", "text/javascript"),
    "/dialog.js": ("dialog.js", "text/javascript"),
    "/markdown.js": ("markdown.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_HEADERS = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
_KEPT_CONVERSATIONS = 500
_KEPT_DELIVERIES = 10_000
_TURNS_AT_ONCE = 8
_BROKEN = Failure(
    text="Something went wrong on my side.",
    next_step="Check what is already done before you ask again.",
)
_STOPPED = Failure(
    text="I was stopped before I had finished.",
    next_step="Check what is already done before you ask again.",
)

_log = logger(__name__)

Handler = Callable[[Request], Awaitable[Response]]


class Deliveries(Protocol):
    """Remembers what was taken on."""

    async def first(self, tenant: str, platform: str, event_id: str) -> bool:
        """Whether this event comes for the first time; the asking itself makes it known."""


class MemoryDeliveries:
    """The last 10,000 events of this process."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, str, str], None] = {}

    async def first(self, tenant: str, platform: str, event_id: str) -> bool:
        """Whether this event comes for the first time."""
        key = (tenant, platform, event_id)
        if key in self._taken:
            return False
        self._taken[key] = None
        if len(self._taken) > _KEPT_DELIVERIES:
            del self._taken[next(iter(self._taken))]
        return True


class _Enter(BaseModel):
    """Begin or go on; `person` changes who speaks, `is_fresh` leaves the conversation for a new one."""

    token: str = Field("", max_length=500)
    person: str = Field("", max_length=300)
    is_fresh: bool = False


class _Said(BaseModel):
    text: str = Field(min_length=1, max_length=12_000, pattern=r"\S")
    client_id: str = Field(pattern=r"^[\w-]{8,64}$")


class _Pressed(BaseModel):
    action: PressAction
    target: str = Field(min_length=1, max_length=300)
    value: str = Field("", max_length=20_000)
    client_id: str = Field("", pattern=r"^[\w-]{0,64}$")


class _Asked(BaseModel):
    approval: str = Field("", max_length=300)


class WebChat:
    """The chat page of one local person, or of a few who choose who they are.

    Without `access_token` it serves this machine alone; with it, whoever opens `/chat?token=…` once may speak as any
    of `people`, so it is meant for a demonstration and not for a whole company.
    """

    def __init__(
        self,
        assistant: Assistant,
        people: Mapping[str, Principal] | Principal,
        secret: bytes,
        *,
        access_token: str = "",
        hosts: Collection[str] = (),
        suggestions: Sequence[str] = (),
        name: str = "ATOM",
        deliveries: Deliveries | None = None,
        clock: Clock = utc_now,
    ) -> None:
        self._assistant = assistant
        self._people = {people.id: people} if isinstance(people, Principal) else dict(people)
        self._gate = Gate(secret, access_token, hosts)
        self._suggestions = list(suggestions)
        self._name = name
        self._deliveries = deliveries or MemoryDeliveries()
        self._clock = clock
        self._transcripts: dict[str, Transcript] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def routes(self) -> list[Route]:
        """The page, its files, and what it talks to."""
        files = [Route(PATH + path, self._guard(_file(*asset)), methods=["GET"]) for path, asset in _ASSETS.items()]
        return [
            *files,
            Route(f"{PATH}/session", self._guard(self._enter, is_page=False), methods=["POST"]),
            Route(f"{PATH}/messages", self._guard(self._hear, is_page=False), methods=["POST"]),
            Route(f"{PATH}/press", self._guard(self._press, is_page=False), methods=["POST"]),
            Route(f"{PATH}/form", self._guard(self._form, is_page=False), methods=["POST"]),
            Route(f"{PATH}/home", self._guard(self._home, is_page=False), methods=["POST"]),
            Route(f"{PATH}/stream", self._guard(self._stream, is_page=False), methods=["GET"]),
        ]

    def sink(self, conversation: str) -> Sink:
        """Where to speak unasked, or go on later, in a conversation."""
        return TranscriptSink(self._transcript(conversation), "", self._clock)

    async def reopen(self, tenant: str, conversation: str, thread: str, person: str) -> Sink:
        """The sink of a conversation of this process, for work that goes on later."""
        return self.sink(conversation)

    async def reach(self, tenant: str, person: str) -> Sink:
        """The conversation that a person used last; `NotFound` where they have none open."""
        who = next((one for one in self._people.values() if (one.tenant, one.id) == (tenant, person)), None)
        conversation = self.latest(who) if who else None
        if conversation is None:
            raise NotFound("This person has no conversation open in the web chat.")
        return self.sink(conversation)

    def latest(self, person: Principal) -> str | None:
        """The conversation that a person used last, of those this process knows."""
        keys = {f".{key}" for key, known in self._people.items() if known == person}
        newest_first = reversed(self._transcripts)
        return next((one for one in newest_first if any(one.endswith(key) for key in keys)), None)

    async def drain(self) -> None:
        """Wait until everything taken so far is answered."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self, timeout_s: float = 20) -> None:
        """Take nothing more, finish what was taken for at most `timeout_s`, end the streams."""
        self._is_closed = True
        try:
            await asyncio.wait_for(self.drain(), timeout_s)
        except TimeoutError:
            _log.warning("web_work_abandoned", tasks=len(self._tasks))
            for task in self._tasks:
                task.cancel()
            await asyncio.wait(self._tasks, timeout=timeout_s)
        for transcript in self._transcripts.values():
            transcript.close()

    def _guard(self, handler: Handler, *, is_page: bool = True) -> Handler:
        """`handler` behind the gate; the page and its files may be opened from a link anywhere."""

        async def guarded(request: Request) -> Response:
            try:
                self._gate.check_place(request)
                if not is_page:
                    self._gate.check_page(request)
                response = await handler(request)
            except HTTPException as refusal:
                _log.info("web_request_refused", path=request.url.path, status=refusal.status_code)
                response = JSONResponse({"error": refusal.detail}, refusal.status_code)
            except AtomError as error:
                _log.warning("web_request_failed", error=type(error).__name__, cause=error.cause)
                response = JSONResponse({"error": error.sentence()}, 503)
            response.headers.update(_HEADERS)
            return response

        return guarded

    async def _enter(self, request: Request) -> Response:
        wish = await read(request, _Enter)
        session = self._gate.session(request)
        if session is None and not self._gate.is_open_to(wish.token):
            raise HTTPException(401, "This is not the access token." if wish.token else "An access token is needed.")
        person = wish.person or (session.person if session else "")
        person = person if person in self._people else next(iter(self._people))
        if session is None or wish.is_fresh:
            session = Session.fresh(person)
        session = Session(session.root, person)
        people = [{"key": key, "name": known.name} for key, known in self._people.items()]
        response = JSONResponse(
            {
                "conversation": session.conversation,
                "person": person,
                "people": people,
                "name": self._name,
                "suggestions": self._suggestions or await self._assistant.prompts(self._people[person]),
            }
        )
        self._gate.keep(session, request, response)
        return response

    async def _hear(self, request: Request) -> Response:
        said = await read(request, _Said)
        session, author = self._session(request, unquote(request.headers[HEADER]))
        transcript = self._open(session)
        message = Message(
            id=f"{session.conversation}:{said.client_id}",
            platform="web",
            conversation=session.conversation,
            author=author,
            text=said.text,
            sent_at=self._clock(),
        )
        is_new = await self._deliveries.first(author.tenant, "web", message.id)
        if is_new:
            transcript.say(said.text, said.client_id, message.sent_at)
            self._begin(transcript, partial(self._assistant.hear, message))
        return JSONResponse({"is_new": is_new}, 202)

    async def _press(self, request: Request) -> Response:
        pressed = await read(request, _Pressed)
        session, person = self._session(request, unquote(request.headers[HEADER]))
        transcript = self._open(session)
        press = Press(
            id=f"{session.conversation}:{pressed.client_id or uuid4().hex}",
            platform="web",
            conversation=session.conversation,
            by=person,
            action=pressed.action,
            target=pressed.target,
            value=pressed.value,
            pressed_at=self._clock(),
        )
        is_new = await self._deliveries.first(person.tenant, "web", press.id)
        if is_new:
            transcript.press(press.target, press.value or press.action)
            self._begin(transcript, partial(self._assistant.press, press), press)
        return JSONResponse({"is_new": is_new}, 202)

    async def _form(self, request: Request) -> Response:
        asked = await read(request, _Asked)
        _, person = self._session(request, unquote(request.headers[HEADER]))
        try:
            fields = await self._assistant.form(asked.approval, person)
        except ApprovalInvalid as error:
            raise HTTPException(410, error.sentence()) from error
        return JSONResponse({"fields": [field.model_dump(mode="json") for field in fields]})

    async def _home(self, request: Request) -> Response:
        await read(request, _Asked)
        _, person = self._session(request, unquote(request.headers[HEADER]))
        return JSONResponse(content=(await self._assistant.home(person)).model_dump(mode="json"))

    async def _stream(self, request: Request) -> Response:
        session, _ = self._session(request, request.query_params.get("conversation", ""))
        events = self._transcript(session.conversation).events(request.headers.get("last-event-id", ""))
        return StreamingResponse(events, media_type="text/event-stream", headers={"x-accel-buffering": "no"})

    def _session(self, request: Request, conversation: str) -> tuple[Session, Principal]:
        """The session and its person; `conversation` is what the page believes it shows."""
        session = self._gate.session(request)
        if session is None or session.person not in self._people:
            raise HTTPException(401, "This session has ended. Load the page again.")
        if conversation != session.conversation:
            raise HTTPException(409, "The conversation was changed in another window. Load the page again.")
        if self._is_closed:
            raise HTTPException(503, "I am being stopped. Please try again in a moment.")
        return session, self._people[session.person]

    def _open(self, session: Session) -> Transcript:
        transcript = self._transcript(session.conversation)
        if transcript.turns >= _TURNS_AT_ONCE:
            raise HTTPException(429, "I am still working on what you asked before. Please wait a moment.")
        return transcript

    def _transcript(self, conversation: str) -> Transcript:
        """The transcript, now the last used; the longest unused idle one beyond the limit is let go."""
        transcript = self._transcripts.pop(conversation, None) or Transcript()
        self._transcripts[conversation] = transcript
        if len(self._transcripts) > _KEPT_CONVERSATIONS:
            idle = (key for key, one in self._transcripts.items() if one.is_idle and one is not transcript)
            if (oldest := next(idle, None)) is not None:
                del self._transcripts[oldest]
        return transcript

    def _begin(
        self,
        transcript: Transcript,
        work: Callable[[Sink], Coroutine[Any, Any, None]],
        press: Press | None = None,
    ) -> None:
        turn = uuid4().hex
        transcript.begin(turn)
        task = asyncio.create_task(work(TranscriptSink(transcript, turn, self._clock)))
        self._tasks.add(task)
        task.add_done_callback(lambda done: self._end(done, transcript, turn, press))

    def _end(self, task: asyncio.Task[None], transcript: Transcript, turn: str, press: Press | None) -> None:
        self._tasks.discard(task)
        failure = _failure(task)
        # A plan's card that was not settled still waits; a question or an undo is spent unless it broke.
        if press and (failure or press.action in ("approve", "reject", "edit")):
            transcript.release(press.target)
        if failure:
            transcript.reply(Reply(parts=(failure,), is_private=True), self._clock())
        transcript.end(turn)


def _failure(task: asyncio.Task[None]) -> Failure | None:
    """What to tell the person about a turn that did not end well."""
    if task.cancelled():
        return _STOPPED
    error = task.exception()
    if error is None:
        return None
    if isinstance(error, AtomError):
        _log.warning("web_turn_failed", error=type(error).__name__, cause=error.cause)
        return Failure(text=error.message, next_step=error.next_step)
    _log.error("web_turn_broke", error=type(error).__name__, exc_info=error)
    return _BROKEN


def _file(name: str, media_type: str) -> Handler:
    content = (_FOLDER / name).read_bytes()

    async def serve(_: Request) -> Response:
        return Response(content, media_type=f"{media_type}; charset=utf-8")

    return serve
