import pytest

from monai_ext.engines import extraction_estimate
from monai_ext.engines.extraction_estimate import ExtractionEstimate, seconds_a_tile


def test_sums_over_slides():
    estimate = ExtractionEstimate(embed_dim=10, tiles={"a": [4, 1], "b": [0, 0], "c": [2, 1]})
    estimate.seconds_a_tile = 0.5
    assert estimate.per_level == [6, 2]
    assert estimate.empty == ["b"]
    assert estimate.seconds == 4.0
    assert estimate.disk_bytes == 8 * (10 * 4 + 16)
    assert estimate.lines()[-1].startswith("dry run: 3 slides, 6 + 2 tiles, 1 without tissue")


def test_no_slide_left_is_an_estimate_too():
    assert "0 slides, 0 tiles" in ExtractionEstimate().lines()[-1]


@pytest.mark.parametrize(("overlapping", "expected"), [(True, 2.5), (False, 4.0)])
def test_the_clock_runs_over_reading_and_the_second_encoding(monkeypatch, overlapping, expected):
    clock = [0.0]
    takes = iter([30.0, 5.0])  # warming up is slow
    monkeypatch.setattr(extraction_estimate.time, "perf_counter", lambda: clock[0])

    def spend(seconds):
        clock[0] += seconds

    read, encode = (lambda: spend(3.0)), (lambda _: spend(next(takes)))
    assert seconds_a_tile(read, encode, 2, overlapping=overlapping) == expected
