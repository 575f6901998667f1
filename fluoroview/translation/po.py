"""Catalogues in the PO format of gettext: read and written.

The source tree and the wheel hold the PO file itself; it is read at the first text, so that no
compiled copy can be out of date.
"""

import ast
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class PoEntry:
    """One text of a catalogue and the files that use it."""

    text: str
    translation: str
    files: tuple[str, ...] = ()


def read_po(path: Path) -> dict[str, str]:
    """Return translations by English text, without the header and without empty ones."""
    entries: dict[str, str] = {}
    parts = {"msgid": "", "msgstr": ""}
    keyword = ""
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line.startswith('"'):
            parts[keyword] += ast.literal_eval(line)
        elif line.startswith(("msgid ", "msgstr ")):
            keyword, quoted = line.split(" ", 1)
            parts[keyword] = ast.literal_eval(quoted)
        elif not line.strip():
            if parts["msgid"] and parts["msgstr"]:
                entries[parts["msgid"]] = parts["msgstr"]
            parts = {"msgid": "", "msgstr": ""}
    return entries


def po_text(entries: Iterable[PoEntry], header: Mapping[str, str]) -> str:
    """Return the entries as the text of a PO file."""
    lines = ['msgid ""', 'msgstr ""']
    lines += [_quoted(f"{name}: {value}\n") for name, value in header.items()]
    for entry in entries:
        lines.append("")
        lines += [f"#: {file}" for file in entry.files]
        lines.append(f"msgid {_quoted(entry.text)}")
        lines.append(f"msgstr {_quoted(entry.translation)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + escaped.replace("\n", "\\n").replace("\t", "\\t") + '"'
