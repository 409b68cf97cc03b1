"""A page that is whole in itself, shows what it was given, and runs nothing."""

import base64
import io
import re
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from monai_ext.outputs.legend import NOT_EVIDENCE
from monai_ext.outputs.provenance import Provenance
from monai_ext.outputs.report_page import SlideReport, report_page, write_report

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Tags in order, whether all are closed, and the words."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.open, self.words = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data.strip())

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


@pytest.fixture
def report():
    pictures = {
        "Slide": Image.new("RGB", (40, 30), (200, 90, 160)),
        "Attention": Image.new("RGB", (60, 20), (10, 200, 30)),
    }
    probabilities = {"normal": 0.25, "tumour": 0.75}
    return SlideReport("s1", probabilities, Provenance("abc"), pictures, {"tiles, level 0": "12"})


def test_page_says_what_was_predicted_and_what_attention_is_not(report):
    page = Page(report_page(report))
    assert page.open == []
    assert page.words.count("tumour") == 2
    assert "0.750" in page.words
    assert any(NOT_EVIDENCE in words and "not for diagnosis" in words for words in page.words)
    assert report.provenance.id in page.words
    assert page.words.count("unknown") == 5
    widths = [s["style"] for s in page.all("span")]
    assert widths == ["width:75.0px", "width:225.0px"]


def test_pictures_are_inside_and_nothing_comes_from_outside(report):
    text = report_page(report)
    page = Page(text)
    shown = page.all("img")
    assert [each["alt"] for each in shown] == ["Slide", "Attention"]
    for each, given in zip(shown, report.pictures.values(), strict=True):
        kind, data = each["src"].split(",", 1)
        assert kind == "data:image/jpeg;base64"
        picture = Image.open(io.BytesIO(base64.b64decode(data)))
        assert picture.size == given.size
        assert np.abs(np.asarray(picture, int) - np.asarray(given, int)).max() < 6
    assert not {"script", "link", "iframe", "form"} & {tag for tag, _ in page.tags}
    assert re.findall(r"https?://|file:|@import|url\(", text) == []
    assert page.all("meta")[2]["content"].startswith("default-src 'none'")


def test_names_are_shown_as_they_are(report):
    name = '<script>alert("1")</script> & $slide'
    odd = SlideReport(
        name, {name: 1.0}, report.provenance, {name: Image.new("L", (4, 4))}, {name: "1"}
    )
    page = Page(report_page(odd))
    assert not page.all("script")
    assert page.words.count(name) == 6
    assert page.all("img")[0]["alt"] == name


def test_file_is_the_page(report, tmp_path):
    write_report(tmp_path / "reports" / "s1_report.html", report)
    assert (tmp_path / "reports/s1_report.html").read_text() == report_page(report)
