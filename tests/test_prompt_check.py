"""What the check of prompts refuses and what it lets pass, in every way of writing that it knows."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from errors import RefusedPrompt
from safety import words
from safety.plain import LEET
from safety.prompt import MINORS, PERSONS, RULES, broken, check
from safety.settings import Safeguard

CORPUS: dict[str, list[str]] = yaml.safe_load(Path(__file__).with_name("prompts.yaml").read_text(encoding="utf-8"))
REFUSED = [(rule, prompt) for rule, prompts in CORPUS.items() if rule != "allowed" for prompt in prompts]
PUBLIC = Safeguard("block", public=True)


def test_the_corpus_has_something_for_every_rule() -> None:
    assert set(CORPUS) == {rule.id for rule in RULES} | {"allowed"}
    assert len(REFUSED) + len(CORPUS["allowed"]) >= 100


@pytest.mark.parametrize(("rule", "prompt"), REFUSED)
def test_refused_by_its_rule(rule: str, prompt: str) -> None:
    found = broken(prompt, PUBLIC)
    assert found is not None
    assert found.id == rule


@pytest.mark.parametrize("prompt", CORPUS["allowed"])
def test_allowed(prompt: str) -> None:
    assert broken(prompt, PUBLIC) is None


@pytest.mark.parametrize(("rule", "prompt"), REFUSED)
def test_wherever_it_stands_in_a_long_prompt(rule: str, prompt: str) -> None:
    for text in (f"masterpiece, {prompt}", f"{prompt}, best quality", f"a\n\n{prompt}\n\nb"):
        assert broken(text, PUBLIC) is not None


@pytest.mark.parametrize(("rule", "prompt"), REFUSED)
def test_says_the_category_and_what_to_do_but_not_the_prompt(rule: str, prompt: str, caplog: Any) -> None:
    with pytest.raises(RefusedPrompt) as refused:
        check(prompt, PUBLIC)
    message = str(refused.value)
    assert refused.value.category == rule.partition("-")[0]
    assert message == {"minors": MINORS, "persons": PERSONS}[refused.value.category]
    assert "Remove one of the two" in message
    assert [record.getMessage() for record in caplog.records] == [f"A prompt was refused by the rule {rule}."]


def test_which_rules_hold_where() -> None:
    child, person = "nude child", "nude celebrity"
    for policy in ("blur", "block"):
        for public in (True, False):
            guarded = Safeguard(policy, public)
            assert broken(child, guarded)
            assert broken(person, guarded)
    assert broken(child, Safeguard("off", public=True))
    assert not broken(person, Safeguard("off", public=True))
    assert not broken(child, Safeguard("off", public=False))


def test_the_list_is_in_plain_letters_and_says_nothing_twice() -> None:
    for listed in (words.SEXUAL, words.MINORS, words.SELF_EVIDENT, words.PERSONS, words.HARMLESS, words.NUMBERS):
        assert len(set(listed)) == len(listed)
        for term in listed:
            assert term.replace(" ", "").isalnum()
            assert term == term.casefold()
    assert not set(words.SEXUAL) & set(words.MINORS)


@pytest.mark.parametrize(
    "piece", ["n u d ", "ni1", "!@", "4@", "a ", "s5$", *LEET, "ﷺ", "photo of A", "12 y", "\u0301"]
)
def test_no_prompt_takes_for_ever(piece: str) -> None:
    """As long as a prompt may be, of what makes careless patterns backtrack."""
    assert broken(piece * (4000 // len(piece)), PUBLIC) is None
