"""Means and standard deviations that image networks were trained with, in grey levels 0..255."""

from __future__ import annotations

IMAGENET = ([0.485 * 255, 0.456 * 255, 0.406 * 255], [0.229 * 255, 0.224 * 255, 0.225 * 255])
"""Mean and standard deviation of ImageNet's channels."""

OPENAI = (
    [0.48145466 * 255, 0.4578275 * 255, 0.40821073 * 255],
    [0.26862954 * 255, 0.26130258 * 255, 0.27577711 * 255],
)
"""Those of OpenAI's CLIP, which CONCH and most CLIP models kept."""

HALF = ([127.5] * 3, [127.5] * 3)
"""To -1..1."""
