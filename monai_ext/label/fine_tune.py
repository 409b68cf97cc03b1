"""Train a served segmenter on with what was annotated, and put the result in its place."""

from __future__ import annotations

import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from monai_ext.atomic import make_folder, write_atomically
from monai_ext.data.class_prompts import read_class_prompts
from monai_ext.errors import SettingError
from monai_ext.experiments.bundle_run import find_bundle, run_bundle
from monai_ext.export import ModelFolder
from monai_ext.export.model_folder import INFERENCE, WEIGHTS
from monai_ext.label.annotated_data import UnlabelledRules, write_annotated_data
from monai_ext.label.served_segmenter import ServedSegmenter
from monai_ext.label.stored_image import StoredImage

BUNDLE = "pathology_mpamatch_segmentation"
OPEN: dict[str, Any] = {
    "ssl": ["mpamatch", "unimatch", "fixmatch", "supervised"],
    "steps": 400,
    "batch_size": 4,
    "unlabelled_batch_size": 2,
    "learning_rate": 1e-3,
    "encoder_rate": 1e-3,
    "squares": 16,
    "seed": 0,
}
"""What a client may choose, with defaults; of a list the first."""
_SAME = ("patch_encoder", "encoder_checkpoint", "encoder_options", "skip_blocks", "norm")
_SAME += ("decoder_channels", "head_kernel", "embed_block", "target_mpp")
_PROMPTS = "colon_gland.json"
_FILES = (INFERENCE, "run.json", "metadata.json", WEIGHTS)


def read_choices(request: Mapping[str, Any]) -> dict[str, Any]:
    """A client's choices; all else in its request is left alone.

    Raises:
        SettingError: for a way of training that there is not, or what is no positive number.
    """
    found = {name: request.get(name, value) for name, value in OPEN.items()}
    ways = OPEN["ssl"]
    found["ssl"] = ways[0] if found["ssl"] == ways else found["ssl"]
    if found["ssl"] not in ways:
        raise SettingError(f"ssl={found['ssl']!r}", f"it is one of {', '.join(ways)}", "mend it")
    for name, value in found.items():
        kinds = int if isinstance(OPEN[name], int) else (int, float)
        is_number = isinstance(value, kinds) and not isinstance(value, bool)
        if name != "ssl" and not (is_number and (value > 0 or name == "seed")):
            raise SettingError(f"{name}={value!r}", "a number above 0", "mend the request")
    return found


def fine_tune(
    served: ServedSegmenter,
    images: Sequence[StoredImage],
    folder: Path,
    choices: Mapping[str, Any],
) -> dict[str, Any]:
    """Train from the weights that are served, then serve the new ones.

    Images without annotations are learnt from as unlabelled ones, unless ``ssl`` is
    ``supervised``. The files that were served until then are kept in ``earlier`` beside the new.

    Args:
        served: the model.
        images: of the server.
        folder: of the training, new.
        choices: as :func:`read_choices` gives them.

    Returns:
        What was learnt from, and where the run lies.

    Raises:
        AnnotationError: if nothing annotated can be used.
        SystemExit: with one plain line if the training ends so.
    """
    started = time.perf_counter()
    config = served.model.inference
    _require_plain({name: config[name] for name in _SAME})
    is_alone = choices["ssl"] == "supervised"
    crop = int(config["roi_px"])
    rules = UnlabelledRules(squares=choices["squares"], edge_px=2 * crop, seed=int(choices["seed"]))
    known = [one for one in images if one.label is not None or not is_alone]
    given = (known, served.class_names, served.settings, folder / "data", rules, served.mpp)
    datalist, counts = write_annotated_data(*given)
    ssl = choices["ssl"] if counts["unlabelled"] else "supervised"
    run_bundle(
        BUNDLE,
        ["train.json"],
        workflow_type="train",
        **{name: config[name] for name in _SAME},
        **{name: value for name, value in choices.items() if name not in {"ssl", "squares"}},
        ssl=ssl,
        crop_px=crop,
        head_rate=max(0.01, choices["learning_rate"]),
        ramp_steps=choices["steps"],
        epoch_steps=min(50, choices["steps"]),
        balance_trust=True,
        use_txt_proto=_has_prompts(served.class_names),
        initial_weights=str(served.model.weights),
        datalist=str(datalist),
        output_dir=str(folder / "run"),
    )
    put_in_place(served.model, folder / "run")
    seconds = round(time.perf_counter() - started, 1)
    return {"ssl": ssl, **counts, "seconds": seconds, "run": str(folder / "run")}


def _require_plain(values: Mapping[str, Any]) -> None:
    """What a run's config hands to a training is no expression there."""
    for name, value in values.items():
        if re.search(r'"[$@%]', json.dumps(value)):
            raise SettingError(
                f"{name}={value!r} of the model",
                "a training takes plain values over",
                "serve a run as training wrote it",
            )


def put_in_place(model: ModelFolder, run: Path) -> None:
    """Serve a run's files; the weights are the last to change."""
    weights = model.weights or model.configs / WEIGHTS
    places = {name: model.configs / name for name in _FILES[:-1]} | {WEIGHTS: weights}
    kept = make_folder(weights.parent / "earlier" / time.strftime("%Y%m%d-%H%M%S"))
    for path in places.values():
        if path.is_file():
            shutil.copyfile(path, kept / path.name)
    for name, path in places.items():
        with write_atomically(path) as partial:
            partial.write_bytes((run / name).read_bytes())


def _has_prompts(class_names: Sequence[str]) -> bool:
    """Whether the bundle's sentences are of these classes."""
    found = read_class_prompts(find_bundle(BUNDLE) / "configs" / "priors" / _PROMPTS)
    return list(found.class_names) == list(class_names)
