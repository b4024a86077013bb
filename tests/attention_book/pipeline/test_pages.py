"""The last step: pages are built, shown on this machine only, and requirements are locked."""

import socket
import subprocess
import sys
import threading
import urllib.request

import pytest
from filelock import FileLock

from attention_book.__main__ import run
from attention_book.pipeline import pages, ports
from attention_book.pipeline.lock import held_back, rendered
from attention_book.pipeline.project import ROOT, PipelineError
from attention_book.pipeline.site_server import QuietServer


def test_a_warning_of_jupyter_book_stops_the_build(book, monkeypatch):
    book.write("_build/html/index.html", "old")
    monkeypatch.setattr(pages, "JUPYTER_BOOK", "import sys; print(sys.argv); sys.exit(1)")
    with pytest.raises(PipelineError, match="a warning counts as an error"):
        pages.build(book.project)
    assert not (book.root / "_build/html").exists()


def test_a_build_says_where_the_pages_are(book, monkeypatch, capsys):
    write = (
        "import sys, pathlib; assert sys.argv[-3:] == ['-W', '-n', '--keep-going'];"
        "page = pathlib.Path(sys.argv[2], '_build/html/index.html');"
        "page.parent.mkdir(parents=True); page.write_text('new')"
    )
    monkeypatch.setattr(pages, "JUPYTER_BOOK", write)
    pages.build(book.project)
    assert "_build/html/index.html" in capsys.readouterr().out


def test_a_second_build_into_the_same_folder_leaves_the_first_alone(book, monkeypatch):
    book.write("_build/html/index.html", "of the first build")
    monkeypatch.setattr(pages, "JUPYTER_BOOK", "")
    other = FileLock(book.root / "_build/.lock")
    with other, pytest.raises(PipelineError, match="another build is at work"):
        pages.build(book.project)
    assert (book.root / "_build/html/index.html").read_text() == "of the first build"
    with pytest.raises(PipelineError, match="Jupyter Book reports"):
        pages.build(book.project)
    assert not (book.root / "_build/html").exists()


def test_the_book_is_served_on_this_machine_only(book, monkeypatch, capsys):
    book.write("_build/html/index.html", "the book")
    started = []
    port = ports.choose(None, pages.PORT)

    def remember(*arguments):
        started.append(QuietServer(*arguments))
        return started[0]

    monkeypatch.setattr(pages, "QuietServer", remember)
    thread = threading.Thread(target=pages.serve, args=(book.project, port))
    thread.start()
    while not started:
        thread.join(0.01)
    assert started[0].server_address == ("127.0.0.1", port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as answer:
        assert answer.read() == b"the book"
    started[0].shutdown()
    thread.join()
    assert f"http://127.0.0.1:{port}/" in capsys.readouterr().out


@pytest.mark.parametrize(("error", "told"), [(BrokenPipeError, False), (KeyError, True)])
def test_a_reader_who_leaves_early_is_no_error(error, told, capsys):
    def fail(*_):
        raise error

    with QuietServer(("127.0.0.1", 0), fail) as server:
        server.daemon_threads = False  # closing waits for the answer
        socket.create_connection(server.server_address).close()
        server.handle_request()
    assert (error.__name__ in capsys.readouterr().err) is told


def test_there_is_nothing_to_serve_before_the_build(book):
    with pytest.raises(SystemExit, match="run `make book` first"):
        run(["serve"], book.project)


def test_the_lock_is_pinned_sorted_and_without_cuda():
    versions = {
        "Zeta_Pack": "1.0",
        "torch": "2.13.0+cpu",
        "numpy": "2.4.6",
        "nvidia-cublas": "13.1",
        "triton": "3.7",
        "alpha.pack": "2.0",
    }
    items = [{"metadata": {"name": n, "version": v}} for n, v in versions.items()]
    ours = {"name": "attention-lib", "requires_dist": ["numpy>=1.26", "torch>=2.4; extra == 'x'"]}
    text = rendered({"install": [*items, {"metadata": ours}]})
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    assert lines == ["numpy==2.4.6", "torch==2.13.0", "alpha-pack==2.0", "zeta-pack==1.0"]


def test_the_version_of_torch_is_held():
    assert held_back(ROOT) == ["torch==2.13.0"]


@pytest.mark.whole
def test_the_command_line_stops_with_an_exit_code_and_no_traceback():
    command = [sys.executable, "-m", "attention_book", "notebooks", "no_such_chapter"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no_such_chapter: no chapter of this name" in done.stderr
    assert "Traceback" not in done.stderr
