"""Weights inside the package, stored as int8 or float16 and usable offline."""

from pathlib import Path
from tempfile import TemporaryDirectory

from reid_align.errors import InvalidInputError
from reid_align.files import replace_file, writing
from reid_align.publishing.manifest_entries import (
    ManifestUpdate,
    check_manifest_update,
    make_entry,
    update_manifest,
)
from reid_align.publishing.publication import Publication
from reid_align.weights import Metrics, Weights, WeightsHeader, save_rounded
from reid_align.weights.weights_location import BUNDLED

MIB = 2**20
FILE_LIMIT, TOTAL_LIMIT = 28 * MIB, 60 * MIB
FULL_PRECISION = "measured in full precision, before storing as {}"


def bundle_weights(
    publication: Publication, update: ManifestUpdate, folder: Path = BUNDLED
) -> Weights:
    """Store weights inside the package, in the publication's dtype, and add them to the manifest.

    The entry lists the results of the rounded weights if the card has any, otherwise those in full
    precision with a note.

    Args:
        publication: publication of any network.
        update: options of the manifest entry.
        folder: folder of the weights files in the package.

    Returns:
        The manifest entry.

    Raises:
        InvalidInputError: the name is taken, or the file is too large for the package.
        NotFiniteError: a weight is NaN or infinite.
        OutputError: a file cannot be written; nothing has changed then.
    """
    check_manifest_update(update, publication.name, bundled=True)
    name = f"{publication.name}.safetensors"
    with TemporaryDirectory() as scratch:
        file = Path(scratch) / name
        info = save_rounded(
            publication.trained.network, file, _info(publication), publication.dtype
        )
        _check_size(file, folder)
        entry = make_entry(
            publication,
            file,
            publication.dtype,
            info.fingerprint or (),
            _metrics(publication),
            bundled=name,
        )
        content = file.read_bytes()
    target = folder / name
    before = target.read_bytes() if target.exists() else None
    with writing(target):
        folder.mkdir(exist_ok=True)
        replace_file(target, content)
    try:
        return update_manifest(entry, update)
    except BaseException:
        target.unlink() if before is None else replace_file(target, before)
        raise


def _info(publication: Publication) -> WeightsHeader:
    network, preprocess = publication.trained.network, publication.trained.preprocess
    arch_args, trained_on = dict(network.arch_args), publication.card.trained_on
    return WeightsHeader(network.architecture, arch_args, preprocess, None, trained_on)


def _metrics(publication: Publication) -> list[Metrics]:
    results, remark = publication.of_rounded, None
    if not results:
        results, remark = publication.exact, FULL_PRECISION.format(publication.dtype)
    return [entry for result in results for entry in result.metrics(publication.name, remark)]


def _check_size(file: Path, folder: Path) -> None:
    """Check the size limits of the package."""
    size = file.stat().st_size
    others = sum(p.stat().st_size for p in folder.glob("*.safetensors") if p.name != file.name)
    for what, found, limit in (
        (f"{file.name} has", size, FILE_LIMIT),
        (f"with {file.name} the package's weights have", size + others, TOTAL_LIMIT),
    ):
        if found > limit:
            raise InvalidInputError(
                f"{what} {found / MIB:.1f} MiB; the limit is {limit // MIB} MiB. Use the Hub."
            )
