"""A service in a process of its own, on a free port of this machine."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import httpx

ROOT = Path(__file__).parents[1]
EXAMPLES = sorted((ROOT / "examples").glob("*.jpg"))


class ServiceProcess:
    """Runs ``python -m reid_align.VERB`` until the block ends.

    Args:
        arguments: verb and options; ``--port 0`` is added.
        token: value of REID_ALIGN_TOKEN.
    """

    def __init__(self, *arguments: str, token: str | None = None) -> None:
        verb, *options = arguments
        environment = {k: v for k, v in os.environ.items() if k != "REID_ALIGN_TOKEN"}
        if token:
            environment["REID_ALIGN_TOKEN"] = token
        self.process = subprocess.Popen(
            [sys.executable, "-m", f"reid_align.{verb}", "--port", "0", *options],
            stderr=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env=environment,
        )
        assert self.process.stderr is not None
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            if found := re.search(r"on (http://\S+?),? ", line):
                self.url = found[1]
                break
        else:
            raise RuntimeError("".join(lines))
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self.client = httpx.Client(base_url=self.url, headers=headers, timeout=60, trust_env=False)

    def __enter__(self) -> "ServiceProcess":
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        finally:
            assert self.process.stderr is not None
            self.process.stderr.close()

    def post(self, path: str, images: Sequence[Path], **fields: object) -> httpx.Response:
        """Send images and form fields."""
        files = [("images", (image.name, image.read_bytes())) for image in images]
        texts = {k: v if isinstance(v, str) else json.dumps(v) for k, v in fields.items()}
        return self.client.post(path, files=files, data=texts)

    def kill(self) -> None:
        """Send SIGKILL and wait."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)
