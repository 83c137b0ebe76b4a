"""What must not happen in a browser whatever the story: collected while a test runs."""

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, Route, WebError

# Said of every answer that is an error, which `_judge` reads better.
REFUSED = "Failed to load resource"


class Watch:
    """Errors of scripts, lines in the console, what is missing, what comes from elsewhere."""

    def __init__(self, *, home: str) -> None:
        """Begin with no fault; `home` is the only server to talk to."""
        self.faults: list[str] = []
        self._elsewhere = re.compile(rf"^(?!{re.escape(home)}/)")

    def over(self, context: BrowserContext) -> None:
        """Watch every page of a context."""
        context.route(self._elsewhere, self._stop)
        context.on("weberror", self._note)
        context.on("console", self._read)
        context.on("response", self._judge)
        context.on("requestfailed", self._miss)

    def _stop(self, route: Route) -> None:
        self.faults.append(f"asked for elsewhere: {route.request.url}")
        route.abort()

    def _note(self, error: WebError) -> None:
        self.faults.append(f"script: {error.error}")

    def _read(self, line: ConsoleMessage) -> None:
        if line.type == "error" and not line.text.startswith(REFUSED):
            self.faults.append(f"console: {line.text}")

    def _judge(self, response: Response) -> None:
        # A page may say no; its pieces may not be missing.
        worst = 500 if response.request.is_navigation_request() else 400
        if response.status >= worst:
            self.faults.append(f"{response.status}: {response.url}")

    def _miss(self, request: Request) -> None:
        # A page that is left takes its open questions with it.
        if request.failure != "net::ERR_ABORTED":
            self.faults.append(f"{request.failure}: {request.url}")
