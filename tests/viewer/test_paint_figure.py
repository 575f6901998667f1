"""The figure of painting is measured for both sizes, next to the bare widgets, in one run."""

from fluoroview.bench import paint


def test_the_figure_has_both_sizes_and_its_ratio():
    steps = []
    result = paint.run(lambda done, total: steps.append((done, total)), frames=3, for_scale=False)
    assert set(result["sizes"]) == {"1024", "2048"}
    for size in result["sizes"].values():
        assert size["ratio_to_bare"] == size["ratio_to"]["bare"]
        assert 0.1 < size["ratio_to_bare"] < 10
        assert all(0.05 < ms < 1000 for ms in size["ms"].values())
    assert steps == [(0, 2), (1, 2)]
