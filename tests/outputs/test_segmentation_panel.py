"""Each view of each image lies in its cell, in its colours."""

import numpy as np
import pytest

from monai_ext.errors import SettingError
from monai_ext.outputs.label_colours import label_colours
from monai_ext.outputs.segmentation_panel import PanelRow, segmentation_panel

CELL, GAP, TOP = 40, 6, 22


def cell(panel, row, column, size=(40, 40)):
    y, x = TOP + row * (CELL + GAP), GAP + column * (CELL + GAP)
    return np.asarray(panel)[y : y + size[0], x : x + size[1]]


@pytest.fixture
def full(np_rng):
    return PanelRow(
        image=np_rng.integers(0, 256, size=(40, 40, 3), dtype=np.uint8),
        predicted=np.array([[0, 1], [2, 1]]),
        confidence=np.array([[0.0, 1.0], [0.5, 2.0]]),
        truth=np.array([[1, 255], [0, 0]]),
        assignment=np.array([[0, 8], [-1, 3]]),
    )


def enlarged(colours):
    return np.repeat(np.repeat(colours, 20, axis=0), 20, axis=1)


def test_columns_are_input_truth_prediction_confidence_prototypes(full):
    panel = segmentation_panel([full], cell_px=CELL)
    grey = np.array([[0, 255], [128, 255]])[..., None].repeat(3, axis=2)
    expected = [
        full.image,
        enlarged(label_colours(full.truth)),
        enlarged(label_colours(full.predicted)),
        enlarged(grey),
        enlarged(label_colours([[1, 9], [-1, 4]])),
    ]
    for column, pixels in enumerate(expected):
        np.testing.assert_array_equal(cell(panel, 0, column), pixels)
    assert panel.width == 5 * (CELL + GAP) + GAP


def test_view_that_no_row_has_has_no_column_and_one_that_a_row_lacks_is_white(full):
    bare = PanelRow(full.image, full.predicted, full.confidence)
    panel = segmentation_panel([bare], cell_px=CELL)
    assert panel.width == 3 * (CELL + GAP) + GAP
    np.testing.assert_array_equal(cell(panel, 0, 1), enlarged(label_colours(bare.predicted)))
    both = segmentation_panel([bare, full], cell_px=CELL)
    assert cell(both, 0, 1).min() == 255
    np.testing.assert_array_equal(cell(both, 1, 1), enlarged(label_colours(full.truth)))


def test_images_keep_their_shape(full):
    wide = PanelRow(np.zeros((10, 40, 3), np.uint8), full.predicted, full.confidence)
    panel = np.asarray(segmentation_panel([wide], cell_px=CELL))
    assert panel.shape[0] == TOP + 10 + GAP
    assert panel[TOP : TOP + 10, GAP : GAP + 40].max() == 0
    assert panel[TOP + 10 :].min() == 255


def test_each_column_has_a_heading(full):
    panel = np.asarray(segmentation_panel([full], cell_px=CELL))
    for column in range(5):
        x = GAP + column * (CELL + GAP)
        assert panel[:TOP, x : x + CELL].min() < 100


def test_panel_without_rows_or_size_is_refused(full):
    with pytest.raises(SettingError, match="0 rows with cell_px=224"):
        segmentation_panel([])
    with pytest.raises(SettingError, match="1 rows with cell_px=0"):
        segmentation_panel([full], cell_px=0)
