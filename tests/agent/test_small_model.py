"""The cascade against a real OpenAI-compatible server, wherever one runs: `REAL_LLM_URL` and `REAL_LLM_MODEL` name it.

docs/decisions/0003 has the commands for one with a small model that a package ships.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from agent.interpretation import Interpretation, Request
from agent.local.interpreter import Interpreter as Local
from core.message import Plan
from core.tool import Tool
from tests.agent.llm import UNSURE, without_tables
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


@pytest.mark.skipif("REAL_LLM_URL" not in os.environ, reason="REAL_LLM_URL names no OpenAI-compatible server")
async def test_on_sentences_of_our_own(tmp_path: Path) -> None:
    without_tables()
    right, lines, unsure = 0, [], Unsure()
    settings: dict[str, Any] = {
        "openai_api_key": os.environ.get("REAL_LLM_KEY", "none"),
        "openai_base_url": os.environ["REAL_LLM_URL"],
        "model": os.environ["REAL_LLM_MODEL"],
        "model_timeout_s": 30.0,
        "turn_timeout_s": 300.0,
    }
    async with office(tmp_path, "jira", "slack", interpreter=unsure, **settings) as here:
        unsure.local = Local([tool for tool in here.running.registry.tools if tool.integration in ("jira", "slack")])
        jira, slack = await here.state("jira"), await here.state("slack")
        for number, (sentence, wanted) in enumerate(SENTENCES.items()):
            here.conversation, began = f"c{number}", time.perf_counter()
            heard = await here.say(sentence)
            plans = [one for reply in heard.replies for one in reply.parts if isinstance(one, Plan)]
            named = [step.tool for one in plans for step in one.steps]
            right += named == ([wanted] if wanted else [])
            shown = named or text(heard)[:100].replace("\n", " ")
            lines.append(f"{sentence} | {time.perf_counter() - began:.1f} s | {shown}")
            assert text(heard)
        assert (await here.state("jira"), await here.state("slack")) == (jira, slack)
    print("\n".join([*lines, f"right: {right} of {len(SENTENCES)}"]))
