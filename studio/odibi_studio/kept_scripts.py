"""Has browsers keep the designer's scripts, and what they have compiled of them.

Streamlit gives them without saying for how long: each page fetched a megabyte and compiled it anew.
"""

from __future__ import annotations

import re

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Such a name says what is in the file: another content has another name.
_BUILT = re.compile(r"/_stcore/bidi-components/odibi-studio\.[^/]+/[a-z]+-[\w-]{8}\.js$")
_A_YEAR_S = 365 * 24 * 3600


class KeptScriptsMiddleware:
    """Lets each script of the designer's build be kept for a year."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and say of a script how long it is good."""

        async def send_kept(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                MutableHeaders(scope=message)["Cache-Control"] = f"public, max-age={_A_YEAR_S}, immutable"
            await send(message)

        is_script = scope["type"] == "http" and _BUILT.search(scope["path"])
        await self._app(scope, receive, send_kept if is_script else send)
