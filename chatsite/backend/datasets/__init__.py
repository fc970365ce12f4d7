"""Training files: JSON Lines of examples, read one at a time and checked in constant memory."""

from chatsite.backend.datasets.checking import check_file, count_overlap
from chatsite.backend.datasets.examples import Chat, ChatTurn, Example, Judged, Preference
from chatsite.backend.datasets.lines import Line, lines_of, read_examples
from chatsite.backend.datasets.parsing import FaultyExample, parse_example
from chatsite.backend.datasets.report import Fault, Report

__all__ = [
    "Chat",
    "ChatTurn",
    "Example",
    "Fault",
    "FaultyExample",
    "Judged",
    "Line",
    "Preference",
    "Report",
    "check_file",
    "count_overlap",
    "lines_of",
    "parse_example",
    "read_examples",
]
