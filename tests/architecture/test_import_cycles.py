"""No module imports itself, however far round: not in a function, and not for types alone."""

from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = [
    "fluoroview",
    *sorted(path.parent.name for path in ROOT.glob("drivers/*/fluoroview_*/__init__.py")),
]


def cycles(modules, imports):
    """Return the strongly connected components of two and more modules (Tarjan, 1972)."""
    index, low, stack, found = {}, {}, [], []

    def visit(start):
        work = [(start, iter(imports(start)))]
        index[start] = low[start] = len(index)
        stack.append(start)
        while work:
            module, left = work[-1]
            for imported in left:
                if imported not in index:
                    index[imported] = low[imported] = len(index)
                    stack.append(imported)
                    work.append((imported, iter(imports(imported))))
                    break
                if imported in stack:
                    low[module] = min(low[module], index[imported])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[module])
                if low[module] == index[module]:
                    place = stack.index(module)
                    component = sorted(stack[place:])
                    del stack[place:]
                    if len(component) > 1:
                        found.append(component)

    for module in sorted(modules):
        if module not in index:
            visit(module)
    return found


def graph_of(package):
    graph = grimp.build_graph(package, exclude_type_checking_imports=False, cache_dir=None)
    return graph.modules, graph.find_modules_directly_imported_by


@pytest.mark.parametrize("package", PACKAGES)
def test_no_module_imports_itself_round_a_corner(package):
    assert cycles(*graph_of(package)) == []


def test_a_cycle_of_two_is_found():
    imports = {"a": ["b"], "b": ["c", "a"], "c": []}
    assert cycles(imports, imports.get) == [["a", "b"]]


def test_a_long_cycle_is_found_once_and_a_diamond_is_none():
    imports = {"a": ["b", "c"], "b": ["d"], "c": ["d"], "d": [], "x": ["y"], "y": ["z"], "z": ["x"]}
    assert cycles(imports, imports.get) == [["x", "y", "z"]]
