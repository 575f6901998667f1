"""The skin dose map in the window: drawn by the device, reset, and absent where there is none."""

import cv2
import numpy as np

from fluoroview.hal.roles import Role


def test_a_device_without_a_map_states_it(make_window):
    window = make_window()
    window.skin_map.open_for()
    assert "computes no skin dose map" in window.skin_map.image.text()


def test_the_map_that_was_drawn_is_shown(make_window, tmp_path):
    window = make_window()
    place = tmp_path / "skin.png"
    cv2.imwrite(str(place), np.full((40, 60, 3), 90, np.uint8))
    window.skin_map._show(str(place))
    shown = window.skin_map.image.pixmap()
    assert (shown.width(), shown.height()) == (60, 40)
    window.skin_map._show(None)
    assert "cannot be drawn" in window.skin_map.image.text()


def test_the_simulated_patient_has_a_map_and_its_reset(make_window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    window = make_window("simulated", "suite")
    assert {Role.SKIN_DOSE_MAP, Role.SKIN_DOSE_RESET} <= window.session.parameters.roles
    window.session.set_parameter("Procedure", "phantom").result(30)

    def drawn():
        window.skin_map.ask()
        qtbot.wait(100)
        return not window.skin_map.image.pixmap().isNull()

    qtbot.waitUntil(drawn, timeout=20_000)
    window.reset_dose()
    assert list(tmp_path.glob("*/skin.png"))
    window.close()
    assert not list(tmp_path.glob("*/skin.png")), "nothing is left on the disk"
