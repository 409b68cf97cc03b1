"""A label map as NIfTI, for tools of radiology."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from monai_ext.atomic import write_atomically
from monai_ext.data.label_map import LabelMap

_UM_PER_MM = 1000.0


def write_label_nifti(path: Path | str, found: LabelMap, *, provenance: str = "") -> None:
    """Write uint8 ``[W, H, 1]``: axis 0 runs right along columns, axis 1 down along rows.

    Voxels are ``mpp / 1000`` mm wide; the affine holds these spacings and nothing else, so the
    first pixel lies at 0 mm and no orientation in a body is claimed. The third spacing is that of
    the pixels, for a section's thickness is not known.

    Args:
        path: ``*.nii.gz`` or ``*.nii``.
        found: the label map.
        provenance: id, kept in the header's ``descrip``.
    """
    import nibabel as nib

    spacing = found.mpp / _UM_PER_MM
    volume = np.ascontiguousarray(found.labels.T)[:, :, None]
    image = nib.Nifti1Image(volume, np.diag([spacing, spacing, spacing, 1.0]))
    image.header.set_xyzt_units("mm")
    image.header["descrip"] = f"axes: right, down; {provenance}"[:79].encode()
    with write_atomically(path) as partial:
        nib.save(image, partial)
