"""A rule is a function that yields its findings. Its docstring states what it
requires."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from template import Template

Found = Iterator[str]
Rule = Callable[[Template], Found]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    RULES.append(check)
    return check


def differ(what: str, is_: Any, should: Any) -> Found:
    if is_ != should:
        yield f"{what} is {json.dumps(is_)}, not {json.dumps(should)}"


def broken(t: Template, by: str | None = None) -> list[str]:
    """The findings of all rules or of one, each with its rule's name."""
    return [f"{check.__name__}: {what}" for check in RULES if by in (None, check.__name__) for what in check(t)]
