"""`make docs`: the API reference, from the docstrings."""

from __future__ import annotations

import sys
from pathlib import Path

import pdoc

import pinpoint_role_construct

if __name__ == "__main__":
    for name in pinpoint_role_construct.__all__:  # pdoc sees what is loaded, and the package loads it when asked
        getattr(pinpoint_role_construct, name)
    pdoc.render.configure(docformat="google", show_source=False, template_directory=Path(__file__).parent / "pdoc")
    pdoc.pdoc("pinpoint_role_construct", output_directory=Path(sys.argv[1]))
