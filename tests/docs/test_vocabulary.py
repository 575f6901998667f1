"""The vocabulary of the project: words that code, comments and documents do not use.

Plain technical English only: one word for one thing, and sentences with a subject. Each banned word
comes with the words to use in its place.
"""

import re
import subprocess
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SKIPPED = {Path(__file__).resolve()}

WORDS = {
    r"told|tells|untold": "reports, states, shows",
    r"beside": "next to, with, apart from",
    r"(?:gives?|given|gave) back": "releases, closed, returned",
    r"anew": "again",
    r"pictures?": "image, frame",
    r"by itself": "automatically, alone",
}
"""Whole words anywhere in the text of a Python or Markdown file."""
NAMES = {
    r"(?:.*_)?(?:told|tells|tell_\w+|untold)(?:_.*)?": "report, state, show",
    r"test_(?:.*_)?(?:said|says)(?:_.*)?": "reported, states",
    r"(?:.*_)?(?:beside|given_back|give_back)(?:_.*)?": "next_to, release",
    r".*_(?:wanted|wished)": "_requested",
    r"_*(?:\w+_)?(?:MOST|LEAST|LONGEST)_\w*": "MAX_, MIN_",
    r"(?i:.*(?:examination|picture).*)": "session, procedure, image",
}
"""Identifiers of Python, matched whole."""


def tracked(suffix):
    listed = subprocess.run(
        ["git", "ls-files", "-z", f"*{suffix}"], cwd=ROOT, capture_output=True, check=True
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return [path for path in paths if path not in SKIPPED and path.is_file()]


def of_words(line):
    return [(word, use) for word, use in WORDS.items() if re.search(rf"(?i)\b(?:{word})\b", line)]


def of_names(name):
    return [(name, use) for pattern, use in NAMES.items() if re.fullmatch(pattern, name)]


def report(path, number, found):
    return [f"{path.relative_to(ROOT)}:{number}: {word!r}; use {use}" for word, use in found]


@pytest.mark.parametrize("suffix", [".py", ".md"])
def test_no_text_uses_a_banned_word(suffix):
    found = []
    for path in tracked(suffix):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            found += report(path, number, of_words(line))
    assert not found, "\n".join(found)


def test_no_identifier_uses_a_banned_word():
    found = []
    for path in tracked(".py"):
        with path.open("rb") as source:
            for token in tokenize.tokenize(source.readline):
                if token.type == tokenize.NAME:
                    found += report(path, token.start[0], of_names(token.string))
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("text", "caught"),
    [
        ("The loss is told to the session.", True),
        ("It stands beside the image.", True),
        ("Besides the bones it holds fat.", False),
        ("The picture is held.", True),
        ("The buffer is given back.", True),
        ("The driver reports the loss.", False),
    ],
)
def test_a_banned_word_is_found_as_a_whole_word(text, caught):
    assert bool(of_words(text)) is caught


@pytest.mark.parametrize(
    ("name", "caught"),
    [
        ("hold_wanted", True),
        ("_MOST_BUFFERS", True),
        ("LONGEST_WAIT_S", True),
        ("test_a_loss_is_told_once", True),
        ("show_picture", True),
        ("ExaminationPanel", True),
        ("at_most", False),
        ("most_common", False),
        ("hold_requested", False),
        ("tell", False),
    ],
)
def test_a_banned_identifier_is_found(name, caught):
    assert bool(of_names(name)) is caught
