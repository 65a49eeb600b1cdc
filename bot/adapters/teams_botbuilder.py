"""The transport on botbuilder-core: its adapter, turn context and connector, over our own wire."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import httpx
from botbuilder.core import TurnContext
from botbuilder.core.cloud_adapter_base import CloudAdapterBase
from botbuilder.core.teams import TeamsInfo
from botbuilder.schema import Activity, ChannelAccount, ConversationParameters, Entity
from botframework.connector.aio import ConnectorClient
from botframework.connector.aiohttp_bf_pipeline import AsyncBfPipeline
from botframework.connector.bot_framework_sdk_client_async import BotFrameworkConnectorConfiguration

from bot.adapters.teams_reference import Reference
from bot.adapters.teams_transport import JSON, MEMBERS_A_PAGE
from bot.adapters.teams_wire import Wire

T = TypeVar("T")


class BotBuilderTransport:
    """Each call is one proactive turn of botbuilder's cloud adapter."""

    def __init__(self, wire: Wire, app_id: str) -> None:
        self._app_id = app_id
        self._adapter = CloudAdapterBase(_Authentication(wire))
        self._claims = self._adapter.create_claims_identity(app_id)

    async def send(self, place: Reference, activity: JSON) -> str:
        async def work(context: Any) -> str:
            response = await context.send_activity(_activity(activity))
            return str(response.id or "") if response else ""

        return await self._turn(place, work)

    async def update(self, place: Reference, activity_id: str, activity: JSON) -> None:
        async def work(context: Any) -> None:
            await context.update_activity(_activity({**activity, "id": activity_id}))

        await self._turn(place, work)

    async def member(self, place: Reference, user: str) -> JSON:
        async def work(context: Any) -> JSON:
            return _entry(await TeamsInfo.get_member(context, user))

        return await self._turn(place, work)

    async def members(self, place: Reference, page: str) -> tuple[list[JSON], str]:
        async def work(context: Any) -> tuple[list[JSON], str]:
            found = await TeamsInfo.get_paged_members(context, page or None, MEMBERS_A_PAGE)
            return [_entry(account) for account in found.members], str(found.continuation_token or "")

        return await self._turn(place, work)

    async def open(self, place: Reference) -> str:
        opened: asyncio.Future[str] = asyncio.get_running_loop().create_future()

        async def work(context: Any) -> None:
            opened.set_result(str(context.activity.conversation.id))

        parameters = ConversationParameters(
            is_group=False,
            bot=ChannelAccount(id=place.bot),
            members=[ChannelAccount(id=place.user)],
            tenant_id=place.directory,
            channel_data={"tenant": {"id": place.directory}},
        )
        await self._adapter.create_conversation(self._app_id, work, parameters, place.channel_id, place.service_url)
        return await opened

    async def _turn(self, place: Reference, work: Callable[[Any], Awaitable[T]]) -> T:
        """Run `work` in a turn at that place; the turn has no activity of its own that one could reply to."""
        results: list[T] = []

        async def logic(context: TurnContext) -> None:
            results.append(await work(context))

        await self._adapter.process_proactive(self._claims, Activity().deserialize(_event(place)), None, logic)
        return results[0]


def _entry(account: Any) -> JSON:
    return {
        "id": account.id,
        "name": account.name,
        "email": account.email,
        "userPrincipalName": account.user_principal_name,
        "aadObjectId": account.aad_object_id or account.additional_properties.get("objectId"),
        "tenantId": account.tenant_id,
        "userRole": account.user_role,
    }


class _OpenEntity(Entity):  # type: ignore[misc]
    """An entity that keeps what botbuilder's own schema does not know."""

    _attribute_map = {"additional_properties": {"key": "", "type": "{object}"}, **Entity._attribute_map}


def _activity(activity: JSON) -> Any:
    made = Activity().deserialize(activity)
    made.entities = [
        _OpenEntity(type=one["type"], additional_properties={name: v for name, v in one.items() if name != "type"})
        for one in activity.get("entities", ())
    ] or None
    return made


def _event(place: Reference) -> JSON:
    return {
        "type": "event",
        "name": "ContinueConversation",
        "channelId": place.channel_id,
        "channelData": {"tenant": {"id": place.directory}},
        "serviceUrl": place.service_url,
        "conversation": {"id": place.conversation, "tenantId": place.directory},
        "recipient": {"id": place.bot},
        "from": {"id": place.user, "name": place.user_name},
    }


class _Authentication:
    """What botbuilder's adapter asks of its authentication for outgoing turns."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._connectors: dict[str, Any] = {}

    def create_connector_factory(self, _: Any) -> _Authentication:
        return self

    async def create_user_token_client(self, _: Any) -> None:
        """None: people connect through our own pages, not through the Bot Framework's."""

    async def create(self, service_url: str, _: str | None = None) -> Any:
        """A connector client for that service; made once, as making one takes many times a request's time."""
        if service_url not in self._connectors:
            self._connectors[service_url] = self._connector(service_url)
        return self._connectors[service_url]

    def _connector(self, service_url: str) -> Any:
        configuration = BotFrameworkConnectorConfiguration(
            False,  # the wire signs; the connector wants something that is not None
            service_url,
            pipeline_type=AsyncBfPipeline,
            driver=_Driver(self._wire),
        )
        return ConnectorClient(False, base_url=service_url, custom_configuration=configuration)


class _Driver:
    """The connector's HTTP driver; errors are raised before the connector sees them."""

    session = None

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def send(self, request: Any, **_: Any) -> _Answer:
        return _Answer(await self._wire.request(request.method, request.url, request.data))


class _Answer:
    """A response in the shape that the connector reads."""

    def __init__(self, response: httpx.Response) -> None:
        self.internal_response = response
        self.status_code = response.status_code
        self.headers = response.headers

    def text(self) -> str:
        """The body."""
        return self.internal_response.text
