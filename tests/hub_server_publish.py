"""Upload half of the Hub's protocol: create repositories, LFS upload, commit, tag."""

import base64
import json
import re
from collections.abc import Mapping

import yaml
from hub_server import DownloadHandler, Repository, is_lfs, sha256


class PublishHandler(DownloadHandler):
    """Handler for a Hub with one maintainer with the token ``TOKEN``."""

    TOKEN = "hf_maintainer"

    def do_GET(self) -> None:
        match = re.fullmatch("/api/models/([^/]+/[^/]+)/refs", self.path)
        if match is None or self.server.statuses:
            super().do_GET()
        elif repository := self.open(match[1]):
            self.note_request()
            tags = [
                {"name": name, "ref": f"refs/tags/{name}", "targetCommit": commit}
                for name, commit in repository.tags.items()
            ]
            self.answer_json({"branches": [], "converts": [], "tags": tags})

    def do_PUT(self) -> None:
        path, content = self.note_request(), self.body()
        if self.server.upload_statuses:
            return self.refuse(self.server.upload_statuses.pop(0))
        if path != f"/lfs/{sha256(content)}":
            return self.refuse(400)
        self.server.blobs[sha256(content)] = content
        self.answer(200, b"", {})

    def do_POST(self) -> None:
        path, body = self.note_request(), self.body()
        if self.token() != self.TOKEN:
            self.refuse(401)
        elif path == "/api/validate-yaml":
            self.validate(json.loads(body)["content"])
        elif path == "/api/repos/create":
            self.create(json.loads(body))
        elif re.fullmatch("/[^/]+/[^/]+.git/info/lfs/objects/batch", path):
            self.offer_uploads(json.loads(body))
        elif match := re.fullmatch("/api/models/([^/]+/[^/]+)/(preupload|commit)/main", path):
            self.publish(match[1], match[2], body)
        elif match := re.fullmatch("/api/models/([^/]+/[^/]+)/tag/([^/]+)", path):
            self.tag(match[1], match[2], json.loads(body)["tag"])
        else:
            self.refuse(404)

    def body(self) -> bytes:
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def validate(self, card: str) -> None:
        """Check the model card metadata: a YAML block with a library name."""
        block = re.match("---\n(.*?\n)---\n", card, re.DOTALL)
        metadata = yaml.safe_load(block[1]) if block else None
        wrong = not isinstance(metadata, dict) or "library_name" not in metadata
        errors = [{"message": "no metadata"}] if wrong else []
        self.answer_json({"errors": errors, "warnings": []}, 400 if wrong else 200)

    def tag(self, repo_id: str, revision: str, name: str) -> None:
        repository = self.open(repo_id)
        if repository is None:
            return
        commit = repository.resolve(revision)
        if commit is None:
            self.refuse(404, "RevisionNotFound")
        elif name in repository.tags:
            self.refuse(409)
        else:
            repository.tags[name] = commit
            self.answer_json({})

    def create(self, asked: Mapping[str, str]) -> None:
        repo_id = f"{asked.get('organization', 'maintainer')}/{asked['name']}"
        exists = repo_id in self.server.repositories
        if not exists:
            private = asked.get("visibility") == "private" or bool(asked.get("private"))
            self.server.add(repo_id, {".gitattributes": b""}, private=private, token=self.TOKEN)
        reply = {"url": f"{self.server.url}/{repo_id}", "id": repo_id, "name": repo_id}
        self.answer_json(reply, 409 if exists else 200)

    def offer_uploads(self, asked: Mapping[str, list[dict[str, str]]]) -> None:
        objects = [
            wanted | {"actions": {"upload": {"href": f"{self.server.url}/lfs/{wanted['oid']}"}}}
            for wanted in asked["objects"]
        ]
        self.answer_json({"transfer": "basic", "objects": objects})

    def publish(self, repo_id: str, step: str, body: bytes) -> None:
        repository = self.open(repo_id)
        if repository is None:
            return
        if step == "commit":
            return self.commit(repository, repo_id, body)
        files = [
            {
                "path": path,
                "uploadMode": "lfs" if is_lfs(path) else "regular",
                "shouldIgnore": False,
            }
            for path in (file["path"] for file in json.loads(body)["files"])
        ]
        self.answer_json({"files": files})

    def commit(self, repository: Repository, repo_id: str, body: bytes) -> None:
        if self.server.commit_statuses:
            return self.refuse(self.server.commit_statuses.pop(0))
        if self.server.rivals:
            self.server.add(repo_id, self.server.rivals.pop(0))
        head = repository.resolve("main") or ""
        files = dict(repository.commits[head])
        for entry in map(json.loads, body.splitlines()):
            value = entry["value"]
            if entry["key"] == "header" and value.get("parentCommit") not in (None, head):
                return self.refuse(412)
            if entry["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            if entry["key"] == "lfsFile":
                files[value["path"]] = self.server.blobs[value["oid"]]
        oid = repository.commit(files)
        url = f"{self.server.url}/{repo_id}/commit/{oid}"
        self.answer_json({"commitUrl": url, "commitOid": oid, "hookOutput": ""})
