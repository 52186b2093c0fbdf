"""Runs every *.http file here against the real server: request and expected answer as text.

    #! server --fidelity faithful           arguments of `sluice serve` (optional)
    #! anew                                 counts or lists what there is, so that it needs a server that nobody used before
    === request                             lines become CRLF; `Content-Length: *` is filled in; {name} is a captured value; a chunked
                                            body is written as it goes over the wire, and gets the empty line that ends it
    === answer                              first line: the status; then `Name: regex` for header fields, and
    ~ text      the body contains it        ! text      the body does not contain it
    = name regex                            the first group of the body's match is kept as {name}
    @ name Field: regex                     the same of a header field; - Field: it is not there
    i 100 104                               the interim answers before it, or: none

Each conversation is held three times on one server: every request sent whole, byte by byte, and cut at every place by a client that
goes away. The answers must be the same; what was cut may be refused, and afterwards the same server holds the conversation whole. On
other engines it is held once: how the bytes of a request come is not what they differ in.
"""

import glob
import os
import re
import unittest

from support import engine
from support.server import Server
from support.wire import ConnectionEnded, Wire

WHOLE = 1 << 30
FOLDER = os.path.dirname(os.path.abspath(__file__))


class Conversation:
    def __init__(self, path):
        self.name = os.path.relpath(path, FOLDER)
        with open(path, encoding="utf-8", newline="\n") as file:
            text = file.read()
        start, *blocks = re.split(r"^=== (request|answer)\n", text, flags=re.MULTILINE)
        self.arguments = [word for line in re.findall(r"^#! server (.*)$", start, re.MULTILINE) for word in line.split()]
        self.is_anew = bool(re.search(r"^#! anew$", start, re.MULTILINE))
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
    if re.search("^Transfer-Encoding: chunked$", head, re.MULTILINE):
        data += b"\r\n\r\n"
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
        elif line.startswith("i "):
            self.assertEqual(" ".join(map(str, answer.interim)) or "none", line[2:], answer)
        elif line.startswith("- "):
            self.assertIsNone(answer.header(line[2:]), answer)
        elif line:
            name, pattern = line.split(":", 1)
            self.assertRegex(answer.header(name) or "", fill(pattern.strip(), captured), answer)

    def start(self, conversation):
        server = Server(*conversation.arguments)
        self.addCleanup(server.close)
        return server.start()

    def hold(self, conversation):
        server = self.start(conversation)
        used = lambda: self.start(conversation) if conversation.is_anew else server
        with self.subTest("whole"):
            self.hold_turns(conversation, WHOLE, server, len(conversation.turns))
        if engine.is_postgres() or engine.is_s3():
            return
        with self.subTest("byte by byte"):
            self.hold_turns(conversation, 1, used(), len(conversation.turns))
        with self.subTest("cut"):
            self.cut(conversation, server, used)

    def hold_turns(self, conversation, step, server, turns):
        """What the answers had for the turns that follow."""
        captured = {}
        with Wire(server) as wire:
            for request, expected in conversation.turns[:turns]:
                data = encode(fill(request, captured))
                for at in range(0, len(data), step):
                    wire.send(data[at : at + step])
                self.check(wire.read(data.split(b" ", 1)[0].decode()), expected, captured)
        return captured

    def cut(self, conversation, server, used):
        for turn, (request, expected) in enumerate(conversation.turns):
            # What a cut one leaves behind is of no matter to the others: each turn has uploads of its own.
            data = encode(fill(request, self.hold_turns(conversation, WHOLE, used(), turn)))
            for place in range(len(data)):
                self.check_cut(server, data[:place], expected.split("\n", 1)[0].strip())
        self.hold_turns(conversation, WHOLE, used(), len(conversation.turns))

    def check_cut(self, server, start, status):
        """Nothing, an error, or what the whole one gets, if the rest does not matter for it."""
        with Wire(server) as wire:
            if not wire.send(start):
                return
            try:
                wire.half_close()
                answer = wire.read(start.split(b" ", 1)[0].decode())
            except (ConnectionEnded, OSError):
                return
            self.assertTrue(400 <= answer.status < 500 or str(answer.status) == status, f"{start} got {answer}")


def conversation_files():
    return sorted(glob.glob(os.path.join(FOLDER, "**", "*.http"), recursive=True))


def add_tests():
    """A method per file, named after it, so that a failure names its conversation."""
    for path in conversation_files():
        conversation = Conversation(path)
        stem = re.sub(r"\W", "_", conversation.name.removesuffix(".http"))
        setattr(Conversations, f"test_{stem}", lambda self, conversation=conversation: self.hold(conversation))


add_tests()

if __name__ == "__main__":
    unittest.main()
