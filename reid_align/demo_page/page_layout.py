"""Layout of the page, and its events. Needs Gradio."""

from typing import Any

import gradio as gr

from reid_align.demo_page.demo_engine import DemoEngine
from reid_align.demo_page.label_tab import add_label_tab
from reid_align.demo_page.pair_labeling import PairLabeling
from reid_align.demo_page.search_tab import add_search_tab
from reid_align.errors import ReidAlignError

TITLE = "Person re-identification"
NOTE = (
    "These features connect images of the same person across cameras. Use them only on images that "
    "you may process, and read *Responsible use* in the documentation."
)
# Uploaded images are deleted from the temporary folder after an hour.
_DELETE_SECONDS = (600, 3600)


def build_page(engine: DemoEngine, labeling: PairLabeling | None = None) -> gr.Blocks:
    """Return the page.

    Args:
        engine: what the page shows.
        labeling: pairs to label; None leaves out this tab.
    """
    with gr.Blocks(analytics_enabled=False, title=TITLE, delete_cache=_DELETE_SECONDS) as page:
        gr.Markdown(f"# {TITLE}\n{engine.summary()}")
        with gr.Tab("Search"):
            add_search_tab(engine)
        with gr.Tab("Compare"):
            _add_compare_tab(engine)
        if labeling is not None:
            with gr.Tab("Label pairs"):
                add_label_tab(engine, labeling)
        gr.Markdown(NOTE)
    return page


def _add_compare_tab(engine: DemoEngine) -> None:
    with gr.Row():
        images = [
            gr.Image(
                show_label=False,
                placeholder=f"Drop the {name} image here",
                sources=["upload", "clipboard"],
                height=320,
                elem_id=name,
            )
            for name in ("first", "second")
        ]
    button = gr.Button("Compare", variant="primary", elem_id="compare")
    answer = gr.Markdown(elem_id="answer")
    drawn = gr.Image(
        show_label=False,
        interactive=False,
        visible=False,
        buttons=["fullscreen"],
        elem_id="regions",
    )

    def compare(first: Any, second: Any) -> tuple[str, Any]:  # noqa: ANN401
        if first is None or second is None:
            raise gr.Error("Add two images first.", print_exception=False)
        try:
            text, found = engine.compare(first, second), engine.explain(first, second)
        except ReidAlignError as error:
            raise gr.Error(str(error), print_exception=False) from error
        if isinstance(found, str):
            return f"{text}\n\n{found}", gr.update(value=None, visible=False)
        return text, gr.update(value=found, visible=True)

    button.click(compare, images, [answer, drawn])
