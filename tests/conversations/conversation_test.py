"""Runs every *.http file here against the real server: request and expected answer as text.

    #! server --fidelity faithful           arguments of `sluice serve` (optional)
    #! anew                                 counts or lists what there is, so that it needs a server that nobody used before
    #! whole: why                           it is held once and not in three ways
    === request                             lines become CRLF; `Content-Length: *` is filled in; {name} is a captured value; a chunked
                                            body is written as it goes over the wire, and gets the empty line that ends it
    === request until so                    said again until the answer is as expected, for 10 s
    === answer                              first line: the status; then `Name: regex` for header fields, and
    ~ text      the body contains it        ! text      the body does not contain it
    = name regex                            the first group of the body's match is kept as {name}
    @ name Field: regex                     the same of a header field; - Field: it is not there
    i 100 104                               the interim answers before it, or: none
    === answer within 2s                    since the last byte of the request

What several connections are needed for (b is any name; `on b` stands with request and answer as well, before `until` and `within`):

    === begin on b                          a request that is not all there yet, and is not waited for
    === send on b                           more of it
    === interim on b                        a 1xx, as an answer; what was begun gets its own by `=== answer on b`
    === end on b                            the client goes away (reset: without a farewell); ended: the server does
    === pause 300ms
    === stop                                SIGTERM (kill: SIGKILL), and started again with the same data

Each conversation is held three times: every request sent whole, byte by byte, and cut at every place by a client that goes away. The
answers must be the same; what was cut may be refused, and afterwards the same server holds the conversation whole. On other engines it
is held once: how the bytes of a request come is not what they differ in. Conversations that want the same server share one.
"""

import glob
import os
import re
import socket
import struct
import time
import unittest

from support import engine
from support.conversation import Conversation, encode, fill
from support.server import Server
from support.wire import ConnectionEnded, Wire

WHOLE = 1 << 30
FOLDER = os.path.dirname(os.path.abspath(__file__))
LIMIT = 10  # seconds until what is said again must be so


class Holding:
    """One way through a conversation: its connections, and what was captured. Everything is sent in pieces of `size` bytes."""

    def __init__(self, check, server, size):
        self.check = check
        self.server = server
        self.size = size
        self.captured = {}
        self.connections = {}
        self.methods = {}
        self.sent_at = {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.forget()

    def forget(self):
        for wire in self.connections.values():
            wire.close()
        self.connections = {}

    def hold(self, steps):
        for step in steps:
            getattr(self, step.kind)(step)
        return self

    def write(self, step):
        if step.connection not in self.connections:
            self.connections[step.connection] = Wire(self.server, timeout=100)
        wire, data = self.connections[step.connection], encode(step, self.captured)
        if step.kind != "send":
            self.methods[step.connection] = data.split(b" ", 1)[0].decode()
        for at in range(0, len(data), self.size):
            wire.send(data[at : at + self.size])
        self.sent_at[step.connection] = time.monotonic()

    request = begin = send = write

    def answer(self, step):
        ends = time.monotonic() + LIMIT
        while True:
            answer = self.connections[step.connection].read(self.methods[step.connection])
            took = time.monotonic() - self.sent_at[step.connection]
            try:
                self.check(answer, step.text, self.captured)
                break
            except AssertionError:
                if step.asked is None or time.monotonic() > ends:
                    raise
            time.sleep(0.05)
            self.write(step.asked)
        if step.seconds is not None and took > step.seconds:
            raise AssertionError(f"it took {took:.1f} s: {answer}")

    def interim(self, step):
        self.check(self.connections[step.connection].read_interim(), step.text, self.captured)

    def end(self, step):
        self.connections.pop(step.connection).close()

    def reset(self, step):
        wire = self.connections.pop(step.connection)
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.close()

    def ended(self, step):
        with self.connections.pop(step.connection) as wire:
            if not wire.is_closed():
                raise AssertionError("the server sends, and does not end the connection")

    def pause(self, step):
        time.sleep(step.seconds)

    def stop(self, _):
        if self.server.stop() != 0:
            raise AssertionError("the server was not stopped in order")
        self.start_again()

    def kill(self, _):
        self.server.kill()
        self.start_again()

    def start_again(self):
        self.forget()
        self.server.start()


class Conversations(unittest.TestCase):
    servers = {}  # by their arguments

    def test_there_are_some(self):
        self.assertTrue(conversation_files())

    def test_every_check_of_the_resumable_protocols_is_held(self):
        held = set()
        for path in conversation_files():
            conversation = read(path)
            stem = os.path.basename(path)
            held |= conversation.checks()
            if number := re.match(r"[tr]\d\d(?=_)", stem):
                self.assertIn(number[0].upper(), conversation.checks(), f"{stem} does not say what it is about")
            for line in re.findall(r"^.*does not apply.*$", conversation.head, re.MULTILINE):
                self.assertRegex(line, r"^# [TR]\d\d.* does not apply: .{20,}", stem)
        checks = {f"T{number:02}" for number in range(1, 100)} | {f"R{number:02}" for number in range(1, 71)}
        self.assertEqual(held, checks)

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
            found = re.search(fill(pattern, captured), answer.header(field.removesuffix(":")) or "")
            self.assertTrue(found, answer)
            captured[name] = found[1]
        elif line.startswith("i "):
            self.assertEqual(" ".join(map(str, answer.interim)) or "none", line[2:], answer)
        elif line.startswith("- "):
            self.assertIsNone(answer.header(line[2:]), answer)
        elif line:
            name, pattern = line.split(":", 1)
            self.assertRegex(answer.header(name) or "", fill(pattern.strip(), captured), answer)

    @classmethod
    def shared(cls, arguments):
        if arguments not in cls.servers:
            cls.servers[arguments] = Server(*arguments)
            cls.addClassCleanup(cls.servers[arguments].close)
            cls.servers[arguments].start()
        return cls.servers[arguments]

    def server_for(self, conversation):
        if not conversation.is_anew and not any(step.kind in ("stop", "kill") for step in conversation.steps):
            return self.shared(tuple(conversation.arguments))
        server = Server(*conversation.arguments)
        self.addCleanup(server.close)
        return server.start()

    def hold(self, conversation):
        server = self.server_for(conversation)
        used = lambda: self.server_for(conversation) if conversation.is_anew else server
        with self.subTest("whole"):
            self.hold_steps(conversation, server)
        if engine.is_postgres() or engine.is_s3() or conversation.is_held_whole_alone:
            return
        with self.subTest("byte by byte"):
            self.hold_steps(conversation, used(), 1)
        with self.subTest("cut"):
            self.cut(conversation, used)

    def hold_steps(self, conversation, server, size=WHOLE):
        with Holding(self.check, server, size) as holding:
            holding.hold(conversation.steps)

    def cut(self, conversation, used):
        for at, step in enumerate(conversation.steps):
            if step.kind not in ("request", "begin"):
                continue
            # What a cut one leaves behind is of no matter to the others: each step has uploads of its own.
            server = used()
            with Holding(self.check, server, WHOLE) as holding:
                data = encode(step, holding.hold(conversation.steps[:at]).captured)
                for place in range(len(data)):
                    self.check_cut(server, data[:place], conversation.answer_to(at))
        self.hold_steps(conversation, used())

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


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return Conversation(file.read(), os.path.relpath(path, FOLDER))


def add_tests():
    """A method per file, named after it, so that a failure names its conversation."""
    for path in conversation_files():
        conversation = read(path)
        stem = re.sub(r"\W", "_", conversation.name.removesuffix(".http"))
        setattr(Conversations, f"test_{stem}", lambda self, conversation=conversation: self.hold(conversation))


add_tests()

if __name__ == "__main__":
    unittest.main()
