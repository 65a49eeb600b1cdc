"""The last door of every piece of work: whatever happens in it, the person gets an answer."""

from __future__ import annotations

from collections.abc import Awaitable

from bot.assistant import Sink
from core.db import is_storage_error, unavailable
from core.errors import AtomError
from core.log import frames, logger
from core.message import Failure, Reply

_log = logger("bot.conversation")


async def guarded(work: Awaitable[None], sink: Sink) -> None:
    """Whatever happens, the person gets an answer."""
    try:
        await work
    except AtomError as error:
        _log.warning("turn_failed", kind=type(error).__name__, cause=error.cause)
        await sink.send(Reply(parts=(Failure(text=error.message, next_step=error.next_step),)))
    except Exception as error:  # the last door: nobody is left without an answer
        if is_storage_error(error):  # the checkpointer speaks to its database without us
            raised = unavailable(error)
            _log.warning("turn_failed", kind="StorageUnavailable", cause=raised.cause)
            await sink.send(Reply(parts=(Failure(text=raised.message, next_step=raised.next_step),)))
            return
        _log.error("turn_broke", kind=type(error).__name__, where=frames(error))
        sorry = Failure(text="Something in me broke while I worked on this.", next_step="Please say it once more.")
        await sink.send(Reply(parts=(sorry,)))
    finally:
        await sink.status("")
