"""The slides of a server: clients may add regions and annotations, and change no slide."""

from __future__ import annotations

import filecmp
from pathlib import Path
from typing import Any

from fastapi import HTTPException
from monailabel.datastore.local import LocalDatastore

from monai_ext.data.drawing import SUFFIXES
from monai_ext.engines.extraction_slides import SLIDE_SUFFIXES
from monai_ext.engines.segment_image import IMAGE_SUFFIXES
from monai_ext.label.dicom_images import finest_level, one_image_a_slide
from monai_ext.label.guard import is_name
from monai_ext.label.upload_folder import removed_on_fault


class SlideStore(LocalDatastore):
    """MONAI Label's local datastore for slides and images, in small or capital letters.

    Its own would let a client remove a slide, or put another file in its place.

    Args:
        studies: folder of slides.
        options: of ``LocalDatastore``.
    """

    def __init__(self, studies: str, **options: Any) -> None:
        suffixes = [*SLIDE_SUFFIXES, *IMAGE_SUFFIXES]
        suffixes += [suffix.upper() for suffix in suffixes]
        super().__init__(studies, extensions=[f"*{suffix}" for suffix in suffixes], **options)

    def _list_files(self, path: str, patterns: list[str]) -> dict[str, str]:
        """Files of a folder; of the studies, DICOM slides as one image each."""
        found = super()._list_files(path, patterns)
        if path != self._datastore.image_path():
            return found
        return {name: name for name in one_image_a_slide(Path(path), found)}

    def get_image_uri(self, image_id: str) -> str:
        """File of an image, of a folder the finest level; empty if there is none."""
        uri = super().get_image_uri(image_id)
        return str(finest_level(Path(uri))) if uri else uri

    def add_image(self, image_id: str, image_filename: str, image_info: dict[str, Any]) -> str:
        """Store an upload; what is there stays, and the same again is the same image."""
        with removed_on_fault(image_filename):
            suffix = Path(image_filename).suffix.lower()
            if not is_name(image_id) or suffix not in {*SLIDE_SUFFIXES, *IMAGE_SUFFIXES}:
                raise HTTPException(400, f"{image_id!r}{suffix} is no name of a slide or image")
            if stored := self.get_image_uri(image_id):
                if filecmp.cmp(stored, image_filename, shallow=False):
                    return image_id
                raise HTTPException(409, f"there is another image {image_id}; give another name")
            return super().add_image(image_id, image_filename, image_info)

    def save_label(
        self, image_id: str, label_filename: str, label_tag: str, label_info: dict[str, Any]
    ) -> str:
        """Store annotations of an image that is there."""
        with removed_on_fault(label_filename):
            if Path(label_filename).suffix.lower() not in SUFFIXES:
                raise HTTPException(400, f"annotations are {', '.join(SUFFIXES)}")
            if not self.get_image_uri(image_id):
                raise HTTPException(404, f"no image {image_id!r}; upload its region first")
            return super().save_label(image_id, label_filename, label_tag, label_info)

    def remove_image(self, image_id: str) -> None:
        """Refused."""
        raise HTTPException(403, f"image {image_id}: the operator removes slides, not a client")
