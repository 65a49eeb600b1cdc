"""What came of a turn, in a person's words."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from agent.ledger import LedgerRow
from bot.locale import Writer
from bot.present import found, receipt
from core.message import Table, Text

HERE = Writer(ZoneInfo("Europe/Lisbon"))


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("jira.create_issue", "Created issue"),
        ("zendesk.reply_to_ticket", "Replied to ticket"),
        ("google_drive.copy_file", "Copied file"),
        ("mailchimp.tag_subscriber", "Tagged subscriber"),
        ("telegram.unpin_message", "Unpinned message"),
        ("acme.approve_order", "Approved order"),
        ("acme.destroy_order", "Destroyed order"),
        ("acme.fix_order", "Fixed order"),
        ("acme.email_order", "Emailed order"),
        ("acme.set_owner", "Set owner"),
    ],
)
def test_receipt_says_what_was_done_whatever_the_verb(tool: str, said: str) -> None:
    assert receipt(LedgerRow(tool=tool, status="done", title="", labels={}, key="", url=""), None).text == said


def test_title_that_repeats_the_key_is_shown_once() -> None:
    invoice = {"key": "095C-0006", "title": "095C-0006", "status": "open"}
    table, one = found([invoice], None, HERE), found(invoice, None, HERE)
    assert isinstance(table, Table)
    assert (table.columns, table.rows) == (("Key", "Status"), (("095C-0006", "open"),))
    assert isinstance(one, Text)
    assert one.text == "**095C-0006**\nStatus: open"
    issue = {"key": "PAY-1", "title": "Checkout is slow"}
    table, one = found([invoice, issue], None, HERE), found(issue, None, HERE)
    assert isinstance(table, Table)
    assert table.columns == ("Key", "Title", "Status")
    assert isinstance(one, Text)
    assert one.text == "**PAY-1 Checkout is slow**"
