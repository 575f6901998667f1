"""`python docs/tools/error_codes.py`: write docs/error-codes.md from the source.

Every error that can reach a user carries a stable code where it is constructed. This lists the
codes with their sentences; `problems()` finds errors without a code and codes used twice.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "error-codes.md"
_CODE = re.compile(r"FV-[A-Z]{3}-\d{3}")
AREAS = {
    "API": "Public API",
    "ARV": "Driver aravis",
    "BEN": "Benchmarks",
    "CAL": "Calibration",
    "CHK": "Conformance kit",
    "CLI": "Command line",
    "DCM": "DICOM",
    "EPX": "Driver epics",
    "GEN": "Driver generator",
    "GTL": "Driver gentl",
    "GUI": "Viewer",
    "HAL": "Hardware abstraction layer",
    "KAP": "Driver kapmeter",
    "MAN": "Driver manual",
    "PAT": "Driver pattern",
    "PIP": "Image pipeline",
    "PLB": "Driver recording",
    "PYL": "Driver pylon",
    "REC": "Raw recordings",
    "ROM": "Room files",
    "RPL": "Driver dicom_replay",
    "SDK": "What SDK drivers share",
    "SES": "Session",
    "SIM": "Driver simulated",
    "TPL": "Driver template",
    "VID": "Driver video",
    "XIS": "Driver xisl",
}


@dataclass(frozen=True)
class CodedError:
    """One place in the source that constructs an error."""

    code: str
    kind: str
    sentence: str
    place: str


def errors() -> list[CodedError]:
    """Return every construction of an error, in the order of files and lines."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _sources()}
    kinds = _error_classes(trees)
    return [
        found
        for path, tree in trees.items()
        for found in _constructions(tree, kinds, path.relative_to(ROOT).as_posix())
    ]


def problems() -> list[str]:
    """Return what is wrong with the codes, a sentence each; nothing if all is well."""
    wrong, seen = [], dict[str, str]()
    for error in errors():
        if not _CODE.fullmatch(error.code):
            wrong.append(f"{error.place}: {error.kind} has no code")
        elif error.code[3:6] not in AREAS:
            wrong.append(f"{error.place}: {error.code} is of an unknown area")
        elif error.code in seen:
            wrong.append(f"{error.place}: {error.code} is the code of {seen[error.code]}, too")
        seen[error.code] = error.place
    return wrong


def page() -> str:
    """Return the page."""
    lines = [
        "# Error codes",
        "",
        "Every error has a code that stays the same when its sentence is reworded or translated.",
        "The log, the command line and bug reports show it. Parts in braces are filled in.",
        "",
        "This page is written by `python docs/tools/error_codes.py`.",
    ]
    found = sorted(errors(), key=lambda error: error.code)
    for area, title in sorted(AREAS.items()):
        rows = [error for error in found if error.code[3:6] == area]
        if rows:
            lines += ["", f"## {area}: {title}", "", "| code | kind | sentence |", "|---|---|---|"]
            lines += [f"| {row.code} | {row.kind} | {_cell(row.sentence)} |" for row in rows]
    return "\n".join(lines) + "\n"


def _sources() -> list[Path]:
    core = ROOT.glob("fluoroview/**/*.py")
    drivers = ROOT.glob("drivers/*/fluoroview_*/**/*.py")
    return sorted([*core, *drivers])


def _error_classes(trees: dict[Path, ast.Module]) -> set[str]:
    found = {"FluoroError"}
    bases = [
        (node.name, {_name(base) for base in node.bases})
        for tree in trees.values()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
    ]
    while more := {name for name, of in bases if of & found} - found:
        found |= more
    return found


def _constructions(tree: ast.Module, kinds: set[str], path: str) -> Iterator[CodedError]:
    fixed = {  # a class that states its own code needs none where it is constructed
        node.name: code
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name in kinds
        for code in _CODE.findall(ast.unparse(node))
    }
    for name, code in fixed.items():
        yield CodedError(
            code, name, (ast.get_docstring(_class(tree, name)) or "").split(".")[0], path
        )
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or _name(node.func) not in kinds:
            continue
        code = next((k.value for k in node.keywords if k.arg == "code"), None)
        if code is None and _name(node.func) in _OWN_CODE:
            continue
        text = code.value if isinstance(code, ast.Constant) else ""
        kind = _name(node.func)
        sentence = node.args[1 if kind == "DicomError" else 0] if node.args else None
        yield CodedError(str(text), kind, _template(sentence), f"{path}:{node.lineno}")


_OWN_CODE = {"NotWrittenError"}


def _class(tree: ast.Module, name: str) -> ast.ClassDef:
    return next(
        node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name
    )


def _template(node: ast.expr | None) -> str:
    """Return the sentence with its variable parts in braces."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else "{" + ast.unparse(part.value).split(".")[-1] + "}"
            for part in node.values
            if isinstance(part, ast.Constant | ast.FormattedValue)
        )
    if isinstance(node, ast.BinOp):
        return _template(node.left) + _template(node.right)
    return "…"


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ").replace("<", "&lt;")


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
