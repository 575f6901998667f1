"""The skin's dose in the window: drawn by the device, told where a device keeps none, reset."""

import cv2
import numpy as np

from fluoroview.viewer.dialogs import skin_map


def test_a_device_without_a_map_says_so(make_window):
    window = make_window()
    window.skin_map.open_for()
    assert "keeps no map" in window.skin_map.image.text()


def test_the_map_that_was_drawn_is_shown(make_window, tmp_path):
    window = make_window()
    place = tmp_path / "skin.png"
    cv2.imwrite(str(place), np.full((40, 60, 3), 90, np.uint8))
    window.skin_map._take(str(place))
    shown = window.skin_map.image.pixmap()
    assert (shown.width(), shown.height()) == (60, 40)
    window.skin_map._take(None)
    assert "could not be drawn" in window.skin_map.image.text()


def test_the_simulated_patient_has_a_map_and_its_reset(make_window, qtbot, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    window = make_window("simulated", "suite")
    assert {skin_map.PARAMETER, skin_map.RESET} <= set(window.session.parameters.names)
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
