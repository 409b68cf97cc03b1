"""A server on loopback that takes what ``huggingface_hub`` sends when a folder is uploaded."""

import base64
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Hub:
    """What a hub was sent.

    Attributes:
        files: content by path, of all commits.
        created: body of each request for a new repository.
        tags: body of each tag.
        asked: path of each request.
    """

    def __init__(self):
        self.files, self.created, self.tags, self.asked = {}, [], [], []

    def answer(self, path, body):
        self.asked.append(path)
        if path == "/api/repos/create":
            self.created.append(json.loads(body))
            return {"url": self._place()}
        if path == "/api/validate-yaml":
            return {"errors": [], "warnings": []}
        if "/preupload/" in path:
            wanted = json.loads(body)["files"]
            plain = {"uploadMode": "regular", "shouldIgnore": False}
            return {"files": [{"path": file["path"], **plain} for file in wanted]}
        if "/commit/" in path:
            self._take(body)
            return {"commitOid": "0" * 40, "commitUrl": f"{self._place()}/commit/0"}
        if "/tag/" in path:
            self.tags.append(json.loads(body))
            return {}
        return None

    def _place(self):
        asked = self.created[-1]
        return f"{self.address}/{asked['organization']}/{asked['name']}"

    def _take(self, body):
        for line in body.decode().splitlines():
            entry = json.loads(line)
            if entry["key"] == "file":
                value = entry["value"]
                assert value["encoding"] == "base64"
                self.files[value["path"]] = base64.b64decode(value["content"])


@contextlib.contextmanager
def hub_stand_in():
    """Serve while the block runs; gives the ``Hub``, whose ``address`` clients take."""
    hub = Hub()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            if self.headers.get("Transfer-Encoding") == "chunked":
                body = self._chunks()
            self._send(hub.answer(self.path, body))

        def do_GET(self):
            self._send(hub.answer(self.path, b""))

        def _chunks(self):
            found = b""
            while size := int(self.rfile.readline(), 16):
                found += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return found

        def _send(self, content):
            data = json.dumps(content).encode()
            self.send_response(404 if content is None else 200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        thread.join()
