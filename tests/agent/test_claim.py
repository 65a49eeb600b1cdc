"""What a language model says without having done it, and links it took from elsewhere."""

import pytest

from agent.claim import NO_LINK, without_claims, without_links

CLAIMS = (
    "Done!",
    "Done, I created it.",
    "I created the issue.",
    "I've posted your message to #general.",
    "I have now scheduled the meeting.",
    "I just sent it.",
    "We have updated the deal.",
    "The ticket has been created.",
    "The meeting was successfully booked.",
    "Your message is now posted.",
    "All set!",
    "✅ Created PAY-12.",
    "Sent to #eng.",
    "Message sent to Ana.",
    "Ticket created.",
    "It's done.",
    "That is taken care of.",
    "I took care of it.",
    "I went ahead and closed PAY-3.",
    "Successfully refunded the payment.",
    "The issue’s been moved to Done.",
    "I’ve assigned it to Priya.",
    "Ich habe das Ticket erstellt.",
    "Erledigt.",
    "J'ai créé le ticket.",
    "He creado la incidencia.",
    "Ho creato il ticket.",
    "Invitation sent.",
    "- Created the channel",
    "Consider it done.",
    "I successfully merged the pull request.",
    "Everything is done.",
    "PAY-12 is now closed.",
    "I have also notified the team.",
)

PLAIN = (
    "I can't do that with these tools.",
    "In which project should it go?",
    "Should I set the due date to Friday?",
    "Do you want me to post it?",
    "I will create the issue once you approve.",
    "There are 3 open issues in Payments.",
    "PAY-99 was created by Ana on Monday.",
    "The oldest is PAY-12.",
    "Please tell me which channel you mean.",
    "A sprint is a fixed period of work.",
    "The deal is worth 20,000 EUR.",
    "You have no meetings tomorrow.",
    "I have not created anything yet.",
    "I did not send it.",
    "Kanban limits work in progress.",
    "Set the due date first, then ask me again.",
    "The invoice is open and due on Friday.",
    "I could move it to Done if you like.",
    "Nothing was changed.",
    "I need the name of the customer.",
    "Ich kann das nicht tun.",
    "The capital of France is Paris.",
    "Created by Priya on 3 May.",
    "To refund it I need the amount.",
)


@pytest.mark.parametrize("sentence", CLAIMS)
def test_a_claim_is_cut(sentence: str) -> None:
    assert without_claims(sentence) == ""
    assert without_claims(f"PAY-12 is the oldest.\n{sentence}\nIn which project?") == (
        "PAY-12 is the oldest.\nIn which project?"
    )


@pytest.mark.parametrize("sentence", PLAIN)
def test_what_claims_nothing_is_kept(sentence: str) -> None:
    assert without_claims(sentence) == sentence


def test_lines_are_kept_apart() -> None:
    assert without_claims("Two are open:\n- PAY-1\n- PAY-2") == "Two are open:\n- PAY-1\n- PAY-2"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("See https://evil.example/x?y=1.", f"See {NO_LINK}"),
        ("See [the form](https://evil.example/x) now", f"See the form {NO_LINK} now"),
        ("![](https://evil.example/p.png?q=secret)", NO_LINK),
        ("<https://evil.example|click>", f"{NO_LINK}|click>"),
        ("[x](javascript:alert(1))", f"x {NO_LINK})"),
        ("www.evil.example/x", NO_LINK),
        ("It is https://ours.example/PAY-1, the oldest", "It is https://ours.example/PAY-1, the oldest"),
        ("It is [PAY-1](https://ours.example/PAY-1)", "It is [PAY-1](https://ours.example/PAY-1)"),
    ],
)
def test_only_known_links_are_passed_on(text: str, left: str) -> None:
    assert without_links(text, {"https://ours.example/PAY-1"}) == left
