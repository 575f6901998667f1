"""Each numerical library of each process has one thread."""

import json
import subprocess
import sys

from fluoroview.hal.runtime.python_child import child_environment

_COUNT = """
import json, sys
import {libraries}
if {limit}:
    from fluoroview.hal.runtime.threads import limit_numerical_threads
    limit_numerical_threads()
import numba, threadpoolctl
counts = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
print(json.dumps([*counts, cv2.getNumThreads(), numba.config.NUMBA_NUM_THREADS]))
"""


def count(limit, **environment):
    script = _COUNT.format(libraries="numpy, cv2", limit=limit)
    done = subprocess.run(
        [sys.executable, "-c", script], env=environment, check=True, capture_output=True
    )
    return json.loads(done.stdout)


def plain_environment():
    """Return this process's environment without limits that somebody set."""
    return {name: value for name, value in child_environment().items() if "THREADS" not in name}


def test_a_child_starts_with_one_thread_for_each_library():
    counts = count(False, **child_environment())
    assert len(counts) > 2, "numpy's BLAS was found"
    assert set(counts) == {1}


def test_a_process_limits_the_libraries_that_it_has_loaded():
    assert set(count(True, **plain_environment())) == {1}
