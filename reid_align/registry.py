"""Registry of objects by name: models, heads, datasets and backends."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, cast

from reid_align.errors import DuplicateNameError, UnknownNameError

T = TypeVar("T")
S = TypeVar("S")


class Registry(Generic[T]):
    """Maps names to objects; raises for duplicate and unknown names.

    Args:
        kind: kind of entry in error messages, such as "model".
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[S], S]:
        """Return a decorator that registers an object under ``name``.

        Raises:
            DuplicateNameError: the name is registered already.
        """

        def add(entry: S) -> S:
            if name in self._entries:
                raise DuplicateNameError(f"The {self.kind} {name!r} is registered already.")
            self._entries[name] = cast(T, entry)
            return entry

        return add

    def __getitem__(self, name: str) -> T:
        """Return the entry, or raise UnknownNameError with the closest name."""
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
