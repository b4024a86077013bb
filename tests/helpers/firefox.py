"""One headless Firefox for every test that asks for it, spoken to in WebDriver BiDi.

Playwright drives a Firefox of its own alone; that of the system speaks the standard protocol. A
page offers what the checks of page_checks.py call, by the same names as Playwright's.
"""

import itertools
import json
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import websocket

FIREFOX = "/usr/bin/firefox-esr"
PATIENCE = 60  # seconds for an answer, on a busy machine
READY = "WebDriverBiDiServer.json"
# Nothing is asked of other hosts, by the browser itself neither: they lead to a closed port.
SETTINGS = {
    "app.normandy.enabled": False,
    "app.update.disabledForTesting": True,
    "browser.safebrowsing.downloads.enabled": False,
    "browser.safebrowsing.malware.enabled": False,
    "browser.safebrowsing.phishing.enabled": False,
    "browser.startup.page": 0,
    "datareporting.policy.dataSubmissionEnabled": False,
    "extensions.systemAddon.update.enabled": False,
    "network.captive-portal-service.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.proxy.http": "127.0.0.1",
    "network.proxy.http_port": 9,
    "network.proxy.no_proxies_on": "localhost,127.0.0.1",
    "network.proxy.ssl": "127.0.0.1",
    "network.proxy.ssl_port": 9,
    "network.proxy.type": 1,
    "services.settings.server": "data:,#remote-settings-dummy/v1",
    "toolkit.telemetry.server": "data:,",
}
HEARD = ["log.entryAdded", "network.beforeRequestSent", "network.responseCompleted"]
# A page's policy speaks to the console of the developer tools alone: say it where we hear it.
REPORT_REFUSED = """() => addEventListener("securitypolicyviolation", (event) => console.error(
  `refused by ${event.effectiveDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`))"""
KEYS = {"ArrowLeft": "\ue012", "ArrowRight": "\ue014"}


class Firefox:
    """The browser, and its answers and reports."""

    def __init__(self, folder):
        self._process = start(folder)
        self._socket = connect(folder, self._process)
        self._numbers = itertools.count(1)
        self.events = []
        self.call("session.new", capabilities={})
        self.call("session.subscribe", events=HEARD)
        self.call("script.addPreloadScript", functionDeclaration=REPORT_REFUSED)

    def call(self, method, **parameters):
        """The result of one command; what is reported meanwhile goes to `events`."""
        number = next(self._numbers)
        self._socket.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self._socket.recv())
            if answer["type"] == "event":
                self.events.append(answer)
            elif answer["id"] == number:
                break
        if answer["type"] == "error":
            raise RuntimeError(f"{method}: {answer['message']}")
        return answer["result"]

    @contextmanager
    def visit(self, address, *, own, width=1200, height=900):
        """A page in a tab of its own, loaded, with what happened meanwhile."""
        tab = self.call("browsingContext.create", type="tab")["context"]
        self.events.clear()
        try:
            size = {"width": width, "height": height}
            self.call("browsingContext.setViewport", context=tab, viewport=size)
            self.call("browsingContext.navigate", context=tab, url=address, wait="complete")
            yield Seen(Page(self, tab), own)
        finally:
            self.call("browsingContext.close", context=tab)

    def close(self):
        self._socket.close()
        self._process.terminate()
        self._process.wait(PATIENCE)


def start(folder):
    """Firefox with an empty profile in this folder."""
    lines = [f'user_pref("{name}", {json.dumps(value)});' for name, value in SETTINGS.items()]
    (folder / "user.js").write_text("\n".join(lines), "utf8")
    command = [FIREFOX, "--headless", "--no-remote", "--profile", str(folder)]
    return subprocess.Popen(
        [*command, "--remote-debugging-port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def connect(folder, process):
    """A connection to the port that Firefox writes down once it listens."""
    place, end = folder / READY, time.monotonic() + PATIENCE
    while not (place.exists() and place.read_text("utf8").endswith("}")):
        if process.poll() is not None or time.monotonic() > end:
            process.kill()
            raise RuntimeError(f"{FIREFOX} did not open its port (exit code {process.returncode})")
        time.sleep(0.1)
    port = json.loads(place.read_text("utf8"))["ws_port"]
    address = f"ws://127.0.0.1:{port}/session"
    return websocket.create_connection(address, timeout=PATIENCE, suppress_origin=True)


class Seen:
    """A page and what was heard of it: the same findings as those of page_checks.Visit."""

    def __init__(self, page, own):
        self.page, self._own = page, own

    def problems(self):
        found = []
        for event in self.page.browser.events:
            method, told = event["method"], event["params"]
            if method == "log.entryAdded" and told["level"] in ("error", "warn"):
                found.append(f"{told['level']}: {told['text']}")
            elif method == "network.beforeRequestSent":
                url = told["request"]["url"]
                if not url.startswith((self._own, "data:", "blob:", "about:")):
                    found.append(f"foreign request: {url}")
            elif method == "network.responseCompleted" and told["response"]["status"] >= 400:
                found.append(f"{told['response']['status']}: {told['response']['url']}")
        return found


class Page:
    """What the checks need of a page."""

    def __init__(self, browser, tab):
        self.browser, self._tab, self.keyboard = browser, tab, self

    def evaluate(self, script, argument=None):
        """The value of an expression, or what the function gives that it stands for."""
        call = f"""(async () => {{
          const found = ({script});
          const value = await (typeof found === "function" ? found({json.dumps(argument)}) : found);
          return JSON.stringify(value ?? null);
        }})()"""
        target = {"context": self._tab}
        answer = self.browser.call(
            "script.evaluate", expression=call, target=target, awaitPromise=True
        )
        if answer["type"] == "exception":
            raise RuntimeError(answer["exceptionDetails"]["text"])
        return json.loads(answer["result"]["value"])

    def eval_on_selector_all(self, selector, script):
        return self.evaluate(f"({script})([...document.querySelectorAll({json.dumps(selector)})])")

    def wait_for_load_state(self, state):
        """It is loaded already: `visit` waits for it."""

    def wait_for_timeout(self, milliseconds):
        time.sleep(milliseconds / 1000)

    def press(self, key):
        actions = [{"type": kind, "value": KEYS[key]} for kind in ("keyDown", "keyUp")]
        source = {"type": "key", "id": "keyboard", "actions": actions}
        self.browser.call("input.performActions", context=self._tab, actions=[source])

    def locator(self, selector):
        return Locator(self, selector)


class Locator:
    """The elements that a selector finds, or one of them."""

    def __init__(self, page, selector, place=0):
        self._page, self._selector, self._place = page, selector, place

    def nth(self, place):
        return Locator(self._page, self._selector, place)

    def count(self):
        return self._page.eval_on_selector_all(self._selector, "(all) => all.length")

    def all_inner_texts(self):
        return self._page.eval_on_selector_all(
            self._selector, "(all) => all.map((one) => one.innerText)"
        )

    def evaluate(self, script):
        return self._page.eval_on_selector_all(
            self._selector, f"(all) => ({script})(all[{self._place}])"
        )

    def get_attribute(self, name):
        return self.evaluate(f"(one) => one.getAttribute({json.dumps(name)})")

    def focus(self):
        self.evaluate("(one) => one.focus()")


def missing():
    """Why no test can run in Firefox here, or None."""
    if not Path(FIREFOX).exists():
        return f"no Firefox at {FIREFOX} (apt-get install firefox-esr)"
    return None
