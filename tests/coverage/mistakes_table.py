"""The last column and the head of docs/protocols/mistakes.md, from the tests that are there.

    mistakes_table.py            writes them anew (`make docs`)
    mistakes_table.py --check    fails if the page says something else than the tests and the catalogue

A row is counted as told when a test named test_row_N_… (or test_rows_N_and_M_…, test_rows_N_to_M_…) sees its answer over a
socket. A row without one keeps the reason that stands in its last cell.
"""

import ast
import glob
import os
import re
import sys

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", ".."))
PAGE = os.path.join(ROOT, "docs", "protocols", "mistakes.md")
ROWS = 120
NAME = re.compile(r"test_rows?_(\d+(?:_(?:and|to)_\d+|_\d+)*)(?:_|$)")
COUNT = re.compile(r"^\*\*.*\*\*$", re.MULTILINE)
NO_TEST = "no test yet"


def numbers_of(name):
    """The rows that a test's name speaks of: test_rows_58_to_61_are_one_riddle -> {58, 59, 60, 61}."""
    found = NAME.match(name)
    if not found:
        return set()
    numbers, last, is_range = set(), None, False
    for word in found[1].split("_"):
        if word.isdigit():
            numbers |= set(range(last + 1, int(word) + 1)) if is_range else {int(word)}
            last, is_range = int(word), False
        else:
            is_range = word == "to"
    return numbers


def tests_in(path, text):
    """(row, "module.Class.method") of one test module."""
    module = os.path.splitext(os.path.basename(path))[0]
    for node in ast.parse(text).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for method in node.body:
            if isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
                for number in numbers_of(method.name):
                    yield number, f"{module}.{node.name}.{method.name}"


def all_tests():
    tests = {}
    for path in sorted(glob.glob(os.path.join(ROOT, "tests", "**", "*_test.py"), recursive=True)):
        with open(path, encoding="utf-8") as file:
            for number, test in tests_in(path, file.read()):
                tests.setdefault(number, []).append(test)
    return tests


def table_rows(text):
    """row number -> the cells of its line."""
    rows = {}
    for line in text.split("\n"):
        cells = [cell.strip() for cell in line.strip().strip("|").split(" | ")]
        if re.match(r"^\| \d+ \|", line):
            rows[int(cells[0])] = cells
    return rows


def with_tests(text, tests):
    """The page with its last column and its head written anew."""
    lines = []
    for line in text.split("\n"):
        found = re.match(r"^\| (\d+) \|", line)
        if found:
            named = tests.get(int(found[1]), [])
            start, last = line.removesuffix(" |").rsplit(" | ", 1)
            is_reason = not last.startswith("`") and last != NO_TEST
            last = "<br>".join(f"`{test}`" for test in named) or (last if is_reason else NO_TEST)
            line = f"{start} | {last} |"
        lines.append(line)
    told = sum(1 for number in range(1, ROWS + 1) if number in tests)
    head = f"**{told} of {ROWS} rows have a test over a socket that bears their number and sees their answer; {ROWS - told} have none.**"
    return COUNT.sub(lambda _: head, "\n".join(lines), count=1)


def rows_of_codes():
    """code -> the rows that its page says it belongs to."""
    codes = {}
    for path in glob.glob(os.path.join(ROOT, "docs", "errors", "*.md")):
        with open(path, encoding="utf-8") as file:
            found = re.search(r"^Rows? ([\d, ]+) of the list of mistakes", file.read(), re.MULTILINE)
        code = os.path.splitext(os.path.basename(path))[0]
        codes[code] = {int(number) for number in found[1].split(", ")} if found else set()
    return codes


def disagreements(rows, codes):
    """Where the code column and the catalogue differ."""
    if sorted(rows) != list(range(1, ROWS + 1)):
        yield f"the table has the rows {sorted(rows)}"
    for number, cells in sorted(rows.items()):
        here = set(re.findall(r"`(\w+)`", cells[3]))
        there = {code for code, numbers in codes.items() if number in numbers}
        if here != there:
            yield f"row {number}: the table says {sorted(here)}, the catalogue {sorted(there)}"


def main():
    with open(PAGE, encoding="utf-8") as file:
        text = file.read()
    wanted = with_tests(text, all_tests())
    complaints = list(disagreements(table_rows(wanted), rows_of_codes()))
    if "--check" not in sys.argv[1:]:
        with open(PAGE, "w", encoding="utf-8") as file:
            file.write(wanted)
    elif wanted != text:
        complaints.append("docs/protocols/mistakes.md is not what the tests say; run: make docs")
    for complaint in complaints:
        print(complaint, file=sys.stderr)
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
