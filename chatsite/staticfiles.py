"""Static files under names that carry a hash of their content, so that browsers keep them."""

from __future__ import annotations

from servestatic.storage import CompressedManifestStaticFilesStorage


class HashedStaticFilesStorage(CompressedManifestStaticFilesStorage):
    """Rewrites imports between ES modules to the hashed names as well."""

    support_js_module_import_aggregation = True
    manifest_strict = False
