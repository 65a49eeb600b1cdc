"""Files that come with a message, and those that go out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from aiohttp import ClientError
from slack_sdk.web.async_client import AsyncWebClient

from core.errors import Forbidden, NotFound, Rejected, VendorUnavailable
from core.message import Attachment

HOSTS = ("files.slack.com", "slack-files.com")
LARGEST = 20_000_000
_FILES = 20


def attachments(event: Mapping[str, Any]) -> tuple[Attachment, ...]:
    """The files of a message; one whose content Slack keeps elsewhere, or took away, has no address."""
    return tuple(_attachment(one) for one in (event.get("files") or ())[:_FILES] if one.get("id"))


def _attachment(file: Mapping[str, Any]) -> Attachment:
    is_here = not file.get("is_external") and file.get("mode") not in ("tombstone", "hidden_by_limit")
    return Attachment(
        id=str(file["id"]),
        name=str(file.get("name") or file.get("title") or file["id"]),
        media_type=str(file.get("mimetype") or ""),
        size=int(file.get("size") or 0),
        url=str(file.get("url_private_download") or file.get("url_private") or "") if is_here else "",
    )


async def download(client: AsyncWebClient, attachment: Attachment) -> bytes:
    """The content of a file, with the bot's token, which no other host than Slack's ever sees.

    Raises:
        Forbidden: the address is not Slack's.
        NotFound: it is gone, or the app may not read files.
        Rejected: it is larger than 20 MB.
        VendorUnavailable: Slack does not answer.
    """
    if not _is_slacks(attachment.url, client.base_url):
        raise Forbidden("This file does not lie in Slack.", cause="host")
    if client.session is None:
        raise VendorUnavailable("Slack is not connected.")
    headers = {"Authorization": f"Bearer {client.token}"}
    try:
        async with client.session.get(attachment.url, headers=headers, allow_redirects=False) as answer:
            kind = answer.headers.get("Content-Type", "")
            if answer.status != 200 or (kind.startswith("text/html") and attachment.media_type != "text/html"):
                raise NotFound("I cannot read this file in Slack.", status=answer.status, cause=kind)
            content = await answer.content.read(LARGEST + 1)
    except (ClientError, TimeoutError) as error:
        raise VendorUnavailable("Slack does not answer.", cause=type(error).__name__) from error
    if len(content) > LARGEST:
        raise Rejected("This file is larger than 20 MB.", cause="size")
    return content


def _is_slacks(url: str, base_url: str) -> bool:
    """Whether an address is Slack's, over TLS; a Web API of another address (a proxy, a test) has its own files."""
    there, api = urlsplit(url), urlsplit(base_url)
    if api.hostname not in ("slack.com", "www.slack.com"):
        return bool(url) and (there.scheme, there.netloc) == (api.scheme, api.netloc)
    return there.scheme == "https" and there.netloc in HOSTS
