"""Calibration and comparison of two images as text."""

from reid_align.calibration.calibration_fit import LEAST_FALSE_PAIRS
from reid_align.calibration.calibration_record import CARRY_OVER_NOTE, Calibration, Interval
from reid_align.calibration.image_pair import PairDecision


def calibration_report(calibration: Calibration) -> str:
    """Format a calibration: counts, error rates with confidence intervals, and the limits."""
    counts = calibration.pairs
    same = " from different cameras" if counts.cross_camera else ""
    drawn = (
        f" ({counts.different_available:,} available)"
        if counts.different_available > counts.different
        else ""
    )
    confidence = f"{100 * calibration.bootstrap.confidence:g} %"
    rows = [("false match rate", "distance at most", "", "true match rate", "")]
    for point in calibration.points:
        chosen = point.false_match_rate == calibration.false_match_rate
        rows.append(
            (
                f"{'* ' if chosen else ''}{100 * point.false_match_rate:g} %",
                f"{point.threshold:.4f}",
                _span(point.threshold_interval),
                f"{100 * point.true_match_rate:.1f} %",
                _span(point.true_match_rate_interval, percent=True),
            )
        )
    eer = _span(calibration.equal_error_rate_interval, percent=True)
    rows.append(
        (
            f"EER {100 * calibration.equal_error_rate:.1f} % {eer}",
            f"{calibration.equal_error_threshold:.4f}",
            "",
            f"{100 * (1 - calibration.equal_error_rate):.1f} %",
            "",
        )
    )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    table = "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    expected = calibration.false_match_rate * counts.different
    few = (
        f"\nOnly {expected:.0f} pairs of different identities are below the threshold, which makes "
        "it uncertain. Label more pairs of different identities, or choose a higher rate."
        if expected < LEAST_FALSE_PAIRS
        else ""
    )
    return (
        f"Calibration on {calibration.place}: {counts.images:,} images of {counts.identities:,} "
        f"identities, {counts.same:,} pairs of the same identity{same}, {counts.different:,} pairs "
        f"of different identities{drawn}.\n\n{table}\n\n"
        f"* the threshold. Brackets: {confidence} confidence intervals, bootstrap over identities, "
        f"{calibration.bootstrap.samples:,} draws, seed {calibration.bootstrap.seed}.{few}"
    )


def decision_report(decision: PairDecision, calibration: Calibration | None) -> str:
    """Format the comparison of two images, with a note unless the calibration is the user's."""
    lines = [f"distance     {decision.distance:.4f} (cosine)"]
    if calibration is None or decision.probability is None:
        lines.append(
            "decision     none: there is no calibration for this encoder. Make one from 200 "
            "labeled pairs of your images."
        )
        return "\n".join(lines)
    lines += [
        f"threshold    {calibration.threshold:.4f} ({100 * calibration.false_match_rate:g} % false "
        f"matches on {calibration.place})",
        f"probability  {decision.probability:.4f}",
        f"decision     {'same identity' if decision.same else 'different identities'}",
    ]
    if calibration.is_shipped:
        lines.append(f"\nThe calibration is not from your images. {CARRY_OVER_NOTE}")
    return "\n".join(lines)


def _span(interval: Interval, *, percent: bool = False) -> str:
    low, high = interval
    return f"[{100 * low:.1f}, {100 * high:.1f}]" if percent else f"[{low:.4f}, {high:.4f}]"
