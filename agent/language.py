"""A language model behind any OpenAI-compatible endpoint: made late, asked briefly, never trusted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

import prompts
from agent.turn import Turn
from core.log import logger
from core.settings import Settings

if TYPE_CHECKING:
    from tiktoken import Encoding

BYTES_PER_TOKEN = 3.5
RESULT_CHARS, OLD_CHARS = 6_000, 600
TURNS_SENT = 6
NAME_CHARS = 80
_log = logger("agent.language")

Counter = Callable[[str], int]


def language_model(settings: Settings) -> BaseChatModel | None:
    """The model that the settings name, or None where they name none; to be closed with `close`."""
    if not settings.openai_api_key.get_secret_value():
        return None
    from langchain_openai import AzureChatOpenAI, ChatOpenAI
    from openai import DefaultAsyncHttpxClient

    common: dict[str, Any] = {
        "api_key": settings.openai_api_key,
        "timeout": settings.model_timeout_s,
        "max_retries": 1,
        "temperature": 0,
        "http_async_client": DefaultAsyncHttpxClient(),
    }
    if settings.azure_endpoint:
        where = {"azure_endpoint": settings.azure_endpoint, "azure_deployment": settings.model}
        return AzureChatOpenAI(**where, api_version=settings.azure_api_version, **common)
    return ChatOpenAI(model=settings.model, base_url=settings.openai_base_url or None, **common)


async def close(model: BaseChatModel | None) -> None:
    """Close a model's connections."""
    if model is not None:
        await getattr(model, "http_async_client").aclose()  # noqa: B009 - OpenAI's and Azure's have it, their base not


@cache
def faults() -> tuple[type[Exception], ...]:
    """What an endpoint that is down, slow or foreign makes its client raise; the client trusts what it parses."""
    from openai import OpenAIError

    return (OpenAIError, OSError, ValueError, TypeError, LookupError, AttributeError)


class TokenCounter:
    """tiktoken's count; an estimate until its tables are here, and where they cannot be fetched."""

    def __init__(self, model: str) -> None:
        self._encoding: Encoding | None = None
        self.loading = threading.Thread(target=self._load, args=(model,), name="token-tables", daemon=True)
        self.loading.start()

    def __call__(self, text: str) -> int:
        if self._encoding is None:
            return int(len(text.encode()) / BYTES_PER_TOKEN) + 1
        return len(self._encoding.encode(text, disallowed_special=()))

    def _load(self, model: str) -> None:
        import tiktoken

        try:
            try:
                self._encoding = tiktoken.encoding_for_model(model)
            except KeyError:
                self._encoding = tiktoken.get_encoding("o200k_base")
        except (OSError, ValueError) as error:  # no network, or half a table
            _log.info("token_tables_unavailable", cause=type(error).__name__)


@cache
def counter(model: str) -> TokenCounter:
    """The counter of a model; the first use begins to load its tables."""
    return TokenCounter(model)


def system_message(turn: Turn) -> SystemMessage:
    """The assistant's standing orders, with this turn's person and moment."""
    return SystemMessage(
        prompts.fill(
            "assistant",
            name=" ".join((turn.called or turn.who.name).split())[:NAME_CHARS],
            remembered=" ".join(turn.recalled) or "nothing that fits.",
            email=turn.who.email or "no address",
            timezone=turn.who.timezone,
            connected=", ".join(sorted(turn.connected)) or "not known",
            now=turn.now.astimezone(turn.who.zone).strftime("%A %Y-%m-%d %H:%M %z"),
        )
    )


def sendable(
    messages: Sequence[AnyMessage], turn: Turn, count: Counter, tools: Sequence[BaseTool | dict[str, Any]] = ()
) -> list[AnyMessage]:
    """The end of the conversation that the turn's token budget holds, and never half an exchange.

    Names stand where ids were put in, and results are kept short. The standing orders and the tools count too.

    Raises:
        BudgetExceeded: not even the last exchange fits.
    """
    turn.count_tokens(count(system_message(turn).text + json.dumps([convert_to_openai_tool(tool) for tool in tools])))
    chosen: list[AnyMessage] = []
    for age, exchange in enumerate(reversed(_exchanges(messages)[-TURNS_SENT:])):
        sent = [_seen(message, OLD_CHARS if age else RESULT_CHARS) for message in exchange]
        sent = [message for message in sent if message.text or _calls(message)]
        tokens = sum(count(f"{message.text}{_calls(message)}") for message in sent)
        if age and turn.tokens_used + tokens > turn.limits.tokens // 2:
            break
        if age and not _is_whole(exchange):
            continue
        turn.count_tokens(tokens)
        chosen = [*sent, *chosen]
    return chosen


def _exchanges(messages: Sequence[AnyMessage]) -> list[list[AnyMessage]]:
    found: list[list[AnyMessage]] = []
    for message in messages:
        if isinstance(message, HumanMessage) or not found:
            found.append([])
        found[-1].append(message)
    return found


def _is_whole(exchange: Sequence[AnyMessage]) -> bool:
    """Whether it begins with the person and each of its calls was answered; endpoints refuse other histories."""
    asked = {call["id"] for message in exchange for call in _calls(message)}
    answered = {message.tool_call_id for message in exchange if isinstance(message, ToolMessage)}
    return isinstance(exchange[0], HumanMessage) and asked == answered


def _calls(message: AnyMessage) -> Sequence[ToolCall]:
    return message.tool_calls if isinstance(message, AIMessage) else ()


def _seen(message: AnyMessage, most: int) -> AnyMessage:
    """The message as the language model may see it."""
    if isinstance(message, ToolMessage):
        text = _without_ids(str(message.text))
        cut = text if len(text) <= most else f"{text[:most]} … (cut)"
        return ToolMessage(cut or "(nothing)", tool_call_id=message.tool_call_id, name=message.name)
    if not isinstance(message, AIMessage):
        return message
    said = message.additional_kwargs.get("atom", {}).get("said") or [call["args"] for call in message.tool_calls]
    calls = [
        ToolCall(name=call["name"], args=args, id=call["id"], type="tool_call")
        for call, args in zip(message.tool_calls, said, strict=True)
    ]
    return AIMessage(str(message.text)[:most], tool_calls=calls)


def _without_ids(content: str) -> str:
    """A result without the vendor's ids of people, and of what has a key that people use."""
    try:
        return json.dumps(_plain(json.loads(content)), ensure_ascii=False)
    except json.JSONDecodeError:
        return content


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, dict):
        return value
    if set(value) <= {"id", "name"}:  # somebody in another record
        return value.get("name") or "somebody"
    hidden = {"ref"} | ({"id"} if value.get("type") == "person" or value.get("key") else set())
    return {name: _plain(one) for name, one in value.items() if name not in hidden}
