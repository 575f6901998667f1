"""How every child process starts: safe path, limited threads, the same interpreter.

`python -m` puts the current folder first on the path, and so would run any `numpy.py` that lies
there. The children start with `-P` instead, and an empty entry of PYTHONPATH, which also means the
current folder, is dropped.
"""

import os
import sys

from fluoroview.hal.runtime.threads import thread_environment


def python_command(module: str, *arguments: str) -> list[str]:
    """Return the command line that runs `module` with this interpreter and a safe path."""
    return [sys.executable, "-P", "-m", module, *arguments]


def child_environment() -> dict[str, str]:
    """Return the environment of a child process."""
    environment = {**os.environ, **thread_environment()}
    paths = python_path()
    if paths:
        environment["PYTHONPATH"] = os.pathsep.join(paths)
    else:
        environment.pop("PYTHONPATH", None)
    return environment


def python_path() -> list[str]:
    """Return the folders that the user named in PYTHONPATH."""
    return [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
