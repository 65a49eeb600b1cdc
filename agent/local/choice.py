"""Words that stand for the values of an enum or a boolean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from agent.local.word import split_name, stem

if TYPE_CHECKING:
    from agent.local.text import Token

# Groups of ways to say one thing: a value of an enum is also said by the other words of its group.
_SAME = [
    "highest|urgent|critical|blocker|p0|p1|top|most urgent|asap",
    "urgent|highest|critical|p0|p1|asap",
    "high|important|p2|hi",
    "medium|normal|med|moderate|p3",
    "low|minor|lo|p4",
    "lowest|trivial|p5",
    "open|reopen|re-open|unresolved|opened|reopening|outstanding|unpaid|still open",
    "closed|close|resolve|shut|resolved|done|closing|merged",
    "all|any|every|both|open or closed|open and closed|also closed|also the closed|any state",
    "bug|defect|bugs|fault|glitch",
    "task|tasks|chore|to-do|todo",
    "story|user story|stories",
    "epic|epics",
    "accepted|accept|yes|going|attend|attending|i'm in|confirm|coming|be there",
    "declined|decline|no|turn down|can't make|cannot make|cant make|reject|skip|not coming|won't make|can't come|not attending|refuse",
    "tentative|maybe|tentatively|might|perhaps|not sure|provisional",
    "onTrack|on track|green|fine|going well|healthy",
    "atRisk|at risk|yellow|amber|shaky",
    "offTrack|off track|red|behind|derailed|off-track",
    "pull_request|pr|prs|pull request|pull requests|pull-request",
    "issue|issues|ticket|tickets|bug|bugs",
    "failure|failed|failing|broken|red|fail|fails|failures|broke",
    "success|successful|passed|green|passing|pass|succeeded|ok",
    "in_progress|running|in progress|going",
    "queued|waiting|pending",
    "cancelled|canceled|aborted",
    "succeeded|successful|succeded|succesful|paid|went through|completed|success",
    "requires_payment_method|failed|declined|need a new card|needs a new card|bounced|failing|new card",
    "requires_action|needs action|action required|need action|3ds|authentication|waiting on the customer",
    "past_due|overdue|late|past due|behind",
    "trialing|trial|on a trial|free trial|trials|trialling",
    "canceled|cancelled|churned|ended|called off|dropped",
    "uncollectible|bad debt|written off|not collectible",
    "void|voided|cancelled",
    "draft|drafts|unsent|not sent|drafted",
    "paid|settled",
    "duplicate|charged twice|double charge|double charged|twice|double|billed twice|duplicated",
    "fraudulent|fraud|stolen card|scam|stolen",
    "requested_by_customer|customer asked|asked for it|customer request|requested by the customer|changed their mind|wants their money back|want their money back|customer wants",
    "squash|squashed|squash-merge|squashing",
    "rebase|rebased|rebasing",
    "merge|merge commit|regular merge",
    "Opportunity|deal|deals|opp|opps|opportunities|opprtunity|oportunity",
    "Contact|contacts|contact person",
    "Account|accounts|company|acount|client|customer",
    "Lead|leads|prospect|prospects",
    "Case|cases|support case|ticket|tickets|csae",
    "none|no priority",
    "started|in progress|active|running|ongoing|under way|underway",
    "planned|upcoming",
    "paused|on hold|parked",
    "completed|finished|done|complete",
    "backlog",
    "active|live|running|current",
]  # fmt: skip
_SWITCH = {
    "private": ("private|invite-only|invite only|closed|confidential|hidden", "public|open"),
    "draft": ("draft|as a draft|wip|not ready", "ready for review|ready"),
    "open": ("open|still open|active|ongoing|pipeline", "closed|finished|done"),
    "video call": ("video call|meet link|google meet|video link|zoom|with video|video|hangout|video meeting|on meet|meet", "in person"),
    "whole series": ("whole series|entire series|all occurrences|the series|every occurrence|all of them|for good|all future", "only this one|just this one|only today's|this occurrence"),
    "notify": ("notify|tell the guests|let everyone know", "without notifying|silently|quietly|don't notify|without telling|no notification|don't send|without notice|dont notify|without an email|without mailing"),
    "one time": ("one time|one-time|one-off|once", "monthly|subscription|recurring|per month|a month|every month|each month"),
    "at period end": ("at period end|end of the period|when the month is up|at the end of the period|end of the month|end of the billing period|at renewal|when it runs out|end of period|end of the current period|period ends", "right away|immediately|at once|now|right now|straight away|instantly|effective immediately|today"),
    "include private": ("private|private ones|hidden", "public"),
    "include archived": ("archived|archived ones|old ones", ""),
    "include comments": ("comments|in comments|comments too", ""),
    "delete subtasks": ("subtasks|sub-tasks|with subtasks|its subtasks|child issues|subtask", ""),
}  # fmt: skip
_PREFIXES = ("include", "is", "has", "with", "delete", "send", "allow")


@lru_cache(maxsize=1)
def _groups() -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {}
    for line in _SAME:
        words = line.split("|")
        groups.setdefault(words[0].lower(), []).extend(words)
    return {key: tuple(dict.fromkeys(words)) for key, words in groups.items()}


def spellings() -> list[str]:
    """All ways of saying values that are known here."""
    return [line.replace("|", " ") for line in _SAME if "_" not in line.split("|")[0]]


def phrases(schema: Mapping[str, Any], name: str) -> dict[tuple[str, ...], Any]:
    """Word tuples, stemmed, to the value they stand for; own spellings win over synonyms."""
    found: dict[tuple[str, ...], Any] = {}
    if schema.get("type") == "boolean":
        spoken = " ".join(split_name(name))
        yes, no = _SWITCH.get(spoken, (" ".join(w for w in split_name(name) if w not in _PREFIXES), ""))
        for said, value in ((yes, True), (no, False)):
            for phrase in filter(None, said.split("|")):
                found.setdefault(_key(phrase), value)
        return found
    values = schema.get("enum") or ()
    for value in values:
        found[_key(" ".join(split_name(str(value))))] = value
    for value in values:
        for phrase in _groups().get(str(value).lower(), ()):
            found.setdefault(_key(phrase), value)
    return found


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in phrase.lower().split())


def matches(tokens: tuple[Token, ...], known: Mapping[tuple[str, ...], Any]) -> Iterator[tuple[int, int, Any]]:
    """Stretches of tokens that say a value: (first, last exclusive, value)."""
    stems = [stem(t.low) if t.kind in ("word", "every", "when") else "" for t in tokens]
    sizes = {len(key) for key in known} - {0}
    for i in range(len(tokens)):
        for size in sizes:
            key = tuple(stems[i : i + size])
            if len(key) == size and key in known:
                yield i, i + size, known[key]


def is_negated(tokens: tuple[Token, ...], at: int) -> bool:
    """Whether "not", "no", "without" or "don't" stands just before token `at`."""
    return any(t.low in ("not", "no", "without", "don't", "dont", "never", "non") for t in tokens[max(0, at - 2) : at])
