"""What Dropbox's refusals mean: each route has errors of its own, as a path of tags such as `path/not_found/..`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from core.errors import Conflict, Forbidden, NotFound, RateLimited, Rejected, TokenExpired, VendorError
from tools.kit.http import Answer, by_status, retry_after

NAME = "Dropbox"
_GONE = {
    "not_found", "not_file", "not_folder", "shared_link_not_found", "invalid_id", "not_a_member", "invalid_revision",
    "invalid_shared_folder", "unmounted",
}  # fmt: skip
_FORBIDDEN = {
    "no_write_permission", "no_permission", "access_denied", "restricted_content", "access_restricted", "team_folder",
    "not_authorized", "cant_share_outside_team", "banned_member", "email_not_verified", "email_unverified",
    "insufficient_plan", "team_policy_disallows_member_policy", "disabled_for_team", "shared_link_access_denied",
    "app_lacks_access", "user_suspended", "route_access_denied",
}  # fmt: skip
_CONFLICT = {"conflict", "shared_link_already_exists", "already_shared", "locked", "in_progress", "lock_conflict"}
_SOON = {"too_many_requests", "too_many_write_operations", "rate_limit"}
_NAMES = re.compile(r"path|path_lookup|path_write|from_lookup|from_write|to|bad_path|settings_error|bad_member|reason")


def meaning(answer: Answer) -> VendorError | None:
    """The error of an answer, or None."""
    data = answer.data
    if not isinstance(data, Mapping) or "error_summary" not in data:
        return None
    tags = [part for part in str(data["error_summary"]).split("/") if part.strip(".")]
    said = _said(data, tags)
    status, cause = answer.status, str(data["error_summary"])[:300]
    error = data.get("error")
    if "missing_scope" in tags:
        needed = error.get("required_scope", "") if isinstance(error, Mapping) else ""
        return Forbidden(f"The connection to Dropbox lacks the scope {needed}.", status=403, cause=f"scope {needed}")
    if {"expired_access_token", "invalid_access_token"} & {*tags}:
        return TokenExpired(f"{NAME} no longer accepts the sign-in.", status=401, cause=cause)
    if answer.status == 429 or _SOON & {*tags}:
        told = error.get("retry_after") if isinstance(error, Mapping) else None
        wait = retry_after(answer.headers)
        return RateLimited(f"{NAME} asks for fewer requests.", retry_after_s=wait if wait is not None else told)
    if _GONE & {*tags}:
        return NotFound(f"It is not in {NAME}, or you may not see it ({said}).", status=status, cause=cause)
    if _FORBIDDEN & {*tags}:
        return Forbidden(f"You may not do this in {NAME} ({said}).", status=status, cause=cause)
    if _CONFLICT & {*tags}:
        return Conflict(f"{NAME} cannot do this as things stand ({said}).", status=status, cause=cause)
    if answer.status in (200, 409):
        fields = {tags[0]: said} if tags and _NAMES.fullmatch(tags[0]) else {}
        return Rejected(f"{NAME} refused it ({said}).", fields=fields, status=status, cause=cause)
    return by_status(NAME, answer, said)


def _said(data: Mapping[str, Any], tags: list[str]) -> str:
    user = data.get("user_message")
    if isinstance(user, Mapping) and user.get("text"):
        return str(user["text"])
    return ", ".join(tag.replace("_", " ") for tag in tags) or "no reason given"
