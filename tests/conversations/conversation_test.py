"""Runs every *.http file here against the real server: request and expected answer as text.

    #! server --fidelity faithful           arguments of `sluice serve` (optional)
    === request                             lines become CRLF; `Content-Length: *` is filled in; {name} is a captured value
    === answer                              first line: the status; then `Name: regex` for header fields, and
    ~ text      the body contains it        ! text      the body does not contain it
    = name regex                            the first group of the body's match is kept as {name}
    @ name Field: regex                     the same of a header field; - Field: it is not there

Each conversation is held twice: every request sent whole, and byte by byte. The answers must be the same.
"""

import glob
import os
import re
import unittest

from support.server import Server
from support.wire import Wire

FOLDER = os.path.dirname(os.path.abspath(__file__))


class Conversation:
    def __init__(self, path):
        self.name = os.path.relpath(path, FOLDER)
        with open(path, encoding="utf-8", newline="\n") as file:
            text = file.read()
        start, *blocks = re.split(r"^=== (request|answer)\n", text, flags=re.MULTILINE)
        self.arguments = [word for line in re.findall(r"^#! server (.*)$", start, re.MULTILINE) for word in line.split()]
        kinds, texts = blocks[0::2], [block.rstrip("\n") for block in blocks[1::2]]
        if not kinds or kinds != ["request", "answer"] * (len(kinds) // 2):
            raise ValueError(f"{self.name}: requests and answers must alternate")
        self.turns = list(zip(texts[0::2], texts[1::2]))


def fill(text, captured):
    return re.sub(r"\{([a-z_]+)\}", lambda found: captured.get(found[1], found[0]), text)


def encode(text):
    """The request's bytes; the body begins after the first blank line."""
    head, _, body = text.partition("\n\n")
    data = body.replace("\n", "\r\n").encode()
    head = head.replace("Content-Length: *", f"Content-Length: {len(data)}")
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + data


class Conversations(unittest.TestCase):
    def test_there_are_some(self):
        self.assertTrue(conversation_files())

    def check(self, answer, expected, captured):
        status, *lines = expected.split("\n")
        self.assertEqual(str(answer.status), status.strip(), answer)
        body = answer.body.decode("utf-8", "replace")
        for line in lines:
            self.check_line(line, answer, body, captured)

    def check_line(self, line, answer, body, captured):
        if line.startswith("~ "):
            self.assertIn(fill(line[2:], captured), body)
        elif line.startswith("! "):
            self.assertNotIn(fill(line[2:], captured), body)
        elif line.startswith("= "):
            name, pattern = line[2:].split(" ", 1)
            found = re.search(pattern, body)
            self.assertTrue(found, f"{pattern} is not in {body}")
            captured[name] = found[1]
        elif line.startswith("@ "):
            _, name, field, pattern = line.split(" ", 3)
            found = re.search(pattern, answer.header(field.removesuffix(":")) or "")
            self.assertTrue(found, answer)
            captured[name] = found[1]
        elif line.startswith("- "):
            self.assertIsNone(answer.header(line[2:]), answer)
        elif line:
            name, pattern = line.split(":", 1)
            self.assertRegex(answer.header(name) or "", fill(pattern.strip(), captured), answer)

    def hold(self, conversation, step):
        server = Server(*conversation.arguments)
        self.addCleanup(server.close)
        server.start()
        captured = {}
        with Wire(server) as wire:
            for request, expected in conversation.turns:
                data = encode(fill(request, captured))
                for at in range(0, len(data), step):
                    wire.send(data[at : at + step])
                self.check(wire.read(data.split(b" ", 1)[0].decode()), expected, captured)


def conversation_files():
    return sorted(glob.glob(os.path.join(FOLDER, "**", "*.http"), recursive=True))


def add_tests():
    """Two methods per file, named after it, so that a failure names its conversation."""
    for path in conversation_files():
        conversation = Conversation(path)
        stem = re.sub(r"\W", "_", conversation.name.removesuffix(".http"))
        for way, step in (("whole", 1 << 30), ("byte_by_byte", 1)):
            method = lambda self, conversation=conversation, step=step: self.hold(conversation, step)
            setattr(Conversations, f"test_{stem}_{way}", method)


add_tests()

if __name__ == "__main__":
    unittest.main()
