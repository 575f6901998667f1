"""Hooks of mkdocs: the pages that are made from the source when the site is built."""

from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).resolve().parents[2]


def on_files(files: Files, config: Any) -> Files:
    """Add the list of decisions, the changelog and the guide for contributors."""
    pages = {
        "decisions/index.md": _decisions(),
        "changelog.md": (ROOT / "CHANGELOG.md").read_text("utf-8"),
        "contributing.md": (ROOT / "CONTRIBUTING.md").read_text("utf-8").replace("](docs/", "]("),
        "drivers.md": (ROOT / "drivers" / "README.md")
        .read_text("utf-8")
        .replace("](../docs/", "]("),
    }
    for name, text in pages.items():
        files.append(File.generated(config, name, content=text))
    return files


def on_page_markdown(markdown: str, **_page: Any) -> str:
    """Let links to the drivers' guide of the source tree lead to its page."""
    return markdown.replace("](../drivers/README.md", "](drivers.md")


def _decisions() -> str:
    lines = ["# Decisions", "", "One file for each decision: context, decision, consequences.", ""]
    for path in sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md")):
        title = path.read_text("utf-8").splitlines()[0].removeprefix("# ")
        lines.append(f"- [{title}]({path.name})")
    return "\n".join([*lines, ""])
