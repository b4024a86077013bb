# The book from text to page. Each target sets up what it needs; `make help` lists them.
# VENV=folder uses another environment, PYTHON=python3.12 another interpreter (3.11 or newer).
VENV ?= .venv
PYTHON ?= python3
RUN = $(VENV)/bin/python
READY = $(VENV)/.attention-book-ready
PIP = $(RUN) -m pip --disable-pip-version-check install

.PHONY: $(shell sed -n 's/^\([a-z]*\):.*/\1/p' Makefile)
.DEFAULT_GOAL := help

help:  ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile | expand -t 20

$(READY): requirements.txt pyproject.toml
	@echo "setting up $(VENV) (the first time takes a few minutes)"
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11) and 'Python 3.11 or newer is needed')"
	@test -x $(RUN) || $(PYTHON) -m venv $(VENV)
	$(PIP) --progress-bar on -r requirements.txt
	$(PIP) --quiet --no-deps --no-build-isolation --editable .
	@touch $@

book: $(READY)  ## build the pages from the stored notebooks
	$(RUN) -m attention_book build

zip: $(READY)  ## pack the pages and the notebooks into one zip, _build/attention-computed-*.zip
	$(RUN) -m attention_book zip

pdf: $(READY)  ## print the whole book into one PDF, _build/attention-computed-*.pdf (needs Chromium)
	$(RUN) -m attention_book pdf

# A file of tests stays in one process, for its fixtures are shared and a notebook has one kernel.
PARALLEL = -n auto --dist loadfile

check: lint  ## after each edit: the style, and the quick tests of both packages (below two minutes)
	$(RUN) -m pytest $(PARALLEL) -m "not whole" attention_lib attention_book tests

test: book peers teaching  ## build the pages, then run every test and every notebook
	$(RUN) -m pytest $(PARALLEL)

versions: $(READY)  ## test the library on the oldest and newest versions of what it needs (10 GB)
	$(RUN) -m tests.versions

peers: $(READY)  ## install the packages that the speed studies compare with, into .peers
	$(RUN) -m attention_book peers

teaching: $(READY)  ## install what grading and a class on a hub need, into .teaching
	$(RUN) -m attention_book teaching

benchmarks: peers  ## measure speed and memory against them (a quarter of an hour on a quiet machine)
	$(RUN) benchmarks/run_all.py

mutants: $(READY)  ## do the tests notice small changes of the files that changed (FILES="a.py": of these)
	$(RUN) -m tests.mutation $(FILES)

notebooks: $(READY)  ## run the chapters that changed (CHAPTER=02: one; FORCE=1: up-to-date ones too)
	$(RUN) -m attention_book notebooks $(CHAPTER) $(if $(FORCE),--force)

page: $(READY)  ## begin a page (NAME=03_masks: of a new chapter; NAME=03_1_masks: a side page)
	$(RUN) -m attention_book new-page $(NAME)

slides: $(READY)  ## make slides of the main pages, in _build/slides (CHAPTER=02: one)
	$(RUN) -m attention_book slides $(CHAPTER)

serve: $(READY)  ## show the built book on 127.0.0.1
	$(RUN) -m attention_book serve

lab: $(READY)  ## open copies of the notebooks in JupyterLab (PAGE=02: begin with this page)
	$(RUN) -m attention_book lab $(PAGE)

doctor:  ## what this machine has of what the book needs, and how to get the rest
	@$(if $(wildcard $(RUN)),$(RUN),$(PYTHON)) -m attention_book doctor

progress: $(READY)  ## which exercises pass so far (CSV=mine.csv: as a table in that file)
	$(RUN) -m attention_book progress $(if $(CSV),--csv $(CSV))

student: $(READY)  ## notebooks without solutions, in _build/student (CHAPTER=02: of one chapter)
	$(RUN) -m attention_book student $(CHAPTER)

instructor: $(READY)  ## notebooks with everything open, in _build/instructor (CHAPTER=02)
	$(RUN) -m attention_book instructor $(CHAPTER)

assignments: $(READY)  ## a course for nbgrader, in course (CHAPTER=02; FORCE=1: change what was handed in)
	$(RUN) -m attention_book assignments $(CHAPTER) $(if $(FORCE),--force)

grades: $(READY)  ## grade what lies in course/submitted: feedback and CSV (FORCE=1: all anew)
	$(RUN) -m attention_book grades $(if $(FORCE),--force)

formgrader: $(READY)  ## grade the answers in words, in a browser
	$(RUN) -m attention_book formgrader

lint: $(READY)  ## check the code style, the numbers in the prose and the form of the pages
	$(VENV)/bin/ruff check .
	$(VENV)/bin/ruff format --check .
	$(RUN) -m attention_book lint

lock: $(READY)  ## resolve pyproject.toml anew and write requirements.txt
	$(RUN) -m attention_book lock

clean:  ## delete the built pages and the caches (not $(VENV))
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +
