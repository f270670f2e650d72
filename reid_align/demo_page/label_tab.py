"""Tab to label pairs for a calibration. Needs Gradio."""

from typing import Any

import gradio as gr

from reid_align.demo_page.demo_engine import DemoEngine
from reid_align.demo_page.pair_labeling import Pair, PairLabeling
from reid_align.errors import ReidAlignError

GOAL = 200
HELP = """\
Do both images show the same person? Aim for 200 pairs, at least 20 of them of the same person.
If you cannot tell, skip the pair. Then run:

`python -m reid_align.calibrate --pairs {file} -o calibration.json`"""


def add_label_tab(engine: DemoEngine, labeling: PairLabeling) -> None:
    """Add the components of the tab and their events."""
    pair = gr.State(None)
    gr.Markdown(HELP.format(file=labeling.file))
    with gr.Row():
        images = [
            gr.Image(show_label=False, interactive=False, height=320, buttons=[], elem_id=name)
            for name in ("pair-first", "pair-second")
        ]
    with gr.Row():
        same = gr.Button("Same person", variant="primary", elem_id="same", min_width=120)
        different = gr.Button("Different people", elem_id="different", min_width=120)
        skip = gr.Button("Skip", elem_id="skip", min_width=80)
        undo = gr.Button("Undo", elem_id="undo", min_width=80)
    progress = gr.Markdown(_counts(labeling), elem_id="progress")
    start = gr.Button("Show the first pair", variant="primary", elem_id="start")
    outputs = [pair, *images, progress, start]

    def show_next() -> tuple[Any, ...]:
        for _ in range(20):
            found = labeling.propose()
            if found is None:
                break
            shown = [engine.pixels(row) for row in found]
            if not any(isinstance(pixels, str) for pixels in shown):
                return (found, *shown, _counts(labeling), gr.update(visible=False))
        text = f"{_counts(labeling)} No further pair was found."
        return (None, None, None, text, gr.update(visible=False))

    def answer(current: Pair | None, is_same: bool) -> tuple[Any, ...]:
        if current is None:
            raise gr.Error("Show a pair first.", print_exception=False)
        try:
            labeling.label(current, is_same)
        except ReidAlignError as error:
            raise gr.Error(str(error), print_exception=False) from error
        return show_next()

    def take_back() -> str:
        try:
            removed = labeling.undo()
        except ReidAlignError as error:
            raise gr.Error(str(error), print_exception=False) from error
        text = "Nothing to undo." if removed is None else "The last label was removed."
        return f"{_counts(labeling)} {text}"

    same.click(lambda current: answer(current, True), pair, outputs)
    different.click(lambda current: answer(current, False), pair, outputs)
    skip.click(show_next, None, outputs)
    start.click(show_next, None, outputs)
    undo.click(take_back, None, progress)


def _counts(labeling: PairLabeling) -> str:
    same, different = labeling.counts
    return f"**{same + different} of {GOAL}** pairs: {same} same, {different} different."
