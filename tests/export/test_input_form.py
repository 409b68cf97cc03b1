"""Random inputs are of the form that the metadata say, and of many sizes."""

import pytest
import torch

from monai_ext.export.input_form import EDGES, InputForm, input_form, random_inputs

BAG, IMAGE, TILE = InputForm(6, (None,)), InputForm(3, (None, None), 255.0), InputForm(3, (64, 64))


def described(channels, shape, value_range):
    image = {"num_channels": channels, "spatial_shape": shape, "value_range": value_range}
    return {"network_data_format": {"inputs": {"image": image}}}


def test_form_is_that_of_the_metadata():
    assert input_form(described(1284, ["*"], [])) == InputForm(1284, (None,), 1.0)
    assert input_form(described(3, ["*", "*"], [0, 255])) == IMAGE
    fixed = described(3, [256, 256], [0, 255])
    assert input_form(fixed).sides == (256, 256)
    assert input_form(fixed, tile_px=512).sides == (512, 512)
    assert input_form(described(3, ["*", "*"], [0, 255]), tile_px=512).sides == (None, None)


def test_a_bag_has_sound_places_and_an_image_its_range(rng):
    bag = BAG.example([60], rng)
    assert bag.shape == (1, 6, 60)
    assert bag[0, 0].unique().tolist() == [0, 1, 2]
    assert bag[0, 1:3].equal(bag[0, 1:3].round())
    assert bag[0, 3].unique().tolist() == [-1, 0, 1, 2, 3, 4, 5]
    image = IMAGE.example([50, 40], rng, batch=2)
    assert image.shape == (2, 3, 50, 40)
    assert 250 < image.max() <= 255
    assert TILE.example([], rng).shape == (1, 3, 64, 64)


@pytest.mark.parametrize("multiple", [None, 32])
def test_sizes_differ_and_keep_to_the_multiple(multiple):
    shapes = [tuple(x.shape) for x in random_inputs(IMAGE, 20, multiple=multiple)]
    assert len(set(shapes)) > 12
    sides = {side for shape in shapes for side in shape[2:]}
    least = 1 if multiple is None else 2 * multiple
    assert shapes[0][2:] == (least, least)
    assert max(sides) <= 32 * EDGES
    assert any(side % 32 for side in sides) == (multiple is None)
    assert {shape[0] for shape in shapes} == {1, 2, 3, 4}


def test_the_first_bag_has_one_instance_and_seeds_decide():
    lengths = [x.shape[2] for x in random_inputs(BAG, 20)]
    assert lengths[0] == 1
    assert len(set(lengths)) > 15
    for same, seed in ((True, 0), (False, 1)):
        pairs = zip(random_inputs(BAG, 3), random_inputs(BAG, 3, seed=seed), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs) == same
