"""A conversation as a text: what is sent and what is to come, in steps on one or more connections (its format: conversation_test.py)."""

import re

SENT = ("request", "begin", "send")
EXPECTED = ("answer", "interim")
DONE = ("end", "reset", "ended", "pause", "stop", "kill")


def seconds_of(text):
    number, unit = re.fullmatch(r"(\d+)(ms|s)", text).groups()
    return int(number) / (1000 if unit == "ms" else 1)


class Step:
    """`line` is what stands behind `===`, `text` what stands below it."""

    def __init__(self, line, text):
        found = re.fullmatch(r"([a-z]+)(?: on ([a-z]+))?( until so)?(?: (within )?(\d+m?s))?", line)
        if not found or found[1] not in SENT + EXPECTED + DONE:
            raise ValueError(f"there is no step \"=== {line}\"")
        self.kind, self.connection = found[1], found[2] or ""
        self.is_repeated = bool(found[3])
        self.seconds = seconds_of(found[5]) if found[5] else None
        self.text = text.rstrip("\n")
        self.asked = None  # of an answer that may need more than one request: that request
        if (self.kind in DONE) == bool(self.text.strip()):
            raise ValueError(f"=== {line}: {'nothing' if self.kind in DONE else 'something'} must stand below it")
        if self.kind in ("begin", "send", "interim", "end", "reset", "ended") and not self.connection:
            raise ValueError(f"=== {line}: on which connection?")

    def status(self):
        """Of an answer."""
        return self.text.split("\n", 1)[0].strip()


class Conversation:
    def __init__(self, text, name):
        self.name = name
        self.head, *blocks = re.split(r"^=== (.*)\n", text, flags=re.MULTILINE)
        self.arguments = [word for line in re.findall(r"^#! server (.*)$", self.head, re.MULTILINE) for word in line.split()]
        self.is_anew = bool(re.search(r"^#! anew$", self.head, re.MULTILINE))
        self.is_held_whole_alone = bool(re.search(r"^#! whole: .+$", self.head, re.MULTILINE))
        self.steps = [Step(line, text) for line, text in zip(blocks[0::2], blocks[1::2])]
        for step, after in zip(self.steps, [*self.steps[1:], None]):
            is_answered = after is not None and (after.kind, after.connection) == ("answer", step.connection)
            if step.kind == "request" and not is_answered:
                raise ValueError(f"{name}: an answer must follow a request")
            if step.is_repeated:
                after.asked = step
        if not self.steps:
            raise ValueError(f"{name}: nothing is said")

    def checks(self):
        """The numbers of the checklists that the head names."""
        return set(re.findall(r"\b[TR]\d\d\b", self.head))

    def answer_to(self, at):
        """The status that what is sent in this step gets in the end; none if it is not answered."""
        answers = (step for step in self.steps[at:] if step.kind == "answer" and step.connection == self.steps[at].connection)
        return next((answer.status() for answer in answers), None)


def fill(text, captured):
    return re.sub(r"\{([a-z_]+)\}", lambda found: captured.get(found[1], found[0]), text)


def encode(step, captured):
    """The bytes of what is sent; a body begins after the first blank line."""
    text = fill(step.text, captured)
    if step.kind == "send":
        return text.replace("\n", "\r\n").encode()
    head, _, body = text.partition("\n\n")
    data = body.replace("\n", "\r\n").encode()
    if step.kind == "request" and re.search("^Transfer-Encoding: chunked$", head, re.MULTILINE):
        data += b"\r\n\r\n"
    head = head.replace("Content-Length: *", f"Content-Length: {len(data)}")
    return head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + data
