"""Figma's tools against the sandbox, held against Figma's own description."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.errors import BadSignature, Forbidden, NotFound, OutcomeUnknown, Rejected
from core.records import Design, Document, Message
from tests.company import Company, company
from tests.description import has_descriptions
from tools.integrations.figma.integration import Figma
from tools.integrations.figma.mapping import file_key, node_id, number_in
from tools.kit.http import Answer
from tools.kit.webhook import Delivery


@pytest.fixture
async def figma(tmp_path: Path) -> AsyncIterator[Company]:
    async with company(tmp_path, "figma") as found:
        yield found
        if has_descriptions():
            assert await found.problems("figma") == []


async def find(figma: Company, tool: str, parameter: str, text: str, **args: object) -> list[str]:
    return [one.id for one in await (await figma.open("figma")).find(f"figma.{tool}", parameter, text, args)]


async def comments(figma: Company, **args: object) -> list[Message]:
    found = await figma.run("figma.list_comments", **args)
    assert isinstance(found, list)
    return [one for one in found if isinstance(one, Message)]


def test_links_and_keys_are_read() -> None:
    key, branch = "aB3dE5fG7hI9jK1lM2nO4p", "zZ3dE5fG7hI9jK1lM2nO4p"
    for kind in ("file", "design", "proto", "board"):
        assert file_key(f"https://www.figma.com/{kind}/{key}/Name?node-id=1-2") == key
    assert file_key(f"https://www.figma.com/design/{key}/branch/{branch}/Name") == branch
    assert file_key(key) == key
    assert file_key("Onboarding") == ""
    assert node_id(f"https://www.figma.com/design/{key}/Name?node-id=12-40&t=x") == "12:40"
    assert node_id("12:40") == "12:40"
    assert node_id("Payment") == ""
    assert number_in("https://www.figma.com/files/123/team/884412067731/Studio", "team") == "884412067731"
    assert number_in("https://www.figma.com/files/project/551298340", "project") == "551298340"


async def test_names_are_found_in_the_teams(figma: Company) -> None:
    [key] = await find(figma, "get_file", "file", "the onboarding figma file")
    assert await find(figma, "get_file", "file", f"https://www.figma.com/design/{key}/x") == [key]
    assert len(await find(figma, "get_file", "file", "o")) > 1
    assert await find(figma, "get_file", "file", "nothing of the kind") == []
    assert len(await find(figma, "list_files", "project", "mobile app project")) == 1
    assert len(await find(figma, "list_projects", "team", "design")) == 1
    assert await find(figma, "list_projects", "team", "Marketing") == []
    assert await find(figma, "export_image", "frames", "welcome", file=key) == ["1:10"]
    assert len(await find(figma, "export_image", "frames", "old welcome screen", file=key)) == 1
    [flow] = await find(figma, "get_file", "file", "Checkout flow")
    assert len(await find(figma, "export_image", "frames", "Payment", file=flow)) == 2
    assert len(await find(figma, "list_comments", "by", "Kofi", file=flow)) == 1
    assert await find(figma, "list_comments", "by", "Zebulon", file=flow) == []
    with pytest.raises(NotFound):
        await find(figma, "get_file", "file", "aB3dE5fG7hI9jK1lM2nO4p")


async def test_resolved_threads_are_left_out_unless_asked_for(figma: Company) -> None:
    [flow] = await find(figma, "list_comments", "file", "Checkout flow")
    assert len(await comments(figma, file=flow)) == 3
    assert len(await comments(figma, file=flow, open_only=False)) == 4
    [theo] = await find(figma, "list_comments", "by", "theo", file=flow)
    assert [one.author for one in await comments(figma, file=flow, by=theo)] == ["Theo Lambert"]


async def test_a_reply_to_a_reply_goes_to_its_thread(figma: Company) -> None:
    [flow] = await find(figma, "list_comments", "file", "Checkout flow")
    [reply] = await find(figma, "post_comment", "reply_to", "moved it", file=flow)
    change = await figma.prove("figma.post_comment", file=flow, message="Thanks", reply_to=reply)
    assert isinstance(change.record, Message)
    assert change.record.thread != reply
    assert await find(figma, "delete_comment", "comment", "my last", file=flow) == [change.record.ref.key]
    await figma.undo(change)
    with pytest.raises(NotFound, match="not there any more"):
        await figma.run("figma.post_comment", file=flow, message="x", reply_to=change.record.ref.key)


async def test_refusals_are_told(figma: Company) -> None:
    [flow] = await find(figma, "list_comments", "file", "Checkout flow")
    [theirs] = await find(figma, "delete_comment", "comment", "look for the tip", file=flow)
    with pytest.raises(Forbidden, match="another person"):
        await figma.run("figma.delete_comment", file=flow, comment=theirs)
    with pytest.raises(Rejected, match="could not render"):
        await figma.run("figma.export_image", file=flow, frames=["99:99"])
    with pytest.raises(Rejected, match=r"0\.01 to 4"):
        await figma.run("figma.export_image", file=flow, frames=["1:10"], scale=9)
    with pytest.raises(NotFound, match="no page"):
        await figma.run("figma.list_frames", file=flow, page="Tablet")
    await figma.connect("figma", scopes=["file_comments:read"])
    with pytest.raises(Forbidden, match="file_metadata:read"):
        await figma.run("figma.get_file", file=flow)


async def test_history_pages_on(figma: Company) -> None:
    [flow] = await find(figma, "list_versions", "file", "Checkout flow")
    found = await figma.run("figma.list_versions", file=flow, limit=65)
    assert isinstance(found, list)
    assert len({one.ref.id for one in found if isinstance(one, Document)}) == 65
    facts = await figma.run("figma.get_file", file=flow)
    assert isinstance(facts, Design)
    assert (facts.project, str(facts.editor)) == ("Checkout", "Kofi Asante")


def test_a_403_has_several_meanings() -> None:
    def meant(status: int, data: object) -> str:
        return type(Figma.error(Answer(status, {}, data))).__name__

    assert meant(403, {"status": 403, "err": "Token expired"}) == "TokenExpired"
    assert meant(403, {"status": 403, "err": "Invalid scope(s): x. This endpoint requires the y scope"}) == "Forbidden"
    assert meant(403, {"error": True, "status": 403, "message": "No access"}) == "Forbidden"
    assert meant(404, {"status": 404, "err": "Not found"}) == "NotFound"
    assert meant(429, {"status": 429, "err": "Rate limit exceeded"}) == "RateLimited"
    assert meant(200, {"err": "Render timeout", "images": {}}) == "Rejected"
    assert Figma.error(Answer(200, {}, {"err": None, "images": {}})) is None
    assert Figma.error(Answer(200, {}, {"status": 200, "error": False})) is None


async def test_a_lost_answer_is_recovered_not_repeated(figma: Company) -> None:
    [flow] = await find(figma, "list_comments", "file", "Checkout flow")
    args = {"file": flow, "message": "Only once"}
    await figma.fault("figma", kind="cut_off", times=1, path="/comments$", method="POST", after_effect=True)
    system = await figma.open("figma")
    with pytest.raises(OutcomeUnknown):
        await system.run("figma.post_comment", args)
    change = await system.recover("figma.post_comment", args)
    assert change is not None
    assert [one.text for one in await comments(figma, file=flow)].count("Only once") == 1
    assert await system.recover("figma.post_comment", {**args, "message": "Never sent"}) is None


async def test_the_stream_gives_all_then_only_what_is_new(figma: Company) -> None:
    system = await figma.open("figma")
    first = await system.stream("comment")
    assert len(first.records) == 6
    [website] = await find(figma, "list_comments", "file", "Website")
    await figma.run("figma.post_comment", file=website, message="New")
    second = await system.stream("comment", first.cursor)
    assert [one.text for one in second.records if isinstance(one, Message)] == ["New"]
    assert (await system.stream("comment", second.cursor)).records == []


def test_webhooks_repeat_the_passcode_and_are_understood() -> None:
    told = {
        "event_type": "FILE_COMMENT", "passcode": "pass", "timestamp": "2026-11-24T10:00:00Z", "webhook_id": "22",
        "file_key": "k", "file_name": "n", "comment_id": "77",
    }  # fmt: skip
    delivery = Delivery.of({}, json.dumps(told).encode())
    assert Figma.webhook is not None
    Figma.webhook.verify(delivery, "pass")
    [event] = Figma.events(delivery)
    assert (event.kind, event.ref and event.ref.id) == ("FILE_COMMENT", "k/77")
    [other] = Figma.events(Delivery.of({}, json.dumps({**told, "comment_id": "78"}).encode()))
    assert other.id != event.id
    with pytest.raises(BadSignature):
        Figma.webhook.verify(delivery, "other")
