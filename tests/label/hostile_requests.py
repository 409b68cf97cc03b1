"""Requests that want files of others, the memory, or a fault of the server."""

import json
import struct
import zlib

REGION = {"location": [0, 0], "size": [64, 64]}
FORM = "form"


def _chunk(kind, content):
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_of(width, height):
    """A file of a few bytes that says it is a large picture."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(100))
    return (
        b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")
    )


LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "'
    + "&a;" * 10
    + '">'
    + "".join(f'<!ENTITY {chr(99 + k)} "{f"&{chr(98 + k)};" * 10}">' for k in range(8))
    + "]><ASAP_Annotations>&j;</ASAP_Annotations>"
)
READS_A_FILE = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    "<ASAP_Annotations>&a;</ASAP_Annotations>"
)


def _drawing(points):
    ring = {"type": "Polygon", "coordinates": [points]}
    feature = {"type": "Feature", "geometry": ring, "properties": {}}
    return json.dumps({"type": "FeatureCollection", "features": [feature]})


def _label(name, content):
    return ("PUT", "/datastore/label", (FORM, {}, {"label": (name, "text/xml", content.encode())}))


def _upload(name, content, path="/infer/wsi_v2/glands", **fields):
    return ("POST", path, (FORM, fields, {"file": (name, "image/png", content)}))


ONE = {"image": "one"}
HOSTILE = {
    "path_up": ("POST", "/infer/wsi/glands", REGION, {"image": "../../../etc/passwd"}),
    "absolute_path": ("POST", "/infer/wsi/glands", REGION, {"image": "/etc/passwd"}),
    "path_in_the_body": (
        "POST",
        "/infer/wsi/glands",
        REGION | {"params": {"image": "/etc/passwd"}},
        ONE,
    ),
    "nul_in_a_name": ("POST", "/infer/wsi/glands", REGION, {"image": "one\x00.svs"}),
    "hidden_name": ("POST", "/infer/wsi/glands", REGION, {"image": ".ssh"}),
    "model_of_a_path": ("POST", "/infer/wsi/..%2F..%2Fapp", REGION, ONE),
    "model_in_the_body": (
        "POST",
        "/infer/wsi/glands",
        REGION | {"params": {"model": "../other"}},
        ONE,
    ),
    "tag_of_a_path": ("GET", "/datastore/label", None, {"label": "one", "tag": "../../.."}),
    "endless_size": (
        "POST",
        "/infer/wsi/glands",
        {"location": [10**9, 0], "size": [10**12] * 2},
        ONE,
    ),
    "no_number": ("POST", "/infer/wsi/glands", {"location": ["x", None], "size": [1, 1]}, ONE),
    "not_a_number": (
        "POST",
        "/infer/wsi/glands",
        b'{"location": [NaN, 1e999], "size": [Infinity, 5]}',
        ONE,
    ),
    "too_many_tiles": (
        "POST",
        "/infer/wsi/glands",
        {"params": {"wsi_tiles": [{"location": [10**6, 0], "size": [1, 1]}] * 50_000}},
        ONE,
    ),
    "deep_body": ("POST", "/infer/wsi/glands", b'{"params":' + b"[" * 100_000, ONE),
    "broken_wsi": _upload("a.png", b"x", wsi="{"),
    "broken_params": _upload("a.png", b"x", path="/infer/glands", params="{"),
    "deep_params": _upload("a.png", b"x", path="/infer/glands", params="[" * 100_000),
    "no_image": ("POST", "/infer/glands", b"", {}),
    "session": ("POST", "/infer/glands", b"", {"session_id": "../x"}),
    "picture_bomb": _upload("bomb.png", png_of(100_000, 100_000)),
    "wide_bomb": _upload("bomb.png", png_of(2**31 - 1, 1)),
    "code_as_image": _upload("evil.py", b"raise SystemExit", path="/infer/glands"),
    "name_of_a_path": _upload("../../../evil.png", b"x", path="/infer/glands"),
    "expanding_xml": (*_label("a.xml", LAUGHS), ONE),
    "reading_xml": (*_label("a.xml", READS_A_FILE), ONE),
    "endless_polygon": (*_label("a.json", _drawing([[0, 0], [1e308, 0], [1e308, 1e308]])), ONE),
    "deep_geojson": (*_label("a.json", "[" * 100_000), ONE),
    "label_as_code": (*_label("a.py", "raise SystemExit"), ONE),
    "unknown_strategy": ("POST", "/activelearning/best", {}, {}),
    "strategy_of_a_path": ("POST", "/activelearning/..%2Fx", {}, {}),
    "next_of_a_path": ("POST", "/activelearning/random", {"image": "../../x"}, {}),
    "absent_trainer": ("POST", "/train/absent", {}, {}),
    "all_trainers": ("POST", "/train/", {}, {}),
    "choice_of_nobody": ("POST", "/train/learner", {"ssl": "$__import__('os')"}, {}),
    "search_path": ("POST", "/train/absent", {"bundle_path": "/tmp"}, {}),  # noqa: S108
    "expression": ("POST", "/train/learner", {"steps": "$open('/x')"}, {}),
    "delete": ("DELETE", "/datastore/image", None, {"id": "one"}),
    "whole_store": ("GET", "/datastore/dataset", None, {}),
    "another_endpoint": ("GET", "/proxy/dicom/", None, {}),
    "file_of_the_server": ("GET", "/static/..%2f..%2f..%2fetc%2fpasswd", None, {}),
    "config": ("GET", "/session/", None, {}),
}
"""Method, path, body (or a form), query."""
