"""The gallery: still, movie and page of each case; it can be resumed; failures are listed."""

import av
import cv2
import numpy as np
import pytest

from fluoroview.bench import gallery
from fluoroview.hal.testing import has_code
from fluoroview.session.devices.catalogue import read_catalogue

SIZE = 128


@pytest.fixture
def entries(test_drivers):
    return [(entry, case) for entry in read_catalogue().of("theatre") for case in entry.cases]


@pytest.fixture
def made(entries, tmp_path):
    return gallery.make_gallery(tmp_path, entries, size=SIZE)


def movie_of(path):
    with av.open(path) as container:
        rate = container.streams.video[0].average_rate
        return float(rate), [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]


def test_each_case_has_a_still_and_a_movie_at_its_own_rate(made, tmp_path):
    assert not made.failed
    assert len(made.written) == 6
    still = cv2.imread(str(tmp_path / "swallow/aspiration.png"), cv2.IMREAD_UNCHANGED)
    assert still.shape == (SIZE, SIZE)
    rate_hz, frames = movie_of(tmp_path / "swallow/aspiration.mp4")
    assert rate_hz == 8.0
    assert len(frames) == 24
    assert frames[0].shape == (SIZE, SIZE)


def test_a_subtracted_case_shows_dark_contrast_alone(made, tmp_path):
    still = cv2.imread(str(tmp_path / "angiogram/stenosis.png"), cv2.IMREAD_UNCHANGED).astype(int)
    filled, outside = still[: SIZE // 3, SIZE // 2], still[:, SIZE // 4]
    assert filled.mean() + 60 < outside.mean()
    assert abs(still[:, SIZE // 8].mean() - still[:, -SIZE // 8].mean()) < 8, "the ramp is gone"
    plain = cv2.imread(str(tmp_path / "swallow/normal.png"), cv2.IMREAD_UNCHANGED).astype(int)
    assert plain[:, SIZE // 8].mean() + 60 < plain[:, -SIZE // 8].mean(), "there it is not"


def test_the_movie_is_windowed_as_the_still_is(made, tmp_path):
    _, frames = movie_of(tmp_path / "angiogram/stenosis.mp4")
    still = cv2.imread(str(tmp_path / "angiogram/stenosis.png"), cv2.IMREAD_UNCHANGED)
    smooth = [cv2.blur(grey, (9, 9)).astype(int) for grey in (frames[16], still)]
    assert np.abs(smooth[0] - smooth[1]).mean() < 12


def test_existing_files_are_kept_unless_forced(made, entries, tmp_path):
    again = gallery.make_gallery(tmp_path, entries, size=SIZE)
    assert (len(again.written), len(again.kept)) == (0, 6)
    (tmp_path / "swallow/normal.png").unlink()
    third = gallery.make_gallery(tmp_path, entries, size=SIZE)
    assert [path.name for path in third.written] == ["normal.png", "normal.mp4"]
    forced = gallery.make_gallery(tmp_path, entries, size=SIZE, force=True)
    assert len(forced.written) == 6


def test_the_page_shows_every_case_with_its_teaching_points(made, tmp_path):
    page = (tmp_path / "index.html").read_text(encoding="utf-8")
    for text in ("Barium swallow", "Barium runs past the cords.", "abnormal", "<kbd>↑</kbd>"):
        assert text in page
    assert 'src="swallow/aspiration.mp4"' in page


def test_a_case_that_fails_is_listed_and_the_others_are_made(entries, tmp_path, monkeypatch):
    from fluoroview_testdrivers import theatre

    right = theatre.gallery_frames

    def frames(name, case, *more):
        if case == "aspiration":
            raise ValueError("no larynx")
        return right(name, case, *more)

    monkeypatch.setattr(theatre, "gallery_frames", frames)
    result = gallery.make_gallery(tmp_path, entries, size=SIZE)
    assert result.failed == {"swallow aspiration": "ValueError: no larynx."}
    assert len(result.written) == 4
    assert "aspiration" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_no_partial_movie_is_left_when_a_case_is_interrupted(entries, tmp_path, monkeypatch):
    class Interrupted(gallery.WindowLut):
        calls = 0

        def apply(self, image, out):
            Interrupted.calls += 1
            if Interrupted.calls == 10:
                raise KeyboardInterrupt
            super().apply(image, out)

    monkeypatch.setattr(gallery, "WindowLut", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        gallery.make_gallery(tmp_path, entries, size=SIZE)
    assert not list(tmp_path.rglob("*.mp4"))


def test_a_folder_that_cannot_be_made_gets_a_sentence(entries, tmp_path):
    (tmp_path / "file").write_text("")
    result = gallery.make_gallery
    with pytest.raises(gallery.GalleryError, check=has_code("FV-BEN-005")):
        result(tmp_path / "file" / "inside", entries[:1], size=SIZE)


def test_without_the_movie_library_stills_can_be_made_and_movies_name_what_to_install(
    entries, tmp_path, monkeypatch
):
    monkeypatch.setitem(__import__("sys").modules, "av", None)
    with pytest.raises(gallery.GalleryError, check=has_code("FV-BEN-004")):
        gallery.make_gallery(tmp_path, entries, size=SIZE)
    stills = gallery.make_gallery(tmp_path, entries, size=SIZE, movies=False)
    assert [path.suffix for path in stills.written] == [".png"] * 3


def test_the_sheet_has_one_still_of_each_procedure(made, entries, tmp_path):
    sheet = cv2.imread(str(tmp_path / "sheet.jpg"), cv2.IMREAD_GRAYSCALE)
    procedures = len({entry.name for entry, _ in entries})
    assert sheet.shape[1] == min(procedures, 4) * 326
    still = cv2.imread(str(tmp_path / "swallow/aspiration.png"), cv2.IMREAD_GRAYSCALE)
    small = cv2.resize(still, (320, 320), interpolation=cv2.INTER_AREA).astype(int)
    tiles = [sheet[:320, k * 326 : k * 326 + 320].astype(int) for k in range(procedures)]
    assert min(np.abs(tile - small).mean() for tile in tiles) < 4, "an abnormal case stands for all"
