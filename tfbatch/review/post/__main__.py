"""``python -m tfbatch.review.post``, which needs no other package."""

from __future__ import annotations

import os
import sys

from tfbatch.review.post.main import main

sys.exit(main(sys.argv[1:], os.environ))
