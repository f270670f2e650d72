"""Bundling weights in the package: int8 files, the manifest entry, and failures."""

import dataclasses
import shutil
from pathlib import Path

import pytest
import torch
from published import NAME, empty_manifest, in_a_new_process
from unprivileged import open_folder, without_the_rights_of_root

import reid_align
from reid_align.errors import InvalidInputError, ManifestError, OutputError
from reid_align.heads import create_head
from reid_align.models.model_factory import MODELS
from reid_align.publish import main as publish
from reid_align.publishing import ManifestUpdate, Publication, bundle_weights, gather_publication
from reid_align.weights import (
    Weights,
    WeightsHeader,
    locate_weights,
    parse_manifest,
    read_header,
    rounded,
    save_tensors,
)
from reid_align.weights.checksums import sha256_of
from reid_align.weights.fingerprint import check_fingerprint, module_fingerprint
from reid_align.weights.tensor_files import load_tensors


def entries(update: ManifestUpdate) -> dict[str, Weights]:
    return parse_manifest(update.manifest.read_text("utf-8"), "the test's")


@pytest.mark.parametrize(("dtype", "size"), [("int8", 1), ("float16", 2)])
def test_the_entry_is_of_the_rounded_weights(
    publication: Publication, update: ManifestUpdate, tmp_path: Path, dtype: str, size: int
) -> None:
    folder = tmp_path / "bundled"
    entry = bundle_weights(dataclasses.replace(publication, dtype=dtype), update, folder)
    assert entries(update) == {entry.name: entry}
    assert (entry.bundled, entry.hub, entry.dtype) == (f"{entry.name}.safetensors", None, dtype)
    path = locate_weights(entry, folder)
    assert entry.bytes < 1.05 * size * entry.parameters
    module = MODELS[entry.architecture](**entry.arch_args).eval()
    load_tensors(module, path)
    check_fingerprint(module_fingerprint(module), entry.fingerprint, "the test's")
    expected = rounded(publication.encoder, dtype).state_dict()
    assert all(torch.equal(t, expected[name]) for name, t in module.state_dict().items())
    info = read_header(path)
    assert info is not None
    assert info.fingerprint == entry.fingerprint
    assert info.preprocess == entry.preprocess == publication.encoder.preprocess


def test_the_entry_notes_the_precision_of_its_results(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    entry = bundle_weights(publication, update, tmp_path / "bundled")
    assert [m.note for m in entry.metrics] == [
        "cosine; 64×32; measured in full precision, before storing as int8",
        "euclidean; 64×32; measured in full precision, before storing as int8",
    ]
    assert entry.recipe == publication.recipe
    assert entry.license == "Apache-2.0"
    measured = dataclasses.replace(publication, of_rounded=publication.exact)
    again = bundle_weights(
        measured, dataclasses.replace(update, replace=True), tmp_path / "bundled"
    )
    assert [m.note for m in again.metrics] == ["cosine; 64×32", "euclidean; 64×32"]


def test_an_existing_name_is_not_replaced_by_default(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    entry = bundle_weights(publication, dataclasses.replace(update, default=True), tmp_path)
    text = update.manifest.read_bytes()
    with pytest.raises(InvalidInputError, match=r"already has an entry .*replace=True"):
        bundle_weights(publication, update, tmp_path)
    assert update.manifest.read_bytes() == text
    replaced = bundle_weights(publication, dataclasses.replace(update, replace=True), tmp_path)
    # It stays the default of pretrained=True.
    assert entries(update)[replaced.name].default
    assert entry.name == replaced.name


def test_one_entry_of_an_architecture_is_the_default(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    default = dataclasses.replace(update, default=True)
    bundle_weights(publication, default, tmp_path / "bundled")
    other = dataclasses.replace(publication, name="resnet18_baseline.other")
    bundle_weights(other, update, tmp_path / "bundled")
    defaults = {name: entry.default for name, entry in entries(update).items()}
    assert defaults == {"resnet18_baseline.other": False, "resnet18_baseline.try": True}
    bundle_weights(other, dataclasses.replace(default, replace=True), tmp_path / "bundled")
    defaults = {name: entry.default for name, entry in entries(update).items()}
    assert defaults == {"resnet18_baseline.other": True, "resnet18_baseline.try": False}


def test_a_file_beyond_the_size_limit_is_refused(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    with (tmp_path / "other.safetensors").open("wb") as file:
        file.truncate(55 * 2**20)
    text = update.manifest.read_bytes()
    with pytest.raises(InvalidInputError, match=r"MiB; the limit is 60 MiB"):
        bundle_weights(publication, update, tmp_path)
    assert not (tmp_path / "resnet18_baseline.try.safetensors").exists()
    assert update.manifest.read_bytes() == text


def test_an_unwritable_manifest_changes_nothing(publication: Publication) -> None:
    with open_folder() as place:
        manifest = place / "weights_manifest.json"
        manifest.write_text('{"schema": 1, "weights": {}}')
        (place / "bundled").mkdir(mode=0o777)
        (place / "bundled").chmod(0o777)
        with (
            without_the_rights_of_root(),
            pytest.raises(OutputError, match="is not writable"),
        ):
            bundle_weights(publication, ManifestUpdate(manifest), place / "bundled")
        assert list((place / "bundled").iterdir()) == []


def test_a_damaged_manifest_changes_nothing(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    update.manifest.write_text("{}")
    with pytest.raises(ManifestError):
        bundle_weights(publication, update, tmp_path / "bundled")
    assert not (tmp_path / "bundled").exists()


def test_the_old_file_is_restored_if_the_manifest_update_fails(
    publication: Publication, update: ManifestUpdate, tmp_path: Path
) -> None:
    stored = tmp_path / "bundled" / "resnet18_baseline.try.safetensors"
    stored.parent.mkdir()
    stored.write_bytes(b"before")
    # A name that only the final manifest update refuses.
    wrong = dataclasses.replace(
        publication, recipe=dataclasses.replace(publication.recipe, command="")
    )
    with pytest.raises(ManifestError):
        bundle_weights(wrong, update, tmp_path / "bundled")
    assert stored.read_bytes() == b"before"
    stored.unlink()
    with pytest.raises(ManifestError):
        bundle_weights(wrong, update, tmp_path / "bundled")
    assert not stored.exists()


def test_a_head_is_bundled_too(mine: Path, update: ManifestUpdate, tmp_path: Path) -> None:
    decoder = create_head("san_decoder", channels=512, height=32, width=32).eval()
    info = WeightsHeader("san_decoder", decoder.arch_args, None, module_fingerprint(decoder))
    save_tensors(decoder, mine / "run" / "san_decoder.safetensors", info)
    found = gather_publication("san_decoder.try", mine / "card.toml", mine / "run")
    entry = bundle_weights(found, update, tmp_path / "bundled")
    assert (entry.kind, entry.preprocess, entry.feature_dim) == ("head", None, None)
    assert entry.metrics == ()
    with pytest.raises(InvalidInputError, match=r"san_decoder\.try is a head\. Only encoders"):
        found.encoder  # noqa: B018


def test_the_command_updates_the_manifest_of_its_package(made: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    # A copy of the package, because the command writes into its own package.
    leave_out = shutil.ignore_patterns("__pycache__", "*.safetensors")
    shutil.copytree(Path(reid_align.__file__).parent, site / "reid_align", ignore=leave_out)
    manifest = empty_manifest(site)
    what = [NAME, "--weights", str(made / "run"), "--card", str(made / "card.toml")]
    command = f"assert main({['bundle', *what, '--default']!r}) == 0"
    code = f"from reid_align.publish import main\n{command}"
    shown = in_a_new_process(site, tmp_path / "home", code)
    entry = parse_manifest(manifest.read_text("utf-8"), "the test's")[NAME]
    stored = site / "reid_align" / "weights" / "bundled" / f"{NAME}.safetensors"
    assert shown.startswith(f"{manifest}: added {NAME}, ")
    assert (entry.sha256, entry.default) == (sha256_of(stored), True)


def test_the_command_takes_no_other_manifest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # Otherwise the sha256 in the package's own manifest would become wrong.
    what = [NAME, "--weights", str(tmp_path), "--manifest", str(empty_manifest(tmp_path))]
    with pytest.raises(SystemExit, match="2"):
        publish(["bundle", *what])
    assert "unrecognized arguments: --manifest" in capsys.readouterr().err
