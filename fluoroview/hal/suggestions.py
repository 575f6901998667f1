"""The names that a user may have meant."""

from collections.abc import Iterable
from difflib import get_close_matches

MAX_SUGGESTIONS = 3


def nearest(name: str, choices: Iterable[str], count: int = MAX_SUGGESTIONS) -> list[str]:
    """Return the choices most like `name`, best first: by part, by spelling, by a word of it."""
    given = name.casefold()
    by_fold = {choice.casefold(): choice for choice in choices}
    by_word = {
        word: choice
        for fold, choice in by_fold.items()
        for word in fold.replace("_", "-").split("-")
    }
    containing = [choice for fold, choice in by_fold.items() if len(given) > 1 and given in fold]
    spelled = [by_fold[fold] for fold in get_close_matches(given, by_fold, MAX_SUGGESTIONS, 0.5)]
    worded = [by_word[word] for word in get_close_matches(given, by_word, MAX_SUGGESTIONS, 0.7)]
    return list(dict.fromkeys([*containing, *spelled, *worded]))[:count]


def did_you_mean(name: str, choices: Iterable[str], count: int = MAX_SUGGESTIONS) -> str:
    """Return "Did you mean A or B? " for the nearest choices; nothing where none is near."""
    near = nearest(name, choices, count)
    return f"Did you mean {' or '.join(near)}? " if near else ""
