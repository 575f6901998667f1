"""Draw who imports whom, from the real imports: `python docs/tools/draw_imports.py`.

Writes docs/images/imports.svg. Each box is a folder of the program; an arrow goes from a folder to
one that it imports. Folders stand on the lowest floor that their imports allow.
"""

from collections import defaultdict
from pathlib import Path

import grimp

ROOT = Path(__file__).resolve().parents[2]
TARGET = ROOT / "docs" / "images" / "imports.svg"
WIDTH, FLOOR, BOX_W, BOX_H = 980, 92, 128, 36
STYLE = "font-family:sans-serif;font-size:14px;text-anchor:middle;dominant-baseline:middle"


def folders() -> dict[str, set[str]]:
    """Return for each folder of the core, and for the drivers together, what it imports."""
    packages = sorted(path.parent.name for path in ROOT.glob("drivers/*/fluoroview_*/__init__.py"))
    graph = grimp.build_graph("fluoroview", *packages, cache_dir=None)
    imports: dict[str, set[str]] = defaultdict(set)
    for module in graph.modules:
        source = folder(module)
        imports[source] |= {
            folder(each) for each in graph.find_modules_directly_imported_by(module)
        }
    return {name: imports[name] - {name, ""} for name in imports if name}


def folder(module: str) -> str:
    """Return the folder of a module: "hal" for fluoroview.hal.frame, "drivers" for any driver."""
    parts = module.split(".")
    if parts[0] != "fluoroview":
        return "drivers"
    is_folder = len(parts) > 1 and (ROOT / "fluoroview" / parts[1]).is_dir()
    return parts[1] if is_folder and parts[1] != "translation" else ""


def floors(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return the folders by floor, lowest first. Raises ValueError for a cycle."""
    height: dict[str, int] = {}
    left = set(imports)
    while left:
        placed = {name for name in left if imports[name] <= height.keys()}
        if not placed:
            raise ValueError(f"these folders import each other: {', '.join(sorted(left))}")
        for name in placed:
            height[name] = 1 + max((height[each] for each in imports[name]), default=-1)
        left -= placed
    return [sorted(n for n in height if height[n] == at) for at in range(max(height.values()) + 1)]


def svg(imports: dict[str, set[str]]) -> str:
    """Return the drawing."""
    rows = floors(imports)
    total = len(rows) * FLOOR + 20
    place = {
        name: (WIDTH * (at + 1) / (len(row) + 1), total - (level + 0.5) * FLOOR - 10)
        for level, row in enumerate(rows)
        for at, name in enumerate(row)
    }
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}">',
        '<defs><marker id="a" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7"'
        ' orient="auto"><path d="M0 0 8 4 0 8z" fill="#789"/></marker></defs>',
        f'<rect width="{WIDTH}" height="{total}" fill="#fff"/>',
    ]
    for name in sorted(imports):
        for other in sorted(imports[name]):
            (x1, y1), (x2, y2) = place[name], place[other]
            lines.append(
                f'<line x1="{x1:.0f}" y1="{y1 + BOX_H / 2:.0f}" x2="{x2:.0f}"'
                f' y2="{y2 - BOX_H / 2:.0f}" stroke="#9ab" marker-end="url(#a)"/>'
            )
    for name, (x, y) in sorted(place.items()):
        lines.append(
            f'<rect x="{x - BOX_W / 2:.0f}" y="{y - BOX_H / 2:.0f}" width="{BOX_W}" '
            f'height="{BOX_H}" rx="6" fill="#eef3f8" stroke="#467"/>'
            f'<text x="{x:.0f}" y="{y:.0f}" style="{STYLE}">{name}</text>'
        )
    return "\n".join([*lines, "</svg>", ""])


if __name__ == "__main__":
    TARGET.write_text(svg(folders()), encoding="utf-8")
    print(TARGET.relative_to(ROOT))
