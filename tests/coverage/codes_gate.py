"""Every code of the catalogue is provoked by a test over a real socket, or stands below with the reason why it cannot be.

The test modules note what they receive (support/seen.py), each in a file of its own; `--begin` empties the folder when ctest
starts, and this runs after the last of them (fixtures of ctest). When only some modules ran, nothing can be said.

    codes_gate.py --begin FOLDER
    codes_gate.py FOLDER CATALOGUE MODULE…      CATALOGUE: the folder with a page per code
"""

import os
import shutil
import sys
import unittest

# What a test cannot bring about from outside, in time, or without harming the machine.
EXCUSED = {
    "internal": "a bug of ours; there is none to provoke",
    "store_not_found": "inside the server only; every use case translates it",
    "store_conflict": "inside the server only; every use case translates it",
    "storage_failed": "needs a disk that fails; the stores' own tests have one",
    "too_many_pieces": "only where pieces stand apart, as in a bucket, after 65,536 of them; the streams' own test has it",
    "shutting_down": "a stopping server finishes the calls that it has and closes; nothing is left to be refused",
    "oauth1_needed": "v1.1 takes a bearer token here, so that nobody has to be told to sign",
    "processing_failed": "needs a worker that dies again and again; the kill tests see one that is replaced",
}


def verdict(catalogue, seen, excused):
    """Complaints; none: all is well."""
    for code in sorted(catalogue - seen - set(excused)):
        yield f"{code}: no test has received it over a socket"
    for code in sorted(set(excused) & seen):
        yield f"{code}: a test does receive it; take it off the list of excuses"
    for code in sorted(set(excused) - catalogue):
        yield f"{code}: is excused, but not in the catalogue"


def read_seen(folder):
    seen = set()
    for name in os.listdir(folder):
        with open(os.path.join(folder, name), encoding="ascii") as file:
            seen |= set(file.read().split())
    return seen


def begin(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    return 0


def judge(folder, pages, modules):
    idle = [module for module in modules if not os.path.exists(os.path.join(folder, module))]
    if idle:
        print(f"nothing to say: {len(idle)} of {len(modules)} modules did not run ({', '.join(idle[:5])} …)")
        return 0
    catalogue = {name.removesuffix(".md") for name in os.listdir(pages) if name.endswith(".md")}
    seen = read_seen(folder)
    given_up = {word[1:]: "this machine does not allow it" for word in seen if word.startswith("!")}
    complaints = list(verdict(catalogue, seen, EXCUSED | given_up))
    for code in sorted(given_up):
        print(f"{code}: {given_up[code]}")
    print(f"{len(catalogue & seen)} of {len(catalogue)} codes were received over a socket, {len(EXCUSED)} are excused")
    for complaint in complaints:
        print(complaint)
    return 1 if complaints else 0


class SelfTest(unittest.TestCase):
    def test_each_complaint_can_be_made(self):
        self.assertEqual(list(verdict({"a", "b"}, {"a"}, {"b": "why"})), [])
        for catalogue, seen, excused in (
            ({"a", "b"}, {"a"}, {}), ({"a"}, {"a"}, {"a": "why"}), ({"a"}, {"a"}, {"b": "why"})
        ):
            self.assertEqual(len(list(verdict(catalogue, seen, excused))), 1)


def main():
    if sys.argv[1] == "--begin":
        return begin(sys.argv[2])
    told = unittest.TextTestRunner(verbosity=0).run(unittest.defaultTestLoader.loadTestsFromTestCase(SelfTest))
    return judge(sys.argv[1], sys.argv[2], sys.argv[3:]) if told.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
