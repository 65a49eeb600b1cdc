"""Markdown as Slack writes it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.mrkdwn import escape, from_markdown


@pytest.mark.parametrize(
    ("markdown", "mrkdwn"),
    [
        ("plain", "plain"),
        ("**bold** and *soft* and _soft_", "*bold* and _soft_ and _soft_"),
        ("__bold__ snake__case__name", "*bold* snake__case__name"),
        ("~~gone~~", "~gone~"),
        ("2 * 3 * 4", "2 * 3 * 4"),
        ("# Title **x**", "*Title x*"),
        ("- one\n  * two", "• one\n  • two"),
        ("`a < b **c**`", "`a &lt; b **c**`"),
        ("```python\nif a < b: **x**\n```", "```\nif a &lt; b: **x**\n```"),
        ("[PAY-7](https://j.example/b?a=1&c=2)", "<https://j.example/b?a=1&amp;c=2|PAY-7>"),
        ("see https://j.example/a.", "see <https://j.example/a>."),
        ("**[PAY-7](https://j.example/)**", "*<https://j.example/|PAY-7>*"),
        ("![chart](https://j.example/c.png)", "<https://j.example/c.png|chart>"),
        ("a & b <c>", "a &amp; b &lt;c&gt;"),
        ("<!channel> <@U1> <https://evil.example|ok>", None),
        ("[x](javascript:alert(1))", "[x](javascript:alert(1))"),
        ("[https://bank.example](https://evil.example/)", "<https://evil.example/>"),
        ("[bank.example/pay](https://evil.example/)", "<https://evil.example/>"),
        ("[a|b](https://x.example/a|b)", "<https://x.example/a%7Cb|a¦b>"),
    ],
)
def test_conversion(markdown: str, mrkdwn: str | None) -> None:
    if mrkdwn is None:
        assert not re.search(r"<[!@#]", from_markdown(markdown))
    else:
        assert from_markdown(markdown) == mrkdwn


@given(st.text(alphabet="<>!@#|&*_~`[]() \nhtps:/.aU1"))
def test_nothing_becomes_a_mention(text: str) -> None:
    for token in re.findall(r"<[^>]*>?", from_markdown(text)):
        assert re.fullmatch(r"<https?://[^<>|]+(\|[^<>|]*)?>", token)


@given(st.text())
def test_escaped_text_has_no_control_character(text: str) -> None:
    assert not re.search(r"[<>]", escape(text))
