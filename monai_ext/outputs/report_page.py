"""One page a slide that opens in any browser, without a server and without the network."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template

from PIL import Image

from monai_ext.atomic import write_atomically
from monai_ext.outputs.legend import NOT_EVIDENCE
from monai_ext.outputs.provenance import Provenance

TEMPLATE = "report_page.html"
QUALITY = 88
"""Of the JPEGs inside."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class SlideReport:
    """What a page tells.

    Args:
        slide: name of the slide; no patient is named anywhere.
        probabilities: by class.
        provenance: what led to them.
        pictures: by heading, in their order.
        facts: further lines, e.g. numbers of tiles.
    """

    slide: str
    probabilities: Mapping[str, float]
    provenance: Provenance
    pictures: Mapping[str, Image.Image]
    facts: Mapping[str, str]


def write_report(path: Path | str, report: SlideReport) -> None:
    """Write the page: one HTML file with all pictures inside, no script, nothing from outside."""
    with write_atomically(path) as partial:
        partial.write_text(report_page(report), encoding="utf-8")


def report_page(report: SlideReport) -> str:
    """The page as text; names are shown as they are, whatever signs they hold."""
    best = max(report.probabilities, key=lambda name: report.probabilities[name])
    share = report.probabilities[best]
    template = files("monai_ext.outputs").joinpath(TEMPLATE).read_text(encoding="utf-8")
    return Template(template).substitute(
        slide=escape(report.slide),
        headline=f"Predicted <strong>{escape(best)}</strong>, probability {share:.3f}.",
        note=escape(NOT_EVIDENCE),
        probabilities="\n".join(_bar(*pair) for pair in report.probabilities.items()),
        pictures="\n".join(_figure(*pair) for pair in report.pictures.items()),
        facts="\n".join(_line(*pair) for pair in report.facts.items()),
        provenance="\n".join(
            _line(name.replace("_", " "), f"<code>{escape(value)}</code>" if value else UNKNOWN)
            for name, value in report.provenance.mapping().items()
        ),
    )


def _bar(name: str, share: float) -> str:
    bar = f'<span class="bar" style="width:{300 * share:.1f}px"></span>'
    return f"<tr><th>{escape(name)}</th><td>{share:.3f}</td><td>{bar}</td></tr>"


def _line(name: str, value: str) -> str:
    """A row of a table; ``value`` is HTML."""
    return f"<tr><th>{escape(name)}</th><td>{value}</td></tr>"


def _figure(heading: str, picture: Image.Image) -> str:
    whole = io.BytesIO()
    picture.convert("RGB").save(whole, format="JPEG", quality=QUALITY)
    data = base64.b64encode(whole.getvalue()).decode("ascii")
    source = f'src="data:image/jpeg;base64,{data}"'
    size = f'width="{picture.width}" height="{picture.height}"'
    words = escape(heading)
    return f'<h2>{words}</h2>\n<figure><img {size} alt="{words}" {source}></figure>'
