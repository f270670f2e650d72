"""Folder of Parquet parts, local or remote: its files, and the record of an extraction."""

import json
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from filelock import FileLock, Timeout

from reid_align.errors import OutputError
from reid_align.features.feature_files import Json
from reid_align.features.parquet_format import FINISHED, PART_NAME, part_name
from reid_align.files import replace_file, writing
from reid_align.images.image_addresses import file_system, is_remote, using_storage
from reid_align.typed_reading import read_object

UNFINISHED, LOCK = "_unfinished.json", "_lock"
_OURS = re.compile(rf"{PART_NAME.pattern}|{FINISHED}|{UNFINISHED}|{LOCK}|\..*\.partial")


@dataclass(frozen=True)
class PartsFolder:
    """Output folder; may be sent to other processes.

    Attributes:
        location: a path or a URL, without a slash at the end.
    """

    location: str

    @property
    def is_remote(self) -> bool:
        """Whether the folder is at a URL."""
        return is_remote(self.location)

    def names(self) -> list[str]:
        """Return the names of the files; empty if there is no folder."""
        with self._using():
            if not self.is_remote:
                folder = Path(self.location)
                return sorted(os.listdir(folder)) if folder.is_dir() else []
            system, root = file_system(self.location)
            try:
                found = system.ls(root, detail=False, refresh=True)
            except FileNotFoundError:
                return []
        return sorted(os.path.basename(str(name).rstrip("/")) for name in found)

    def parts(self) -> set[int]:
        """Return the numbers of the parts."""
        found = (PART_NAME.fullmatch(name) for name in self.names())
        return {int(match[1]) for match in found if match}

    def create(self) -> None:
        """Create a local folder; a remote one needs none."""
        if not self.is_remote:
            with writing(Path(self.location)):
                os.makedirs(self.location, exist_ok=True)

    def foreign_files(self) -> list[str]:
        """Return the files that no extraction has written."""
        return [name for name in self.names() if not _OURS.fullmatch(name)]

    def clear(self) -> None:
        """Delete the files of earlier extractions; the record first, then the parts."""
        names = [name for name in self.names() if name != LOCK and _OURS.fullmatch(name)]
        for name in sorted(names, key=lambda name: name != FINISHED):
            self.remove(name)

    def remove(self, name: str) -> None:
        """Delete a file, if it exists."""
        with self._using():
            if self.is_remote:
                system, root = file_system(self.location)
                if system.exists(f"{root}/{name}"):
                    system.rm_file(f"{root}/{name}")
            else:
                Path(self.location, name).unlink(missing_ok=True)

    def remove_leftovers(self) -> None:
        """Delete the temporary files of killed processes."""
        for name in self.names():
            if name.startswith(".") and _OURS.fullmatch(name):
                self.remove(name)

    def remove_without_parts(self) -> None:
        """Delete the folder of a run that failed before its first part."""
        with suppress(OSError):
            if not self.parts():
                self.remove(UNFINISHED)
                if not self.is_remote:
                    shutil.rmtree(self.location)

    def read_record(self, name: str) -> dict[str, Json] | None:
        """Return a JSON object; None if there is no such file.

        Raises:
            OutputError: the file is damaged.
        """
        try:
            with self._using():
                if self.is_remote:
                    system, root = file_system(self.location)
                    text = bytes(system.cat_file(f"{root}/{name}"))
                else:
                    file = Path(self.location, name)
                    if not file.is_file():
                        return None
                    text = file.read_bytes()
            return dict(cast(Mapping[str, Json], read_object(json.loads(text))))
        except FileNotFoundError:
            return None
        except (ValueError, RecursionError) as error:
            raise OutputError(f"{self.location}/{name} is damaged: {error}.") from error

    def write_record(self, name: str, content: Mapping[str, Json]) -> None:
        """Write a JSON object atomically."""
        data = json.dumps(content, indent=1).encode() + b"\n"
        with self._using():
            if self.is_remote:
                system, root = file_system(self.location)
                system.pipe_file(f"{root}/{name}", data)
            else:
                replace_file(Path(self.location, name), data)

    @contextmanager
    def new_part(self, index: int) -> Iterator[Path]:
        """Provide a local file that becomes part ``index`` on success, at once.

        Raises:
            OutputError: the part cannot be written.
            StorageError: the remote storage cannot be reached.
        """
        name = part_name(index)
        if self.is_remote:
            with tempfile.TemporaryDirectory() as temporary:
                file = Path(temporary, name)
                yield file
                with self._using():
                    system, root = file_system(self.location)
                    system.put_file(str(file), f"{root}/{name}")
            return
        # Several processes may write the same part after a lost connection.
        file = Path(self.location, f".{name}.{secrets.token_hex(4)}.partial")
        with self._using():
            try:
                yield file
                with open(file, "rb") as written:
                    os.fsync(written.fileno())
                file.replace(Path(self.location, name))
            finally:
                file.unlink(missing_ok=True)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock a local folder against other processes; does nothing for a remote one.

        Raises:
            OutputError: another process holds the lock.
        """
        if self.is_remote:
            yield
            return
        with self._using():
            try:
                lock = FileLock(os.path.join(self.location, LOCK), timeout=0).acquire()
            except Timeout:
                raise OutputError(
                    f"Another process is writing {self.location}. Wait until it finishes, or "
                    "choose another output."
                ) from None
        with lock:
            yield
        Path(self.location, LOCK).unlink(missing_ok=True)

    @contextmanager
    def _using(self) -> Iterator[None]:
        if self.is_remote:
            with using_storage(self.location):
                yield
        else:
            with writing(Path(self.location)):
                yield
