from pathlib import Path

import numpy as np

from monai_ext.outputs.prototype_gallery import PrototypeGallery

EDGES = np.array([[0, 0, 9, 9], [10, 0, 19, 9], [20, 0, 29, 9]])


def test_best_tiles_of_all_slides_come_first_and_no_slide_fills_a_row():
    gallery = PrototypeGallery(tiles=3, tiles_per_slide=2)
    gallery.add("a", Path("a.tif"), EDGES, np.array([[0.9, 0.0], [0.8, 0.1], [0.7, 0.2]]))
    gallery.add("b", None, EDGES, np.array([[0.1, 0.3], [0.85, 0.0], [0.2, 0.0]]))
    first, second = gallery.rows
    assert [(p.slide, p.similarity) for p in first] == [("a", 0.9), ("b", 0.85), ("a", 0.8)]
    assert [(p.slide, p.similarity) for p in second] == [("b", 0.3), ("a", 0.2), ("a", 0.1)]
    assert first[1].edges == (10, 0, 19, 9)
    assert first[1].path is None
    assert [(k, place) for k, place, _ in gallery.picks()] == [
        (0, 0), (0, 1), (0, 2), (1, 0), (1, 1), (1, 2)
    ]  # fmt: skip
