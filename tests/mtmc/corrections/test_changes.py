"""What corrections change, in words."""

import pytest

from mtmc.corrections import Changes


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        ({(1, 1): 9.0, (2, 1): 4.0}, "Person 2 becomes person 1."),
        ({(1, 1): 9.0, (2, 3): 4.0}, "Person 2 becomes person 3, who is new."),
        ({(1, 1): 9.0, (2, 0): 4.0}, "Person 2 becomes nobody."),
        (
            {(1, 1): 9.0, (1, 3): 4.0, (2, 2): 1.0},
            "Of person 1, 4.0 s become person 3, who is new.",
        ),
        (
            {(1, 1): 9.0, (1, 0): 1.5, (1, 2): 2.5, (2, 2): 4.0},
            "Of person 1, 1.5 s become nobody and 2.5 s become person 2.",
        ),
        ({(0, 0): 9.0, (0, 2): 4.0, (2, 2): 1.0}, "Of what was nobody's, 4.0 s become person 2."),
    ],
)
def test_a_sentence_for_each_person(seconds, text):
    first, moved = Changes(seconds).text.split("\n")
    assert first == text
    assert moved == "4.0 s of tracks change their person."


def test_an_exchange_and_names():
    seconds = {(1, 1): 9.0, (1, 2): 3.0, (2, 2): 8.0, (2, 1): 3.0, (3, 3): 1.0, (3, 2): 0.01}
    names = [{1: "Ann", 3: "Bob"}, {2: "Ann", 3: "Bob"}]
    assert Changes.of([(*pair, s) for pair, s in seconds.items()], *names).text.split("\n") == [
        "Of person 1, 3.0 s become person 2.",
        "Of person 2, 3.0 s become person 1.",
        "Person 1 has no name now.",
        "Person 2 is called Ann.",
        "6.0 s of tracks change their person.",
    ]
    assert Changes({(1, 1): 3.0}).text == "Nothing changes."
