"""Which of a vendor's events are worth an alert, and to whom: the `alert.yaml` beside an integration."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field

from core.records import Party, Record
from tools.integration import Integration


class Rule(BaseModel):
    """One rule. `events` are patterns of the vendor's names of events; the record is then read by `read` with `args`,
    whose slots are the fields of its `Ref`.

    It concerns a person who is in the fields `whose`; without any, those who follow it. `where` says which values
    fields must have, `states` which fields tell one state from another. `say` has slots for the record's fields.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    topic: str = Field(pattern=r"^[a-z_]+$")
    events: tuple[str, ...]
    kinds: tuple[str, ...]
    read: str
    args: dict[str, str]
    whose: tuple[str, ...] = ()
    where: dict[str, tuple[str, ...]] = {}
    states: tuple[str, ...] = ()
    say: str
    why: str
    is_urgent: bool = False

    def fits(self, kind: str, ref_kind: str) -> bool:
        """Whether an event is one of these."""
        return ref_kind in self.kinds and any(fnmatchcase(kind, pattern) for pattern in self.events)

    def holds(self, record: Record, account: str, email: str) -> bool:
        """Whether the state is there, and is this person's."""
        if any(str(getattr(record, field, "")).lower() not in values for field, values in self.where.items()):
            return False
        mine = {name.lower() for name in (account, email) if name}
        return not self.whose or bool(mine & {id_.lower() for field in self.whose for id_ in _ids(record, field)})

    def state(self, record: Record) -> str:
        """What tells this state of the record from another."""
        return ":".join(str(getattr(record, field, "")) for field in self.states)

    def words(self, record: Record) -> str:
        """The line that is said; what comes from the record is data in it."""
        return self.say.format_map({"label": record.ref.label, "title": record.title, **_fields(record)})


def _ids(record: Record, field: str) -> list[str]:
    found: Any = getattr(record, field, None)
    parties = [found] if isinstance(found, Party) else list(found or ())
    return [one.id for one in parties if isinstance(one, Party)]


def _fields(record: Record) -> dict[str, str]:
    return {name: str(value) for name, value in record if name != "title" and isinstance(value, str | Party)}


@cache
def _declared(package: str) -> tuple[Rule, ...]:
    try:
        text = (files(package) / "alert.yaml").read_text(encoding="utf-8")
    except (FileNotFoundError, ModuleNotFoundError, ValueError):
        return ()
    return tuple(Rule.model_validate(item) for item in yaml.safe_load(text))


def rules(kind: type[Integration]) -> tuple[Rule, ...]:
    """The rules of an integration; none where it has no file.

    Raises:
        ValueError: one reads with a tool that is not there, or that does more than read.
    """
    found = _declared(kind.__module__.rpartition(".")[0])
    for one in found:
        tool = kind.tools.get(f"{kind.key}.{one.read}")
        if tool is None or tool.effect != "read":
            raise ValueError(f"{kind.key} has no reading tool {one.read}")
    return found


def followed(integrations: Mapping[str, type[Integration]]) -> dict[str, Rule]:
    """The rules that people follow, by `integration:topic`."""
    return {f"{key}:{rule.topic}": rule for key, kind in integrations.items() for rule in rules(kind) if not rule.whose}
