"""A case (what somebody wrote and what should come of it) and a prediction (what did come)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from core.errors import InvalidArgument
from core.tool import Call

Outcome = Literal["call", "clarify", "decline"]
MATCHERS: tuple[frozenset[str], ...] = (
    frozenset({"any"}),
    frozenset({"contains"}),
    frozenset({"text"}),
    frozenset({"may"}),
    frozenset({"ref"}),
    frozenset({"ref", "field"}),
)

T = TypeVar("T", bound="CaseLine")


def is_matcher(gold: Any) -> bool:
    """Whether a gold value is a matcher; every other value is a literal."""
    return isinstance(gold, Mapping) and frozenset(gold) in MATCHERS


def gold_refs(gold: Any) -> Iterator[int]:
    """Numbers of the gold calls that a gold value refers to, however deep."""
    if not is_matcher(gold):
        return
    if "ref" in gold:
        yield gold["ref"]
    for inner in [gold["may"]] if "may" in gold else gold.get("any", []):
        yield from gold_refs(inner)


def needed_refs(gold: Any) -> frozenset[int]:
    """Numbers of the gold calls that a value cannot do without: none of a `may`, of an `any` those of all."""
    if not is_matcher(gold) or "may" in gold:
        return frozenset()
    if "any" in gold:
        return frozenset.intersection(*(needed_refs(option) for option in gold["any"]))
    return frozenset(gold_refs(gold))


def _check_gold(gold: Any) -> None:
    if not is_matcher(gold):
        return
    if "ref" in gold and (isinstance(gold["ref"], bool) or not isinstance(gold["ref"], int)):
        raise ValueError("`ref` must be the number of a gold call")
    if "text" in gold and not isinstance(gold["text"], str):
        raise ValueError("`text` must be a text")
    words = gold.get("contains", [""])
    if not isinstance(words, list) or not words or not all(isinstance(word, str) for word in words):
        raise ValueError("`contains` must be a list of words")
    options = gold.get("any", [None])
    if not isinstance(options, list) or not options:
        raise ValueError("`any` must be a list of at least one value")
    for inner in [gold["may"]] if "may" in gold else options:
        _check_gold(inner)


class CaseLine(BaseModel):
    """One line of a file of cases or predictions, known by its id."""

    model_config = ConfigDict(frozen=True)

    id: str = Field(min_length=1)


class User(BaseModel):
    """The writer; `timezone` is an IANA name."""

    model_config = ConfigDict(frozen=True)

    name: str
    email: str = ""
    timezone: str = "UTC"

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError(f"unknown time zone {name!r}") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The writer's time zone."""
        return ZoneInfo(self.timezone)


class Made(BaseModel):
    """A call of an earlier turn, with what it gave where that is known."""

    model_config = ConfigDict(frozen=True)

    tool: str
    args: dict[str, Any] = {}
    result: Any = None


class Turn(BaseModel):
    """An earlier turn of the conversation."""

    model_config = ConfigDict(frozen=True)

    role: Literal["user", "assistant"]
    text: str = ""
    calls: tuple[Made, ...] = ()


class Case(CaseLine):
    """What somebody wrote, when, after what, and the calls that it should become."""

    utterance: str
    now: AwareDatetime
    user: User
    context: tuple[Turn, ...] = ()
    expect: Outcome
    gold: tuple[Call, ...] = ()
    tags: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _is_whole(self) -> Case:
        if self.expect == "call" and not self.gold:
            raise ValueError("a case that expects a call needs `gold`")
        for call in self.gold:
            for name, value in call.args.items():
                try:
                    _check_gold(value)
                except ValueError as error:
                    raise ValueError(f"{call.tool}, {name}: {error}") from error
                if any(not 0 <= number < len(self.gold) for number in gold_refs(value)):
                    raise ValueError(f"{call.tool}, {name}: `ref` names no call of this case")
        return self


class Prediction(CaseLine):
    """What an interpreter made of a case; `ms` is its time to answer, None where it did not say."""

    outcome: Outcome
    calls: tuple[Call, ...] = ()
    confidence: float | None = Field(default=None, ge=0, le=1)
    ms: float | None = Field(default=None, ge=0)
    answered_by: str = ""


def load_cases(path: Path) -> tuple[Case, ...]:
    """The cases of a JSON Lines file.

    Raises:
        InvalidArgument: the file cannot be read, is empty, or a line is no case; the sentence names the line.
    """
    return load_lines(path, Case)


def load_predictions(path: Path) -> tuple[Prediction, ...]:
    """The predictions of a JSON Lines file; raises as `load_cases` does."""
    return load_lines(path, Prediction)


def load_lines(path: Path, kind: type[T]) -> tuple[T, ...]:
    """The lines of a JSON Lines file; raises as `load_cases` does."""
    try:
        lines = path.read_text(encoding="utf-8-sig").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidArgument(f"{path} cannot be read as UTF-8 text.", cause=str(error)) from error
    first: dict[str, int] = {}
    found: list[T] = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            item = kind.model_validate_json(line)
        except ValidationError as error:
            raise InvalidArgument(f"{path.name}, line {number}: {_reasons(error)}.") from error
        if item.id in first:
            raise InvalidArgument(f"{path.name}, line {number}: id {item.id!r} was used on line {first[item.id]}.")
        first[item.id] = number
        found.append(item)
    if not found:
        raise InvalidArgument(f"{path.name} holds no line.")
    return tuple(found)


def _reasons(error: ValidationError) -> str:
    parts = []
    for item in error.errors(include_url=False, include_input=False):
        where = ".".join(str(step) for step in item["loc"])
        message = item["msg"].removeprefix("Value error, ")
        parts.append(f"{where}: {message}" if where else message)
    return "; ".join(parts)
