"""The MONAI Label app for slides.

``--conf`` keys: ``models`` (names or ``all``), ``mpp`` (um a level-0 px of images that do not say
it), ``allow_demo``, ``allow_remote``, ``max_body_mib``, ``work`` (folder of features), ``token``
(``none``: none is asked for). The token itself comes from ``MONAI_EXT_LABEL_TOKEN``, or is made
and kept in the app's folder, as MONAI Label writes its command line to its log.
"""

from __future__ import annotations

import logging
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fastapi import HTTPException
from monailabel.config import settings
from monailabel.interfaces.app import MONAILabelApp

from monai_ext.errors import MonaiExtError
from monai_ext.flags import as_bool
from monai_ext.label.app_folder import SHELF
from monai_ext.label.fine_tune import OPEN
from monai_ext.label.guard import Guard, GuardRules
from monai_ext.label.infer_task import SlideInferTask
from monai_ext.label.known_names import KnownNames
from monai_ext.label.next_square import STRATEGIES
from monai_ext.label.off_loop import OffLoop
from monai_ext.label.plain_faults import PlainFaults
from monai_ext.label.sampling_task import RegionStrategy
from monai_ext.label.served_models import ALL, find_served
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.slide_store import SlideStore
from monai_ext.label.train_task import SegmentTrainTask
from monai_ext.label.upload_folder import make_upload_folder, remove_uploads
from monai_ext.trust import trust_from_now_on

_logger = logging.getLogger(__name__)
_SERVER = "monailabel.app"
_TOKEN = "MONAI_EXT_LABEL_TOKEN"  # noqa: S105  (name of a variable)


class PathologyApp(MONAILabelApp):
    """Serves the models of its ``model`` folder on the slides of ``studies``.

    Args:
        app_dir: this app's folder.
        studies: folder of slides.
        conf: ``--conf`` keys.
    """

    def __init__(self, app_dir: str, studies: str, conf: Mapping[str, str]) -> None:
        self.folder, given = Path(app_dir), dict(conf or {})
        settings.MONAI_LABEL_SESSIONS = False
        self.uploads = make_upload_folder()
        names = [part.strip() for part in given.get("models", ALL).split(",")]
        mpp = float(given["mpp"]) if given.get("mpp") else None
        self.work = Path(given.get("work") or self.folder / "work")
        demo = as_bool(given.get("allow_demo", False))
        if as_bool(given.get("trusted", False)):
            trust_from_now_on()
        shelf = self.folder / SHELF
        self.served = find_served(shelf, self.work, names, mpp, is_demo_allowed=demo)
        super().__init__(
            app_dir,
            studies,
            given,
            name="Pathology",
            description="Slides: classification with attention, segmentation",
            version="0.1",
        )
        if _SERVER in sys.modules:  # a training's own process has no server
            self._stand_before(sys.modules[_SERVER].app, given)

    def init_infers(self) -> dict[str, Any]:
        """A task a model."""
        return {name: SlideInferTask(name, served) for name, served in self.served.items()}

    def init_trainers(self) -> dict[str, Any]:
        """A task a segmenter; slide classifiers are trained on tables of labels, not here."""
        return {
            name: SegmentTrainTask(name, served, self.work / "trainings" / name)
            for name, served in self._segmenters.items()
        }

    def init_strategies(self) -> dict[str, Any]:
        """Ways to choose the next region; none without a segmenter."""
        names = STRATEGIES if self._segmenters else ()
        return {name: RegionStrategy(name, self._segmenters) for name in names}

    @property
    def _segmenters(self) -> dict[str, ServedSegmenter]:
        return {
            name: model for name, model in self.served.items() if isinstance(model, ServedSegmenter)
        }

    def init_datastore(self) -> Any:
        """Slides and images of the studies folder."""
        return SlideStore(
            self.studies,
            auto_reload=settings.MONAI_LABEL_DATASTORE_AUTO_RELOAD,
            read_only=settings.MONAI_LABEL_DATASTORE_READ_ONLY,
        )

    def infer(self, request: Any, datastore: Any = None) -> dict[str, Any]:
        """Answer a request; what a client can mend is its own fault, 4xx with the reason."""
        task = self._infers.get(request.get("model"))
        if task is None:
            raise HTTPException(404, f"no model {request.get('model')}: {', '.join(self._infers)}")
        path = self._path(str(request.get("image")), datastore or self.datastore())
        try:
            file, record = task({**request, "image": str(path), "image_id": path.stem})
        except MonaiExtError as error:
            _logger.warning("%s: %s", path.name, error)
            raise HTTPException(422, str(error)) from error
        return {"label": file, "tag": "original", "file": file, "params": record}

    def infer_wsi(self, request: Any, datastore: Any = None) -> dict[str, Any]:
        """The same: models read slides by themselves, tile by tile."""
        return self.infer(request, datastore)

    def _path(self, image: str, datastore: Any) -> Path:
        """File of an image of the studies, or what was uploaded with the request."""
        if found := datastore.get_image_uri(image):
            return Path(found)
        path = Path(image)
        if path.parent == self.uploads and path.is_file():
            return path
        raise HTTPException(404, f"no image {image!r}; upload it, or put it under --studies")

    def _stand_before(self, server: Any, conf: Mapping[str, str]) -> None:
        """Put our layers in front of the running server."""
        token = None if conf.get("token") == "none" else self._token()
        rules = GuardRules(
            token=token,
            is_remote_allowed=as_bool(conf.get("allow_remote", False)),
            max_body_mib=int(conf.get("max_body_mib", 512)),
            train_keys=tuple(OPEN),
            refusal=KnownNames(tuple(self._trainers), tuple(self._strategies)).refusal,
        )
        inner = server.middleware_stack or server.build_middleware_stack()
        slow = ("infer", "activelearning")
        in_turn = OffLoop(PlainFaults(inner), slow, after=remove_uploads)
        server.middleware_stack = Guard(in_turn, rules)
        if token:
            path = self.folder / "token"
            _logger.info("clients log in with any user name; the password is in %s", path)

    def _token(self) -> str:
        """Of the environment, else the one of the app's folder, which only its owner reads."""
        if given := os.environ.get(_TOKEN):
            return given
        path = self.folder / "token"
        if not path.is_file():
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as stream:
                stream.write(secrets.token_urlsafe(24))
        return path.read_text(encoding="ascii").strip()
