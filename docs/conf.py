"""The documentation as a site: pip install -e '.[docs]', then sphinx-build -W docs site."""

from __future__ import annotations

from cptrules import __version__

project = "cptrules"
author = "The cptrules authors"
version = release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
html_theme = "furo"
html_title = f"cptrules {version}"
exclude_patterns = ["examples/**"]
# The pages link to files of the repository (policies, the grammar, examples) that are no pages of the site.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
