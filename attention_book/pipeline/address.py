"""Where the repository lies: two lines of _config.yml, which a fork sets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from .errors import PipelineError

URL = re.compile(r"(?:https|file)://[\w.~:/@-]+")
BRANCH = re.compile(r"[\w.][\w./-]*")
# The hosts whose addresses the buttons of the theme understand.
HOSTS = ("https://github.com/", "https://gitlab.com/")


@dataclass(frozen=True)
class Address:
    """A repository and the branch, tag or commit of it that the notebooks belong to."""

    url: str
    branch: str

    @property
    def package(self) -> str:
        """What pip installs the book from."""
        return f"git+{self.url}@{self.branch}"

    @property
    def opens_in_binder(self) -> bool:
        return self.url.startswith(HOSTS)

    @property
    def opens_in_colab(self) -> bool:
        return self.url.startswith(HOSTS[0])


def address_of(root: Path) -> Address | None:
    """The address in _config.yml, or None where `url` is empty.

    Raises PipelineError for something that is no address.
    """
    path = root / "_config.yml"
    settings = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    given = (settings or {}).get("repository") or {}
    url, branch = (str(given.get(key) or "") for key in ("url", "branch"))
    if not url:
        return None
    url, branch = url.rstrip("/").removesuffix(".git"), branch or "main"
    if not URL.fullmatch(url) or (url.startswith(HOSTS) and url.count("/") != 4):
        wanted = 'url: "https://github.com/OWNER/NAME", or url: "" for none'
        raise PipelineError("_config.yml", f"repository: url is {url!r}", f"write {wanted}")
    if not BRANCH.fullmatch(branch):
        problem = f"repository: branch is {branch!r}"
        raise PipelineError("_config.yml", problem, "name a branch, a tag or a commit")
    return Address(url, branch)
