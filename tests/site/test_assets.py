"""The files that the site brings along: locked, licensed, and in step with the Python packages."""

import json
import re
from importlib.metadata import version

from attention_book import palette
from attention_book.pipeline.project import ROOT

VENDOR = ROOT / "book" / "static" / "vendor"
WEB = ROOT / "attention_book" / "web"


def _custom_properties(mode):
    css = (ROOT / "book" / "static" / "book.css").read_text("utf8")
    block = css[css.index(f'html[data-theme="{mode}"] {{') :]
    return dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6});", block[: block.index("}")]))


def test_the_style_sheet_has_the_colours_of_the_palette():
    for mode, colours in (("light", palette.LIGHT), ("dark", palette.DARK)):
        found = _custom_properties(mode)
        assert {role: found.get(role) for role in colours} == colours


def test_npm_versions_are_exact_and_the_lock_names_no_registry():
    package = json.loads((WEB / "package.json").read_text())
    assert all(
        re.fullmatch(r"\d+\.\d+\.\d+", number) for number in package["dependencies"].values()
    )
    lock = json.loads((WEB / "package-lock.json").read_text())
    assert all(
        "integrity" in entry and "resolved" not in entry
        for name, entry in lock["packages"].items()
        if name
    )


def test_vendored_files_name_their_versions_and_licences():
    listed = (VENDOR / "VERSIONS.md").read_text("utf8")
    texts = re.findall(r"\| (licences/\S+) \|", listed)
    assert len(texts) >= 10
    assert all(len((VENDOR / text).read_text("utf8")) > 100 for text in texts)


def test_the_bundle_holds_the_anywidget_of_the_kernel():
    listed = (VENDOR / "VERSIONS.md").read_text("utf8")
    assert f"| anywidget | {version('anywidget')} |" in listed
    assert f"pydata-sphinx-theme {version('pydata-sphinx-theme')}" in listed


def test_style_sheets_and_scripts_of_ours_name_no_other_host():
    for path in [
        ROOT / "book" / "static" / "book.css",
        *(ROOT / "attention_book" / "sphinx_ext").rglob("*.html"),
    ]:
        assert not re.search(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text("utf8")), path


def test_fonts_of_the_pages_are_local():
    for path in VENDOR.rglob("*.css"):
        assert not re.search(r"url\(['\"]?(?:https?:)?//", path.read_text("utf8")), path
