"""NIfTI: axes right and down, spacing in mm."""

import nibabel as nib
import numpy as np
import pytest

from monai_ext.outputs.label_nifti import write_label_nifti
from tests.outputs.label_parts import blobs, label_map


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii"])
def test_axes_and_spacing_are_as_said(name, tmp_path):
    found = label_map(blobs(30, 44), mpp=0.5)
    write_label_nifti(tmp_path / name, found, provenance="12ab")
    image = nib.load(tmp_path / name)
    volume = np.asanyarray(image.dataobj)
    assert volume.dtype == np.uint8
    np.testing.assert_array_equal(volume[:, :, 0], found.labels.T)
    assert volume.shape == (44, 30, 1)
    np.testing.assert_allclose(image.affine, np.diag([5e-4, 5e-4, 5e-4, 1]), rtol=1e-6)
    np.testing.assert_allclose(image.header.get_zooms(), 5e-4, rtol=1e-6)
    assert image.header.get_xyzt_units()[0] == "mm"
    assert image.header["descrip"].item() == b"axes: right, down; 12ab"
