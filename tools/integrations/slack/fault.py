"""What Slack's error codes would be as HTTP statuses; a code that is not here refuses the values (400)."""

from __future__ import annotations

from collections.abc import Mapping

_CODES: dict[int, str] = {
    401: "not_authed invalid_auth token_expired token_revoked account_inactive user_is_deactivated",
    403: "missing_scope no_permission not_allowed_token_type access_denied restricted_action not_in_channel "
    "cant_update_message cant_delete_message edit_window_closed ekm_access_denied user_is_restricted "
    "method_not_supported_for_channel_type cannot_dm_bot messages_tab_disabled cannot_add_others"
    " team_access_not_granted cant_kick_from_general cant_archive_general"
    " cant_leave_general restricted_action_read_only_channel",
    404: "channel_not_found message_not_found thread_not_found user_not_found users_not_found not_found"
    " user_not_visible invalid_scheduled_message_id bad_timestamp",
    409: "name_taken already_reacted already_in_channel already_archived is_archived no_reaction cant_invite_self "
    "cant_kick_self too_many_reactions too_many_emoji",
    429: "ratelimited rate_limited message_limit_exceeded",
    503: "internal_error fatal_error service_unavailable request_timeout team_added_to_org",
}
STATUS: Mapping[str, int] = {code: status for status, codes in _CODES.items() for code in codes.split()}
