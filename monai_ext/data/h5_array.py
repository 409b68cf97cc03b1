"""One HDF5 data set as an array: mapped where its bytes lie in one piece, read otherwise."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from monai_ext.errors import FeatureError

if TYPE_CHECKING:
    import h5py

DAMAGED = "a feature file is complete and readable"
REDO = "delete it and extract this slide again"


@contextlib.contextmanager
def open_h5(path: Path) -> Iterator[h5py.File]:
    """Open for reading; a missing, half-written or damaged file becomes a FeatureError.

    Raises:
        FeatureError: naming the file, also when the damage shows only on a read in the block.
    """
    import h5py

    if not path.is_file():
        raise FeatureError(f"file {path} does not exist", "a listed file exists", REDO)
    try:
        with h5py.File(path, "r") as file:
            yield file
    except (OSError, RuntimeError, KeyError, MemoryError, UnicodeDecodeError) as error:
        raise FeatureError(f"file {path} cannot be read ({error})", DAMAGED, REDO) from error


def find_dataset(file: h5py.File, names: tuple[str, ...]) -> h5py.Dataset | None:
    """First data set of these names that lies in the file itself; None if there is none.

    Raises:
        FeatureError: if it is a link or a view into another file: a stranger's feature file has
            no business elsewhere on the disk.
    """
    import h5py

    for name in names:
        link = file.get(name, getlink=True)
        if link is None:
            continue
        found = file[name] if isinstance(link, h5py.HardLink) else None
        if not isinstance(found, h5py.Dataset) or found.is_virtual or found.external:
            raise FeatureError(
                f"{name!r} in {file.filename} is no plain data set of this file",
                "features lie in the file itself",
                "copy them into a plain data set",
            )
        return found
    return None


def read_array(dataset: h5py.Dataset, path: Path, *, mapped: bool = False) -> np.ndarray:
    """The whole data set, in one copy from the page cache where its layout allows.

    Args:
        dataset: of any numeric type.
        path: the file that holds it.
        mapped: give a read-only map of the file instead of a copy, where possible.

    Raises:
        FeatureError: if the file ends before the data, or the data were never written.
    """
    offset, size = dataset.id.get_offset(), dataset.size or 0
    if size and dataset.id.get_storage_size() == 0:
        raise FeatureError(f"{dataset.name} in {path} was never written", DAMAGED, REDO)
    if offset is None or not dataset.dtype.isnative or dataset.dtype.hasobject:
        return dataset[()]
    if offset + size * dataset.dtype.itemsize > path.stat().st_size:
        raise FeatureError(f"file {path} ends before {dataset.name} does", DAMAGED, REDO)
    if mapped:
        return np.memmap(path, dataset.dtype, "r", offset, dataset.shape)
    return np.fromfile(path, dataset.dtype, size, offset=offset).reshape(dataset.shape)
