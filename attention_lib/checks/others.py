"""Texts, lists, functions and other objects that are no numbers and no arrays."""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress

from .numbers import shown


def as_list(name, value, of):
    """The entries of any iterable but a text or a mapping; `of` says what it has to hold."""
    entries = None
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes, Mapping)):
        with suppress(TypeError):  # an array without axes
            entries = iter(value)
    if entries is None:
        raise TypeError(f"{name} must be an iterable of {of}, got {type(value).__name__}")
    return list(entries)


def check_text(**texts):
    for name, text in texts.items():
        if not isinstance(text, str):
            raise TypeError(f"{name} must be a string, got {type(text).__name__}")


def check_path(**paths):
    """All arguments name a file or a folder, be it there or not."""
    for name, path in paths.items():
        text = os.fspath(path) if isinstance(path, (str, os.PathLike)) else None
        if not isinstance(text, str):
            raise TypeError(f"{name} must be a path, got {type(path).__name__}")
        try:
            known = b"\0" not in os.fsencode(text)
        except UnicodeEncodeError:
            known = False
        if not known:
            raise ValueError(f"{name} must be a path, got {shown(path)}")


def check_callable(**functions):
    for name, function in functions.items():
        if not callable(function):
            raise TypeError(f"{name} must be callable, got {type(function).__name__}")


def check_mapping(of, **mappings):
    """All arguments map names; `of` says from what to what."""
    for name, mapping in mappings.items():
        if not isinstance(mapping, Mapping):
            raise TypeError(f"{name} must map {of}, got {type(mapping).__name__}")


def check_instance(kind, **objects):
    """All arguments are objects of this class."""
    for name, one in objects.items():
        if not isinstance(one, kind):
            article = "an" if kind.__name__[0] in "AEIOU" else "a"
            raise TypeError(f"{name} must be {article} {kind.__name__}, got {type(one).__name__}")
