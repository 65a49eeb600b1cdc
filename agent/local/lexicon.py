"""What people say for the actions and objects that tools are named after: knowledge that holds for any system."""

from __future__ import annotations

import re
from functools import lru_cache

from agent.local.word import stem

# Action of a tool (the verb in its id, see VERB_CLASS) to the ways of asking for it.
ACTIONS = {
    "create": "create|creat|make|open|file|raise|log a|add a|add an|new|start a|start an|set up|setup|register|spin up|put in|enter|submit|"
    "need a|need an|we need|can i get a|draft|report a|write up|open up|generate|get a new|build|book|prepare|capture|turn this into|track|"
    "make me a|i want a|i'd like a|kick off a|stick|found a bug|bug report",
    "update": "update|updte|change|edit|set|rename|retitle|bump|modify|adjust|push the|move the|raise the|lower|increase|reduce|fix the|correct|"
    "is now|should be|should read|should say|should have|make it|mark|put|switch|swap|extend|shift|reschedule|postpone|slip|give|moves to|new title|"
    "amend|revise|label|tag|reprioritise|prioritize|reopen|close|close out|new email|new number|changed|reword|re-estimate|estimate",
    "delete": "delete|delte|remove|rm|trash|bin|get rid|erase|wipe|drop|kill|discard|throw out|throw away|purge|destroy|clean up|take down|"
    "scrap|nuke|can go|should go|unsend|retract|undo the|ditch|toss|eliminate",
    "search": "search|serach|find|look for|looking for|any|anything|anyone|where|did someone|did anyone|has anyone|has somebody|is there|are there|"
    "dig up|look up|lookup|hunt|who mentioned|who said|mentions|mentioning|matching|containing|about|do we have|which|was there|locate|google",
    "list": "list|show|show me|all|which|what are|what's on|whats on|display|give me the|overview|who is|how many|anything|see all|everything|"
    "latest|recent|my open|what do i have|what am i|what does|pull up|any|what's left|open ones|outstanding|how busy|agenda|schedule for|next",
    "get": "get|show|what is|what's|whats|tell me about|details|detail|status of|read|open|pull up|who owns|who is|summarise|summarize|summary|tl;dr|"
    "tldr|describe|info|information|how is|how's|look at|view|check|fetch|display|what does|explain|latest on|is it|when is|how much|how big",
    "comment": "comment|reply on|note on|leave a note|write on|say on|add a note|add note|tell them on|respond on|ask on|mention on|+1|put a comment|"
    "drop a comment|drop a line|chime in|answer on|remark|weigh in|post on|let them know on",
    "assign": "assign|assignee|reassign|give|hand|take|owner|own|unassign|put on|goes to|belongs to|pass|delegate|i'll take|on my plate|for",
    "transition": "move|transition|done|in progress|to do|in review|resolve|close|reopen|start|finish|send back|mark|goes to|is done|status|blocked|"
    "ready for|complete|put in|column|drag|advance|set to|push to|back to",
    "log": "log|record|track|spent|book|put down|took me|hours on|worked|minutes on|jot|write down|note|register|just spoke|just hung up|call with",
    "send": "send|tell|message|msg|ping|dm|post|slack|let|inform|notify|write to|say|shout|drop|announce|remind|ask|text|reply|answer|give a heads up|"
    "heads up|share|forward|mail|email|whatsapp|broadcast|update everyone|tell them|finalize|finalise|issue it",
    "schedule": "schedule|queue|later|at|on monday|tomorrow at|plan|set for|go out|send it at|timed|delay",
    "set": "remind|reminder|set|nudge me|don't let me forget|alert me|ping me|set a|note to self",
    "read": "read|catch me up|catch up|what did i miss|latest|show|what was said|summarise|summarize|what's new in|what happened in|what's going on|"
    "messages from|messages in|last messages|scroll|recap|what was decided|replies|thread",
    "add": "add|put|react|emoji|thumbs up|give a|heart|tada|invite|include|attach|append|drop",
    "invite": "invite|add|bring|get|pull|include|let in|take off|remove|uninvite|loop in|drop|join|need to be in|guests",
    "merge": "merge|ship|squash|rebase|land|merge in|goes in|get it in|approved",
    "run": "run|trigger|kick off|start|launch|dispatch|rerun|re-run|fire|execute|deploy|start the",
    "request": "review|ask|request|get|needs eyes|look over|reviewer|reviewers|approve",
    "check": "free|busy|available|availability|when can|when could|when are|slot|slots|gap|time for|meet|open time|common time|taken|free/busy|hole",
    "respond": "accept|decline|rsvp|yes to|no to|maybe|tentative|attend|attendance|turn down|confirm|refuse|can't make|i'm in|i will be|count me|say yes|say no",
    "cancel": "cancel|call off|drop|kill|end|terminate|stop|remove|delete|unsubscribe|turn off|don't renew|take off|scrap|axe|churning|off my calendar",
    "quick": "block|quick add|quick|quickly|pencil in|jot down|block off|block out|pop|throw|busy|reminder for myself",
    "refund": "refund|money back|give back|return|reverse|pay back|reimburse|credit back",
    "void": "void|annul|cancel|write off|invalidate|nullify",
    "post": "post|update|publish|status update|health|on track|at risk|off track|share",
    "current": "current|cycle|this cycle|sprint|progress|how is|burndown|what's left",
    "find": "find|who is|look up|lookup|what's|handle|profile|title|time zone|email of|which person|contact details",
    "account": "summary|brief|briefing|overview|picture|rundown|catch me up|everything|what's going on|situation|where do we stand|360|prep me|full picture|the lot",
    "edit": "edit|fix|change|correct|update|reword|should say|should read|replace|typo|amend|it should",
}  # fmt: skip
VERB_CLASS = {
    "make": "create", "new": "create", "open": "create", "start": "create", "register": "create", "draft": "create", "upload": "create",
    "modify": "update", "change": "update", "move": "update", "rename": "update", "archive": "delete", "remove": "delete", "close": "update",
    "show": "get", "view": "get", "describe": "get", "fetch": "get", "query": "search", "reply": "send", "forward": "send", "write": "send",
    "share": "send", "mark": "update", "download": "get", "balance": "get", "pause": "cancel",
}  # fmt: skip
# Object of a tool (the nouns in its id and its parameters) to the ways of saying it.
OBJECTS = {
    "issue": "issue|issues|ticket|tickets|bug|bugs|task|story|epic|tikcet|isues|tix|defect",
    "message": "message|messages|post|posts|dm|dms|announcement|msg|note|slack",
    "channel": "channel|channels|room|group|chan",
    "thread": "thread|threads|replies|discussion|conversation",
    "reaction": "reaction|react|emoji|thumbs|tada|heart|rocket|eyes|checkmark|+1",
    "reminder": "reminder|remind|reminders|nudge",
    "person": "who|person|profile|handle|colleague|title|time zone",
    "event": "event|events|meeting|meetings|appointment|sync|1:1|standup|retro|lunch|call|invite|invitation|demo|review|offsite|interview|dentist|"
    "workshop|session|all hands|kickoff|dinner|coffee|catch-up|1-1|calendar|agenda|schedule|booked",
    "guest": "guest|guests|invite|attendee|attendees|participants",
    "availability": "free|busy|available|availability|slot|gap|time",
    "calendar": "calendars|calendar|calender",
    "request": "pr|prs|pull request|pull requests|merge request|mr|patch",
    "review": "review|reviewer|reviewers|reveiw|reviews|eyes",
    "branch": "branch|branches",
    "workflow": "workflow|workflows|ci|build|pipeline|action|actions|job|deploy|nightly|green",
    "run": "runs|run|ci|build|builds|green|passing|failed|failing|pass|red",
    "comment": "comment|comments|note|remark",
    "project": "project|projects|initiative|initiatives",
    "update": "update|health|on track|at risk|off track|status update",
    "cycle": "cycle|sprint|iteration|cycles",
    "opportunity": "opportunity|opportunities|opp|opps|deal|deals|pipeline|oportunities|opprtunity|renewal",
    "lead": "lead|leads|prospect",
    "record": "contact|account|lead|record|case|opportunity|task|acount|contacts|accounts",
    "case": "case|cases|support case|complaint|csae",
    "activity": "call|note|activity|meeting|spoke|email|e-mail|demo|voicemail|visit|lunch",
    "summary": "summary|picture|overview|brief|briefing|rundown|360|sumary",
    "customer": "customer|customers|client|clients|custmer",
    "payment": "payment|payments|charge|charges|paid|pay|transaction|transactions|paymnts|money|payed",
    "invoice": "invoice|invoices|bill|bills|invocie|owe|owes|unpaid",
    "link": "link|checkout|payment link|payment page",
    "subscription": "subscription|subscriptions|plan|subscribed|trial|subscriber|subscribers|renew|past due",
    "balance": "balance|balence|funds|sitting|available money",
    "work": "hours|hour|time|minutes|worklog|spent|2h|min|work",
}  # fmt: skip


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, ...], tuple[str, ...]]:
    table: dict[tuple[str, ...], list[str]] = {}
    for prefix, groups in (("A:", ACTIONS), ("N:", OBJECTS)):
        for name, said in groups.items():
            for phrase in said.split("|"):
                table.setdefault(_key(phrase), []).append(prefix + name)
    return {key: tuple(dict.fromkeys(names)) for key, names in table.items()}


def _key(phrase: str) -> tuple[str, ...]:
    return tuple(stem(word) for word in re.findall(r"[\w'/+:\-;]+", phrase.lower()))


def classes(words: list[str]) -> list[tuple[int, int, tuple[str, ...]]]:
    """Classes named by stretches of words (lower case): (first, last exclusive, classes); the longest at each place."""
    table = _table()
    stems = [stem(word) for word in words]
    found = []
    for i in range(len(stems)):
        for size in (4, 3, 2, 1):
            names = table.get(tuple(stems[i : i + size])) if i + size <= len(stems) else None
            if names:
                found.append((i, i + size, names))
                break
    return found


def tool_classes(verb: str, nouns: list[str]) -> tuple[str, frozenset[str]]:
    """The action and the objects of a tool by the words of its id."""
    action = verb if verb in ACTIONS else VERB_CLASS.get(verb, verb)
    objects = set()
    for noun in nouns:
        for name, said in OBJECTS.items():
            if stem(noun) == stem(name) or stem(noun) in {stem(word) for word in said.split("|")}:
                objects.add("N:" + name)
    return "A:" + action, frozenset(objects)
