"""The TIFF writer agrees with tifffile's reader, tag by tag."""

import io

import pytest
import tifffile

from monai_ext.data.tiled_tiff import TiffPage, TiledTiff


@pytest.mark.parametrize("is_big", [False, True])
def test_interleaved_tiles_are_found_again(is_big):
    stream = io.BytesIO()
    pages = [
        TiffPage(60, 20, 32, 20000.5, (2, 2), is_reduced=False),
        TiffPage(30, 10, 32, 10000.25, (2, 2), is_reduced=True),
    ]
    tiff = TiledTiff(stream, pages, is_big=is_big)
    tiff.add_tile(0, b"first")
    tiff.add_tile(1, b"other page")
    tiff.add_tile(0, b"second")
    tiff.close()
    stream.seek(0)
    data = stream.getvalue()
    with tifffile.TiffFile(stream) as read:
        assert read.is_bigtiff == is_big
        found = [
            [data[o : o + n] for o, n in zip(p.dataoffsets, p.databytecounts, strict=True)]
            for p in (page.aspage() for page in read.pages)
        ]
        tags = read.pages[1].aspage().tags
        assert found == [[b"first", b"second"], [b"other page"]]
        assert tags["XResolution"].value == (10000250, 1000)
        assert (tags["ImageWidth"].value, tags["ImageLength"].value) == (30, 10)
        assert tags["Software"].value == "monai_ext"
        assert (tags["Compression"].value, tags["ResolutionUnit"].value) == (7, 3)
