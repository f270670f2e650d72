"""Launch of the page: on this machine, without analytics and requests to other servers."""

import os
import signal
import sys
import tempfile
from threading import Event
from typing import TYPE_CHECKING

from reid_align.demo_page.demo_engine import DemoEngine
from reid_align.demo_page.pair_labeling import PairLabeling
from reid_align.errors import InvalidInputError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Gradio reads these when it is imported.
_OFFLINE = {"GRADIO_ANALYTICS_ENABLED": "False", "HF_HUB_DISABLE_TELEMETRY": "1"}
# The browser refuses every request to another server.
_POLICY = b"default-src 'self' 'unsafe-inline' 'unsafe-eval' data: blob:; frame-ancestors 'self'"
_FONTS = ["system-ui", "sans-serif"]
# Captions below the images instead of on them; as many columns as fit.
_CSS = """
#hits .grid-wrap { max-height: none; height: auto; overflow: visible; }
#hits .grid-container { grid-template-columns: repeat(auto-fill, minmax(132px, 1fr)) !important;
  padding-top: 0 !important; }
#hits .thumbnail-item { display: flex; flex-direction: column; aspect-ratio: auto; height: auto;
  width: 100%; }
#hits .thumbnail-item img { height: 208px; width: 100%; object-fit: contain; }
#hits .caption-label { position: static; max-width: 100%; width: 100%; white-space: normal;
  overflow: visible; text-align: center; border: 0; opacity: 1; }
/* Small images are enlarged. */
#query img, #first img, #second img, #pair-first img, #pair-second img,
#texture img { width: 100%; height: 100%;
  object-fit: contain; }
/* On a narrow screen, wide drawings scroll. */
@media (max-width: 640px) {
  #regions, #regions-of-hit { overflow-x: auto !important; }
  #regions *, #regions-of-hit * { justify-content: flex-start; margin-left: 0; }
  #regions img, #regions-of-hit img { max-width: none; width: auto; height: 300px; }
}
footer { display: none !important; }
"""


class _SelfOnly:
    """ASGI middleware that adds the policy to every answer."""

    def __init__(self, app: "ASGIApp") -> None:
        self._app = app

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        async def with_policy(message: "Message") -> None:
            if message["type"] == "http.response.start":
                policy = (b"content-security-policy", _POLICY)
                message = {**message, "headers": [*message.get("headers", []), policy]}
            await send(message)

        await self._app(scope, receive, with_policy)


def launch_page(engine: DemoEngine, labeling: PairLabeling | None, host: str, port: int) -> None:
    """Serve the page until SIGTERM or Ctrl-C.

    Args:
        engine: what the page shows.
        labeling: pairs to label; None leaves out this tab.
        host: address to listen on.
        port: port; 0 takes a free one.

    Raises:
        InvalidInputError: the address cannot be used.
    """
    os.environ.update(_OFFLINE)
    with tempfile.TemporaryDirectory(prefix="reid_align-demo-") as folder:
        # Uploaded images; deleted at the end.
        os.environ["GRADIO_TEMP_DIR"] = folder
        import gradio as gr
        from starlette.middleware import Middleware

        from reid_align.demo_page.page_layout import build_page

        page = build_page(engine, labeling)
        theme = gr.themes.Default(font=_FONTS, font_mono=["monospace"])
        try:
            _, address, _ = page.launch(
                server_name=host,
                server_port=port or None,
                share=False,
                quiet=True,
                prevent_thread_lock=True,
                footer_links=[],
                max_file_size="32mb",
                ssr_mode=False,
                mcp_server=False,
                enable_monitoring=False,
                # A page of the Hub is embedded in another one, which has its own policy.
                app_kwargs={}
                if "SPACE_ID" in os.environ
                else {"middleware": [Middleware(_SelfOnly)]},
                theme=theme,
                css=_CSS,
            )
        except OSError as error:
            raise InvalidInputError(
                f"Cannot listen on {host}, port {port}: the port is in use or not permitted, or "
                "the address is not of this machine. Give another port or host."
            ) from error
        print(f"Page on {address.rstrip('/')}, until Ctrl-C", file=sys.stderr, flush=True)
        stopped = Event()
        before = signal.signal(signal.SIGTERM, lambda *_: stopped.set())
        try:
            while not stopped.wait(1):
                pass
        finally:
            signal.signal(signal.SIGTERM, before)
            page.close(verbose=False)
