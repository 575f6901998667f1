"""`python -m fluoroview.translation`: bring the catalogues up to date, or check them."""

import argparse
import sys
from pathlib import Path

from fluoroview.translation import SOURCE_LANGUAGE, catalogue_path, languages
from fluoroview.translation.extract import extract
from fluoroview.translation.po import PoEntry, po_text, read_po
from fluoroview.translation.templates import placeholders


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m fluoroview.translation", description=__doc__)
    task = parser.add_mutually_exclusive_group(required=True)
    task.add_argument("--extract", action="store_true", help="update every catalogue")
    task.add_argument("--check", action="store_true", help="list texts without translation")
    arguments = parser.parse_args()
    used = extract()
    codes = [code for code in languages() if code != SOURCE_LANGUAGE]
    if arguments.extract:
        for code in codes:
            update(catalogue_path(code), code, used)
        return 0
    faults = [fault for code in codes for fault in faults_of(catalogue_path(code), used)]
    for fault in faults:
        print(fault)
    print(f"{len(used)} texts, {len(faults)} faults")
    return 1 if faults else 0


def update(path: Path, code: str, used: dict[str, tuple[str, ...]]) -> None:
    """Write the catalogue with the texts in use: translations are kept, unused ones dropped."""
    known = read_po(path) if path.is_file() else {}
    header = {
        "Project-Id-Version": "FluoroView",
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    entries = [PoEntry(text, known.get(text, ""), files) for text, files in used.items()]
    path.write_text(po_text(entries, header), encoding="utf-8")


def faults_of(path: Path, used: dict[str, tuple[str, ...]]) -> list[str]:
    """Return what is wrong with a catalogue: missing, unused, or other placeholders."""
    known = read_po(path)
    missing = [f"missing: {text!r} ({', '.join(used[text])})" for text in used.keys() - known]
    unused = [f"unused: {text!r}" for text in known.keys() - used]
    other = [
        f"placeholders: {text!r}"
        for text, translation in known.items()
        if not placeholders(translation) <= placeholders(text)
    ]
    return sorted(missing) + sorted(unused) + sorted(other)


if __name__ == "__main__":
    sys.exit(main())
