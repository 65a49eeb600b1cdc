"""What can go wrong, once for all packages.

AtomError                       a sentence for the person, a cause for the log, what to do next
├── ConfigInvalid               a setting is unknown or malformed; the process does not start
├── StorageUnavailable          our database is locked, full or away; nothing was lost
├── SecretUnreadable            the vault cannot open what was stored (wrong key, another tenant)
├── InvalidArgument             an argument does not fit its schema; the model may try again
├── NeedsPerson                 a person must decide
│   ├── Ambiguous               a name fits several records
│   ├── Unresolved              a name fits none
│   ├── NotConnected            no authorised link to the integration, or it was revoked
│   └── ApprovalInvalid         the approval is gone, used, expired or somebody else's
├── PolicyDenied                no rule allows it
├── BudgetExceeded              the turn's limit of time, calls or tokens is reached
├── BadSignature                an incoming request is forged, stale or replayed
└── VendorError                 the system on the other side
    ├── NotFound                it is not there, or the person may not see it
    ├── Forbidden               the person may not do this there
    ├── Rejected                the system refused the values; `fields` says which
    ├── Conflict                the record is in a state that forbids it
    ├── TokenExpired            the access token must be refreshed; seen only inside the kit
    ├── RateLimited             too many requests; `retry_after_s` says when
    ├── VendorUnavailable       it is down, too slow or answers nonsense; nothing happened there
    └── OutcomeUnknown          a write was sent and no answer came; it may have happened
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

Recovery = Literal["model", "final", "person"]


class AtomError(Exception):
    """Root of the tree. `str(error)` is the sentence for the person; `cause` is for the log only."""

    recovery: ClassVar[Recovery] = "final"

    def __init__(self, message: str, *, cause: str = "", next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.cause = cause
        self.next_step = next_step

    def sentence(self) -> str:
        """What happened and what to do next, as one text for the person."""
        return f"{self.message} {self.next_step}".strip()


class ConfigInvalid(AtomError):
    """A setting is unknown or malformed."""


class StorageUnavailable(AtomError):
    """Our own database cannot be written or read now."""


class SecretUnreadable(AtomError):
    """A stored secret cannot be opened with this key for this tenant and integration."""


class InvalidArgument(AtomError):
    """An argument does not fit the tool's schema."""

    recovery = "model"

    def __init__(self, message: str, *, parameter: str = "", cause: str = "", next_step: str = "") -> None:
        super().__init__(message, cause=cause, next_step=next_step)
        self.parameter = parameter


class NeedsPerson(AtomError):
    """A person must decide before anything goes on."""

    recovery = "person"


@dataclass(frozen=True)
class Candidate:
    """One record that a name may stand for: the vendor's `id`, what a person recognises it by, other names of it."""

    id: str
    label: str
    detail: str = ""
    also: tuple[str, ...] = ()


class Ambiguous(NeedsPerson):
    """`text` given for `parameter` fits each of `candidates` equally well."""

    def __init__(self, parameter: str, text: str, candidates: Sequence[Candidate]) -> None:
        super().__init__(f"Which {parameter.replace('_', ' ')} do you mean by “{text}”?")
        self.parameter = parameter
        self.text = text
        self.candidates = tuple(candidates)


class Unresolved(NeedsPerson):
    """`text` given for `parameter` fits no record the person can see; `candidates` are near misses."""

    def __init__(
        self, parameter: str, text: str, where: str, candidates: Sequence[Candidate] = (), kind: str = ""
    ) -> None:
        what = "nobody called" if kind == "person" else f"no {(kind or parameter).replace('_', ' ')}"
        super().__init__(f"I found {what} “{text}” in {where}.")
        self.parameter = parameter
        self.text = text
        self.candidates = tuple(candidates)


class NotConnected(NeedsPerson):
    """The person has no working connection to `integration`."""

    def __init__(self, integration: str, name: str, *, cause: str = "", expired: bool = False) -> None:
        verb = "Your connection to {} ended." if expired else "You are not connected to {} yet."
        super().__init__(verb.format(name), cause=cause, next_step=f"Connect {name} and I will go on.")
        self.integration = integration


class ApprovalInvalid(NeedsPerson):
    """The approval does not exist, was used, expired, or belongs to somebody else."""


class PolicyDenied(AtomError):
    """No rule allows this call for this person."""


class BudgetExceeded(AtomError):
    """The turn reached its limit of time, calls or tokens."""


class BadSignature(AtomError):
    """An incoming request is forged, stale or replayed."""


class VendorError(AtomError):
    """The system on the other side answered with an error; `status` is its HTTP status, 0 where none came."""

    def __init__(self, message: str, *, status: int = 0, cause: str = "", next_step: str = "") -> None:
        super().__init__(message, cause=cause, next_step=next_step)
        self.status = status


class NotFound(VendorError):
    """It is not there, or the person may not see it."""


class Forbidden(VendorError):
    """The person, or the scopes they granted, may not do this."""


class Rejected(VendorError):
    """The system refused the values; `fields` maps its own field names to its reasons."""

    recovery = "model"

    def __init__(
        self, message: str, *, fields: Mapping[str, str] | None = None, status: int = 422, cause: str = ""
    ) -> None:
        super().__init__(message, status=status, cause=cause)
        self.fields = dict(fields or {})


class Conflict(VendorError):
    """The record is in a state that forbids it."""


class TokenExpired(VendorError):
    """The access token is no longer accepted; the kit refreshes it once."""


class RateLimited(VendorError):
    """Too many requests; `retry_after_s` is the vendor's own wish in seconds, or None."""

    def __init__(self, message: str, *, retry_after_s: float | None = None, status: int = 429) -> None:
        super().__init__(message, status=status, next_step="Try again in a moment.")
        self.retry_after_s = retry_after_s


class VendorUnavailable(VendorError):
    """It is down, too slow, or answers nonsense; nothing happened there."""


class OutcomeUnknown(VendorError):
    """A write was sent and no usable answer came: it may or may not have happened."""
