"""A simulated student on a JupyterHub: what a browser sends, without the browser."""

from __future__ import annotations

import json
import re
import time
from uuid import uuid4

import nbformat
import requests
import websocket

WAIT = 300  # seconds for a server or for one cell, on a machine that a whole class shares


class Student:
    def __init__(self, url, name, password):
        self.url, self.name, self.password = url, name, password
        self.browser = requests.Session()
        self.own = f"{url}/user/{name}"

    def log_in(self):
        """By the form of the login page; then with a token, as a program of the student's would."""
        form = self.browser.get(f"{self.url}/hub/login", timeout=WAIT)
        hidden = re.search(r'name="_xsrf"\s+value="([^"]+)"', form.text)[1]
        fields = {"username": self.name, "password": self.password, "_xsrf": hidden}
        self.browser.post(f"{self.url}/hub/login", fields, timeout=WAIT, allow_redirects=False)
        token = self.browser.post(
            f"{self.url}/hub/api/users/{self.name}/tokens",
            json={"note": "this session", "expires_in": 7200},
            headers={"X-XSRFToken": self._xsrf()},
            timeout=WAIT,
        )
        if token.status_code != 201:
            raise RuntimeError(f"{self.name} cannot log in: {token.status_code} {token.text[:200]}")
        self.browser = requests.Session()
        self.browser.headers["Authorization"] = f"token {token.json()['token']}"

    def _xsrf(self):
        return next(one.value for one in self.browser.cookies if one.name == "_xsrf")

    def start_server(self):
        """Ask for the server and wait until it is ready."""
        user = f"{self.url}/hub/api/users/{self.name}"
        while (answer := self.browser.post(f"{user}/server", timeout=WAIT)).status_code == 429:
            time.sleep(2)  # so many come at once that the hub asks to wait
        if answer.status_code not in (201, 202):
            raise RuntimeError(f"{self.name} gets no server: {answer.text[:200]}")
        end = time.monotonic() + WAIT
        while time.monotonic() < end:
            servers = self.browser.get(user, timeout=WAIT).json().get("servers", {})
            if servers.get("", {}).get("ready"):
                return
            time.sleep(0.5)
        raise TimeoutError(f"{self.name}: no server in {WAIT} s")

    def run_page(self, page):
        """Open a page of the student's folder and run all its cells: their number, the errors."""
        path = f"attention/{page}.ipynb"
        found = self.browser.get(f"{self.own}/api/contents/{path}", timeout=WAIT)
        found.raise_for_status()
        notebook = nbformat.from_dict(found.json()["content"])
        where = {"path": path, "type": "notebook", "name": page, "kernel": {"name": "python3"}}
        session = self.browser.post(f"{self.own}/api/sessions", json=where, timeout=WAIT)
        session.raise_for_status()
        sources = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
        link = self._open(session.json()["kernel"]["id"])
        try:
            errors = [error for source in sources if (error := self._run(link, source))]
        finally:
            link.close()
        return len(sources), errors

    def _open(self, kernel):
        address = self.own.replace("http", "ws", 1) + f"/api/kernels/{kernel}/channels"
        login = [f"Authorization: {self.browser.headers['Authorization']}"]
        return websocket.create_connection(address, header=login, timeout=WAIT)

    def _run(self, link, source):
        """Run one cell; the name of the error that it ends in, or ""."""
        header = {"msg_id": uuid4().hex, "msg_type": "execute_request", "session": self.name}
        header |= {"username": self.name, "version": "5.3", "date": ""}
        content = {"code": source, "silent": False, "store_history": True, "allow_stdin": False}
        request = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        link.send(json.dumps({**request, "channel": "shell", "buffers": []}))
        while True:
            answer = link.recv()
            if not isinstance(answer, str):
                continue  # the buffers of a widget
            message = json.loads(answer)
            mine = message["parent_header"].get("msg_id") == header["msg_id"]
            if mine and message["msg_type"] == "execute_reply":
                return message["content"].get("ename", "")
