"""Releases with huggingface_hub to a local server, and their failures."""

import dataclasses
import json
from pathlib import Path

import pytest
from hub_server import Hub
from hub_server_publish import PublishHandler
from published import NAME, REPO_ID, empty_manifest, in_a_new_process
from unprivileged import open_folder, without_the_rights_of_root

import reid_align
from reid_align.errors import (
    InvalidInputError,
    OutputError,
    ReidAlignError,
    WeightsAccessError,
    WeightsError,
    WeightsIntegrityError,
    WeightsNotFoundError,
)
from reid_align.publishing import (
    HubTarget,
    ManifestUpdate,
    Publication,
    build_hub_folder,
    bundle_weights,
    describe_release,
    pin_commit,
    push_hub_folder,
    release_weights,
)
from reid_align.publishing.manifest_entries import make_entry, update_manifest
from reid_align.weights import HubFile, parse_manifest, read_folder

# A deprecation inside huggingface_hub.
pytestmark = pytest.mark.filterwarnings("ignore:Use 'content=:DeprecationWarning")

PLACE = HubTarget(REPO_ID, "v1.0.0")
UNTOUCHED = '{"schema": 1, "weights": {}}'


def test_a_release_loads_by_name_from_the_hub(
    logged_in: Hub, publication: Publication, tmp_path: Path
) -> None:
    site = tmp_path / "site"
    site.mkdir()
    (site / "reid_align").symlink_to(Path(reid_align.__file__).parent)
    update = ManifestUpdate(empty_manifest(site), default=True)
    entry = release_weights(publication, PLACE, update)
    repository = logged_in.repositories[REPO_ID]
    assert entry.hub == HubFile(REPO_ID, repository.tags["v1.0.0"], "model.safetensors")
    assert list(repository.commits)[1:] == [entry.hub.revision]
    assert not repository.private
    logged_in.requests.clear()
    shown = in_a_new_process(
        site,
        tmp_path / "home",
        "from reid_align import create_model, list_weights\n"
        "from reid_align.weights import module_fingerprint\n"
        "print(list_weights())\n"
        "for asked in (True, 'try'):\n"
        "    encoder = create_model('resnet18_baseline', pretrained=asked)\n"
        "    print(encoder.origin.tag, *module_fingerprint(encoder))",
    )
    names, *found = shown.splitlines()
    assert names == f"['{NAME}']"
    assert [line.split()[0] for line in found] == ["try", "try"]
    for line in found:
        assert [float(number) for number in line.split()[1:]] == pytest.approx(entry.fingerprint)
    # At the pinned commit, once, without a token.
    assert len(logged_in.cdn_downloads()) == 1
    assert {request.token for request in logged_in.requests} == {None}


def test_a_dry_run_makes_no_request(
    hub: Hub, publication: Publication, update: ManifestUpdate
) -> None:
    plan = describe_release(publication, PLACE, dataclasses.replace(update, default=True))
    assert hub.requests == []
    assert update.manifest.read_text() == UNTOUCHED
    assert plan.startswith(f"{REPO_ID} (public): 3 files in one commit, with the tag v1.0.0\n")
    assert f"{update.manifest}: entry {NAME}, as the default" in plan


def test_the_commit_holds_exactly_what_was_built(logged_in: Hub, built: Path) -> None:
    commit = push_hub_folder(built, REPO_ID, True, None)
    files = logged_in.repositories[REPO_ID].commits[commit]
    assert set(files) - {".gitattributes"} == {path.name for path in built.iterdir()}
    for path in built.iterdir():
        assert files[path.name] == path.read_bytes()
    assert logged_in.repositories[REPO_ID].private
    assert logged_in.repositories[REPO_ID].tags == {}


def test_a_private_or_gated_repository_is_not_pinned(
    logged_in: Hub, publication: Publication, built: Path, update: ManifestUpdate
) -> None:
    commit = push_hub_folder(built, REPO_ID, True, None)
    with pytest.raises(InvalidInputError, match=r"is private or does not exist\. Users could not"):
        pin_commit(publication, REPO_ID, commit, update)
    logged_in.repositories[REPO_ID].private = False
    logged_in.repositories[REPO_ID].gated = True
    with pytest.raises(InvalidInputError, match=f"{REPO_ID} is gated"):
        pin_commit(publication, REPO_ID, commit, update)
    assert update.manifest.read_text() == UNTOUCHED
    logged_in.repositories[REPO_ID].gated = False
    pin_commit(publication, REPO_ID, commit, update)
    assert list(parse_manifest(update.manifest.read_text("utf-8"), "")) == [NAME]


def test_an_invalid_token_uploads_nothing(
    hub: Hub, publication: Publication, update: ManifestUpdate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_wrong")
    with pytest.raises(WeightsAccessError, match=f"^{REPO_ID}, create repository: "):
        release_weights(publication, PLACE, update)
    assert hub.repositories == {}
    assert update.manifest.read_text() == UNTOUCHED


def test_a_concurrent_commit_stops_the_push(
    logged_in: Hub, publication: Publication, update: ManifestUpdate
) -> None:
    logged_in.rivals = [{"README.md": b"theirs"}]
    with pytest.raises(OutputError, match="another commit arrived during the upload"):
        release_weights(publication, PLACE, update)
    repository = logged_in.repositories[REPO_ID]
    assert repository.commits[list(repository.commits)[-1]] == {"README.md": b"theirs"}
    assert repository.tags == {}
    assert update.manifest.read_text() == UNTOUCHED


@pytest.mark.parametrize("step", ["upload_statuses", "commit_statuses"])
def test_a_server_failure_leaves_no_commit(
    logged_in: Hub, publication: Publication, update: ManifestUpdate, no_waiting: None, step: str
) -> None:
    setattr(logged_in, step, [logged_in.HANG_UP] * 20)
    with pytest.raises(OutputError, match=f"^{REPO_ID}, upload: the request"):
        release_weights(publication, PLACE, update)
    assert len(logged_in.repositories[REPO_ID].commits) == 1
    assert update.manifest.read_text() == UNTOUCHED
    # Retry after the failure.
    setattr(logged_in, step, [])
    entry = release_weights(publication, PLACE, update)
    assert entry.hub is not None


def test_an_existing_tag_is_refused_before_the_upload(
    logged_in: Hub, publication: Publication, update: ManifestUpdate
) -> None:
    release_weights(publication, PLACE, update)
    commits = dict(logged_in.repositories[REPO_ID].commits)
    again = dataclasses.replace(update, replace=True)
    with pytest.raises(InvalidInputError, match=r"already has the tag v1\.0\.0"):
        release_weights(publication, PLACE, again)
    assert logged_in.repositories[REPO_ID].commits == commits


def test_an_existing_name_is_refused_before_the_upload(
    logged_in: Hub, publication: Publication, update: ManifestUpdate
) -> None:
    release_weights(publication, PLACE, update)
    logged_in.requests.clear()
    with pytest.raises(InvalidInputError, match=r"already has an entry "):
        release_weights(publication, HubTarget(REPO_ID, "v1.0.1"), update)
    assert logged_in.requests == []


def test_bundled_weights_are_not_replaced_by_hub_weights(
    logged_in: Hub, publication: Publication, built: Path, update: ManifestUpdate, tmp_path: Path
) -> None:
    commit = push_hub_folder(built, REPO_ID, False, None)
    bundle_weights(publication, dataclasses.replace(update, default=True), tmp_path / "bundled")
    text, again = update.manifest.read_text(), dataclasses.replace(update, replace=True)
    logged_in.requests.clear()
    said = rf"{NAME} is bundled with the package and works offline.*such as {NAME}_full"
    for listed in (again, update):
        with pytest.raises(InvalidInputError, match=said):
            describe_release(publication, PLACE, listed)
        with pytest.raises(InvalidInputError, match=said):
            release_weights(publication, PLACE, listed)
        with pytest.raises(InvalidInputError, match=said):
            pin_commit(publication, REPO_ID, commit, listed)
    assert logged_in.requests == []
    assert update.manifest.read_text() == text
    # The other direction is allowed, and so is another tag.
    other = dataclasses.replace(publication, name=f"{NAME}_full")
    pin_commit(other, REPO_ID, commit, update)
    assert bundle_weights(other, again, tmp_path / "bundled").hub is None


def test_a_release_to_a_private_repository_is_refused(
    logged_in: Hub, publication: Publication, update: ManifestUpdate
) -> None:
    access = {"private": True, "token": PublishHandler.TOKEN}
    logged_in.add(REPO_ID, {".gitattributes": b""}, **access)
    with pytest.raises(InvalidInputError, match=f"^{REPO_ID} is private.*Make it public at"):
        release_weights(publication, PLACE, update)
    repository = logged_in.repositories[REPO_ID]
    assert (len(repository.commits), repository.tags) == (1, {})
    repository.private = False
    release_weights(publication, PLACE, update)
    assert list(parse_manifest(update.manifest.read_text("utf-8"), "")) == [NAME]


@pytest.mark.parametrize(
    ("gated", "kind"), [(True, InvalidInputError), (False, WeightsIntegrityError)]
)
def test_a_release_that_fails_after_the_push_can_be_completed_with_pin(
    logged_in: Hub,
    publication: Publication,
    made: Path,
    built: Path,
    tmp_path: Path,
    gated: bool,
    kind: type[ReidAlignError],
) -> None:
    (tmp_path / "a folder").mkdir()
    update = ManifestUpdate(empty_manifest(tmp_path / "a folder"), default=True)
    logged_in.add(REPO_ID, {".gitattributes": b""}, gated=gated, token=PublishHandler.TOKEN)
    wrong = bytes((built / "model.safetensors").stat().st_size)
    logged_in.cdn_bodies = [] if gated else [wrong] * 2
    with pytest.raises(ReidAlignError) as raised:
        release_weights(publication, PLACE, update)
    assert raised.type is kind
    repository = logged_in.repositories[REPO_ID]
    commit = repository.tags[PLACE.tag]
    assert f"Commit {commit} is on {REPO_ID}, but not in {update.manifest}" in str(raised.value)
    assert update.manifest.read_text() == UNTOUCHED
    # pin_commit completes the release without another push.
    repository.gated = False
    pin_commit(publication, REPO_ID, commit, update)
    entry = parse_manifest(update.manifest.read_text("utf-8"), "")[NAME]
    assert entry.hub == HubFile(REPO_ID, commit, "model.safetensors")
    assert entry.default
    assert list(repository.commits)[1:] == [commit]


def test_a_download_with_other_bytes_is_not_pinned(
    logged_in: Hub, publication: Publication, built: Path, update: ManifestUpdate
) -> None:
    commit = push_hub_folder(built, REPO_ID, False, None)
    right = (built / "model.safetensors").read_bytes()
    logged_in.cdn_bodies = [right[:-1] + b"x"] * 2
    with pytest.raises(WeightsIntegrityError, match="differs from the published file"):
        pin_commit(publication, REPO_ID, commit, update)
    assert update.manifest.read_text() == UNTOUCHED


def test_a_download_with_another_config_is_not_pinned(
    logged_in: Hub, publication: Publication, built: Path, update: ManifestUpdate
) -> None:
    push_hub_folder(built, REPO_ID, False, None)
    config = json.loads((built / "config.json").read_text())
    files = {path.name: path.read_bytes() for path in built.iterdir()}

    def commit_with(**changes: object) -> str:
        text = json.dumps(config | changes).encode()
        return logged_in.add(REPO_ID, files | {"config.json": text})

    with pytest.raises(WeightsIntegrityError, match=r"config\.json does not belong to these"):
        pin_commit(publication, REPO_ID, commit_with(arch_args={"pool": "gem"}), update)
    assert update.manifest.read_text() == UNTOUCHED
    # Another library version in the config is allowed.
    pin_commit(publication, REPO_ID, commit_with(library_version="0.0.1"), update)


def test_a_missing_commit_is_not_pinned(
    logged_in: Hub, publication: Publication, built: Path, update: ManifestUpdate
) -> None:
    push_hub_folder(built, REPO_ID, False, None)
    with pytest.raises(WeightsNotFoundError, match="no such revision"):
        pin_commit(publication, REPO_ID, "ab" * 20, update)
    with pytest.raises(InvalidInputError, match="revision: expected the 40 hex digits"):
        pin_commit(publication, REPO_ID, "main", update)
    assert update.manifest.read_text() == UNTOUCHED


def test_an_unwritable_manifest_is_detected_before_the_push(
    logged_in: Hub, publication: Publication
) -> None:
    with open_folder() as place:
        manifest = place / "weights_manifest.json"
        manifest.write_text(UNTOUCHED)
        with without_the_rights_of_root(), pytest.raises(OutputError, match="is not writable"):
            release_weights(publication, PLACE, ManifestUpdate(manifest))
        assert manifest.read_text() == UNTOUCHED
    assert logged_in.requests == []


@pytest.mark.parametrize("content", [None, b"{", b'{"schema": 1, "weights": []}'])
def test_an_unreadable_manifest_is_detected_before_the_push(
    logged_in: Hub, publication: Publication, update: ManifestUpdate, content: bytes | None
) -> None:
    if content is None:
        update.manifest.unlink()
    else:
        update.manifest.write_bytes(content)
    with pytest.raises(ReidAlignError, match=update.manifest.name):
        release_weights(publication, PLACE, update)
    assert logged_in.requests == []


def test_an_entry_needs_a_hub_file_or_a_bundled_file(
    publication: Publication, built: Path, update: ManifestUpdate
) -> None:
    path, config = built / "model.safetensors", read_folder(built).config
    with pytest.raises(InvalidInputError, match="hub or bundled"):
        make_entry(publication, path, "float32", config.fingerprint, [])
    hub = HubFile(REPO_ID, "ab" * 20, "model.safetensors")
    update_manifest(
        make_entry(publication, path, "float32", config.fingerprint, [], hub=hub), update
    )
    assert NAME in update.manifest.read_text()


def test_only_built_folders_are_pushed(
    logged_in: Hub, publication: Publication, built: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInputError, match="was built for another repository"):
        push_hub_folder(built, "org/other", False, None)
    with pytest.raises(InvalidInputError, match="tag: expected a name such as"):
        push_hub_folder(built, REPO_ID, False, "v 1")
    build_hub_folder(publication, REPO_ID, tmp_path / "out")
    (tmp_path / "out" / "README.md").unlink()
    with pytest.raises(InvalidInputError, match=r"a built folder with README\.md"):
        push_hub_folder(tmp_path / "out", REPO_ID, False, None)
    (tmp_path / "out" / "config.json").unlink()
    with pytest.raises(WeightsError):
        push_hub_folder(tmp_path / "out", REPO_ID, False, None)
    assert logged_in.requests == []
