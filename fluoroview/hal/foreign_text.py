"""Text from outside the program, made harmless before a person sees it.

File names, device identifiers, recordings, DICOM attributes and keys of settings can hold escape
sequences, line breaks and characters that reverse the direction of writing. `plain` shows them
instead of sending them to a terminal, a log or a label.
"""

_ELLIPSIS = "…"


def plain(text: object, limit: int = 200) -> str:
    r"""Return foreign text as one printable line of at most `limit` characters.

    White space becomes a space. Any other character that is not printable (control, format and
    bidirectional characters, lone surrogates) becomes its escape, `\x1b`. A longer text loses its
    middle, because a path is recognised by its beginning and its end.
    """
    line = _shortened(str(text), limit)
    if not line.isprintable():
        line = _shortened("".join(map(_visible, line)), limit)
    return line


def _shortened(text: str, limit: int) -> str:
    if len(text) <= limit:
        return text
    tail = limit // 2
    return text[: limit - tail - len(_ELLIPSIS)] + _ELLIPSIS + text[len(text) - tail :]


def _visible(character: str) -> str:
    if character.isprintable():
        return character
    if character.isspace():
        return " "
    code = ord(character)
    if 0xDC80 <= code <= 0xDCFF:  # a byte that os.fsdecode could not decode (PEP 383)
        return f"\\x{code - 0xDC00:02x}"
    return character.encode("unicode_escape").decode("ascii")
