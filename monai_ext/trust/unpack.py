"""An archive that passed becomes a folder, whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path

from monai_ext.atomic import make_folder
from monai_ext.errors import TrustError
from monai_ext.trust.archive import NO_ZIP, archive_faults


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip file into a new folder.

    Args:
        archive: the file.
        folder: must not exist, or be empty.

    Returns:
        The folder.

    Raises:
        TrustError: if the archive is refused, a member is not what the table says, or the
            folder holds something; then nothing is left of it.
    """
    if faults := archive_faults(archive):
        raise _refused(archive, "; ".join(faults[:3]))
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise TrustError(f"{folder} exists", "unpacked is into a new folder", "name another")
    make_folder(folder.parent)
    begun = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        _write_members(archive, begun)
        begun.chmod(0o755)
        begun.replace(folder)
    except (OSError, *NO_ZIP) as error:
        raise _refused(archive, str(error) or type(error).__name__) from error
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return folder


def _write_members(archive: Path, folder: Path) -> None:
    with zipfile.ZipFile(archive) as source:
        for info in source.infolist():
            target = folder / info.filename
            if info.is_dir():
                target.mkdir(parents=True, exist_ok=True)
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            with source.open(info) as member, target.open("xb") as out:
                shutil.copyfileobj(member, out)  # ends at the size of the table
                if out.tell() != info.file_size:
                    raise zipfile.BadZipFile(f"{info.filename} is cut off")


def _refused(archive: Path, reason: str) -> TrustError:
    return TrustError(
        f"{archive} is not unpacked ({reason})",
        "an archive is whole, its members stay in the folder, exist once, and are no larger "
        "than their share",
        "ask its author for another one",
    )
