"""Jira Cloud's REST API, version 3."""

from sandbox.vendors.jira.comment import Comments
from sandbox.vendors.jira.directory import Directory
from sandbox.vendors.jira.issue import Issues
from sandbox.vendors.jira.link import Links
from sandbox.vendors.jira.search import Searches
from sandbox.vendors.jira.transition import Transitions
from sandbox.vendors.jira.worklog import Worklogs


class Jira(Directory, Searches, Issues, Transitions, Comments, Worklogs, Links):
    """The site of the company."""

    key = "jira"
