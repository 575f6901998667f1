"""How many threads the numerical libraries of a process may use: one.

BLAS, OpenMP, numba and OpenCV each start a thread per core by default, in every process. On a
computer that also drives a detector they take the cores from each other and from the driver:
preparation of a beam took 29 to 47 s instead of 2 s. FluoroView's parallelism lies in its processes
and in the threads of its pipeline (docs/decisions/0017-numerical-threads.md).
"""

import os
import sys

THREADS = 1
"""Threads of each numerical library in each process."""
_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "NUMBA_NUM_THREADS",
    "OPENCV_FOR_THREADS_NUM",
)


def thread_environment(threads: int = THREADS) -> dict[str, str]:
    """Return the variables that limit every numerical library of a process started with them."""
    return dict.fromkeys(_VARIABLES, str(threads))


def limit_numerical_threads(threads: int = THREADS) -> None:
    """Limit the numerical libraries of this process, loaded already or later."""
    import threadpoolctl  # 20 ms, which the child processes need not spend

    for name, value in thread_environment(threads).items():
        os.environ.setdefault(name, value)  # a value that the user set holds for what loads later
    threadpoolctl.threadpool_limits(threads)
    if (cv2 := sys.modules.get("cv2")) is not None:
        cv2.setNumThreads(threads)
