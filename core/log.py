"""Structured log: events with fields, never the text of a message, never a secret."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Any

import structlog

_SECRET_WORDS = ("token", "secret", "password", "authorization", "api_key", "cookie", "code_verifier")
_TEXT_FIELDS = ("text", "body", "utterance", "prompt", "args", "arguments")


def _located(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """An error as its type and where it came from; a printed traceback shows its text, and with it anything."""
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()[1]
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["error"] = type(error).__name__
        event["frames"] = frames(error)
    return event


def _redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {name: _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: Any) -> Any:
    lower = name.lower()
    if any(word in lower for word in _SECRET_WORDS) or lower in _TEXT_FIELDS:
        return "[redacted]"
    if isinstance(value, Mapping):
        return {inner: _shown(str(inner), one) for inner, one in value.items()}
    if isinstance(value, list | tuple):
        return [_shown(name, one) for one in value]
    return value


def configure(level: str = "warning", *, json: bool = False) -> None:
    """Send events of `level` and above to standard error, as JSON lines or for the eye.

    Libraries speak from `warning` on at most: below it they print statements, requests and the texts in them.
    """
    least = logging.getLevelNamesMapping()[level.upper()]
    logging.basicConfig(stream=sys.stderr, level=max(least, logging.WARNING), format="%(message)s", force=True)
    _speak(least, json=json)


def _speak(least: int, *, json: bool) -> None:
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _located,
            _redact,
            structlog.processors.JSONRenderer(default=str) if json else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(least),
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


_speak(logging.WARNING, json=False)  # until a program configures it: structlog's own default prints values


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger whose events carry `name`."""
    bound: structlog.stdlib.BoundLogger = structlog.get_logger(module=name)
    return bound


def frames(error: BaseException) -> str:
    """Where an error came from, without its text or any value, which may be somebody's words or a secret."""
    steps = traceback.extract_tb(error.__traceback__)[-8:]
    return " < ".join(f"{Path(step.filename).name}:{step.lineno} {step.name}" for step in reversed(steps))
