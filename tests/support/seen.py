"""Notes which error codes a test has received from a real server, for coverage/codes_gate.py.

Nothing happens unless ctest has set SLUICE_SEEN_CODES: the file of this test module, which begins empty in each run of ctest.
"""

import os
import re

PATH = os.environ.get("SLUICE_SEEN_CODES")
REASON = re.compile(rb'"reason":"([a-z0-9_]+)"')  # of processing_info.error
noted = set()


def note(answer):
    """Every code that this answer names: as error, as notice, as the reason of a failed processing."""
    if not PATH:
        return
    codes = {answer.header("sluice-error"), answer.header("sluice-notice")} - {None}
    codes |= {code.decode() for code in REASON.findall(answer.body)}
    new = {word for code in codes for word in re.split(r"[ ,]+", code)} - noted
    if new:
        noted.update(new)
        _append("".join(f"{code}\n" for code in sorted(new)))


def _append(text):
    with open(PATH, "a", encoding="ascii") as file:
        file.write(text)


if PATH:
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    _append("")  # that it is there says that this module ran
