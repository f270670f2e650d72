"""Search tab: query with an optional box, hits, explanation and texture. Needs Gradio."""

import random
from typing import Any

import gradio as gr

from reid_align.demo_page.box_selection import BoxSelection
from reid_align.demo_page.demo_engine import DemoEngine, ShownHit
from reid_align.errors import ReidAlignError

HELP = "Click two opposite corners to search for one person in a larger image."
MAX_HITS = 50


def add_search_tab(engine: DemoEngine) -> None:
    """Add the components of the tab and their events."""
    selection, origin = gr.State(None), gr.State(None)
    queried, shown = gr.State(None), gr.State([])
    with gr.Row():
        with gr.Column(scale=1, min_width=280):
            query = gr.Image(
                show_label=False,
                placeholder="Drop the query image here",
                sources=["upload", "clipboard"],
                format="png",  # Lossless: the shown image is compared with the stored one.
                height=360,
                elem_id="query",
            )
            gr.Markdown(HELP)
            count = gr.Slider(1, MAX_HITS, value=10, step=1, label="Number of hits")
            with gr.Row():
                draw = gr.Button("Random image", elem_id="random", size="md", min_width=110)
                search = gr.Button(
                    "Search", variant="primary", elem_id="search", size="md", min_width=110
                )
        with gr.Column(scale=3, min_width=280):
            message = gr.Markdown("Add a query image, then press Search.", elem_id="message")
            hits = gr.Gallery(
                show_label=False,
                columns=5,
                height="auto",
                object_fit="contain",
                allow_preview=False,
                buttons=[],
                elem_id="hits",
            )
            if engine.calibration is not None:
                gr.Markdown(engine.caution())
            heading = gr.Markdown(elem_id="heading")
            regions = gr.Image(
                show_label=False,
                interactive=False,
                visible=False,
                buttons=["fullscreen"],
                elem_id="regions-of-hit",
            )
            texture_heading = gr.Markdown("#### Texture of the query", visible=False)
            texture = gr.Image(
                show_label=False,
                interactive=False,
                visible=False,
                height=240,
                buttons=["fullscreen"],
                elem_id="texture",
            )

    def start(image: Any) -> tuple[Any, None]:  # noqa: ANN401
        return (None if image is None else BoxSelection(image)), None

    def click(image: Any, stored: Any, event: gr.SelectData) -> tuple[Any, Any]:  # noqa: ANN401
        found = BoxSelection.current(image, stored).click(*map(int, event.index))
        return found, found.draw()

    def draw_random() -> tuple[Any, Any, int]:
        rows = [row for row, file in enumerate(engine.files) if file]
        for row in random.sample(rows, min(len(rows), 10)):
            pixels = engine.pixels(row)
            if not isinstance(pixels, str):
                return pixels, BoxSelection(pixels), row
        raise gr.Error("No gallery image can be read.", print_exception=False)

    def find(image: Any, stored: Any, row: int | None, k: float) -> tuple[Any, ...]:  # noqa: ANN401
        if image is None:
            raise gr.Error("Add a query image first.", print_exception=False)
        # The event of the upload may not have stored the new image yet.
        found = BoxSelection.current(image, stored)
        is_whole_row = found is stored and found.box is None
        pixels = found.crop()
        try:
            answers = engine.search(pixels, int(k), row if is_whole_row else None)
            looked, unwrapped = engine.explain(pixels), engine.texture(pixels)
        except ReidAlignError as error:
            raise gr.Error(str(error), print_exception=False) from error
        height, width = pixels.shape[:2]
        text = f"Query: {width} × {height} pixels. Click a hit to see which regions match."
        return (
            gr.update(value=[(hit.image, hit.caption) for hit in answers], selected_index=None),
            pixels,
            answers,
            text,
            *_drawn(looked, "#### Where the encoder looks"),
            gr.update(visible=unwrapped is not None),
            gr.update(value=unwrapped, visible=unwrapped is not None),
        )

    def show_regions(pixels: Any, answers: list[ShownHit], event: gr.SelectData) -> tuple[Any, Any]:  # noqa: ANN401
        hit = answers[event.index]
        other = engine.pixels(hit.row)
        text = f"#### Matching regions: query and hit {hit.caption}\n{hit.path}"
        return _drawn(other if isinstance(other, str) else engine.explain(pixels, other), text)

    query.upload(start, query, [selection, origin])
    query.clear(lambda: (None, None), None, [selection, origin])
    query.select(click, [query, selection], [selection, query])
    draw.click(draw_random, None, [query, selection, origin])
    outputs = [hits, queried, shown, message, heading, regions, texture_heading, texture]
    search.click(find, [query, selection, origin, count], outputs)
    hits.select(show_regions, [queried, shown], [heading, regions])


def _drawn(found: Any, text: str) -> tuple[str, Any]:  # noqa: ANN401
    """Return the text and the update of an explanation, which may be a reason instead."""
    if isinstance(found, str):
        return f"{text}\n\n{found}", gr.update(value=None, visible=False)
    return text, gr.update(value=found, visible=True)
