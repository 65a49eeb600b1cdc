"""Slack's surfaces beside the conversation: the home tab, forms over it, and the assistant's own pane."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from slack_bolt.async_app import AsyncApp, AsyncAssistant
from slack_sdk.web.async_client import AsyncWebClient

from bot.adapters.slack_payload import Caller, Place, place_of_card, value_of, workspace_of
from bot.adapters.slack_turn import SlackTurns
from bot.adapters.slack_wire import SlackWire
from bot.assistant import Assistant
from bot.render.block import cut
from bot.render.block_kit import Choice
from bot.render.modal import ASK, EDIT, WISH, answers, edit_view, problems, wish_view
from core.clock import Clock
from core.errors import AtomError, NotFound, Rejected
from core.log import logger

if TYPE_CHECKING:
    from bot.adapters.slack_listener import SlackListeners

SHORTCUT = "atom:ask"
_EXPIRED = "The form came too late: Slack gives three seconds for it. Press Edit once more, or tell me what to change."
_log = logger(__name__)

Ack = Callable[..., Awaitable[Any]]
JSON = dict[str, Any]


class SlackHome:
    """Bolt's listeners for the home tab, the form that changes a plan, the shortcut, and the assistant's pane."""

    def __init__(self, turns: SlackTurns, assistant: Assistant, wire: SlackWire, clock: Clock) -> None:
        self._turns = turns
        self._assistant = assistant
        self._wire = wire
        self._clock = clock

    def register(self, app: AsyncApp, listeners: SlackListeners) -> None:
        """Let Bolt call these."""
        pane = AsyncAssistant(app_name="atom", logger=app.logger)
        pane.thread_started(self._on_pane)
        pane.user_message(listeners.on_message)
        app.assistant(pane)
        app.event("app_home_opened")(self._on_home)
        app.action(EDIT)(self._on_edit)
        app.view(EDIT)(self._on_edited)
        app.shortcut(SHORTCUT)(self._on_shortcut)
        app.view(ASK)(self._on_wish)

    async def _on_home(self, body: JSON, event: JSON, client: AsyncWebClient) -> None:
        if event.get("tab") in (None, "home"):
            user = str(event["user"])
            await self._turns.publish(Caller(client, "", user, Place(workspace_of(body), user, "")))

    async def _on_pane(self, body: JSON, event: JSON, client: AsyncWebClient) -> None:
        """Somebody opened the assistant's pane: sentences to begin with that fit them."""
        pane = event["assistant_thread"]
        user, channel, thread = str(pane["user_id"]), str(pane["channel_id"]), str(pane["thread_ts"])
        caller = Caller(client, "", user, Place(workspace_of(body), channel, thread))
        prompts = await self._assistant.prompts(await self._turns.known(caller))
        shown = [{"title": cut(one, 60), "message": one} for one in prompts[:4]]
        if shown:
            params: JSON = {"channel_id": channel, "thread_ts": thread, "prompts": shown}
            await self._wire.call(client, "assistant.threads.setSuggestedPrompts", **params)

    async def _on_edit(
        self, ack: Ack, body: JSON, action: JSON, client: AsyncWebClient, context: Mapping[str, Any]
    ) -> None:
        """The form of a plan, while Slack still opens it."""
        await ack()
        team, user = workspace_of(body), str(body["user"]["id"])
        choice = Choice.model_validate_json(value_of(action))
        caller = Caller(client, str(context.get("bot_user_id") or ""), user, place_of_card(team, body))
        caller = caller.at(caller.place.at(choice.origin))
        try:
            fields = await self._assistant.form(choice.target, await self._turns.known(caller))
            if not fields:
                raise NotFound("There is nothing in this plan that can be changed.")
            view = edit_view(choice.target, caller.place.origin, fields)
            await self._wire.call(client, "views.open", trigger_id=body["trigger_id"], view=view)
        except Rejected as error:
            late = error.cause in ("expired_trigger_id", "exchanged_trigger_id", "trigger_expired")
            await self._turns.tell(caller, NotFound(_EXPIRED) if late else error)
        except AtomError as error:
            await self._turns.tell(caller, error)

    async def _on_edited(
        self, ack: Ack, body: JSON, view: JSON, client: AsyncWebClient, context: Mapping[str, Any]
    ) -> None:
        """The form came back: what does not fit is said in it, the rest becomes a new plan."""
        kept = json.loads(view["private_metadata"])
        if wrong := problems(view):
            await ack(response_action="errors", errors=wrong)
            return
        await ack()
        user, team = str(body["user"]["id"]), workspace_of(body)
        caller = Caller(client, str(context.get("bot_user_id") or ""), user, Place(team, "", "").at(kept["origin"]))
        choice = Choice(target=kept["approval"], value=json.dumps(answers(view)))
        await self._turns.press(caller, f"{team}:{view['id']}", "edit", choice, None, self._clock())

    async def _on_shortcut(self, ack: Ack, body: JSON, client: AsyncWebClient, context: Mapping[str, Any]) -> None:
        """“Do something with this message”: ask what."""
        await ack()
        message, channel = body.get("message") or {}, str((body.get("channel") or {}).get("id") or "")
        team, user = workspace_of(body), str(body["user"]["id"])
        caller = Caller(client, str(context.get("bot_user_id") or ""), user, Place(team, user, ""))
        said = await self._turns.reader.plain(caller, str(message.get("text") or ""))
        author = str(message.get("user") or "")
        who = await self._turns.reader.name(caller, author) if author else str(message.get("username") or "")
        view = wish_view(f"{who}: {said}" if who else said, channel)
        try:
            await self._wire.call(client, "views.open", trigger_id=body["trigger_id"], view=view)
        except AtomError:
            await self._turns.tell(caller, NotFound(_EXPIRED.replace("Press Edit once more", "Choose it once more")))

    async def _on_wish(
        self, ack: Ack, body: JSON, view: JSON, client: AsyncWebClient, context: Mapping[str, Any]
    ) -> None:
        """What is wanted with a message; the answer comes in the direct message."""
        await ack()
        team, user = workspace_of(body), str(body["user"]["id"])
        kept, wish = json.loads(view["private_metadata"]), answers(view).get(WISH, "")
        opened = await self._wire.call(client, "conversations.open", users=user)
        place = Place(team, str(opened["channel"]["id"]), "")
        caller = Caller(client, str(context.get("bot_user_id") or ""), user, place)
        await self._turns.hear(caller, wish, f"{team}:{view['id']}", self._clock(), about=kept["about"])
