"""Sentences that tell the assistant something to keep: read by rules, so that the same words always do the same."""

from __future__ import annotations

import re
from dataclasses import dataclass

from memory.item import Said, Scope

_EXPLICIT = re.compile(
    r"^(?:(?:can|could|would|will) you )?(?:please )?(?:always )?(?:remember|note(?: down)?|keep in mind|bear in mind|"
    r"make a note|memori[sz]e|don'?t forget|for (?:future|your) reference|fyi)\b[:,]?(?: please)?(?: (?:that|of the fact that))?"
    r"[:,]?\s+(?P<rest>.+)$",
    re.I | re.S,
)
_SCOPE = re.compile(
    r"[,\s]*\b(?:for|in) (?:(?P<channel>this channel|the channel|here)|(?P<team>(?:the|our|my) (?:whole )?team)|"
    r"(?P<tenant>everyone|everybody|the (?:whole )?company|all of us))\b[,:]?",
    re.I,
)
_SCOPE_FIRST = re.compile(
    r"^(?:in|for) (this channel|the channel|here|our team|the team|everyone|the company)\b[,:]?\s*", re.I
)
_CALL_ME = re.compile(
    r"^(?:please |just )?(?:call|address) me (?:by )?(?P<name>[^\s,.;!?]+(?: [A-Z][^\s,.;!?]+){0,2})"
    r"(?: (?:from now on|instead|please))?$|"
    r"^(?:i(?:'m| am) (?:called|known as)|i go by|my (?:preferred )?name(?:'s| is)) (?P<also>[^\s,.;!?]+(?: [A-Z][^\s,.;!?]+){0,2})$",
    re.I,
)
_LENGTH = re.compile(
    r"^(?:please |i (?:prefer|like|want) |keep |make |give me |be |answer |reply |write )*(?:your |the |my |it )*"
    r"(?:answers?|replies|responses?)?\s*(?:always )?(?:to be |be |are |more |in )*"
    r"(?P<how>short(?:er)?|brief|concise|terse|long(?:er)?|detailed|in detail)\b(?: (?:and .*|answers?|replies|responses?|please))?$",
    re.I,
)
_TONE = re.compile(
    r"^(?:please |i (?:prefer|like|want) (?:you to )?|be |answer |talk to me |write to me )+(?:an? |more )*"
    r"(?P<tone>formal(?:ly)?|casual(?:ly)?|friendly)(?: (?:tone|answers?|replies|please|with me))*$",
    re.I,
)
_DATES = re.compile(
    r"^(?:please |always |i (?:prefer|like|want) |show |write |use |give me )*(?:me |my |all |the )*"
    r"(?:dates? (?:in|as|the) (?P<dates>\w+)(?: (?:style|format|way))?|(?P<style>\w+) (?:dates?|date format|date style))$",
    re.I,
)
_LANGUAGES = {
    "german": "de", "deutsch": "de", "french": "fr", "spanish": "es", "italian": "it", "dutch": "nl", "portuguese": "pt",
    "english": "en", "british": "en", "american": "us", "us": "us", "iso": "iso",
}  # fmt: skip
_ALWAYS = (
    re.compile(
        r"^(?:always|by default,?|i always (?:use|want|set)) ?(?:use |set |give |make |want |an? )*(?P<value>[\w-]+) "
        r"(?P<parameter>priority|severity|urgency)(?: (?:for|in|on) (?P<where>.+))?$",
        re.I,
    ),
    re.compile(
        r"^(?P<where>[\w# -]{2,40}?)(?: (?:bugs?|issues?|tickets?|tasks?|cards?))? (?:is|are|gets?|should (?:be|get)) always "
        r"(?P<value>[\w-]+) (?P<parameter>priority)$",
        re.I,
    ),
    re.compile(
        r"^always assign (?:(?P<where>[\w# -]+?) )?(?:bugs?|issues?|tickets?|tasks?|cards?|it|them)? ?to (?P<value>[\w .'’-]+)$",
        re.I,
    ),
    re.compile(
        r"^always (?:label|tag) (?:(?P<where>[\w# -]+?) )?(?:bugs?|issues?|tickets?|tasks?) (?:with |as )?(?P<value>[\w-]+)$",
        re.I,
    ),
)
_MEANS = (
    re.compile(
        r"^(?:when|if|whenever) i (?:say|write|mention|talk about) (?P<alias>.+?),? (?:i mean|it means|that(?:'s| is| means)|"
        r"i(?:'m| am) talking about|take|use) (?P<value>.+)$",
        re.I,
    ),
    re.compile(r"^by (?P<alias>.+?),? i (?:always )?mean (?P<value>.+)$", re.I),
    re.compile(
        r"^(?P<alias>[“\"'‘]?[\w’' .&/-]{1,40}?[”\"'’]?) (?:means|refers to|stands for|is short for|is (?:my|our) (?:short )?name for|"
        r"=|is an alias (?:of|for)) (?P<value>.+)$",
        re.I,
    ),
    re.compile(
        r"^(?P<alias>(?:the|our) [\w’' -]{1,40}?) is (?:the (?:file|doc(?:ument)?|meeting|page|sheet|folder|channel) )?(?P<value>.+)$",
        re.I,
    ),
)
RELATIONS = (
    "board|project|sprint|backlog|manager|boss|lead|team lead|tech lead|report|team|squad|department|repo|repository|channel|"
    "team channel|calendar|folder|drive|workspace|space|list|task list|dashboard|pipeline|database|assistant|designer|deputy|"
    "stand-?in|backup|buddy|mentor|skip-level|assignee|reviewer|approver|account manager|sales rep|role|job title|office|desk|"
    "time ?zone|city|working hours|office hours|start time|lunch|company|mailbox|newsletter|store|shop|site|property|"
    "milestone|epic|label|cost cent(?:er|re)|budget owner|client|customer|main customer|partner team|on-?call channel"
)
_MY = re.compile(
    rf"^(?P<whose>my|our) (?P<what>(?:(?:usual|default|main|own|favou?rite|current|new) )?(?:[\w’'-]+ ){{0,2}}?(?:{RELATIONS}))"
    r"(?:'s| is| will be|:| =) (?:now |called |named )?(?P<value>.+)$",
    re.I,
)
_MY_ANY = re.compile(r"^(?P<whose>my|our) (?P<what>[\w’' -]{2,40}?)(?:'s| is| are) (?P<value>.+)$", re.I)
_IS_MY = re.compile(
    rf"^(?P<value>[^,;?!]{{1,80}}?) (?:is|will be|'s) (?:now )?(?P<whose>my|our) (?:new )?(?P<what>(?:[\w’'-]+ ){{0,2}}?(?:{RELATIONS}))$",
    re.I,
)
_WORK = re.compile(
    r"^i (?:now )?(?P<verb>report to|work with|work for|am based in|sit in|live in|work from|start work at|work in) (?P<value>.+)$",
    re.I,
)
_STATE = re.compile(
    r"^(?:(?:on|at|in|by|from|every|each|before|after|with|for|to|of|about|under|over|between) .*|"
    r"(?:(?:very|really|so|too|all|not|still|already|a bit|now|completely|quite|just) )*(?:empty|full|broken|down|up|late|slow|fast|failing|"
    r"failed|red|green|blocked|stuck|wrong|right|ready|done|due|overdue|missing|gone|dead|here|there|out|away|off|on|busy|free|sick|"
    r"ill|great|good|bad|fine|ok(?:ay)?|nice|messy|a mess|not (?:\w+)|too \w+|waiting|asking|unavailable|cancelled|postponed|"
    r"\w+ing(?: .*)?|(?:shared|sent|updated|moved|closed|open|finished|finali[sz]ed|attached|approved|rejected|delayed)(?: .*)?))$",
    re.I,
)
_QUESTION = re.compile(
    r"\?\s*$|^(?:who|what|when|where|which|why|how|is|are|do|does|did|can|could|would|should|show|list|find)\b", re.I
)
_NAMELIKE = re.compile(r"[A-Z#@“\"'‘]|\.\w{2,5}$|^\d|\b\d")
_TODO = re.compile(r"^to [a-z]", re.I)  # “remember to call Bob” asks for a reminder
_THE = re.compile(rf"^(?:that )?(?:the|our) (?=(?:[\w’'-]+ ){{0,2}}?(?:{RELATIONS}) (?:is|will be)\b)", re.I)
_SURELY_A_NAME = re.compile(r"^[^,]*\w\.[a-z]{2,5}$|^[“\"][^”\"]+[”\"]$|^#[\w-]+$")
_RELATIVE = re.compile(r"^(?:usual|default|main|own|favou?rite|current|new) ")
_WORD = re.compile(r"[^\W_]+")
_QUOTES = " “”\"'‘’.!"
_VERB_KEYS = {
    "report to": "manager", "work with": "works with", "work for": "company", "am based in": "office", "sit in": "office",
    "live in": "city", "work from": "office", "start work at": "working hours", "work in": "team",
}  # fmt: skip


@dataclass(frozen=True)
class Statement:
    """What a sentence tells, for which scope; explicit where the person asked for it to be kept."""

    said: Said
    scope: Scope = "person"
    is_explicit: bool = False


def statement(sentence: str) -> Statement | None:
    """What one sentence tells about the person or their work; None where it tells nothing to keep."""
    text = " ".join(sentence.split()).rstrip(" .!")
    match = _EXPLICIT.match(text)
    is_explicit = match is not None
    if match is not None:
        text = match["rest"].strip()
        text = text.rstrip(" ?") if sentence.lower().startswith(("can", "could", "would", "will")) else text
    if not text or text.endswith("?") or len(text) > 300 or _TODO.match(text):
        return None
    text, scope = _scoped(text)
    if not is_explicit and _QUESTION.search(text) and not _MEANS[0].match(text):
        return None
    if scope != "person":
        text = _THE.sub("our ", text)
    is_plain = _MY.match(text) is not None  # “our board is …”, which “the deck is …” would read as a name for it
    said = _preference(text) or (
        _fact(text, is_explicit) if is_plain else _alias(text, is_explicit) or _fact(text, is_explicit)
    )
    if said is None and is_explicit:
        said = _free(text)
    if said is None:
        return None
    if scope == "person" and re.match(r"our\b", text, re.I):
        scope = "channel"
    return Statement(said, scope, is_explicit)


def _scoped(text: str) -> tuple[str, Scope]:
    for pattern in (_SCOPE_FIRST, _SCOPE):
        match = pattern.search(text)
        if match is None:
            continue
        words = match[0].lower()
        if pattern is _SCOPE and match.end() != len(text):
            continue
        rest = (text[: match.start()] + " " + text[match.end() :]).strip()
        if not rest:
            continue
        if "team" in words:
            return re.sub(r"^that ", "", rest), "team"
        rest = re.sub(r"^that ", "", rest)
        return rest, "channel" if "channel" in words or "here" in words else "tenant"
    return text, "person"


def _preference(text: str) -> Said | None:
    if match := _CALL_ME.match(text):
        name = _bare(match["name"] or match["also"])
        return Said("preference", "name", f"You want to be called {name}.", name)
    if match := _DATES.match(text):
        word = (match["dates"] or match["style"]).lower()
        if word in _LANGUAGES:
            name = word.upper() if len(word) < 4 else word.capitalize()
            return Said("preference", "dates", f"You want dates in {name} style.", _LANGUAGES[word])
        return None
    if match := _LENGTH.match(text):
        how = "long" if match["how"].lower().startswith(("long", "detail", "in detail")) else "short"
        return Said("preference", "length", f"You want {how} answers.", how)
    if match := _TONE.match(text):
        tone = "formal" if match["tone"].lower().startswith("formal") else "casual"
        return Said("preference", "tone", f"You want a {tone} tone.", tone)
    return next((said for pattern in _ALWAYS if (match := pattern.match(text)) and (said := _always(match))), None)


def _always(match: re.Match[str]) -> Said | None:
    found = match.groupdict()
    parameter = (found.get("parameter") or ("assignee" if "assign" in match[0].lower() else "labels")).lower()
    value, where = _bare(found["value"]), _bare(found.get("where") or "")
    where = re.sub(
        r"^(?:my|the|all|new)\b\s*|\s*\b(?:bugs?|issues?|tickets?|tasks?|cards?)$", "", where, flags=re.I
    ).strip()
    about = f" for {where}" if where else ""
    text = f"You always want {'it assigned to ' + value if parameter == 'assignee' else f'{parameter} {value}'}{about}."
    data = {"parameter": parameter, "where": where}
    return Said("preference", f"default {parameter} {where.lower()}".strip(), text, value, data)


def _alias(text: str, is_explicit: bool) -> Said | None:
    for number, pattern in enumerate(_MEANS):
        match = pattern.match(text)
        if match is None:
            continue
        alias, value = _bare(match["alias"]), _bare(match["value"])
        is_plain = number == len(_MEANS) - 1  # "the deck is …" may be about its state
        surely = _NAMELIKE if is_explicit else _SURELY_A_NAME
        if is_plain and (_STATE.match(value) or not surely.search(match["value"]) or len(value.split()) > 8):
            continue
        if len(alias.split()) > 5 or not value or alias.lower() in ("it", "this", "that", "he", "she", "they", "which"):
            continue
        alias = re.sub(r"^(?:the|our|my) ", "", alias, flags=re.I)
        return Said("alias", f"alias {alias.lower()}", f"By {alias} you mean {value}.", value, {"alias": alias.lower()})
    return None


def _fact(text: str, is_explicit: bool) -> Said | None:
    patterns = (_MY, _IS_MY, _MY_ANY) if is_explicit else (_MY, _IS_MY)
    for pattern in patterns:
        match = pattern.match(text)
        if match is None:
            continue
        value, what = _bare(match["value"]), _RELATIVE.sub("", match["what"].lower())
        if _STATE.match(value) or not value or _QUESTION.search(value):
            return None
        if not is_explicit and (not _NAMELIKE.search(match["value"]) or len(value.split()) > 8):
            return None
        whose = "Our" if match["whose"].lower() == "our" else "Your"
        return Said("fact", relation(what), f"{whose} {what} is {value}.", value)
    if (match := _WORK.match(text)) and _NAMELIKE.search(match["value"]):
        key, value = _VERB_KEYS[match["verb"].lower()], _bare(match["value"])
        return Said("fact", key, f"You {match['verb'].lower()} {value}.".replace("You am", "You are"), value)
    return None


def relation(what: str) -> str:
    """One key for words that mean the same relation."""
    what = " ".join(_RELATIVE.sub("", what.lower()).split())
    return _SAME.get(what, what)


_SAME = {
    "boss": "manager", "line manager": "manager", "repository": "repo", "squad": "team", "timezone": "time zone", "jira board": "board",
    "office hours": "working hours", "usual board": "board", "stand in": "deputy", "stand-in": "deputy", "standin": "deputy",
}  # fmt: skip


def _free(text: str) -> Said:
    """A thing that the person wants kept as said; what it is about is its key."""
    first, _, rest = text.partition(" ")
    text = f"{first[0].upper()}{first[1:]} {rest}".strip() if first else text
    match = re.match(
        r"^(?P<about>.{3,80}?) (?:is|are|was|goes?|leaves?|starts?|ends?|happens?|lives?|sits?|runs?|must|should|needs?|has|have)\b",
        text,
        re.I,
    )
    words = _WORD.findall((match["about"] if match else text).lower())
    return Said("fact", f"note {' '.join(words)}"[:200], f"{text}.")


def _bare(text: str) -> str:
    text = re.sub(r"\s+(?:from now on|please|instead|by default|going forward|,? ok\??)$", "", text.strip(), flags=re.I)
    return text.strip(_QUOTES)
