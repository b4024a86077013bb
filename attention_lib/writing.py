"""Files that are replaced whole: a full disk or a lost process leaves the old one as it was."""

import os
from contextlib import suppress
from pathlib import Path
from threading import get_ident


def replace_file(path, content, *, alone=False):
    """Write text (as UTF-8) or bytes beside the file, then put it in its place in one step.

    At every moment the old or the new file is there, whole, also after a power cut. The permissions
    of a file that was there stay, and a link goes on pointing to the file that it pointed to.

    Args:
        path: the file; its folder must exist.
        content: text or bytes.
        alone: nobody else writes the file at the same time; so what a process that was killed left
            beside it is used again, and does not pile up.

    Raises:
        OSError: the place cannot be written; the old file is as it was, and nothing lies beside it.
    """
    path = Path(os.path.realpath(path))
    partial = path.with_name(_beside(path, alone))
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        with partial.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())  # on the disk before the name points to it
        if path.exists():
            partial.chmod(path.stat().st_mode & 0o777)
        os.replace(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise
    _sync_folder(path.parent)


def check_place(name, path):
    """The path could be that of a file: it is no folder, and its folder is there.

    Raises:
        TypeError, ValueError: otherwise.
    """
    if not isinstance(path, (str, os.PathLike)):
        raise TypeError(f"{name} must be a path, got {type(path).__name__}")
    if "\0" in os.fspath(path):
        raise ValueError(f"{name} must be a path, got {path!r}")
    place = Path(os.path.realpath(path))
    if place.is_dir() or not place.parent.is_dir():
        raise ValueError(f"{name} must be a file in a folder that exists, got {path}")


def check_writable(name, path):
    """A file can be put at this path, whose folder takes one. Nothing is left there.

    Raises:
        ValueError: the folder is closed, the disk is full.
    """
    place = Path(os.path.realpath(path))
    probe = place.with_name(_beside(place, alone=False))
    try:
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ValueError(
            f"{name} must be a file that can be written, got {path}: {error}"
        ) from None


def _beside(path, alone):
    return f"{path.name}.partial" if alone else f"{path.name}.{os.getpid()}-{get_ident()}.partial"


def _sync_folder(folder):
    """Make the new name last through a power cut, where the system lets a folder be opened."""
    if os.name == "posix":
        with suppress(OSError):  # the file is in its place; some file systems sync no folders
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
