"""Reports as a text table for the terminal, several models side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from chatsite.backend.evaluation.metrics import Share
from chatsite.backend.evaluation.perplexity import Perplexity
from chatsite.backend.evaluation.report import Report

Row = tuple[str, ...]
_MEASURES = {
    "ends by itself": "ended",
    "keeps to the length": "length_kept",
    "Markdown is closed": "well_formed",
    "says nothing": "empty",
    "goes in circles": "loops",
    "claims to be another": "claims_another",
    "refused by its server": "refused",
}


def table(reports: Sequence[Report]) -> str:
    """One column for each report: groups, measures and perplexity. Shares come with intervals."""
    names = list(dict.fromkeys(name for report in reports for name in report.groups))
    rows: list[Row] = [("", *(PurePath(report.model.id).name for report in reports))]
    rows += [(name, *(_share(report.groups.get(name)) for report in reports)) for name in names]
    rows += [(), ("all", *(_share(report.overall) for report in reports)), ()]
    rows += [
        (title, *(_share(getattr(report.measures, field)) for report in reports))
        for title, field in _MEASURES.items()
    ]
    rows += [
        ("distinct-1, 2, 3", *(_distinct(report) for report in reports)),
        ("words an answer", *(f"{report.measures.mean_words:.1f}" for report in reports)),
    ]
    for kind in ("text", "chat"):
        if any(kind in report.perplexity for report in reports):
            rows += [
                (),
                (f"perplexity, {kind}", *(_perplexity(report, kind) for report in reports)),
                (f"bits a byte, {kind}", *(_bits(report, kind) for report in reports)),
            ]
    return _laid_out(rows)


def _share(share: Share | None) -> str:
    if share is None or not share.count:
        return "-"
    interval = f"{100 * share.low:.0f}-{100 * share.high:.0f}"
    return f"{100 * share.share:5.1f} %  {share.hits:>3}/{share.count:<3}  ({interval})"


def _distinct(report: Report) -> str:
    return "  ".join(f"{ratio:.3f}" for ratio in report.measures.distinct)


def _found(report: Report, kind: str) -> Perplexity | None:
    found = report.perplexity.get(kind)
    return found if found and found.available else None


def _perplexity(report: Report, kind: str) -> str:
    found = _found(report, kind)
    return f"{found.perplexity:.2f}  ({found.tokens:,} tokens)" if found else "not available"


def _bits(report: Report, kind: str) -> str:
    found = _found(report, kind)
    return f"{found.bits_per_byte:.3f}" if found else "not available"


def _laid_out(rows: Sequence[Row]) -> str:
    columns = max(map(len, rows))
    widths = [max(len(row[i]) for row in rows if row) for i in range(columns)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=False)).rstrip()
        for row in rows
    )
