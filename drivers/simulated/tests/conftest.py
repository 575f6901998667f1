"""Tests of the simulated source keep their patients in a folder of their own."""

import pytest


@pytest.fixture(scope="session", autouse=True)
def _patients_on_disk(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FLUOROVIEW_SIMULATED_CACHE", str(tmp_path_factory.mktemp("patients")))
        yield
