"""What vendors deliver becomes an alert: for the person it concerns, under their own authority, once a state."""

from __future__ import annotations

import hashlib
import hmac
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from bot.app import create_app
from bot.hook import HOOKS, hook_routes
from bot.outbox import NoticeRow
from bot.render.text import to_text
from bot.rule import rules
from bot.session import bound, serving
from core.principal import Principal
from core.tool import Change
from sandbox.server import Sandbox, serve
from tests.assistant import Office, office, principal
from tests.transcripts.brain import Learned
from tools.kit.webhook import Delivery
from tools.registry import discover

INES, PRIYA = "ines.carvalho@fernwick.example", "priya.raman@fernwick.example"


@pytest.fixture
async def sandbox() -> AsyncIterator[Sandbox]:
    async with serve() as running:
        yield running


@pytest.fixture
async def desk(tmp_path: Path, sandbox: Sandbox) -> AsyncIterator[Office]:
    async with office(tmp_path / "home", "jira", "github", "stripe", interpreter=Learned(), sandbox=sandbox) as found:
        for email in (INES, PRIYA):
            await found.connect("jira", "github", who=principal(sandbox, email))
        yield found


@asynccontextmanager
async def post(desk: Office, key: str) -> AsyncIterator[None]:
    """The vendor delivers to the assistant while the block runs."""
    listener, address = bound("127.0.0.1", 0)
    given = getattr(desk.sandbox.vendors[key], "hook_secret", "")
    end, secret = await desk.running.inbox.add(desk.who.tenant, key, given)
    async with serving(Starlette(routes=hook_routes(desk.running.inbox, address)), listener):
        told = {"url": f"{address}{HOOKS}/{end}", "secret": secret}
        (await desk.client.post(f"{desk.sandbox.url}/_sandbox/{key}/webhooks", json=told)).raise_for_status()
        yield


async def ask(desk: Office, who: Principal, key: str, tool: str, **args: Any) -> Any:
    """What somebody does at a vendor; its deliveries have arrived afterwards."""
    system = await desk.running.registry.open(key, who, f"{key}{tool}{args}")
    done = await system.run(f"{key}.{tool}", args)
    (await desk.client.get(f"{desk.sandbox.url}/_sandbox/{key}/deliveries")).raise_for_status()
    return done.record if isinstance(done, Change) else done


async def account(desk: Office, who: Principal, key: str) -> str:
    found = await desk.running.registry.connections.get(who.tenant, who.id, key)
    assert found is not None
    return found.account


async def look(desk: Office) -> None:
    """Let the assistant work off what came; the courier is left out."""
    for feed in desk.running.courier.feeders:
        await feed()


async def alerts(desk: Office, who: Principal) -> list[NoticeRow]:
    rows = await desk.running.outbox.of(who.tenant, who.id)
    return [row for row in rows if row.kind == "alert"]


@pytest.mark.behaviour("notice-alert")
async def test_an_issue_that_is_given_to_somebody_is_told_to_them_alone_and_once(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    mine = await account(desk, desk.who, "jira")
    async with post(desk, "jira"):
        made = await ask(desk, ines, "jira", "create_issue", project="PAY", summary="Refund twice", issue_type="Bug")
        await look(desk)
        assert not await alerts(desk, desk.who)
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key, assignee=mine)
        for _ in range(3):
            await look(desk)
        [row] = await alerts(desk, desk.who)
        assert f"{made.ref.key} “Refund twice” is assigned to you" in to_text(row.words)
        assert (row.topic, row.why) == ("assigned", "an issue was given to you")
        assert not await alerts(desk, ines)
        await ask(desk, ines, "jira", "update_issue", issue=made.ref.key, summary="Refund shows twice")
        await look(desk)
        assert len(await alerts(desk, desk.who)) == 1


@pytest.mark.behaviour("notice-alert")
async def test_what_is_given_to_somebody_else_meanwhile_is_withdrawn(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    async with post(desk, "jira"):
        made = await ask(desk, ines, "jira", "create_issue", project="PAY", summary="Refund twice", issue_type="Bug")
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key,
                  assignee=await account(desk, desk.who, "jira"))  # fmt: skip
        await look(desk)
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key, assignee=await account(desk, ines, "jira"))
        await look(desk)
        [row] = await alerts(desk, desk.who)
        assert (row.status, row.because) == ("withdrawn", "it was over before you were told")
        assert [one.status for one in await alerts(desk, ines)] == ["waiting"]


async def test_a_review_that_is_asked_for(desk: Office) -> None:
    priya = principal(desk.sandbox, PRIYA)
    async with post(desk, "github"):
        login = await account(desk, desk.who, "github")
        found = await ask(desk, priya, "github", "list_pull_requests", repo="fernwick/checkout-service")
        pull = next(one for one in found if one.author and one.author.id != login and not one.is_draft)
        number = int(pull.ref.key.rpartition("#")[2])
        await ask(desk, priya, "github", "request_review", repo="fernwick/checkout-service", number=number,
                  reviewers=[login])  # fmt: skip
        await look(desk)
    [row] = await alerts(desk, desk.who)
    assert row.topic == "review_requested"
    assert pull.title in to_text(row.words)


async def test_without_a_connection_of_their_own_nothing_is_told(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    mine = await account(desk, desk.who, "jira")
    await desk.running.registry.connections.remove(desk.who.tenant, desk.who.id, "jira")
    async with post(desk, "jira"):
        made = await ask(desk, ines, "jira", "create_issue", project="PAY", summary="Hidden", issue_type="Bug")
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key, assignee=mine)
        await look(desk)
    assert not await alerts(desk, desk.who)


@pytest.mark.behaviour("tenants")
async def test_another_tenants_people_hear_nothing_of_it(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    twin = desk.who.model_copy(update={"tenant": "other"})
    await desk.connect("jira", who=twin)
    async with post(desk, "jira"):
        made = await ask(desk, ines, "jira", "create_issue", project="PAY", summary="Ours", issue_type="Bug")
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key,
                  assignee=await account(desk, desk.who, "jira"))  # fmt: skip
        await look(desk)
    assert len(await alerts(desk, desk.who)) == 1
    assert not await alerts(desk, twin)


async def test_a_vendor_that_is_down_is_asked_again(desk: Office) -> None:
    ines = principal(desk.sandbox, INES)
    async with post(desk, "jira"):
        made = await ask(desk, ines, "jira", "create_issue", project="PAY", summary="Later", issue_type="Bug")
        await ask(desk, ines, "jira", "assign_issue", issue=made.ref.key,
                  assignee=await account(desk, desk.who, "jira"))  # fmt: skip
        await desk.fault("jira", kind="server_error", times=6)
        await look(desk)
        assert not await alerts(desk, desk.who)
        for _ in range(3):
            await look(desk)
    assert len(await alerts(desk, desk.who)) == 1


async def test_what_is_nobodys_own_goes_to_those_who_follow_it(desk: Office) -> None:
    invoice = (await ask(desk, desk.who, "stripe", "list_invoices", status="open"))[0]
    failed = {"id": "evt_1", "object": "event", "type": "invoice.payment_failed", "created": int(time.time())}
    for number, wish in enumerate(("off", "on")):
        await desk.press("set", "notice.follow:stripe:payment_failed", wish)
        body = json.dumps(
            failed | {"id": f"evt_{number}", "data": {"object": {"object": "invoice", "id": invoice.ref.id}}}
        )
        await deliver(desk, body)
        await look(desk)
        assert len(await alerts(desk, desk.who)) == number
    [row] = await alerts(desk, desk.who)
    assert "failed" in to_text(row.words)
    assert not await alerts(desk, principal(desk.sandbox, INES))


async def deliver(desk: Office, body: str) -> None:
    """A delivery of Stripe's, signed as Stripe does."""
    hook, secret = await desk.running.inbox.add(desk.who.tenant, "stripe", "whsec_atom")
    stamp = str(int(time.time()))
    proof = hmac.new(secret.encode(), f"{stamp}.{body}".encode(), hashlib.sha256).hexdigest()
    headers = {"stripe-signature": f"t={stamp},v1={proof}"}
    await desk.running.inbox.receive(hook, Delivery.of(headers, body.encode()))


@pytest.mark.parametrize("key", sorted(discover()))
def test_rules_only_read_and_name_fields_that_there_are(key: str) -> None:
    kind = discover()[key]
    for rule in rules(kind):
        tool = kind.tools[f"{key}.{rule.read}"]
        assert tool.effect == "read"
        assert {*rule.args} <= {*tool.properties}
        assert {*tool.required} <= {*rule.args}
        assert kind.webhook is not None


async def test_the_server_watches(desk: Office) -> None:
    assert create_app(desk.running).routes
    assert len(desk.running.courier.feeders) >= 2
