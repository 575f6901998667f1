"""How the tests are shared among processes: a file at a time, and one process per real port."""

from pathlib import PurePath

import pytest

ONE_PROCESS = {
    "drivers/aravis": "the fake GigE Vision camera owns UDP port 3956 of this machine",
}


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Group the tests for `--dist loadgroup`."""
    if not config.pluginmanager.hasplugin("xdist"):
        return
    for item in items:
        file = PurePath(item.nodeid.partition("::")[0])
        name = next((place for place in ONE_PROCESS if file.is_relative_to(place)), None)
        item.add_marker(pytest.mark.xdist_group(name or str(file)))
