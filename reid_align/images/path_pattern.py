"""Values that a regular expression finds in image paths."""

import os
import re
from collections.abc import Collection, Sequence

from reid_align.errors import InvalidInputError


def match_paths(
    pattern: str, paths: Sequence[str], allowed: Collection[str], advice: str
) -> dict[str, list[str]]:
    """Return the text of each named group in each path; "" for a group without a match.

    Args:
        pattern: regular expression with one or more of the allowed groups.
        paths: image paths; searched with forward slashes.
        allowed: names of the groups.
        advice: sentence about the groups for the error message.

    Raises:
        InvalidInputError: an invalid pattern, another group, or a path that does not match.
    """
    try:
        expression = re.compile(pattern)
    except re.error as error:
        raise InvalidInputError(f"The pattern {pattern} is not valid: {error}.") from error
    named = set(expression.groupindex)
    if not named or named - set(allowed):
        raise InvalidInputError(f"The pattern {pattern} has the groups {sorted(named)}. {advice}")
    found: dict[str, list[str]] = {name: [] for name in named}
    for path in paths:
        match = expression.search(path.replace(os.sep, "/"))
        if match is None:
            raise InvalidInputError(f"The pattern {pattern} does not match {path}.")
        for name in named:
            found[name].append(match[name] or "")
    return found
