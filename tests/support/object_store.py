"""A real S3 store of the tests' own (Ceph RGW, started by object_store.sh), and what a test asks it directly."""

import datetime
import hashlib
import hmac
import http.client
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.parse
import xml.etree.ElementTree as ET

KEY, SECRET, BUCKET = "sluicekey", "sluicesecret", "media"


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def quote(text, safe=""):
    return urllib.parse.quote(text, safe="-_.~" + safe)


def sign(method, host, path, query, payload=b"", key=KEY):
    """The request target and the headers: Signature Version 4 once more, independent of the server's own."""
    now = datetime.datetime.now(datetime.timezone.utc)
    stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
    digest = hashlib.sha256(payload).hexdigest()
    signed = {"host": host, "x-amz-date": stamp, "x-amz-content-sha256": digest}
    names = ";".join(sorted(signed))
    canonical_query = "&".join(f"{quote(n)}={quote(v)}" for n, v in sorted(query.items()))
    lines = "".join(f"{n}:{signed[n]}\n" for n in sorted(signed))
    canonical = "\n".join([method, quote(path, "/"), canonical_query, lines, names, digest])
    scope = f"{day}/us-east-1/s3/aws4_request"
    to_sign = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    mac = ("AWS4" + SECRET).encode()
    for step in (day, "us-east-1", "s3", "aws4_request"):
        mac = hmac.new(mac, step.encode(), hashlib.sha256).digest()
    signature = hmac.new(mac, to_sign.encode(), hashlib.sha256).hexdigest()
    signed["authorization"] = f"AWS4-HMAC-SHA256 Credential={key}/{scope},SignedHeaders={names},Signature={signature}"
    return quote(path, "/") + ("?" + canonical_query if canonical_query else ""), signed


class ObjectStore:
    """One cluster. Owns it; `close()` ends and removes it."""

    key_id, rig = KEY, "object_store.sh"

    def __init__(self):
        self.root = tempfile.mkdtemp(prefix="sluice-s3.")
        self.port = free_port()
        rig = os.path.join(os.path.dirname(os.path.abspath(__file__)), self.rig)
        self.process = subprocess.Popen(
            [rig, self.root, str(self.port), str(free_port())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )
        self._wait_until_ready()

    def _wait_until_ready(self, timeout=90):
        readable, _, _ = select.select([self.process.stdout], [], [], timeout)
        if not readable or self.process.stdout.readline() != b"ready\n":
            self.process.stdin.close()
            self.process.wait(30)
            with open(os.path.join(self.root, "log.rig"), encoding="utf-8", errors="replace") as log:
                raise RuntimeError(f"the object store did not start; its log:\n{log.read()[-3000:]}")

    @property
    def host(self):
        return f"127.0.0.1:{self.port}"

    def url(self, prefix="", port=None, bucket=BUCKET):
        return f"s3://{bucket}/{prefix}?endpoint=http://127.0.0.1:{port or self.port}&region=us-east-1"

    @classmethod
    def environment(cls):
        return {"AWS_ACCESS_KEY_ID": cls.key_id, "AWS_SECRET_ACCESS_KEY": SECRET}

    def call(self, method, key="", query=None, payload=b""):
        """(status, body) of a call to the bucket, or to an object of it."""
        target, headers = sign(method, self.host, f"/{BUCKET}" + (f"/{key}" if key else ""), query or {}, payload, self.key_id)
        connection = http.client.HTTPConnection(self.host, timeout=30)
        try:
            connection.request(method, target, payload or None, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def keys(self, prefix=""):
        """Of all blobs below the prefix; that of the storage's mark is none."""
        return list(self.sizes(prefix))

    def sizes(self, prefix=""):
        """The same, each with its length."""
        found, query = {}, {"list-type": "2", "prefix": f"{prefix}/blobs/" if prefix else "blobs/"}
        while True:
            status, text = self.call("GET", query=query)
            assert status == 200, text
            page = ET.fromstring(text)
            space = {"s3": page.tag[1 : page.tag.index("}")]} if page.tag.startswith("{") else {"s3": ""}
            for entry in page.iterfind("s3:Contents", space):
                found[entry.find("s3:Key", space).text] = int(entry.find("s3:Size", space).text)
            more = page.find("s3:NextContinuationToken", space)
            if more is None:
                return found
            query["continuation-token"] = more.text

    def pid(self, name):
        with open(os.path.join(self.root, f"pid.{name}"), encoding="ascii") as file:
            return int(file.read())

    def kill_gateway(self):
        os.kill(self.pid("rgw"), signal.SIGKILL)
        ends = time.monotonic() + 10
        while time.monotonic() < ends:
            try:
                with socket.create_connection(("127.0.0.1", self.port), timeout=1):
                    time.sleep(0.02)
            except OSError:
                return
        raise RuntimeError("the gateway did not die")

    def start_gateway(self):
        self.process.stdin.write(b"rgw\n")
        self.process.stdin.flush()
        self._wait_until_ready()

    def freeze(self, name):
        os.kill(self.pid(name), signal.SIGSTOP)

    def thaw(self, name):
        os.kill(self.pid(name), signal.SIGCONT)

    def close(self):
        try:
            self.process.stdin.close()
            self.process.wait(30)
            self.process.stdout.close()
        finally:
            shutil.rmtree(self.root, ignore_errors=True)


class SwiftStore(ObjectStore):
    """OpenStack Swift with its s3api instead. The id of a key has a colon in it."""

    key_id, rig = "media:sluice", "swift_store.sh"

    def __init__(self):
        super().__init__()
        ends = time.monotonic() + 60
        while self.call("PUT")[0] != 200:
            if time.monotonic() > ends:
                raise RuntimeError("the bucket could not be made")
            time.sleep(0.2)
