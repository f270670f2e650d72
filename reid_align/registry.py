"""One registry for everything that is chosen by name: models, heads, datasets."""

from collections.abc import Callable, Iterator
from typing import Generic, TypeVar, cast

from reid_align.errors import DuplicateNameError, UnknownNameError

T = TypeVar("T")
S = TypeVar("S")


class Registry(Generic[T]):
    """Maps names to objects; a second registration and an unknown name are errors.

    Args:
        kind: what the entries are, in the singular, as error messages name them.
    """

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._entries: dict[str, T] = {}

    def register(self, name: str) -> Callable[[S], S]:
        """Return a decorator that registers what it decorates, and leaves its type as it is.

        Raises:
            DuplicateNameError: the name is taken.
        """

        def add(entry: S) -> S:
            if name in self._entries:
                raise DuplicateNameError(f"There is a {self.kind} {name!r} already.")
            self._entries[name] = cast(T, entry)
            return entry

        return add

    def __getitem__(self, name: str) -> T:
        """Return the entry of that name, or raise UnknownNameError with the nearest one."""
        if name not in self._entries:
            raise UnknownNameError(self.kind, name, self._entries)
        return self._entries[name]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._entries))

    def __contains__(self, name: object) -> bool:
        return name in self._entries

    def __len__(self) -> int:
        return len(self._entries)
