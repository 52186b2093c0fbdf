"""Puts what the program says between the markers of docs/capacity.md: write_tables.py PROGRAM PAGE."""

import re
import subprocess
import sys

program, page = sys.argv[1:]
said = subprocess.run([program], check=True, capture_output=True, text=True).stdout
with open(page, encoding="utf-8") as file:
    text = file.read()
text, count = re.subn(
    r"(<!-- simulated -->\n).*(<!-- end of what was simulated -->)", lambda m: f"{m[1]}\n{said}\n{m[2]}", text, flags=re.S)
if count != 1:
    sys.exit(f"{page}: the markers are missing")
with open(page, "w", encoding="utf-8") as file:
    file.write(text)
