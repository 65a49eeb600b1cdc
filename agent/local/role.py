"""Universal roles: parameters of many tools that people speak of in the same way."""

from __future__ import annotations

_NAMES = {
    "title": "title summary subject name headline topic deal_name event_name label_name",
    "body": "body description text notes comment memo message content details note message_text reply caption",
    "query": "query term text_query search keywords words q jql",
    "person": "assignee owner reporter author lead who from user contact requester agent reviewer recipient",
    "people": "people members guests assignees reviewers add remove attendees recipients participants invitees cc to_people",
    "place": "project team repo channel account board list folder workspace space calendar list_name parent database site store group queue chat audience property server",
    "thing": "issue record event opportunity card task deal ticket order invoice payment subscription file document page item message thread number customer product conversation meeting campaign report design comment_id contact draft template workbook path recording webinar poll form lead view item_id estimate bill refund expense discount job mr pr pull_request merge_request",
    "state": "status state stage column section list_to",
    "due": "due_date close_date due deadline due_on due_at",
    "begin": "start from since after at started date when start_time send_at starts_at begin",
    "finish": "end to until before due_before close_before end_time ends_at",
    "tag": "labels label tags tag add_labels categories add_tags",
    "branch": "branch ref base head",
    "amount": "amount min_amount price total budget value",
    "firm": "company account customer organisation organization vendor supplier client",
}
_ROLES = {name: role for role, names in _NAMES.items() for name in names.split()}


def role_of(name: str) -> str:
    """The role of a parameter by its name; its last word decides where the whole is unknown, else ""."""
    known = _ROLES.get(name)
    return known if known else _ROLES.get(name.rpartition("_")[2], "")
