"""A reply as Slack messages; every block is checked by the official SDK's own models."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from slack_sdk.models.blocks import Block

from bot.render.block_kit import MESSAGE_BLOCKS, MESSAGE_CHARS, Choice, Post, to_posts
from core.message import (
    Connect,
    Failure,
    Option,
    Part,
    Plan,
    PlanStep,
    Question,
    Receipt,
    Receipts,
    Reply,
    Table,
    Text,
)
from core.tool import Effect

EVIL = "<!channel> <@U1> <https://evil.example|click> *x* & https://evil.example"


def posts(*parts: Part, origin: str = "") -> tuple[Post, ...]:
    made = to_posts(Reply(parts=parts), origin)
    for post in made:
        assert len(post.blocks) <= MESSAGE_BLOCKS
        assert len(post.text) <= 40_000
        for block in post.blocks:
            parsed = Block.parse(block)
            assert parsed is not None
            parsed.validate_json()
    return made


def plan(*steps: PlanStep) -> Plan:
    return Plan(approval="ap-1", asker="p", steps=steps, expires_at=datetime(2026, 11, 25, 12, tzinfo=UTC))


def step(effect: Effect = "write", **arguments: str) -> PlanStep:
    return PlanStep(tool="x.do", title=f"Do {EVIL}", effect=effect, arguments=tuple(arguments.items()))


def mrkdwn_of(made: tuple[Post, ...]) -> str:
    found: list[str] = []

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "mrkdwn":
                assert node["verbatim"] is True
                found.append(node["text"])
            for value in node.values():
                walk(value)
        elif isinstance(node, list | tuple):
            for value in node:
                walk(value)

    for post in made:
        walk(post.blocks)
        found.append(post.text)
    return "\n".join(found)


def test_plan_shows_exact_arguments_as_plain_text() -> None:
    [post] = posts(plan(step(summary=EVIL, note="a\nAmount: 5")))
    texts = [block["text"] for block in post.blocks if block["type"] == "section"]
    assert texts[1] == {
        "type": "plain_text",
        "text": f"summary: {EVIL}\nnote: a\n    Amount: 5",
        "emoji": False,
    }
    approve, change, cancel = post.blocks[2]["elements"]
    assert change["action_id"] == "atom:edit"
    assert (approve["text"]["text"], approve["style"]) == ("Approve", "primary")
    assert cancel["action_id"].startswith("atom:reject:")
    assert "confirm" not in approve
    assert post.approval == "ap-1"


def test_destructive_plan_is_marked_and_asks_again() -> None:
    [post] = posts(plan(step(), step("destructive")))
    approve = next(b for b in post.blocks if b["type"] == "actions")["elements"][0]
    assert approve["style"] == "danger"
    assert approve["confirm"]["style"] == "danger"
    assert "(destructive)" in post.text
    assert post.text.count("⚠️") == 1


def test_plan_stands_alone_so_that_it_can_be_replaced() -> None:
    made = posts(Text(text="Here is what I will do."), plan(step()), Text(text="And more."))
    assert [post.approval for post in made] == ["", "ap-1", ""]


@pytest.mark.behaviour("splitting", "cards")
def test_long_plan_keeps_every_argument() -> None:
    made = posts(plan(*(step(body=f"{n} " + "word " * 700) for n in range(30))))
    assert len(made) > 1
    assert [post.approval for post in made[:-1]] == [""] * (len(made) - 1)
    assert made[-1].approval == "ap-1"
    assert sum(post.text.count("word") for post in made) == 30 * 700


def test_buttons_carry_where_they_belong() -> None:
    [post] = posts(plan(step()), origin="C1:17.1")
    value = post.blocks[-2]["elements"][0]["value"]
    assert json.loads(value) == {"target": "ap-1", "origin": "C1:17.1"}
    assert Choice.model_validate_json(value).value == ""


@pytest.mark.behaviour("cards", "citations")
def test_receipts_have_marks_links_and_undo() -> None:
    lines = (
        Receipt(status="done", text="Created PAY-1 in PAY-12", key="PAY-12", url="https://j.example/12", undo="u1"),
        Receipt(status="done", text="Told #eng", key="17.2", url="https://s.example/p", undo="u2"),
        Receipt(status="failed", text=EVIL),
        Receipt(status="unknown", text="x " * 4_000, key="K", url="https://j.example/K", undo="u3"),
    )
    [post] = posts(Receipts(lines=lines))
    texts = [block["text"]["text"] for block in post.blocks]
    assert texts[0] == "✅ Created PAY-1 in <https://j.example/12|PAY-12>"
    assert texts[1] == "✅ Told #eng – <https://s.example/p|17.2>"
    assert texts[2].startswith("⚠️ &lt;!channel&gt;")
    undos = [json.loads(b["accessory"]["value"])["target"] for b in post.blocks if "accessory" in b]
    assert undos == ["u1", "u2", "u3"]


def test_question_has_buttons_menu_or_words() -> None:
    def ask(number: int, label: str = "Team {}", value: str = "t{}") -> dict[str, object]:
        options = tuple(Option(label=label.format(n), value=value.format(n)) for n in range(number))
        [post] = posts(Question(id="q" * 36, asker="p", text=EVIL, options=options), origin="C123:1700000000.000100")
        assert all(option.label in post.text for option in options)
        return post.blocks[-1]

    assert ask(0)["type"] == "section"
    few, many = ask(5), ask(60)
    assert isinstance(few["elements"], list)
    assert isinstance(many["elements"], list)
    assert [one["type"] for one in few["elements"]] == ["button"] * 5
    assert [one["type"] for one in many["elements"]] == ["static_select"]
    long_values = ask(7, value="{}" + "v" * 200)["elements"]
    assert isinstance(long_values, list)
    assert [one["type"] for one in long_values] == ["button"] * 7
    assert ask(3, label="{} " + "long " * 30)["type"] == "actions"
    assert ask(130)["type"] == "actions"


@pytest.mark.behaviour("cards")
def test_table_is_native_where_it_fits() -> None:
    table = Table(
        title=EVIL, columns=("Key", "Summary"), rows=(("PAY-7", EVIL), ("", "")), links=("https://j.example/7", "")
    )
    first, second = posts(table, table)
    assert [block["type"] for block in first.blocks] == ["section", "table"]
    rows = first.blocks[1]["rows"]
    assert rows[1][0]["elements"][0]["elements"][0] == {
        "type": "link",
        "url": "https://j.example/7",
        "text": "PAY-7",
    }
    assert rows[1][1] == {"type": "raw_text", "text": EVIL}
    assert rows[2][0]["text"]
    assert second.blocks[1]["type"] == "table"


def test_big_table_is_set_in_fixed_width() -> None:
    rows = tuple((f"PAY-{n}", f"Summary {n}") for n in range(300))
    made = posts(Table(columns=("Key", "Summary"), rows=rows))
    sections = [block["text"]["text"] for post in made for block in post.blocks]
    assert all(text.startswith("```") and text.rstrip().endswith("```") for text in sections)
    assert "PAY-299" in sections[-1]


def test_empty_table_says_so() -> None:
    [post] = posts(Table(columns=("Key",), rows=()))
    assert post.text == "Nothing found."


def test_connect_card_has_its_button() -> None:
    [post] = posts(Connect(integration="jira", name="Jira", url="https://a.example/c", text="Connect first."))
    button = post.blocks[-1]["elements"][0]
    assert (button["url"], button["text"]["text"]) == ("https://a.example/c", "Connect Jira")


def test_text_from_outside_names_nobody() -> None:
    receipts = Receipts(lines=(Receipt(status="done", text=EVIL, key="K"),))
    option = Option(label=EVIL, value="v")
    said = mrkdwn_of(
        posts(
            Text(text=EVIL.replace("https://evil.example", "x")),
            Failure(text=EVIL, next_step=EVIL),
            receipts,
            Question(id="q", asker="p", text=EVIL, options=(option,)),
            Connect(integration="jira", name=EVIL, url="https://a.example/c", text=EVIL),
            Table(title=EVIL, columns=(EVIL,), rows=((EVIL,),)),
            plan(step(summary=EVIL)),
        )
    )
    assert "<!channel" not in said
    assert "<@" not in said
    assert "<http" not in said


@pytest.mark.behaviour("splitting")
def test_long_text_is_cut_between_lines_and_code_stays_code() -> None:
    code = "```\n" + "\n".join(f"line {n} <a>" for n in range(2_000)) + "\n```"
    made = posts(Text(text=code))
    sections = [block["text"]["text"] for post in made for block in post.blocks]
    assert all(text.count("```") == 2 for text in sections)
    assert sum(text.count("line ") for text in sections) == 2_000
    assert all(len(post.text) <= 5 * MESSAGE_CHARS for post in made)


def test_text_without_a_space_is_cut_too() -> None:
    made = posts(Text(text="&" * 20_000))
    assert sum(post.text.count("&amp;") for post in made) == 20_000


def test_blank_text_makes_no_message() -> None:
    assert posts(Text(text=" \n ")) == ()
