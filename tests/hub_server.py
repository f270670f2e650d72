"""Local server with the Hub's download protocol and injectable failures.

Supports the requests of huggingface_hub 0.34 to 2.4, mainly ``/repo/resolve/revision/file``.
Weights are on a "CDN" like Git LFS files on the Hub: the same server under another host name,
because huggingface_hub drops its token when it is redirected to another host.
"""

import hashlib
import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

Files = Mapping[str, bytes]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def git_sha1(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def is_lfs(path: str) -> bool:
    return path.endswith(".safetensors")


@dataclass
class Repository:
    """Commits, oldest first, and tags; ``token`` gives access if it is private or gated."""

    private: bool = False
    gated: bool = False
    token: str | None = None
    commits: dict[str, Files] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def commit(self, files: Files) -> str:
        content = sorted((path, git_sha1(data)) for path, data in files.items())
        oid = hashlib.sha1(repr((len(self.commits), content)).encode()).hexdigest()
        self.commits[oid] = dict(files)
        return oid

    def resolve(self, revision: str) -> str | None:
        if revision == "main" and self.commits:
            return list(self.commits)[-1]
        revision = self.tags.get(revision, revision)
        return revision if revision in self.commits else None


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    token: str | None
    range: str | None
    agent: str


class Hub(ThreadingHTTPServer):
    """The server: repositories, recorded requests, and faults to inject.

    Each list of faults is consumed from the front. ``statuses`` answers a GET or HEAD with that
    status, or closes the connection; ``upload_statuses`` does so for a PUT, ``commit_statuses`` for
    a commit. ``rivals`` are commits by another user just before. ``cdn_bodies`` replaces the bytes
    of a CDN download; ``cdn_breaks`` closes its connection after that many bytes.
    """

    HANG_UP = 0
    daemon_threads = True

    def __init__(self, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.cdn_url = f"http://localhost:{self.server_port}/cdn"
        self.reset()

    def start(self) -> None:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    def reset(self) -> None:
        self.repositories: dict[str, Repository] = {}
        self.blobs: dict[str, bytes] = {}
        self.requests: list[Request] = []
        self.statuses: list[int] = []
        self.upload_statuses: list[int] = []
        self.commit_statuses: list[int] = []
        self.rivals: list[Files] = []
        self.cdn_bodies: list[bytes] = []
        self.cdn_breaks: list[int] = []

    def add(self, repo_id: str, files: Files, **access: bool | str) -> str:
        """Commit files to a repository, creating it if necessary; return the commit."""
        repository = self.repositories.setdefault(repo_id, Repository(**access))
        self.blobs |= {sha256(content): content for content in files.values()}
        return repository.commit(files)

    def cdn_downloads(self) -> list[Request]:
        return [r for r in self.requests if r.method == "GET" and r.path.startswith("/cdn/")]


class DownloadHandler(BaseHTTPRequestHandler):
    """Handler for downloads."""

    protocol_version = "HTTP/1.1"
    server: Hub

    def log_message(self, *_: object) -> None:
        """Stay silent."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        path = self.note_request()
        if self.server.statuses:
            self.refuse(self.server.statuses.pop(0))
        elif match := re.fullmatch("/cdn/([0-9a-f]{64})", path):
            self.send_from_cdn(match[1])
        elif match := re.fullmatch("/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path):
            self.send_file(*match.groups())
        elif match := re.fullmatch("/api/models/([^/]+/[^/]+)(?:/revision/main)?", path):
            self.send_info(match[1])
        else:
            self.refuse(404)

    def note_request(self) -> str:
        get, path = self.headers.get, unquote(urlsplit(self.path).path)
        request = Request(self.command, path, self.token(), get("Range"), get("User-Agent", ""))
        self.server.requests.append(request)
        return path

    def token(self) -> str | None:
        return self.headers.get("Authorization", "").removeprefix("Bearer ") or None

    def open(self, repo_id: str) -> Repository | None:
        """Return a repository the caller may access, or send the Hub's error response."""
        repository = self.server.repositories.get(repo_id)
        if repository and not (repository.private and self.token() != repository.token):
            return repository
        self.refuse(404 if self.token() else 401, "RepoNotFound")
        return None

    def send_file(self, repo_id: str, revision: str, path: str) -> None:
        repository = self.open(repo_id)
        if repository is None:
            return
        if repository.gated and self.token() != repository.token:
            return self.refuse(403 if self.token() else 401, "GatedRepo")
        commit = repository.resolve(revision)
        if commit is None:
            return self.refuse(404, "RevisionNotFound")
        content = repository.commits[commit].get(path)
        if content is None:
            return self.refuse(404, "EntryNotFound")
        headers = {"ETag": f'"{git_sha1(content)}"', "X-Repo-Commit": commit}
        if not is_lfs(path):
            return self.answer(200, content, headers)
        digest = sha256(content)
        link = {"X-Linked-Etag": f'"{digest}"', "X-Linked-Size": str(len(content))}
        self.answer(302, b"", headers | link | {"Location": f"{self.server.cdn_url}/{digest}"})

    def send_from_cdn(self, digest: str) -> None:
        server, status, headers = self.server, 200, {"ETag": f'"{digest}"'}
        content = server.cdn_bodies.pop(0) if server.cdn_bodies else server.blobs[digest]
        if wanted := re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", "")):
            start, end = int(wanted[1]), len(content)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{end}"
            status, content = 206, content[start:]
        stop = server.cdn_breaks.pop(0) if server.cdn_breaks else len(content)
        self.answer(status, content, headers, stop)

    def send_info(self, repo_id: str) -> None:
        if repository := self.open(repo_id):
            commit = repository.resolve("main")
            access = {"private": repository.private, "gated": repository.gated and "auto"}
            self.answer_json({"id": repo_id, "sha": commit, **access})

    def refuse(self, status: int, code: str = "") -> None:
        if status == self.server.HANG_UP:
            self.close_connection = True
            return
        self.answer(status, b"{}", {"X-Error-Code": code} if code else {})

    def answer_json(self, value: object, status: int = 200) -> None:
        self.answer(status, json.dumps(value).encode(), {"Content-Type": "application/json"})

    def answer(
        self, status: int, body: bytes, headers: Mapping[str, str], stop: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:stop])
        self.close_connection = stop is not None and stop < len(body)
