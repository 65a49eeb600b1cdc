"""What the vendors' published descriptions lack or get wrong, put right before they are used as a check.

Each entry says why; an amendment only widens what a description allows.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Json = dict[str, Any]


def amend(vendor: str, document: Json) -> Json:
    """The document with what is known to be missing."""
    change = AMENDMENTS.get(vendor)
    if change:
        change(document)
    return document


def _slack(document: Json) -> None:
    paged: Json = {"type": "object", "properties": {"next_cursor": {"type": "string"}}}
    for path, item in document["paths"].items():
        for operation in item.values():
            # The list of codes is of 2021 and leaves out codes that every method may give (missing_scope,
            # token_expired, ratelimited) and what comes with missing_scope.
            failed = operation["responses"]["default"]["schema"]
            failed["properties"].get("error", {}).pop("enum", None)
            failed["additionalProperties"] = True
            done = operation["responses"]["200"]["schema"]
            # Paging of history and replies is documented in prose alone, and an empty channel is no error.
            if path in ("/conversations.history", "/conversations.replies"):
                done["properties"] |= {"response_metadata": paged, "has_more": {"type": "boolean"}}
                done["properties"]["messages"].pop("minItems", None)
    # Messages wait in direct messages and groups, too.
    waiting = document["paths"]["/chat.scheduledMessages.list"]["get"]["responses"]["200"]["schema"]["properties"]
    waiting["scheduled_messages"]["items"]["properties"]["channel_id"] = {"type": "string"}
    # Methods that the description leaves out, of the same families as those it has.
    for path, fields in SLACK_METHODS.items():
        params = [{"name": name, "in": "formData", "type": "string", "required": True} for name in fields]
        answers = {"200": {"schema": {"type": "object", "required": ["ok"]}}, "default": {"schema": {"type": "object"}}}
        document["paths"][path] = {"post": {"parameters": params, "responses": answers}}
    # A message has carried who edited it for as long as messages can be edited, and the app that wrote it.
    message = document["definitions"]["objs_message"]["properties"]
    message |= {"edited": {"type": "object"}, "app_id": {"type": "string"}}
    replies = document["paths"]["/conversations.replies"]["get"]["responses"]["200"]["schema"]
    for shape in replies["properties"]["messages"]["items"]["x-items-any-of"]:
        shape["properties"] = {**message, **shape["properties"]}
        # Whether the caller follows a thread is only said to user tokens.
        shape["required"] = [name for name in shape["required"] if name != "subscribed"]


SLACK_METHODS = {
    "/reactions.remove": ("channel", "timestamp", "name"),
    "/reminders.delete": ("reminder",),
    "/conversations.leave": ("channel",),
}


def _jira(document: Json) -> None:
    # In prose the account id of an assignee may be null, which leaves the issue with nobody.
    document["components"]["schemas"]["User"]["properties"]["accountId"]["nullable"] = True
    for item in document["paths"].values():
        for operation in item.values():
            # The gateway at api.atlassian.com refuses tokens before Jira does, with a body of its own.
            operation["responses"].get("401", {}).pop("content", None)
    # One comment and one worklog are read and deleted by addresses of their own, which the trimmed description lacks.
    for kind, schema in (("comment", "Comment"), ("worklog", "Worklog")):
        content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}
        named = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
            for name in ("issueIdOrKey", "id")
        ]
        document["paths"][f"/rest/api/3/issue/{{issueIdOrKey}}/{kind}/{{id}}"] = {
            "get": {"parameters": named, "responses": {"200": {"content": content}, "404": {}}},
            "delete": {"parameters": named, "responses": {"204": {}, "404": {}}},
        }


def _google_calendar(document: Json) -> None:
    # A discovery document does not say that null in a PATCH takes a field away, as its guide to patching does;
    # an event that turns from all-day to timed needs that.
    for schema in document["schemas"]["EventDateTime"]["properties"].values():
        schema["nullable"] = True


def _github(document: Json) -> None:
    # An issue that was opened without a text has none in the search either, as it has none everywhere else.
    document["components"]["schemas"]["issue-search-result-item"]["properties"]["body"]["nullable"] = True
    # A branch's name may hold slashes; the template takes one segment.
    paths = document["paths"]
    paths["/repos/{owner}/{repo}/git/refs/{+ref}"] = paths.pop("/repos/{owner}/{repo}/git/refs/{ref}")
    # The trimmed description lacks what undoes a comment, a review request and a deleted branch, what reads one
    # comment, one branch and one run back, and who and what belongs to an organisation or a repository.
    for path, methods in GITHUB_PATHS.items():
        names = [part[1:-1].lstrip("+") for part in path.split("/") if part.startswith("{")]
        named = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
        paged = [{"name": name, "in": "query", "schema": {"type": "integer"}} for name in ("per_page", "page")]
        for method, (status, schema) in methods.items():
            content = {"content": {"application/json": {"schema": schema}}} if schema else {}
            body = {"requestBody": {"content": {"application/json": {"schema": {"type": "object"}}}}}
            operation = {"parameters": [*named, *paged], "responses": {status: content, "404": {}, "422": {}}}
            paths.setdefault(path, {})[method] = operation | (body if path in GITHUB_BODIES else {})


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


GITHUB_PATHS: dict[str, dict[str, tuple[str, Json | None]]] = {
    "/repos/{owner}/{repo}/issues/comments/{comment_id}": {
        "get": ("200", _ref("issue-comment")),
        "delete": ("204", None),
    },
    "/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers": {"delete": ("200", _ref("pull-request-simple"))},
    "/repos/{owner}/{repo}/git/ref/{+ref}": {"get": ("200", {"type": "object", "required": ["ref", "object"]})},
    "/repos/{owner}/{repo}/git/refs": {"post": ("201", {"type": "object", "required": ["ref", "object"]})},
    "/repos/{owner}/{repo}/actions/runs/{run_id}": {"get": ("200", _ref("workflow-run"))},
    "/repos/{owner}/{repo}/actions/workflows": {
        "get": ("200", {"type": "object", "required": ["total_count", "workflows"]})
    },
    "/users/{username}": {"get": ("200", _ref("public-user"))},
    "/user/orgs": {"get": ("200", {"type": "array", "items": {"type": "object", "required": ["login", "id"]}})},
    "/orgs/{org}/members": {"get": ("200", {"type": "array", "items": _ref("simple-user")})},
    "/orgs/{org}/teams": {"get": ("200", {"type": "array", "items": _ref("team")})},
}
GITHUB_BODIES = ("/repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers", "/repos/{owner}/{repo}/git/refs")


def _salesforce(document: Json) -> None:
    # The collection has one example of each request: it leaves out the address of a query's next page, the list of a
    # version's resources (which names the signed-in user), and most parameters of the search.
    paths = document["paths"]
    version = paths["/services/data/v{version}/query"]["get"]["parameters"][0]
    answer: Json = {"default": {"description": "not described in the collection"}}
    locator = {"name": "locator", "in": "path", "required": True, "schema": {"type": "string"}}
    paths["/services/data/v{version}"] = {"get": {"parameters": [version], "responses": answer}}
    paths["/services/data/v{version}/query/{locator}"] = {
        "get": {"parameters": [version, locator], "responses": answer}
    }
    kinds = ("Account", "Contact", "Lead", "Opportunity", "Case", "Task")
    names = ["sobject", "overallLimit", *(f"{kind}.fields" for kind in kinds)]
    paths["/services/data/v{version}/parameterizedSearch"]["get"]["parameters"] += [
        {"name": name, "in": "query", "schema": {"type": "array", "items": {"type": "string"}}} for name in names
    ]


def _stripe(document: Json) -> None:
    # Deleting a draft, and reading or changing one payment link, are real endpoints that were trimmed away.
    paths, form = document["paths"], "application/x-www-form-urlencoded"

    def answers(name: str) -> Json:
        return {
            "200": {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}},
            "default": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/error"}}}},
        }

    paths["/v1/invoices/{invoice}"]["delete"] = {"parameters": [], "responses": answers("deleted_invoice")}
    expand: Json = {"type": "array", "items": {"type": "string"}}
    fields: Json = {"active": {"type": "boolean"}, "expand": expand}
    change = {"schema": {"type": "object", "additionalProperties": False, "properties": fields}}
    paths["/v1/payment_links/{payment_link}"] = {
        "get": {
            "parameters": [{"name": "expand", "in": "query", "schema": expand}],
            "responses": answers("payment_link"),
        },
        "post": {"requestBody": {"content": {form: change}}, "responses": answers("payment_link")},
    }


AMENDMENTS: dict[str, Callable[[Json], None]] = {
    "stripe": _stripe,
    "github": _github,
    "google_calendar": _google_calendar,
    "jira": _jira,
    "salesforce": _salesforce,
    "slack": _slack,
}

# What a trimmed GraphQL schema leaves out, in the schema language.
ADDITIONS: dict[str, str] = {
    # Taking a comment or a project update back is in the vendor's full schema, but not in the trimmed one.
    "linear": """
    type ProjectUpdateArchivePayload { entity: ProjectUpdate lastSyncId: Float! success: Boolean! }
    extend type Mutation {
      commentDelete(id: String!): DeletePayload!
      projectUpdateArchive(id: String!): ProjectUpdateArchivePayload!
    }
    """,
}
