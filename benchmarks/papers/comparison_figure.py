"""Bar chart of our results, with the published figures as marks."""

from collections.abc import Sequence

from PIL import Image, ImageDraw

from benchmarks.papers.comparison import ComparisonBlock, Line
from benchmarks.papers.comparison_report import TITLES, heading
from reid_align.viz.contact_sheets import INK, WHITE, font
from reid_align.viz.line_charts import COLORS, GRID, MUTED

# Draw at twice the size and reduce, for antialiasing.
SCALE = 2
WIDTH, LEFT, RIGHT = 900 * SCALE, 290 * SCALE, 130 * SCALE
ROW, TITLE, BAR = 22 * SCALE, 40 * SCALE, 12 * SCALE
SMALL, LARGE = 12 * SCALE, 14 * SCALE
FULL = 100.0


def draw_blocks(blocks: Sequence[ComparisonBlock]) -> Image.Image:
    """Draw the last metric of each table.

    A bar is our mean, its whisker one standard deviation, and the orange mark the published figure.
    Rows without a result are left out.

    Returns:
        RGB image, 900 pixels wide.
    """
    shown = [(block, [line for line in block.lines if line.ours]) for block in blocks]
    shown = [(block, lines) for block, lines in shown if lines]
    height = sum(TITLE + ROW * len(lines) for _, lines in shown) or TITLE
    sheet = Image.new("RGB", (WIDTH, height + ROW), WHITE)
    draw, top = ImageDraw.Draw(sheet), 0
    if not shown:
        draw.text((ROW, ROW), "not measured yet", fill=MUTED, font=font(LARGE))
    for block, lines in shown:
        metric = block.table.metrics[-1]
        title = f"{heading(block)}: {TITLES[metric]}"
        draw.text((ROW // 2, top + TITLE // 2), title, fill=INK, font=font(LARGE), anchor="lm")
        top += TITLE
        for line in lines:
            _draw_line(draw, line, metric, top + ROW // 2)
            top += ROW
    return sheet.reduce(SCALE)


def _draw_line(draw: ImageDraw.ImageDraw, line: Line, metric: str, middle: int) -> None:
    ours, paper = line.ours[metric], line.paper.get(metric)
    draw.text((LEFT - ROW // 2, middle), line.row.name, fill=INK, font=font(SMALL), anchor="rm")
    draw.line((LEFT, middle, _across(FULL), middle), fill=GRID, width=SCALE)
    bar = (LEFT, middle - BAR // 2, _across(ours.mean), middle + BAR // 2)
    draw.rectangle(bar, fill=COLORS[0])
    if ours.deviation is not None:
        ends = _across(ours.mean - ours.deviation), _across(ours.mean + ours.deviation)
        draw.line((ends[0], middle, ends[1], middle), fill=INK, width=2 * SCALE)
    if paper is not None:
        place = _across(paper)
        draw.line((place, middle - BAR, place, middle + BAR), fill=COLORS[1], width=3 * SCALE)
    label_place = (_across(FULL) + ROW // 2, middle)
    draw.text(label_place, str(ours), fill=INK, font=font(SMALL), anchor="lm")


def _across(percent: float) -> float:
    return LEFT + min(max(percent, 0.0), FULL) / FULL * (WIDTH - LEFT - RIGHT)
