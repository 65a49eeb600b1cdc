"""What a language model may not say: that something was done which no tool call backs, or a link from elsewhere."""

from __future__ import annotations

import re
from collections.abc import Collection

_DONE = (
    "created|made|opened|filed|logged|added|posted|sent|messaged|told|notified|informed|emailed|scheduled|booked|set|"
    "moved|changed|updated|edited|assigned|reassigned|unassigned|closed|reopened|resolved|merged|deleted|removed|"
    "cancelled|canceled|refunded|voided|paid|invited|accepted|declined|completed|finished|done|saved|started|triggered|"
    "forwarded|shared|archived|replied|commented|submitted|approved|renamed|uploaded|raised|taken care of"
)
_HOW = r"(?:just |now |already |successfully |also |all )*"
_CLAIM = re.compile(
    rf"\b(i|we)\b(['’]ve| have|['’]m| am)? {_HOW}(done |finished |went ahead and |gone ahead and )?({_DONE})\b"
    rf"|\b(has|have|['’]s|['’]ve) {_HOW}been {_HOW}({_DONE})\b"
    rf"|\b(is|was|were|are|['’]s|['’]re) (now |already |successfully |all )+({_DONE}|set)\b"
    rf"|\b(it|that|this|everything)(['’]s| is) ({_DONE})\b"
    r"|\b(i|we) (took|have taken|['’]ve taken) care of\b"
    rf"|^[^\w]*(done|all set|all done|success|consider it done|finished|erledigt|fertig|fait|hecho|listo|fatto|feito)\b"
    rf"|^[^\w]*(?:successfully )?(?!set\b)({_DONE})\b(?! by\b| on\b| at\b)"
    rf"|^[^\w]*(?:the |your )?[\w#-]+ {_HOW}(created|sent|posted|scheduled|booked|deleted|refunded|updated)\b(?! by\b)"
    r"|\bich habe?\b.*\b(ge\w+[tn]|\w+iert|erstellt|erledigt|versendet|verschoben|verschickt)\b"
    r"|\bj['’]ai (?:bien |déjà )?\w+(é|ée|és|ées|is|it|u)\b|\b(ha sido|he) \w+(ado|ido)\b|\bho \w+(ato|ito|uto)\b",
    re.IGNORECASE | re.MULTILINE,
)
_LINK = re.compile(
    r"!?\[([^\]\n]*)\]\(\s*<?(\w+:[^)\s>]*)>?[^)\n]*\)|<?\b((?:https?|ftp)://[^\s<>|)\]]+|www\.[^\s<>|)\]]+)>?"
)
INSTEAD = "Nothing was changed in your systems."
NO_LINK = "(link left out)"


def without_claims(text: str) -> str:
    """The text without its sentences that say something was done; "" when it held nothing else."""
    lines = [_without_claims(line) if line.strip() else line for line in text.strip().split("\n")]
    return "\n".join(line for line in lines if line is not None).strip()


def _without_claims(line: str) -> str | None:
    sentences = re.split(r"(?<=[.!?])\s+", line)
    kept = [one for one in sentences if one.rstrip().endswith("?") or not _CLAIM.search(one)]
    return line if len(kept) == len(sentences) else " ".join(kept) or None


def without_links(text: str, known: Collection[str]) -> str:
    """The text with every link left out that is not one of `known`."""

    def shown(match: re.Match[str]) -> str:
        label, inner, bare = match.groups()
        url = inner or bare.rstrip(".,;:!?")
        if url in known:
            return match[0]
        return f"{label} {NO_LINK}".strip() if inner else NO_LINK

    return _LINK.sub(shown, text)
