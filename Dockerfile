# JupyterLab on the chapters of the book, with the versions that its numbers were computed with.
#
#   docker build --tag attention-book .
#   docker run --rm --publish 127.0.0.1:8888:8888 attention-book
#
# The second command prints the address to open. PyTorch comes as the package index has it, with what
# a graphics card needs; --build-arg INDEX=... names an index that has it for the processor alone.
FROM python:3.11-slim-bookworm

ARG INDEX=""
ENV PIP_EXTRA_INDEX_URL=$INDEX PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1

RUN useradd --create-home --uid 1000 reader && install --directory --owner=reader /srv/book
WORKDIR /srv/book

COPY requirements.txt ./
RUN pip install --requirement requirements.txt

COPY --chown=reader:reader . ./
RUN pip install --no-deps --no-build-isolation --editable .

USER reader
RUN jupyter trust notebooks/*.ipynb

EXPOSE 8888
CMD ["jupyter", "lab", "--ip=0.0.0.0", "--port=8888", "--no-browser", "--ServerApp.root_dir=notebooks"]
