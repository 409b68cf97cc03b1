import csv
import json
import logging

import numpy as np
import pytest
import torch
from torch import nn

from monai_ext import wsi
from monai_ext.data import feature_path, read_features
from monai_ext.engines.extraction import extract_features
from monai_ext.errors import SettingError
from monai_ext.hashing import json_hash
from monai_ext.networks.encoders import PatchEncoder, TinyEncoder
from monai_ext.outputs.provenance import Provenance
from monai_ext.testing.shared_data import shared_data_path
from monai_ext.testing.slide_damage import destroy_tile, truncate_file
from tests.engines.tiny_extraction import (
    TILE_PX,
    add_slide,
    blank_image,
    extract,
    feature_files,
    settings_for,
    tissue_image,
)


class Colours(PatchEncoder):
    """Mean colour: the features of a position-coded slide say where a tile lies."""

    encoder_id, embed_dim, licence, commercial_use = "colours", 3, "Apache-2.0", True

    def __init__(self):
        pool = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
        super().__init__(pool, mean=[0.0] * 3, std=[1.0] * 3)


def level_path(tmp_path, slide, magnification=20, encoder="tiny"):
    return feature_path(tmp_path / "out", magnification, TILE_PX, encoder, slide)


def table(path):
    with path.open(newline="", encoding="utf-8") as stream:
        return {row["slide"]: row for row in csv.DictReader(stream)}


@pytest.fixture
def slides(tmp_path):
    return tmp_path / "slides"


def test_features_are_the_encoder_of_the_tiles_at_the_coordinates(tmp_path, slides):
    path = add_slide(slides, "a.tif")
    assert extract(tmp_path).ok == ["a"]
    for magnification, step in ((20, 32), (10, 64), (5, 128)):
        found = read_features(level_path(tmp_path, "a", magnification))
        with wsi.open_slide(path) as reader:
            areas = [wsi.read_area(reader, x, y, step, step, 32, 32) for x, y in found.coords]
        expected = TinyEncoder().encode(np.stack(areas))
        np.testing.assert_allclose(found.features, expected, atol=0.05)
        assert (found.step_px, found.mpp, found.slide_mpp) == (step, step / 64, 0.5)


def test_tiles_lie_where_their_pixels_say_and_have_all_ancestors(tmp_path, slides):
    image = np.empty((256, 384, 3), np.uint8)
    image[..., 0] = 40 + 16 * (np.arange(384) // 32)  # column
    image[..., 1] = 30 + 16 * (np.arange(256) // 32)[:, None]  # row
    image[..., 2] = 200
    add_slide(slides, "a.tif", image, quality=98, subsampling="444", factors=(1,))
    mask = {"type": "Polygon", "coordinates": [[[32, 64], [320, 64], [320, 224], [32, 224]]]}
    mask["coordinates"][0].append([32, 64])
    feature = {"type": "Feature", "properties": {}, "geometry": mask}
    (tmp_path / "tissue").mkdir()
    collection = {"type": "FeatureCollection", "features": [feature]}
    (tmp_path / "tissue/a.geojson").write_text(json.dumps(collection), encoding="utf-8")
    extract(tmp_path, Colours(), tissue_dir=tmp_path / "tissue", min_tissue=0.9)
    levels = [read_features(level_path(tmp_path, "a", m, "colours")) for m in (20, 10, 5)]
    finest = levels[0]
    assert len(finest.coords) == 9 * 5
    said = (finest.features[:, :2] - np.array([40, 30])) / 16
    np.testing.assert_allclose(said, finest.coords / 32, atol=0.25)
    for level, step in zip(levels[1:], (64, 128), strict=True):
        parents = {tuple(corner) for corner in finest.coords // step * step}
        assert parents == {tuple(corner) for corner in level.coords}


def test_a_file_records_the_request_and_the_encoder(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    found, settings = read_features(level_path(tmp_path, "a")), settings_for(tmp_path)
    assert found.request_hash == settings.spec.request_hash
    assert found.request_hash == json_hash(found.request)
    assert found.weight_hash == TinyEncoder().weight_hash
    assert found.attrs["reader"] in {"strip", "openslide", "cucim"}
    assert found.level0_size == (512, 384)


def test_summary_has_tiles_mpp_step_and_the_outputs_provenance_id(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    row = table(tmp_path / "out/summary.csv")["a"]
    found = read_features(level_path(tmp_path, "a"))
    assert (row["status"], row["tiles_20x"]) == ("ok", str(len(found.coords)))
    assert (row["mpp"], row["step_px"]) == ("0.5", "32")
    link = Provenance(found.slide_hash, found.request_hash, "tiny", found.weight_hash)
    assert row["provenance"] == link.id


def test_a_second_run_touches_nothing(tmp_path, slides):
    add_slide(slides, "a.tif")
    add_slide(slides, "b.tif", tissue_image(seed=1))
    extract(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.h5")}
    outcome = extract(tmp_path)
    assert (outcome.ok, outcome.skipped) == ([], ["a", "b"])
    assert before == {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*.h5")}
    assert table(tmp_path / "out/summary.csv")["a"]["status"] == "skipped"


def test_only_a_missing_level_is_made_again(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    before, kept = feature_files(tmp_path / "out"), level_path(tmp_path, "a").stat().st_mtime_ns
    level_path(tmp_path, "a", 10).unlink()
    assert extract(tmp_path).ok == ["a"]
    assert feature_files(tmp_path / "out") == before
    assert level_path(tmp_path, "a").stat().st_mtime_ns == kept


def test_bad_slides_are_listed_and_the_good_ones_done(tmp_path, slides):
    add_slide(slides, "a.tif")
    truncate_file(add_slide(slides, "cut.tif"), 0.4)
    destroy_tile(add_slide(slides, "tile.tif"), 5)
    (slides / "text.svs").write_text("not a slide", encoding="utf-8")
    add_slide(slides, "z.tif")
    outcome = extract(tmp_path)
    assert outcome.ok == ["a", "z"]
    reasons = table(tmp_path / "out/failed.csv")
    assert set(reasons) == {"cut", "text", "tile"}
    assert "tile.tif" in reasons["tile"]["reason"]
    assert not level_path(tmp_path, "tile").exists()


def test_a_rerun_redoes_only_what_failed(tmp_path, slides):
    add_slide(slides, "a.tif")
    truncate_file(add_slide(slides, "b.tif"), 0.4)
    assert set(extract(tmp_path).failed) == {"b"}
    add_slide(slides, "b.tif")
    outcome = extract(tmp_path)
    assert (outcome.ok, outcome.skipped, outcome.failed) == (["b"], ["a"], {})
    assert not (tmp_path / "out/failed.csv").exists()


@pytest.mark.parametrize("mpp", [None, 100.0])
def test_a_slide_without_a_believable_mpp_is_refused_by_name(tmp_path, slides, mpp):
    add_slide(slides, "a.tif", mpp=mpp)
    reason = extract(tmp_path).failed["a"]
    assert "a.tif" in reason
    assert "--mpp" in reason
    assert extract(tmp_path, mpp=0.5).ok == ["a"]


def test_mpp_of_a_table_is_used(tmp_path, slides):
    add_slide(slides, "a.tif", mpp=None)
    (tmp_path / "c.csv").write_text("slide,mpp\na,1.0\n", encoding="utf-8")
    extract(tmp_path, cohort=tmp_path / "c.csv", mpps=[1.0])
    assert read_features(level_path(tmp_path, "a", 10)).step_px == 32


def test_another_given_mpp_redoes_the_slide(tmp_path, slides):
    add_slide(slides, "a.tif", mpp=0.5)
    extract(tmp_path)
    assert extract(tmp_path, mpp=0.25).ok == ["a"]
    assert read_features(level_path(tmp_path, "a")).step_px == 64


def test_real_slide_with_absurd_mpp_works_with_a_given_one(tmp_path, slides):
    slides.mkdir()
    path = shared_data_path("slides/tcga-cr-7395-01a-01-ts1.svs")
    (slides / path.name).symlink_to(path.resolve())
    reason = extract(tmp_path).failed[path.stem]
    assert "--mpp" in reason
    outcome = extract(tmp_path, mpp=0.5, tile_px=256)
    assert outcome.ok == [path.stem]
    assert len(read_features(feature_path(tmp_path / "out", 20, 256, "tiny", path.stem)).coords)


def test_no_slide_says_what_is_looked_for(tmp_path, slides):
    slides.mkdir()
    with pytest.raises(SettingError, match=r"no slide in .*slides.*Repair: check --dataset_dir"):
        extract(tmp_path)


def test_without_tissue_there_are_zero_rows_at_every_level(tmp_path, slides):
    add_slide(slides, "white.tif", blank_image())
    assert extract(tmp_path).empty == ["white"]
    for magnification in (20, 10, 5):
        found = read_features(level_path(tmp_path, "white", magnification))
        assert found.features.shape == (0, 16)
    row = table(tmp_path / "out/summary.csv")["white"]
    assert (row["status"], row["tiles_20x"]) == ("empty", "0")
    assert extract(tmp_path).skipped == ["white"]


def test_difficult_names_pass(tmp_path, slides):
    names = ["with space", "ümlaut 組織", "a #1%20", "$@x", "new\nline", "v1.2.3", "n" * 200]
    for name in names:
        add_slide(slides / "sub folder #2", f"{name}.tif", blank_image(128, 128))
    assert sorted(extract(tmp_path).empty) == sorted(names)
    assert sorted(extract(tmp_path).skipped) == sorted(names)


def test_a_dry_run_counts_and_writes_nothing(tmp_path, slides, caplog):
    add_slide(slides, "a.tif")
    add_slide(slides, "white.tif", blank_image())
    truncate_file(add_slide(slides, "cut.tif"), 0.1)
    with caplog.at_level(logging.INFO, "monai_ext"):
        outcome = extract(tmp_path, dry_run="True")
    assert not (tmp_path / "out").exists()
    assert set(outcome.failed) == {"cut"}
    estimate = outcome.estimate
    assert estimate.empty == ["white"]
    assert estimate.seconds > 0
    assert "2 slides" in caplog.text
    extract(tmp_path)
    files = [read_features(level_path(tmp_path, "a", m)).coords for m in (20, 10, 5)]
    assert list(estimate.tiles["a"]) == [len(coords) for coords in files]


def test_tissue_stage_writes_outlines_only_and_keeps_them(tmp_path, slides):
    add_slide(slides, "a.tif")
    assert extract(tmp_path, stage="tissue").ok == ["a"]
    assert [p.name for p in (tmp_path / "out").rglob("*.*") if p.is_file()] == [
        "summary.csv",
        "a.geojson",
    ]
    outline = tmp_path / "out/tissue/a.geojson"
    outline.write_text("edited", encoding="utf-8")
    assert extract(tmp_path, stage="tissue").skipped == ["a"]
    assert outline.read_text(encoding="utf-8") == "edited"


def test_edited_outlines_are_not_overwritten_by_a_later_stage(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path, stage="tissue")
    (tmp_path / "out/tissue/a.geojson").write_text("edited", encoding="utf-8")
    assert "--tissue_dir" in extract(tmp_path).failed["a"]
    assert (tmp_path / "out/tissue/a.geojson").read_text(encoding="utf-8") == "edited"


def test_tiles_stage_writes_coordinates_as_trident_does(tmp_path, slides):
    import h5py

    add_slide(slides, "a.tif")
    extract(tmp_path, stage="tiles")
    assert feature_files(tmp_path / "out") == {}
    folder = tmp_path / "out/10x_32px_0px_overlap/patches"
    with h5py.File(folder / "a_patches.h5") as file:
        coords, attrs = file["coords"][:], dict(file["coords"].attrs)
    assert (attrs["patch_size"], attrs["patch_size_level0"]) == (32, 64)
    assert attrs["target_magnification"] == 10
    extract(tmp_path)
    np.testing.assert_array_equal(read_features(level_path(tmp_path, "a", 10)).coords, coords)


def test_edited_outlines_change_the_tiles(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path, stage="tissue")
    path = tmp_path / "out/tissue/a.geojson"
    outline = json.loads(path.read_text(encoding="utf-8"))
    square = [[[64, 64], [128, 64], [128, 128], [64, 128], [64, 64]]]
    outline["features"] = outline["features"][:1]
    outline["features"][0]["geometry"] = {"type": "Polygon", "coordinates": square}
    path.write_text(json.dumps(outline), encoding="utf-8")
    extract(tmp_path, tissue_dir=tmp_path / "out/tissue")
    coords = read_features(level_path(tmp_path, "a")).coords
    assert coords.tolist() == [[64, 64], [96, 64], [64, 96], [96, 96]]
    square[0][1][0] = square[0][2][0] = 96
    path.write_text(json.dumps(outline), encoding="utf-8")
    assert extract(tmp_path, tissue_dir=tmp_path / "out/tissue").ok == ["a"]
    assert read_features(level_path(tmp_path, "a")).coords.tolist() == [[64, 64], [64, 96]]


def test_a_slide_without_given_outlines_fails(tmp_path, slides):
    add_slide(slides, "a.tif")
    (tmp_path / "tissue").mkdir()
    reason = extract(tmp_path, tissue_dir=tmp_path / "tissue").failed["a"]
    assert reason.startswith("slide a has no file in tissue_dir")


def test_one_name_twice_fails_with_both_places(tmp_path, slides):
    add_slide(slides, "1/a.tif")
    add_slide(slides, "2/a.tif", tissue_image(seed=1))
    add_slide(slides, "b.tif")
    outcome = extract(tmp_path)
    assert outcome.ok == ["b"]
    assert str(slides / "1/a.tif") in outcome.failed["a"]
    assert str(slides / "2/a.tif") in outcome.failed["a"]


def test_another_request_in_the_folder_is_refused(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    with pytest.raises(SettingError, match=r"another request: min_tissue=0.35, now 0.5"):
        extract(tmp_path, min_tissue=0.5)
    with pytest.raises(SettingError, match=r"another request: .*tile_px=32, now 64"):
        extract(tmp_path, tile_px=64)


def test_other_weights_under_one_name_are_refused(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    with pytest.raises(SettingError, match="another weight_hash of encoder tiny"):
        extract(tmp_path, TinyEncoder(seed=1))


def test_another_encoder_may_share_the_folder(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path)
    assert extract(tmp_path, Colours()).ok == ["a"]
    assert level_path(tmp_path, "a", encoder="colours").exists()
    assert level_path(tmp_path, "a").exists()


def test_features_that_are_not_finite_fail_the_slide(tmp_path, slides):
    class Broken(Colours):
        def forward(self, image):
            return super().forward(image) / 0

    add_slide(slides, "a.tif")
    assert "NaN or infinite" in extract(tmp_path, Broken()).failed["a"]
    assert feature_files(tmp_path / "out") == {}


def test_remains_of_a_killed_run_are_removed(tmp_path, slides):
    add_slide(slides, "a.tif")
    stale = level_path(tmp_path, "a").with_name(".4194399.partial.a.h5")
    stale.parent.mkdir(parents=True)
    stale.touch()
    extract(tmp_path)
    assert not stale.exists()


def test_a_plan_that_cannot_be_met_is_refused_before_work(tmp_path, slides):
    add_slide(slides, "a.tif")
    with pytest.raises(SettingError, match="did you mean tiny"):
        extract_features(settings_for(tmp_path, encoder="tyni"))
    assert not (tmp_path / "out").exists()


def test_features_do_not_depend_on_the_batch_size(tmp_path, slides):
    add_slide(slides, "a.tif")
    extract(tmp_path, batch_size=1)
    extract(tmp_path, batch_size=50, output_dir=tmp_path / "two")
    one = read_features(level_path(tmp_path, "a")).features
    other = feature_path(tmp_path / "two", 20, TILE_PX, "tiny", "a")
    torch.testing.assert_close(torch.tensor(one), torch.tensor(read_features(other).features))
