"""Notes which error codes a test has received from a real server, for coverage/codes_gate.py.

Nothing happens unless ctest has set SLUICE_SEEN_CODES: the file of this test module, which begins empty in each run of ctest.
"""

import os
import re

PATH = os.environ.get("SLUICE_SEEN_CODES")
CODE = re.compile(rb'"code":"([a-z0-9_]+)"')
noted = set()


def note(answer):
    """Every code that this answer is: an error, a notice, or what processing found (in processing_info)."""
    if not PATH:
        return
    codes = {answer.header("sluice-error"), answer.header("sluice-notice")} - {None}
    if b'"processing_info"' in answer.body:
        codes |= {code.decode() for code in CODE.findall(answer.body)}
    _keep({word for code in codes for word in re.split(r"[ ,]+", code)})


def give_up(code):
    """This machine does not allow the test of this code; said aloud by the gate."""
    if PATH:
        _keep({"!" + code})


def _keep(words):
    new = words - noted
    if new:
        noted.update(new)
        _append("".join(f"{word}\n" for word in sorted(new)))


def _append(text):
    with open(PATH, "a", encoding="ascii") as file:
        file.write(text)


if PATH:
    os.makedirs(os.path.dirname(PATH), exist_ok=True)
    _append("")  # that it is there says that this module ran
