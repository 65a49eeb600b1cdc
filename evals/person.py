"""Who is who, however they are written: the company's directory and the writer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from core.records import Person
from evals.case import User
from evals.value import normal

_MYSELF = ("me", "my", "myself", "i")


class Directory:
    """The people a name may stand for; the writer is always one of them."""

    def __init__(self, writer: User, people: Iterable[Person] = ()) -> None:
        self._known: dict[str, set[str]] = {}
        self._add(writer.name, writer.email, *_MYSELF)
        for person in people:
            self._add(person.title, person.email, person.ref.id, person.ref.key, person.handle)

    def _add(self, name: str, email: str, *others: str) -> None:
        key = normal(email) or normal(name)
        for spelling in (name, name.partition(" ")[0], email, *others):
            if spelling:
                self._known.setdefault(normal(spelling), set()).add(key)

    def is_same(self, gold: Any, came: Any) -> bool:
        """Whether both can stand for one known person."""
        if not isinstance(gold, str) or not isinstance(came, str):
            return False
        return bool(self._known.get(normal(gold), set()) & self._known.get(normal(came), set()))


def share_name(gold: Any, came: Any) -> bool:
    """Whether one is the other's first name, for people whom no directory holds."""
    if not isinstance(gold, str) or not isinstance(came, str):
        return False
    left, right = normal(gold).split(), normal(came).split()
    return bool(left and right) and left[0] == right[0] and 1 in (len(left), len(right))
