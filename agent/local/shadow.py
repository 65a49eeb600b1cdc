"""A newer version in the shadow of the running one: it reads the same sentences, and only its agreement is told."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import BoundedSemaphore

from agent.interpretation import Interpretation, Request
from agent.local.interpreter import Interpreter
from core.log import logger
from core.tool import Tool

WAITING = 8
_log = logger("agent.shadow")


class Shadowed:
    """Answers as `running` does; `newer` reads behind, on a thread of its own, and skips what it has no time for."""

    def __init__(self, running: Interpreter, newer: Interpreter) -> None:
        self._running = running
        self._newer = newer
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="shadow")
        self._room = BoundedSemaphore(WAITING)

    def interpret(self, request: Request) -> Interpretation:
        """What the running version makes of a sentence."""
        found = self._running.interpret(request)
        if self._room.acquire(blocking=False):
            self._pool.submit(self._compare, request, found)
        return found

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        """The running version's tools that fit best."""
        return self._running.nearest(request, most)

    def close(self) -> None:
        """Finish what the newer one is reading."""
        self._pool.shutdown()

    def _compare(self, request: Request, found: Interpretation) -> None:
        try:
            other = self._newer.interpret(request)
            _log.info(
                "shadow_read",
                is_same=_essence(found) == _essence(other),
                running=[found.outcome, *(call.tool for call in found.calls)],
                newer=[other.outcome, *(call.tool for call in other.calls)],
                confidence=[round(found.confidence, 3), round(other.confidence, 3)],
                ms=[round(found.ms, 1), round(other.ms, 1)],
            )
        except Exception as error:  # what is tried out never harms what runs
            _log.warning("shadow_broke", kind=type(error).__name__)
        finally:
            self._room.release()


def _essence(reading: Interpretation) -> tuple[object, ...]:
    return (reading.outcome, reading.act, [call.model_dump(mode="json") for call in reading.calls], reading.missing)
