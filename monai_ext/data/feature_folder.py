"""Find the feature files below a folder, whichever tool made them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from monai_ext.data.feature_layout import (
    LevelName,
    level_folder_name,
    parse_encoder_folder,
    parse_level_folder,
)
from monai_ext.data.read_feature import FEATURE_SUFFIXES
from monai_ext.errors import FeatureError

_DEPTH = 4
"""Folders below the root that are searched: job / magnification / encoder, and one to spare."""


@dataclass(frozen=True)
class FeatureLevel:
    """The feature files of one magnification and encoder.

    Attributes:
        folder: where they lie.
        files: slide to file.
        name: magnification, tile and overlap in pixels; None for a plain folder of files.
        encoder_id: from the folder's name; None for a plain folder.
    """

    folder: Path
    files: dict[str, Path]
    name: LevelName | None = None
    encoder_id: str | None = None


@dataclass(frozen=True)
class FeatureFolder:
    """What ``find_features`` found: levels, finest first."""

    root: Path
    levels: tuple[FeatureLevel, ...]

    @property
    def slides(self) -> tuple[str, ...]:
        """Slides that have a file at any level, sorted."""
        return tuple(sorted({slide for level in self.levels for slide in level.files}))

    @property
    def encoder_ids(self) -> tuple[str | None, ...]:
        """Encoder of each level, as the folders say."""
        return tuple(level.encoder_id for level in self.levels)

    def files(self, slide: str) -> list[Path]:
        """Files of one slide, finest first.

        Raises:
            FeatureError: if a level lacks it.
        """
        absent = self.missing(slide)
        if absent:
            raise FeatureError(
                f"slide {slide!r} has no file in {', '.join(map(str, absent))}",
                "a slide has a file at every level",
                "extract it again; a rerun does only what is missing",
            )
        return [level.files[slide] for level in self.levels]

    def missing(self, slide: str) -> list[Path]:
        """Folders that lack this slide."""
        return [level.folder for level in self.levels if slide not in level.files]


def find_features(
    root: Path | str,
    *,
    encoder: str | Sequence[str] | None = None,
    magnifications: Sequence[float] | None = None,
    tile_px: int | None = None,
) -> FeatureFolder:
    """Find feature files below ``root``.

    Understood: our and TRIDENT's ``20x_256px_0px_overlap/features_uni_v1/``, at the root, below
    it, or the root being one of these folders; CLAM's ``h5_files`` (before ``pt_files``); and a
    plain folder of files (STAMP, CLAM), which is one level. Several magnifications are levels,
    finest first.

    Args:
        root: where to look.
        encoder: take this encoder's folders; a list gives one a level, finest first. For a
            plain folder: the name of the sub-folder to take.
        magnifications: take these only.
        tile_px: take this tile size only.

    Raises:
        FeatureError: if there are no feature files; or several encoders, tile sizes or overlaps
            to choose from: with the list, and the argument that chooses.
    """
    root = Path(root).resolve()
    if not root.is_dir():
        raise FeatureError(f"{root} is no folder", "features lie in a folder", "check the path")
    groups = _groups(root)
    named = [group for group in groups if group.name is not None]
    if named:
        return FeatureFolder(root, _levels(root, named, encoder, magnifications, tile_px))
    return FeatureFolder(root, (_plain_level(root, groups, encoder),))


def _groups(root: Path) -> list[FeatureLevel]:
    """Every folder at or below the root that holds feature files."""
    groups = []
    for place, folders, names in os.walk(root, followlinks=False):
        folder = Path(place)
        depth = len(folder.relative_to(root).parts)
        folders[:] = [] if depth >= _DEPTH else sorted(n for n in folders if n[0] not in "._")
        paths = [folder / name for name in sorted(names) if _is_feature_file(name)]
        level, encoder = parse_level_folder(folder.parent.name), parse_encoder_folder(folder.name)
        if level is not None and encoder is None:
            continue  # TRIDENT's patches, slide_features_... and pictures
        files = {path.stem: path for path in reversed(paths)}  # .h5 before .pt of the same slide
        if files:
            groups.append(FeatureLevel(folder, files, level, encoder if level else None))
    return groups


def _is_feature_file(name: str) -> bool:
    return name.endswith(FEATURE_SUFFIXES) and not name.startswith(".")


def _levels(
    root: Path,
    groups: list[FeatureLevel],
    encoder: str | Sequence[str] | None,
    magnifications: Sequence[float] | None,
    tile_px: int | None,
) -> tuple[FeatureLevel, ...]:
    chosen = [
        group
        for group in groups
        if _is_chosen(group.encoder_id, [encoder] if isinstance(encoder, str) else encoder)
        and group.name is not None
        and _is_chosen(group.name.magnification, magnifications)
        and _is_chosen(group.name.tile_px, None if tile_px is None else [tile_px])
    ]
    if not chosen:
        raise FeatureError(
            f"no folder below {root} is of encoder={encoder}, magnifications={magnifications}, "
            f"tile_px={tile_px}; there are: {_listed(groups)}",
            "the folders chosen exist",
            "choose from the list",
        )
    if encoder is not None and not isinstance(encoder, str):
        chosen = _one_encoder_a_level(chosen, encoder)
    elif len({group.encoder_id for group in chosen}) > 1:
        raise _ambiguous(root, chosen, "encoders", "--encoder (a list gives one a level)")
    if len({group.name and group.name[1:] for group in chosen}) > 1:
        raise _ambiguous(root, chosen, "tile sizes or overlaps", "--tile_px, or a folder below it")
    if len({group.name for group in chosen}) < len(chosen):
        raise _ambiguous(root, chosen, "folders of one magnification", "a folder below it")
    return tuple(sorted(chosen, key=_fineness))


def _is_chosen(value: object, choice: Sequence[object] | None) -> bool:
    return choice is None or value in choice


def _fineness(group: FeatureLevel) -> float:
    return -group.name.magnification if group.name else 0.0


def _one_encoder_a_level(groups: list[FeatureLevel], encoders: Sequence[str]) -> list[FeatureLevel]:
    sizes = sorted({_fineness(group) for group in groups})
    if len(sizes) != len(encoders):
        raise FeatureError(
            f"{len(encoders)} encoders for {len(sizes)} magnifications: {_listed(groups)}",
            "a list of encoders has one for each magnification, finest first",
            "choose by --encoder and --magnifications",
        )
    pairs = set(zip(sizes, encoders, strict=True))
    chosen = [group for group in groups if (_fineness(group), group.encoder_id) in pairs]
    if len(chosen) < len(pairs):
        raise FeatureError(
            f"encoders {list(encoders)} are not all there: {_listed(groups)}",
            "a list of encoders has one for each magnification, finest first",
            "choose by --encoder and --magnifications",
        )
    return chosen


def _plain_level(
    root: Path, groups: list[FeatureLevel], encoder: str | Sequence[str] | None
) -> FeatureLevel:
    """One folder of files: the root itself, or the only one below it."""
    if encoder is not None:
        wanted = {encoder} if isinstance(encoder, str) else set(encoder)
        groups = [group for group in groups if wanted & set(group.folder.parts)]
    preferred = [group for group in groups if group.folder.name == "h5_files"]
    groups = preferred or groups
    if not groups:
        raise FeatureError(
            f"no feature files ({', '.join(FEATURE_SUFFIXES)}) below {root}",
            "features are files of TRIDENT, CLAM, STAMP or ours",
            "give the folder that holds them, or extract them first",
        )
    if len(groups) > 1:
        raise _ambiguous(root, groups, "folders of features", "--encoder, or one of the folders")
    return groups[0]


def _listed(groups: Sequence[FeatureLevel]) -> str:
    return ", ".join(sorted(_title(group) for group in groups))


def _title(group: FeatureLevel) -> str:
    if group.name is None:
        return str(group.folder)
    tile = level_folder_name(
        group.name.magnification, group.name.tile_px, overlap_px=group.name.overlap_px
    )
    return f"{tile}/features_{group.encoder_id}"


def _ambiguous(
    root: Path, groups: Sequence[FeatureLevel], what: str, argument: str
) -> FeatureError:
    return FeatureError(
        f"several {what} below {root}: {_listed(groups)}",
        "one set of features is used, one folder a magnification",
        f"choose by {argument}",
    )
