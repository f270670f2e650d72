"""The Hub folder of a publication: weights, config and model card."""

from pathlib import Path

from reid_align.files import new_folder
from reid_align.models import save_pretrained
from reid_align.publishing.model_card import model_card
from reid_align.publishing.publication import Publication
from reid_align.weights.hub_upload import CARD_NAME
from reid_align.weights.manifest_records import REPO_ID, require_text


def build_hub_folder(publication: Publication, repo_id: str, folder: Path) -> None:
    """Write ``model.safetensors`` in full precision, ``config.json`` and ``README.md``.

    Equal publications give equal bytes. The write is atomic; nothing is uploaded.

    Args:
        publication: publication of an encoder.
        repo_id: the future repository; the model card shows how to load from it.
        folder: the output; it must not exist or be empty.

    Raises:
        InvalidInputError: the network is not an encoder, or ``repo_id`` is not a repository name.
        OutputError: the folder is not empty or cannot be written.
    """
    require_text("repository", repo_id, REPO_ID, "organization/repository")
    encoder = publication.encoder
    with new_folder(folder) as partial:
        save_pretrained(encoder, partial, training_data=publication.card.trained_on)
        text = model_card(publication, repo_id)
        (partial / CARD_NAME).write_text(text, encoding="utf-8", newline="\n")
