"""Conversion of `huggingface_hub` errors into errors of this library, with advice."""

from collections.abc import Iterator
from contextlib import contextmanager

from reid_align.errors import ReidAlignError, WeightsAccessError, WeightsNotFoundError

REFUSED = (401, 403)
# Advice by exception class of huggingface_hub; subclasses come before their base classes.
ADVICE = {
    "OfflineModeIsEnabled": (
        "not in the cache {cache}, and HF_HUB_OFFLINE is set. Run once without HF_HUB_OFFLINE, or "
        "copy a filled cache to this machine."
    ),
    "GatedRepoError": (
        "the repository is gated. Accept its terms at {page}, then log in with `hf auth login` or "
        "set HF_TOKEN to a token of that account."
    ),
    "RepositoryNotFoundError": (
        "no repository at {page}, or it is private. Check the name; for a private repository log "
        "in with `hf auth login` or set HF_TOKEN."
    ),
    "RevisionNotFoundError": "the repository has no such revision; see {page}.",
    "EntryNotFoundError": "the revision has no such file; see {page}.",
}
ADVICE_REFUSED = (
    "{endpoint} or a proxy answered {status}. Check HF_TOKEN, HF_ENDPOINT and the proxy. ({reason})"
)
ADVICE_OTHERWISE = (
    "the request to {endpoint} failed. Check the connection, HF_ENDPOINT, and that {cache} is "
    "writable and has free space; then try again. ({reason})"
)


@contextmanager
def hub_errors(
    subject: str, repo_id: str, otherwise: type[ReidAlignError] = WeightsNotFoundError
) -> Iterator[None]:
    """Convert any exception of `huggingface_hub` into an error with advice.

    Catches every exception, because the class depends on the version: a broken connection raises
    an error of requests in 0.x, of httpx in 1.x, of httpx2 in 2.x, and a RuntimeError from Rust.

    Args:
        subject: the requested object; start of the message.
        repo_id: the repository, for the URL of its page.
        otherwise: error class for anything but a denied access.

    Raises:
        WeightsAccessError: the Hub denies access.
        ReidAlignError: any other failure, as ``otherwise``.
    """
    try:
        yield
    except Exception as error:
        refused, text = _explain(error, repo_id)
        kind = WeightsAccessError if refused else otherwise
        raise kind(f"{subject}: {text}") from error


def _explain(error: Exception, repo_id: str) -> tuple[bool, str]:
    """Return whether access was denied, and the advice."""
    from huggingface_hub import constants, errors

    wrappers = (errors.LocalEntryNotFoundError, RuntimeError)
    if isinstance(error, wrappers) and isinstance(error.__cause__, Exception):
        error = error.__cause__
    status = getattr(getattr(error, "response", None), "status_code", None)
    refused = status in REFUSED
    special = [text for name, text in ADVICE.items() if isinstance(error, getattr(errors, name))]
    text = special[0] if special else ADVICE_REFUSED if refused else ADVICE_OTHERWISE
    return refused, text.format(
        page=f"{constants.ENDPOINT}/{repo_id}",
        endpoint=constants.ENDPOINT,
        cache=constants.HF_HUB_CACHE,
        status=status,
        reason=f"{type(error).__name__}: {error}",
    )
