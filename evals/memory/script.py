"""A script: who says what where on which day, and what must come of it. `FORMAT.md` is the description for people."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.errors import InvalidArgument
from core.message import Platform

SCRIPTS = Path(__file__).parent / "scripts"
HOME = "fernwick"
Score = Literal["recall", "update", "argument", "leak", "forgotten", "asks", "poison"]
Filled = dict[str, dict[str, tuple[str, ...] | None]]
Words = tuple[str, ...]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Turn(_Frozen):
    """Something said, or a call made by hand (`call`), and what is expected of the answer.

    `place` is a channel's name with its #, "" is the direct chat. `has` and `lacks` are words of the whole answer,
    `openly` words that may stand only in a private part of it, `plan` what calls must hold by tool and parameter
    (None: must not hold), `asks` parameters that no call may hold. `answer` is said where a question comes back.
    `outright` says the same with nothing left to memory.
    """

    who: str
    say: str = ""
    outright: str = ""
    place: str = Field("", alias="in")
    via: Platform | None = None
    follows: bool = False
    about: str = ""
    guests: bool = False
    call: str = ""
    args: dict[str, Any] = Field(default_factory=dict)
    approve: bool = False
    answer: str = ""
    score: Score | None = None
    has: Words = ()
    lacks: Words = ()
    openly: Words = ()
    plan: Filled = Field(default_factory=dict)
    asks: Words = ()

    @model_validator(mode="before")
    @classmethod
    def _listed(cls, values: Any) -> Any:
        """A single acceptable value may be written without its list."""
        plan = values.get("plan") if isinstance(values, Mapping) else None
        if isinstance(plan, Mapping):
            wide = {tool: {name: _wide(one) for name, one in (filled or {}).items()} for tool, filled in plan.items()}
            return {**values, "plan": wide}
        return values

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if bool(self.say) == bool(self.call):
            raise ValueError("a turn says something or makes a call")
        if bool(self.score) != bool(self.has or self.lacks or self.openly or self.plan or self.asks):
            raise ValueError("a turn with expectations names its score, and no other does")
        return self

    @property
    def person(self) -> str:
        """The handle without the tenant."""
        return self.who.partition("@")[0]

    @property
    def tenant(self) -> str:
        """The tenant behind the @, the demo company's where there is none."""
        return self.who.partition("@")[2] or HOME


class Script(_Frozen):
    """`keep` says by handle (or by channel, for everybody in it) which facts are right to be stored at the end, each
    as words it holds, `may` those that need not be; all else that is stored is junk. What holds a word of `never` may
    be stored nowhere."""

    id: str
    theme: str
    via: Platform = "slack"
    systems: tuple[str, ...]
    days: tuple[tuple[Turn, ...], ...]
    keep: dict[str, tuple[Words, ...]] = Field(default_factory=dict)
    may: dict[str, tuple[Words, ...]] = Field(default_factory=dict)
    never: Words = ()

    @property
    def turns(self) -> Iterator[Turn]:
        """All turns in order."""
        return (turn for day in self.days for turn in day)

    @property
    def outright(self) -> Script | None:
        """What this script asks of memory, said without it: each such turn on a day of its own."""
        days = [(turn.model_copy(update={"say": turn.outright}),) for turn in self.turns if turn.outright]
        return self.model_copy(update={"days": tuple(days), "keep": {}}) if days else None

    @property
    def people(self) -> tuple[str, ...]:
        """Everybody who speaks, with the tenant where it is another."""
        return tuple(dict.fromkeys(turn.who for turn in self.turns))


def load_scripts(folder: Path = SCRIPTS) -> tuple[Script, ...]:
    """Every script of a folder, file by file.

    Raises:
        InvalidArgument: a file is none, or two scripts have one id.
    """
    scripts = [_script(item, file) for file in _files(folder) for item in yaml.safe_load(file.read_text("utf-8"))]
    if len({script.id for script in scripts}) != len(scripts):
        raise InvalidArgument(f"Two scripts in {folder} have the same id.")
    return tuple(scripts)


def checksum(folder: Path = SCRIPTS) -> str:
    """One digest over all files, their names included."""
    lines = [f"{file.name} {hashlib.sha256(file.read_bytes()).hexdigest()}\n" for file in _files(folder)]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _files(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*.yaml"))


def _script(item: Any, file: Path) -> Script:
    try:
        return Script.model_validate(item)
    except ValidationError as error:
        name = item.get("id", "?") if isinstance(item, Mapping) else "?"
        raise InvalidArgument(f"{file.name} holds a script “{name}” that is none.", cause=str(error)) from error


def _wide(value: Any) -> Any:
    return [value] if isinstance(value, str) else value
