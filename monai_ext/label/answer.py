"""What a model says of a slide, and as which file it goes to the client."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from monai_ext.label.slide_request import SlideRequest
from monai_ext.outputs.annotation import Annotation
from monai_ext.outputs.asap_xml import write_asap
from monai_ext.outputs.dsa_json import write_dsa


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What was found.

    Attributes:
        annotations: polygons, level-0 px from the corner of the slide's bounds.
        origin: level-0 px ``(x, y)`` of that corner on the canvas.
        detections: further GeoJSON features in the same frame, for clients that read GeoJSON.
        probabilities: of the slide's classes, in label order; empty for a segmenter.
        facts: for the record: provenance, mpp and where it is from, seconds.
    """

    annotations: Sequence[Annotation]
    origin: tuple[int, int] = (0, 0)
    detections: Sequence[Mapping[str, Any]] = ()
    probabilities: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)


def write_answer(
    answer: Answer, asked: SlideRequest, model: str, folder: Path
) -> tuple[Path | None, dict[str, Any]]:
    """Put an answer into the form that was asked for.

    Args:
        answer: what was found.
        asked: in which form, and from where the client counts.
        model: its name.
        folder: gets the file, under a name of its own.

    Returns:
        The file, ``None`` for output ``json``; and what goes into a JSON
        response: ``prediction`` as MONAI Label's classifiers give it, ``facts``, and for output
        ``json`` the polygons under ``geojson``.
    """
    shift = answer.origin if asked.frame == "canvas" else (0, 0)
    placed = [one.moved(*shift) for one in answer.annotations]
    scores = [
        {"idx": k, "label": name, "score": score}
        for k, (name, score) in enumerate(answer.probabilities.items())
    ]
    record = {"model": model, "frame": asked.frame, "facts": dict(answer.facts)}
    record |= {"prediction": scores} if scores else {}
    title = f"{model}: " + _words(answer.probabilities) if scores else model
    if asked.output == "asap":
        about = {"Name": title, "Description": str(record["facts"].get("provenance", ""))}
        path = folder / f"{uuid.uuid4().hex}.xml"
        return path, record | {"count": write_asap(path, placed, about)}
    if asked.output == "dsa":
        path = folder / f"{uuid.uuid4().hex}.json"
        count = write_dsa(path, placed, name=title, attributes=record)
        return path, record | {"count": count}
    features = [one.feature() for one in placed]
    features += [_moved(feature, shift) for feature in answer.detections]
    collection = {"type": "FeatureCollection", "features": features}
    return None, record | {"count": len(features), "geojson": collection}


def _words(probabilities: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {score:.3f}" for name, score in probabilities.items())


def _moved(feature: Mapping[str, Any], shift: tuple[int, int]) -> dict[str, Any]:
    rings = feature["geometry"]["coordinates"]
    moved = [[[x + shift[0], y + shift[1]] for x, y in ring] for ring in rings]
    return {**feature, "geometry": {**feature["geometry"], "coordinates": moved}}
