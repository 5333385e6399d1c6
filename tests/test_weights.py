"""Prompt weights mean what they mean in AUTOMATIC1111, and what is malformed is text."""

import pytest

from generation.weights import Fragment, fragments, understood

UP, DOWN = 1.1, 1 / 1.1


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        ("", []),
        ("a red circle", [("a red circle", 1)]),
        ("a (red) circle", [("a ", 1), ("red", UP), (" circle", 1)]),
        ("a ((red)) circle", [("a ", 1), ("red", UP * UP), (" circle", 1)]),
        ("a [red] circle", [("a ", 1), ("red", DOWN), (" circle", 1)]),
        ("a (red:1.5) circle", [("a ", 1), ("red", 1.5), (" circle", 1)]),
        ("a (red: .5 ) circle", [("a ", 1), ("red", 0.5), (" circle", 1)]),
        ("a (red:-1) circle", [("a ", 1), ("red", -1), (" circle", 1)]),
        ("((a:2) b:3)", [("a", 6), (" b", 3)]),
        ("(a [b] c:2)", [("a ", 2), ("b", 2 * DOWN), (" c", 2)]),
        (r"a \(red\) circle \[x\] \\", [("a (red) circle [x] \\", 1)]),
        (r"(\(red\):2)", [("(red)", 2)]),
        ("(a)(b)", [("ab", UP)]),
        ("a (red circle", [("a ", 1), ("red circle", UP)]),  # never closed: as there, to the end
        ("a ) red ] circle", [("a ) red ] circle", 1)]),
        ("time: 10:30, ratio:1.5)", [("time: 10:30, ratio:1.5)", 1)]),
        ("(a:b)", [("a:b", UP)]),
        ("(a:1.2.3)", [("a:1.2.3", UP)]),
        ("(a:nan)(b:inf)", [("a:nanb:inf", UP)]),
        ("()[]", []),
        (r"a\b", [(r"a\b", 1)]),
        ("\\", [("\\", 1)]),
        ('"a cat".swap(dog)++ and-- ("x", "y").and()', [('"a cat".swap', 1), ("dog", UP), ("++ and-- ", 1),
                                                        ('"x", "y"', UP), (".and", 1)]),
    ],
)  # fmt: skip
def test_weights(prompt: str, expected: list[tuple[str, float]]) -> None:
    found = fragments(prompt)
    assert [fragment.text for fragment in found] == [text for text, _ in expected]
    assert [fragment.weight for fragment in found] == pytest.approx([weight for _, weight in expected])


def test_what_other_tools_do_is_noted() -> None:
    prompt, notes = understood("a cat <lora:ink:0.8> on a [mat|rug], [red:blue:0.5], \\[a|b\\]")
    assert prompt == "a cat  on a [mat|rug], [red:blue:0.5], \\[a|b\\]"
    assert ["<lora:ink:0.8>" in note for note in notes] == [True, False, False]
    assert ["[mat|rug]" in note for note in notes] == [False, True, False]
    assert "[red:blue:0.5]" in notes[2]
    assert understood("a (red:1.2) [circle]") == ("a (red:1.2) [circle]", [])


def test_fragments_are_plain_data() -> None:
    assert fragments("x") == [Fragment("x", 1.0)]
