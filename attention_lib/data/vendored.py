"""The files that come with the package, read only if they are what was packed.

Each has its line in `files/checksums.json` and the rights to it in the ATTRIBUTION.md beside it.
"""

import hashlib
import json
from importlib import resources

from ..checks import shown


def folder():
    """Where the files lie: a folder, or a place inside a zip that Python imports from."""
    return resources.files(__package__) / "files"


def read_vendored(name):
    """The bytes of a file, after its SHA-256 was compared.

    Args:
        name: the path below `files/`, with slashes.

    Returns:
        bytes.

    Raises:
        FileNotFoundError: the file, or the list of checksums, is missing.
        ValueError: the file is not in the list, or it is not the one that was packed; the message
            names the file, what was expected and what came.

    >>> read_vendored("spoken_digits/en/7.wav")[:4]
    b'RIFF'
    """
    checksums = json.loads(_bytes("checksums.json"))
    if not isinstance(name, str) or name not in checksums:
        raise ValueError(f"name must be a file in checksums.json, got {shown(name)}")
    content, expected = _bytes(name), checksums[name]
    came = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    if came != expected:
        raise ValueError(
            f"{name} is damaged: expected {expected['bytes']} bytes with SHA-256 "
            f"{expected['sha256']}, got {came['bytes']} bytes with SHA-256 {came['sha256']}; "
            "install attention-lib again"
        )
    return content


def _bytes(name):
    path = folder().joinpath(name)
    if not path.is_file():
        raise FileNotFoundError(
            f"{name} is missing: expected it in {folder()}; install attention-lib again"
        )
    return path.read_bytes()
