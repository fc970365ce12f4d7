"""Static files under names that carry a hash of their content, so that browsers keep them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites imports between the site's own ES modules to the hashed names as well."""

    support_js_module_import_aggregation = True
    manifest_strict = False

    def url_converter(
        self, name: str, hashed_files: Any, template: str | None = None
    ) -> Callable[[re.Match[str]], str]:
        convert: Callable[[re.Match[str]], str] = super().url_converter(
            name, hashed_files, template
        )
        if name.startswith(("js/", "css/")) or not name.endswith(".js"):
            return convert
        # Packages mention imports in comments that lead nowhere.
        return lambda match: match[0]
