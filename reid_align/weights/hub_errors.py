"""What the Hub's client raises, said in terms of what the user can do about it."""

from collections.abc import Iterator
from contextlib import contextmanager

from reid_align.errors import ReidAlignError, WeightsAccessError, WeightsNotFoundError

REFUSED = (401, 403)
# By the client's class of error; one that derives from another stands before it.
ADVICE = {
    "OfflineModeIsEnabled": (
        "not in the cache {cache}, and HF_HUB_OFFLINE forbids to ask the Hub. TrainingRun once without "
        "HF_HUB_OFFLINE, or copy a filled cache to this machine."
    ),
    "GatedRepoError": (
        "the repository is gated. Accept its terms at {page}, then log in with `hf auth login`, or "
        "set HF_TOKEN to a token of that account."
    ),
    "RepositoryNotFoundError": (
        "there is no repository at {page}, or it is private. Check the name; if it is private, log "
        "in with `hf auth login`, or set HF_TOKEN."
    ),
    "RevisionNotFoundError": "the repository has no such revision; see {page}.",
    "EntryNotFoundError": "that revision has no such file; see {page}.",
}
ADVICE_REFUSED = (
    "{endpoint}, or a proxy before it, answered {status}. Check HF_TOKEN, HF_ENDPOINT and the "
    "proxy. ({reason})"
)
ADVICE_OTHERWISE = (
    "the exchange with {endpoint} failed. Check the connection, HF_ENDPOINT, and that there is "
    "space in {cache} and you may write to it; then try again. ({reason})"
)


@contextmanager
def hub_errors(
    subject: str, repo_id: str, otherwise: type[ReidAlignError] = WeightsNotFoundError
) -> Iterator[None]:
    """Turn any error of the client's into one of ours that says what to do.

    Any error, because its class differs by version: a broken connection comes from requests in 0.x,
    from httpx in 1.x, from httpx2 in 2.x, and from Rust as a bare RuntimeError.

    Args:
        subject: what was asked for, as the message starts.
        repo_id: the repository, for the address of its page.
        otherwise: the class for whatever is no refusal.

    Raises:
        WeightsAccessError: the Hub answers, and refuses.
        ReidAlignError: anything else, as the class ``otherwise``.
    """
    try:
        yield
    except Exception as error:
        refused, text = _explain(error, repo_id)
        kind = WeightsAccessError if refused else otherwise
        raise kind(f"{subject}: {text}") from error


def _explain(error: Exception, repo_id: str) -> tuple[bool, str]:
    """Tell whether the Hub refused, and what to do."""
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
