"""The texts that a person can read, collected from the source without running it.

Collected are the literals of `tr`, the sentences of errors and of status messages (f-strings become
templates), and what drivers write about their parameters, procedures and cases.
"""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent
_ERROR_BASE = "FluoroError"
_SENTENCES = {"Problem", "Alarm", "StatusMessage", "warn", "Finding"}
"""Calls whose positional texts are sentences for the operator."""
_DESCRIBED = {"Sample", "Case", "Control", "ProcedureInfo", "ParameterInfo"}
_DESCRIBING = {"title", "teaching", "doc", "description", "label", "instruction"}
_FILE_ERROR = "DicomError"
"""Its sentences begin with the name of the file, which is its first argument."""
_HELPED = {"Option", "Argument", "Typer"}
_COMMANDS = "fluoroview/cli/"
"""The docstrings of the functions here are the help of their commands."""
_CODE = re.compile(r"FV-[A-Z]+-\d+")
_LETTER = re.compile(r"[^\W\d_]")
_PROCEDURE_TITLES = {"Sample": (1,), "Case": (1, 3), "ProcedureInfo": (1, 3), "Control": (2,)}
"""Where title and teaching points stand among the positional arguments."""


def extract(root: Path = _ROOT) -> dict[str, tuple[str, ...]]:
    """Return every text with the files that use it, sorted by file and place."""
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _sources(root)}
    errors = _error_classes(trees.values())
    used: dict[str, list[str]] = {}
    for path, tree in trees.items():
        file = path.relative_to(root).as_posix()
        commands = _command_help(tree) if file.startswith(_COMMANDS) else ()
        for text in [*_texts(tree, errors), *commands]:
            files = used.setdefault(text, [])
            if file not in files:
                files.append(file)
    return {text: tuple(files) for text, files in used.items()}


def _sources(root: Path) -> list[Path]:
    core = root.glob("fluoroview/**/*.py")
    drivers = root.glob("drivers/*/fluoroview_*/**/*.py")
    return sorted([*core, *drivers])


def _error_classes(trees: Iterable[ast.Module]) -> set[str]:
    bases: dict[str, set[str]] = {}
    for tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                bases.setdefault(node.name, set()).update(map(_name, node.bases))
    found = {_ERROR_BASE}
    while more := {name for name, of in bases.items() if of & found} - found:
        found |= more
    return found


def _texts(tree: ast.Module, errors: set[str]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and _name(node.func) == "tr":
            for argument in node.args[:1]:
                yield from _templates(argument)  # also a single word such as "exact"
        elif isinstance(node, ast.Call):
            about_file = _name(node.func) == _FILE_ERROR
            for at, argument in enumerate(_shown_arguments(node, errors)):
                texts = filter(_is_text, _templates(argument))
                yield from (
                    (f"{{file}} {text}" for text in texts) if about_file and at == 1 else texts
                )


def _command_help(tree: ast.Module) -> Iterator[str]:
    """Yield the docstrings of public functions with options: the help of commands."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and "Option" in ast.dump(node.args) + _aliases(node):
            text = ast.get_docstring(node)
            if text and not node.name.startswith("_"):
                yield text


def _aliases(function: ast.FunctionDef) -> str:
    annotations = [ast.unparse(each.annotation) for each in function.args.args if each.annotation]
    return "Option" if {"AsJson", "Driver"} & set(annotations) else ""


def _shown_arguments(call: ast.Call, errors: set[str]) -> Iterator[ast.expr]:
    name = _name(call.func)
    if name in errors or name in _SENTENCES:
        yield from call.args[:3]  # what and remedy; a DicomError names its file first
        yield from _keywords(call, {"what", "remedy", "sentence"})
    elif name in _HELPED:
        yield from _keywords(call, {"help"})
    elif name in _DESCRIBED or name.endswith("Parameter"):
        yield from (call.args[at] for at in _PROCEDURE_TITLES.get(name, ()) if at < len(call.args))
        yield from _keywords(call, _DESCRIBING)


def _keywords(call: ast.Call, names: set[str]) -> Iterator[ast.expr]:
    for keyword in call.keywords:
        if keyword.arg in names:
            yield keyword.value


def _templates(node: ast.expr) -> list[str]:
    """Return the texts that an expression can have, values as {placeholders}."""
    if isinstance(node, ast.Constant):
        return [node.value] if isinstance(node.value, str) else []
    if isinstance(node, ast.JoinedStr):
        return [_f_string(node)]
    if isinstance(node, ast.IfExp):
        return _templates(node.body) + _templates(node.orelse)
    if isinstance(node, ast.BoolOp):
        return [text for value in node.values for text in _templates(value)]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = _templates(node.left), _templates(node.right)
        return [first + second for first in left for second in right]
    return []


def _f_string(node: ast.JoinedStr) -> str:
    text = ""
    names: dict[str, str] = {}
    for value in node.values:
        if isinstance(value, ast.Constant):
            text += str(value.value)
        elif isinstance(value, ast.FormattedValue):
            text += "{" + _placeholder(value.value, names) + "}"
    return text


def _placeholder(node: ast.expr, names: dict[str, str]) -> str:
    """Return a name for an expression, the same for the same expression of one text."""
    source = ast.dump(node)
    base = _name(node).lower().strip("_") or "value"
    number = 1
    name = base
    while names.setdefault(name, source) != source:
        number += 1
        name = f"{base}{number}"
    return name


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _name(node.args[0]) if node.args and _name(node.args[0]) else _name(node.func)
    if isinstance(node, ast.Subscript):
        return _name(node.value)
    return ""


def _is_text(text: str) -> bool:
    letters = _LETTER.search(re.sub(r"\{\w+\}", "", text))
    is_name = (text.isidentifier() and text.islower()) or _CODE.fullmatch(text)
    return bool(letters) and not is_name
