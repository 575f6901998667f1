"""Translation of texts that hold values: `Frame 12 is lost` by the template `Frame {n} is lost`."""

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{([A-Za-z_][A-Za-z0-9_]*)\}")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_MIN_LETTERS = 4
"""A template with fewer letters of its own would fit anything."""
_VALUE = ".+?"
_FIRST_VALUE = r"(?:[^.!?]|[.!?](?!\s))*?(?:[.!?]\s)?"
"""A value that begins a text is one sentence at most, such as a suggestion, or nothing."""
_CACHED = 2048
_MAX_LENGTH = 4000
_MAX_DEPTH = 3


@dataclass(frozen=True, slots=True)
class _Template:
    prefix: str
    suffix: str
    letters: int
    pattern: re.Pattern[str]
    translation: str


class Templates:
    """The texts of a catalogue with {placeholders}, tried with most letters first."""

    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts
        found = (_template(text, translation) for text, translation in texts.items())
        self._templates = sorted(
            (each for each in found if each is not None), key=lambda each: -each.letters
        )
        self._cached = functools.lru_cache(_CACHED)(self._translate)

    def translate(self, text: str) -> str:
        """Return the translation of a text, of its sentences, or the text itself."""
        if not self._texts or len(text) > _MAX_LENGTH:
            return text
        return self._cached(text, 0)

    def _translate(self, text: str, depth: int) -> str:
        ends = [(match.start(), match.end()) for match in _SENTENCE_END.finditer(text)]
        whole = self._texts.get(text) or self._two(text, ends, depth) or self._fitting(text, depth)
        if whole:
            return whole
        for stop, begin in reversed(ends):
            first = self._fitting(text[:stop], depth)
            if first is not None:
                return f"{first} {self._translate(text[begin:], depth)}"
        if ends:
            stop, begin = ends[0]
            return f"{text[:stop]} {self._translate(text[begin:], depth)}"
        return text

    def _two(self, text: str, ends: list[tuple[int, int]], depth: int) -> str | None:
        """Return two translations where the text is two texts of the catalogue: what and remedy."""
        for stop, begin in reversed(ends):
            remedy = self._fitting(text[begin:], depth)
            what = self._fitting(text[:stop], depth) if remedy is not None else None
            if what is not None:
                return f"{what} {remedy}"
        return None

    def _fitting(self, text: str, depth: int) -> str | None:
        exact = self._texts.get(text)
        if exact:
            return exact
        if depth >= _MAX_DEPTH:
            return None
        for template in self._templates:
            if text.startswith(template.prefix) and text.endswith(template.suffix):
                match = template.pattern.fullmatch(text)
                if match is not None:
                    return self._filled(template, match.groupdict(), depth)
        return None

    def _filled(self, template: _Template, values: dict[str, str], depth: int) -> str:
        translated = {name: self._value(value, depth + 1) for name, value in values.items()}
        return _PLACEHOLDER.sub(
            lambda match: translated.get(match[1], match[0]), template.translation
        )

    def _value(self, value: str, depth: int) -> str:
        """Return a value translated where it is a text of the catalogue: an error in an error."""
        return self._fitting(value, depth) or value


def placeholders(text: str) -> set[str]:
    """Return the names of the placeholders of a text."""
    return set(_PLACEHOLDER.findall(text))


def _template(text: str, translation: str) -> _Template | None:
    pieces = _PLACEHOLDER.split(text)
    literals, names = pieces[::2], pieces[1::2]
    letters = sum(character.isalpha() for literal in literals for character in literal)
    if not names or letters < _MIN_LETTERS:
        return None
    pattern = re.escape(literals[0])
    seen: set[str] = set()
    for name, literal in zip(names, literals[1:], strict=True):
        value = _VALUE if pattern else _FIRST_VALUE
        pattern += f"(?P={name})" if name in seen else f"(?P<{name}>{value})"
        seen.add(name)
        pattern += re.escape(literal)
    return _Template(
        literals[0], literals[-1], letters, re.compile(pattern, re.DOTALL), translation
    )
