"""The base of every integration: facts as class attributes, tools as marked methods, errors mapped once."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, ClassVar

import yaml

from core.errors import Candidate, NotConnected, NotFound, OutcomeUnknown, VendorError, VendorUnavailable
from core.log import frames, logger
from core.principal import Principal
from core.records import Record
from core.tool import Arguments, Change, Example, Result, Tool
from tools.declare import NAME, Declaration, build, parse
from tools.directory import People
from tools.kit.auth import Auth
from tools.kit.http import Answer, Http
from tools.kit.webhook import Delivery, Greeting, Signature, WebhookEvent
from tools.stream import Batch

_log = logger("tools.integration")

CATEGORIES = (
    "communication",
    "files",
    "project_management",
    "crm",
    "support",
    "finance",
    "marketing",
    "analytics",
    "design",
    "commerce",
    "email_calendar",
    "other",
)


@dataclass(frozen=True)
class Account:
    """A connected person's id at the vendor, the path their system has below the base URL, and its site for people.

    `base` is the address to use from now on, where the vendor names one (a data centre).
    """

    id: str = ""
    path: str = ""
    site: str = ""
    base: str = ""


class Integration:
    """One SaaS product under one person's connection.

    A subclass states its facts and has a method per tool. It holds no state beyond the call it serves.
    """

    key: ClassVar[str]
    name: ClassVar[str]
    category: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    auth: ClassVar[Auth]
    base_url: ClassVar[str]
    headers: ClassVar[Mapping[str, str]] = {}
    idempotency_header: ClassVar[str] = ""
    calls_per_s: ClassVar[float] = 10.0
    sites: ClassVar[Mapping[str, str]] = {}
    slots: ClassVar[Mapping[str, str]] = {}
    webhook: ClassVar[Signature | None] = None
    names: ClassVar[tuple[str, ...]] = ()
    tools: ClassVar[dict[str, Tool]] = {}
    declarations: ClassVar[dict[str, Declaration]] = {}
    streams: ClassVar[dict[str, str]] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for fact in ("key", "name", "category", "auth", "base_url"):
            if not hasattr(cls, fact):
                raise TypeError(f"{cls.__name__} does not say its {fact}")
        if not NAME.fullmatch(cls.key):
            raise TypeError(f"{cls.__name__}: a key is lower-case words with single underscores, not {cls.key}")
        if cls.category not in CATEGORIES:
            raise TypeError(f"{cls.__name__} has no known category: {cls.category}")
        package = cls.__module__.rpartition(".")[0]
        cls.tools, cls.declarations, cls.streams = {}, {}, {}
        for name, method in inspect.getmembers(cls, inspect.isfunction):
            if kind := getattr(method, "__stream__", ""):
                cls.streams[kind] = name
            if hasattr(method, "__declaration__"):
                said = Examples(package, method.__declaration__.name or name)
                made, declaration = build(cls, name, method, said)
                if made.id in cls.tools:
                    raise TypeError(f"{cls.__name__} has two tools called {made.id}")
                cls.tools[made.id], cls.declarations[made.id] = made, declaration

    def __init__(self, http: Http, who: Principal, people: People) -> None:
        self.http = http
        self.who = who
        self.people = people

    @classmethod
    def error(cls, answer: Answer) -> VendorError | None:
        """The error that an answer means in this vendor's own shape; None leaves it to the status."""
        return None

    @classmethod
    def events(cls, delivery: Delivery) -> list[WebhookEvent]:
        """What a verified webhook delivery says, in order."""
        return []

    @classmethod
    def greet(cls, delivery: Delivery, secret: str) -> Greeting | None:
        """The answer to a delivery with which the vendor sets the webhook up; None where it is an event."""
        return None

    async def sign_in(self) -> tuple[dict[str, str], float | None]:
        """Trade the pasted keys for a session: what to add to the secret, and the seconds that it lasts.

        Only integrations whose `auth` is a `Session` have it.

        Raises:
            NotConnected: the keys are not accepted.
        """
        raise NotConnected(self.key, self.name, cause="it has no session")

    async def identify(self) -> Account:
        """Who is connected and where their system lives; asked once after connecting, to prove the connection."""
        return Account()

    async def list_names(self) -> Mapping[str, Sequence[str]]:
        """Names this person's company uses here, by kind, to recognise them in a sentence."""
        return {}

    async def run(self, tool_id: str, args: Arguments) -> Result:
        """Run a tool with arguments whose names are resolved.

        Raises:
            InvalidArgument: they do not fit the tool.
            VendorError: the vendor refused.
        """
        declaration = self.declarations[tool_id]
        parsed = parse(self.tools[tool_id], declaration, args)
        with self._understood():
            result: Result = await getattr(self, declaration.method)(**parsed)
        return result

    async def recover(self, tool_id: str, args: Arguments) -> Change | None:
        """After an unknown outcome: the change, if the vendor shows that it happened; None if it shows it did not.

        Raises:
            LookupError: this tool has no way to tell.
        """
        declaration = self.declarations[tool_id]
        if not declaration.recover:
            raise LookupError(tool_id)
        parsed = parse(self.tools[tool_id], declaration, args)
        change: Change | None = await getattr(self, declaration.recover)(**parsed)
        return change

    async def prove(self, tool_id: str, change: Change) -> Record | None:
        """The record as the vendor holds it now, or None when it is gone."""
        try:
            with self._understood():
                record: Record = await getattr(self, self.declarations[tool_id].proof)(change.record.ref)
        except NotFound:
            return None
        return record

    @contextmanager
    def _understood(self) -> Iterator[None]:
        """An answer in a form that the mapping does not know is no crash: it says nothing, or hides what was done.

        Raises:
            VendorUnavailable: it was to a read.
            OutcomeUnknown: it was after a write was sent.
        """
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError, ArithmeticError) as error:
            _log.error("answer_not_understood", integration=self.key, exc_info=error)
            said, cause = f"{self.name} answered in a form I do not know.", f"{type(error).__name__} {frames(error)}"
            raise (OutcomeUnknown if self.http.has_written else VendorUnavailable)(said, cause=cause) from error

    async def stream(self, kind: str, cursor: str = "") -> Batch:
        """The records of a kind that changed since the cursor; "" gives all.

        Raises:
            VendorError: the vendor refused.
        """
        with self._understood():
            batch: Batch = await getattr(self, self.streams[kind])(cursor)
        return batch

    async def find(
        self, tool_id: str, parameter: str, text: str, args: Mapping[str, Any] | None = None
    ) -> Sequence[Candidate]:
        """What `text` may stand for in this parameter, best first; a finder that takes `args` sees the others too."""
        finder = getattr(self, self.declarations[tool_id].finders[parameter])
        takes_args = "args" in inspect.signature(finder).parameters
        with self._understood():
            candidates: Sequence[Candidate] = await (finder(text, args or {}) if takes_args else finder(text))
        return candidates


class Examples(Sequence[Example]):
    """The ways of asking for one tool, out of the file beside its integration, which is read when first needed."""

    def __init__(self, package: str, tool: str) -> None:
        self._package = package
        self._tool = tool

    def __getitem__(self, place: Any) -> Any:
        return read_examples(self._package).get(self._tool, ())[place]

    def __len__(self) -> int:
        return len(read_examples(self._package).get(self._tool, ()))


@cache
def read_examples(package: str) -> dict[str, tuple[Example, ...]]:
    """All ways of asking of an integration, by the name of the tool; none where it has no file."""
    try:
        text = (files(package) / "examples.yaml").read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError, ValueError):
        return {}
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    loaded: dict[str, list[dict[str, Any]]] = yaml.load(text, Loader=loader)  # noqa: S506 - a safe loader
    return {
        name: tuple(Example(item["say"], item.get("args") or {}) for item in items) for name, items in loaded.items()
    }
