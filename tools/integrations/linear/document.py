"""The GraphQL documents that Linear is asked with; what is read of each thing is named once."""

PERSON = "{ id name }"
ISSUE = f"""
  id identifier title url description priority estimate dueDate createdAt updatedAt trashed
  state {{ id name type }} team {{ id key name }} assignee {PERSON} creator {PERSON}
  project {{ id name }} cycle {{ id number name }} parent {{ identifier }}
  labels(first: 25) {{ nodes {{ id name }} }}
"""
COMMENT = f"id body url createdAt user {PERSON} issue {{ id identifier }}"
PROJECT = f"id name url state health targetDate lead {PERSON}"
UPDATE = f"id body health url createdAt user {PERSON} project {{ id name }}"


def _pages(name: str, nodes: str, kind: str = "", order: str = "") -> str:
    """A query of a connection by `$first`, `$after` and, where it has a kind of filter, `$filter`."""
    variable, argument = (f", $filter: {kind}", ", filter: $filter") if kind else ("", "")
    argument += f", orderBy: {order}" if order else ""
    return (
        f"query ($first: Int = 100, $after: String{variable}) {{ {name}(first: $first, after: $after{argument})"
        f" {{ nodes {{ {nodes} }} pageInfo {{ hasNextPage endCursor }} }} }}"
    )


def _mutation(name: str, answer: str = "", kind: str = "", has_id: bool = False) -> str:
    """A mutation by `$id`, `$input` or both, with what is read of its answer."""
    variables = [*(["$id: String!"] if has_id else []), *([f"$input: {kind}!"] if kind else [])]
    arguments = [*(["id: $id"] if has_id else []), *(["input: $input"] if kind else [])]
    return f"mutation ({', '.join(variables)}) {{ {name}({', '.join(arguments)}) {{ success {answer} }} }}"


VIEWER = "query { viewer { id organization { urlKey } } }"
USERS = _pages("users", "id name displayName email active", "UserFilter")
TEAMS = _pages("teams", "id key name", "TeamFilter")
LABELS = _pages("issueLabels", "id name isGroup team { id }")
STATES = _pages("workflowStates", "id name type position", "WorkflowStateFilter")
CYCLES = _pages("cycles", "id number name startsAt endsAt isActive", "CycleFilter")
ISSUES = _pages("issues", ISSUE, "IssueFilter", order="updatedAt")
COMMENTS = _pages("comments", COMMENT, "CommentFilter")
PROJECTS = _pages("projects", PROJECT + " teams(first: 10) { nodes { id } }", "ProjectFilter", order="updatedAt")
SEARCH = f"""
  query ($term: String!, $first: Int, $after: String, $teamId: String, $includeComments: Boolean) {{
    searchIssues(term: $term, first: $first, after: $after, teamId: $teamId, includeComments: $includeComments) {{
      nodes {{ {ISSUE} }} pageInfo {{ hasNextPage endCursor }}
    }}
  }}
"""
GET_ISSUE = f"query ($id: String!) {{ issue(id: $id) {{ {ISSUE} }} }}"
GET_COMMENTS = f"""
  query ($id: String!, $filter: CommentFilter) {{
    issue(id: $id) {{ comments(first: 50, filter: $filter) {{ nodes {{ {COMMENT} }} }} }}
  }}
"""
GET_PROJECT = f"query ($id: String!) {{ project(id: $id) {{ {PROJECT} }} }}"
GET_UPDATES = f"""
  query ($id: String!) {{ project(id: $id) {{ projectUpdates(first: 25) {{ nodes {{ {UPDATE} }} }} }} }}
"""

CREATE_ISSUE = _mutation("issueCreate", f"issue {{ {ISSUE} }}", "IssueCreateInput")
UPDATE_ISSUE = _mutation("issueUpdate", f"issue {{ {ISSUE} }}", "IssueUpdateInput", has_id=True)
DELETE_ISSUE = _mutation("issueDelete", has_id=True)
CREATE_COMMENT = _mutation("commentCreate", f"comment {{ {COMMENT} }}", "CommentCreateInput")
DELETE_COMMENT = _mutation("commentDelete", has_id=True)
POST_UPDATE = _mutation("projectUpdateCreate", f"projectUpdate {{ {UPDATE} }}", "ProjectUpdateCreateInput")
ARCHIVE_UPDATE = _mutation("projectUpdateArchive", has_id=True)
