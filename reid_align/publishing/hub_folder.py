"""A publication as the folder that goes to the Hub."""

from pathlib import Path

from reid_align.files import new_folder
from reid_align.models import save_pretrained
from reid_align.publishing.model_card import model_card
from reid_align.publishing.publication import Publication
from reid_align.weights.hub_upload import CARD_NAME
from reid_align.weights.manifest_records import REPO_ID, require_text


def build_hub_folder(publication: Publication, repo_id: str, folder: Path) -> None:
    """Write ``model.safetensors`` in full precision, ``config.json`` and ``README.md``.

    The same publication gives the same bytes, wherever and whenever. The folder appears whole or
    not at all; nothing is sent anywhere.

    Args:
        publication: of an encoder.
        repo_id: where it will be: the model card says how to load it from there.
        folder: where to write; it must not exist, or be empty.

    Raises:
        InvalidInputError: it is no encoder, or ``repo_id`` is no name of a repository.
        OutputError: the folder is not empty, or cannot be written.
    """
    require_text("repository", repo_id, REPO_ID, "organization/repository")
    encoder = publication.encoder
    with new_folder(folder) as partial:
        save_pretrained(encoder, partial, training_data=publication.card.trained_on)
        text = model_card(publication, repo_id)
        (partial / CARD_NAME).write_text(text, encoding="utf-8", newline="\n")
