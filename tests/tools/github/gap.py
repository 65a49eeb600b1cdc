"""What the vendor's description of `github` lacks or gets wrong; each entry says why."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def amend(document: Json) -> None:
    """Widen what it allows."""
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
