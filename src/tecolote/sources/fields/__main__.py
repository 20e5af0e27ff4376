"""``python -m tecolote.sources.fields > docs/formats.md``."""

import sys

from tecolote.sources.fields import page

sys.stdout.write(page() + "\n")
