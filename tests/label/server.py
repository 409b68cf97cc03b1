"""The real MONAI Label server in its own environment, and a client that speaks as viewers do."""

import json
import os
import secrets
import socket
import subprocess
import time
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlencode

ROOT = Path(__file__).parents[2]
PYTHON = Path(os.environ.get("MONAI_EXT_LABEL_PYTHON", ROOT / ".venv-label/bin/python"))
START_S = 240
HEIGHT, WIDTH = 200, 320
CANVAS, CORNER = (700, 500), (130, 110)
"""Of the slides: px of their tissue, of the scanned canvas, and where the tissue begins there."""


class Server:
    """Started when it is entered, ended when it is left.

    Args:
        app: its folder.
        studies: slides.
        name: of its log and of its folder for temporary files.
        conf: further ``--conf`` keys.
    """

    def __init__(self, app, studies, name="server", **conf):
        self.app, self.studies, self.conf = app, studies, conf
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.token = secrets.token_hex(8)
        self.log = Path(app).parent / f"{name}.log"
        self.uploads = Path(app).parent / f"{name}_tmp"

    def __enter__(self):
        pairs = [part for pair in self.conf.items() for part in ("--conf", *map(str, pair))]
        command = [PYTHON, "-m", "monailabel.main", "start_server", "--port", str(self.port)]
        command += ["--app", self.app, "--studies", self.studies, "--conf", "models", "all", *pairs]
        self.uploads.mkdir()
        quiet = {"CUFILE_LOGFILE_PATH": "/dev/null", "TMPDIR": str(self.uploads)}
        quiet |= {"MONAI_EXT_LABEL_TOKEN": self.token}
        self.stream = self.log.open("wb")
        self.process = subprocess.Popen(  # noqa: S603
            list(map(str, command)),
            stdout=self.stream,
            stderr=subprocess.STDOUT,
            env=os.environ | quiet,
            cwd=Path(self.app).parent,
        )
        end = time.monotonic() + START_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                if self.ask("GET", "/auth/")[0] == 200:
                    return self
            except OSError:
                time.sleep(0.5)
        self.__exit__()
        raise RuntimeError(self.log.read_text()[-3000:])

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait(30)
        self.stream.close()

    def folders(self):
        """Folders of its processes for temporary files."""
        return list(self.uploads.glob("monai_ext_label_*"))

    def ask(self, method, path, body=None, token="", headers=None, **query):
        """Status and body of an answer; ``token=None`` sends none."""
        url = f"http://127.0.0.1:{self.port}{path}"
        url += f"?{urlencode(query)}" if query else ""
        head = dict(headers or {})
        if token is not None:
            head["Authorization"] = f"Bearer {token or self.token}"
        if isinstance(body, dict):
            body, head["Content-Type"] = json.dumps(body).encode(), "application/json"
        request = urllib.request.Request(url, data=body, method=method, headers=head)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()

    def send(self, method, path, fields, files, **query):
        """A form with files, as QuPath's extension builds it: name, (file name, type, bytes)."""
        edge, body = secrets.token_hex(8), b""
        for name, (file, kind, content) in files.items():
            head = f'name="{name}"; filename="{file}"\r\nContent-Type: {kind}'
            body += f"--{edge}\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode()
            body += content + b"\r\n"
        for name, text in fields.items():
            head = f'--{edge}\r\nContent-Disposition: form-data; name="{name}"'
            body += f"{head}\r\n\r\n{text}\r\n".encode()
        body += f"--{edge}--".encode()
        kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}
        return self.ask(method, path, body, headers=kind, **query)
