"""Runs Python programs, one after the other, and prints a line of JSON for each: what it printed,
and how it failed. In one process, because importing the client takes longer than any of them.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import traceback


def main(paths: list[str]) -> None:
    for path in paths:
        printed, failure = io.StringIO(), None
        with contextlib.redirect_stdout(printed):
            try:
                runpy.run_path(path, run_name="__main__")
            except Exception:  # noqa: BLE001 - a failure of any kind is the example's
                failure = traceback.format_exc()
        sys.stdout.write(json.dumps([printed.getvalue(), failure]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
