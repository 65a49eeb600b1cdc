"""The page of what is promised in chat says what the tests say."""

from tests.conformance.matrix import DOCUMENT, catalogue, document, marked


def test_the_page_is_what_the_marks_make() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document(), "run `python -m tests.conformance`"


def test_every_mark_names_a_behaviour_that_there_is() -> None:
    known = {key for behaviours in catalogue().values() for key in behaviours}
    unknown = [f"{held.path}:{held.line} {held.key}" for held in marked() if held.key not in known]
    assert not unknown
    absent = {
        (key, platform) for behaviours in catalogue().values() for key, one in behaviours.items()
        for platform in one.absent
    }  # fmt: skip
    contrary = [held.test for held in marked() for platform in held.platforms if (held.key, platform) in absent]
    assert not contrary, "marked where the catalogue says that there is no such thing"
