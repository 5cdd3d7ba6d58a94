"""Words of people and the names of scopes, in the documents callers send.

The patterns tell what the core takes; its own rule is the last word (`cloud.core.kernel.names`).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from cloud.core.kernel.names import LONGEST_NAME

Name = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        min_length=1,
        max_length=LONGEST_NAME,
        pattern=r"^[^\x00-\x1f\x7f]+$",
    ),
]
Label = Annotated[str, StringConstraints(max_length=LONGEST_NAME, pattern=r"^[^\x00-\x1f\x7f]*$")]
ScopeName = Annotated[str, StringConstraints(min_length=1, max_length=100)]
