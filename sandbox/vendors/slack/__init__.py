"""Slack's Web API."""

from sandbox.vendors.slack.chat import Chat
from sandbox.vendors.slack.conversation import Conversations
from sandbox.vendors.slack.history import History
from sandbox.vendors.slack.people import People
from sandbox.vendors.slack.personal import Personal
from sandbox.vendors.slack.reaction import Reactions


class Slack(People, Conversations, History, Chat, Reactions, Personal):
    """The workspace of the company."""
