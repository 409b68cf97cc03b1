"""Bags whose tiles point along the embeddings of texts, a class's own among them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch
from torch.nn import functional

from monai_ext.data import (
    SlideFeatures,
    TextEmbeddings,
    feature_path,
    find_features,
    write_features,
    write_splits,
)
from monai_ext.ops.bag_layout import pack_bag

DIM, TILES = 16, 24


def planted_texts(seed: int) -> TextEmbeddings:
    """Two classes and six instances, random unit vectors."""
    generator = torch.Generator().manual_seed(seed)
    rows = functional.normalize(torch.randn(8, DIM, generator=generator), dim=1)
    return TextEmbeddings(
        instances=rows[2:], classes=rows[:2], instance_names=tuple("abcdef"),
        class_names=("negative", "positive"), task="planted", encoder_id="planted",
        weight_hash="none", licence="none", aligned_with=("toy",), priors_hash="none",
    )  # fmt: skip


def paraphrased(texts: TextEmbeddings, seed: int, size: float = 0.15) -> TextEmbeddings:
    """The same texts a small angle away."""
    generator = torch.Generator().manual_seed(seed)

    def near(rows):
        away = functional.normalize(torch.randn(rows.shape, generator=generator), dim=1)
        return functional.normalize(rows + size * away, dim=1)

    return replace(texts, instances=near(texts.instances), classes=near(texts.classes))


def planted_tiles(texts: TextEmbeddings, label: int, generator: torch.Generator) -> torch.Tensor:
    """A fifth of the tiles along the class's text, the others along instance texts."""
    own = torch.rand(TILES, generator=generator) < 0.2
    own[0] = True
    which = torch.randint(texts.num_instances, (TILES,), generator=generator)
    direction = torch.where(own[:, None], texts.classes[label], texts.instances[which])
    return 6 * direction + torch.randn(TILES, DIM, generator=generator)


def planted_bags(
    texts: TextEmbeddings, count: int, generator: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """Bags ``[S, 4 + D, N]`` and labels, which alternate."""
    zero, labels = torch.zeros(TILES), torch.arange(count) % 2
    tiles = [planted_tiles(texts, int(label), generator) for label in labels]
    return torch.stack([pack_bag(x, zero, torch.arange(TILES), zero) for x in tiles]), labels


def write_planted_cohort(folder, texts: TextEmbeddings, *, patients: int, seed: int):
    """Feature files, table and two folds."""
    generator = torch.Generator().manual_seed(seed)
    rows = []
    for patient in range(patients):
        slide, label = f"s{patient}", patient % 2
        columns = np.arange(TILES)
        item = SlideFeatures(
            slide=slide,
            features=planted_tiles(texts, label, generator).numpy(),
            coords=np.stack([columns, np.zeros_like(columns)], 1).astype(np.int64) * 256,
            step_px=256.0, tile_px=256, overlap_px=0, mpp=0.5, slide_mpp=0.5, grid_level=0,
            encoder_id="toy", weight_hash="toyweights", slide_hash=f"hash-{slide}",
            level0_size=(TILES * 256, 256),
        )  # fmt: skip
        write_features(feature_path(folder / "features", 20, 256, "toy", slide), item)
        rows.append(f"{slide},p{patient},{texts.class_names[label]}\n")
    (folder / "cohort.csv").write_text("slide,patient,label\n" + "".join(rows))
    found = find_features(folder / "features")
    return write_splits(folder / "splits", folder / "cohort.csv", found, folds=2, seed=seed)
