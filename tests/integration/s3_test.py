"""Bytes in an S3 store: what is where, how it is given out, and which bucket goes with which rows. Faults are in s3_faults_test."""

import http.client
import json
import os
import shutil
import socket
import ssl
import subprocess
import time
import unittest
import urllib.parse

from support import engine
from support.case import ServerCase
from support.client import V1, X1, call, upload
from support.faulty_store import FaultyStore
from support.media import clip, noise, picture
from support.object_store import SECRET, ObjectStore
from support.server import Server, binary
from support.wire import Part, multipart, request

SECOND = 1_000_000


class S3Case(ServerCase):
    """A server whose bytes are in a prefix of its own."""

    more = ()

    @classmethod
    def setUpClass(cls):
        cls.store = engine.object_store()
        cls.prefix = cls.__name__.lower()
        cls.arguments = ("--storage", cls.store.url(cls.prefix), *cls.more)
        os.environ.update(ObjectStore.environment())
        super().setUpClass()

    def keys(self):
        return set(self.store.keys(self.prefix))

    def eventually_keys(self, count, timeout=40):
        ends = time.monotonic() + timeout
        while len(self.keys()) != count and time.monotonic() < ends:
            time.sleep(0.2)
        self.assertEqual(len(self.keys()), count)

    def metric(self, name):
        for line in X1(self.server).get("/metrics").body.decode().splitlines():
            if line.startswith(name + " "):
                return int(line.split()[1])
        raise KeyError(name)

    def fsck(self, *flags):
        done = subprocess.run(
            [binary(), "fsck", "--data", self.server.data, "--storage", self.store.url(self.prefix), "--json", *flags],
            capture_output=True, text=True, timeout=60, check=False,
        )
        return done, [json.loads(line) for line in done.stdout.splitlines()]


class Objects(S3Case):
    def test_each_segment_is_one_object_and_goes_with_its_upload(self):
        caller, data, before = X1(self.server), noise(3 * SECOND), len(self.keys())
        media_id = caller.open(len(data))
        for index in (2, 0, 1):
            self.assertEqual(caller.append(media_id, index, data[index * SECOND : (index + 1) * SECOND]).status, 204)
        self.assertEqual(len(self.keys()), before + 3)
        self.assertEqual(caller.append(media_id, 1, data[SECOND : 2 * SECOND]).status, 204, "the same again")
        self.assertEqual(caller.append(media_id, 1, data[:SECOND]).status, 409, "other bytes")
        self.eventually_keys(before + 3)
        self.assertEqual(caller.finalize(media_id).status, 201)
        self.assertEqual(len(self.keys()), before + 3, "nothing was joined")
        self.assert_original(caller, f"7_{media_id}", data)
        self.assertEqual(call(self.server, "DELETE", f"/api/v1/uploads/{media_id}").status // 100, 2)
        self.eventually_keys(before)

    def test_what_is_larger_than_a_part_comes_in_parts_and_memory_stays_small(self):
        data = noise(40 * SECOND, 3)
        memory = self.server.memory("VmRSS")
        created = call(
            self.server, "POST", "/files/", [("Tus-Resumable", "1.0.0"), ("Upload-Length", str(len(data)))], b""
        )
        self.assertEqual(created.status, 201, created)
        where = created.header("location").removeprefix(self.server.url)
        patched = call(
            self.server, "PATCH", where,
            [("Tus-Resumable", "1.0.0"), ("Upload-Offset", "0"), ("Content-Type", "application/offset+octet-stream")], data,
        )
        self.assertEqual((patched.status, patched.header("upload-offset")), (204, str(len(data))), patched)
        media_id = call(self.server, "HEAD", where, [("Tus-Resumable", "1.0.0")]).header("sluice-media-id")
        key = X1(self.server).upload_object(media_id).json()["media_key"]
        self.assert_original(X1(self.server), key, data)
        self.assertLess(self.server.memory("VmHWM") - memory, 60 << 20)

    def test_many_slow_callers_cost_bounded_memory_and_none_is_refused(self):
        caller, data, lines = X1(self.server), noise(4 * SECOND, 5), []
        memory = self.server.memory("VmRSS")
        for media_id in [caller.open(len(data)) for _ in range(60)]:
            parts = [Part("command", "APPEND"), Part("media_id", media_id), Part("segment_index", 0), Part("media", data, "blob")]
            content_type, body = multipart(parts)
            line = socket.create_connection((self.server.host, self.server.port), timeout=60)
            self.addCleanup(line.close)
            line.sendall(request("POST", V1, [("Content-Type", content_type)], body, host="x")[:-1000])
            lines.append((media_id, line, body[-1000:]))
        ends = time.monotonic() + 20
        while self.metric("sluice_storage_body_bytes") < 128 << 20 and time.monotonic() < ends:
            time.sleep(0.1)
        self.assertEqual(self.metric("sluice_storage_body_bytes"), 128 << 20, "the rest of the 240 MB is in files")
        self.assertLess(self.server.memory("VmRSS") - memory, 170 << 20)
        for _, line, rest in lines:
            line.sendall(rest)
        for media_id, line, _ in lines:
            self.assertTrue(line.recv(4096).startswith(b"HTTP/1.1 204"))
        self.assertIn(caller.finalize(lines[-1][0]).status, (200, 201))
        self.assert_original(caller, f"7_{lines[-1][0]}", data)
        self.assertEqual(self.metric("sluice_storage_body_bytes"), 0)

    def test_a_range_of_many_segments(self):
        caller, data = X1(self.server), noise(2 * SECOND, 4)
        media_id = upload(caller, data, 300_000)
        for first, last in ((0, 0), (299_990, 300_010), (1_000_000, 1_999_999)):
            answer = caller.get(f"/media/7_{media_id}/original", [("Range", f"bytes={first}-{last}")])
            self.assertEqual(answer.status, 206)
            self.assertEqual(answer.body, data[first : last + 1])

    def test_a_video_and_a_picture_are_processed(self):
        caller = X1(self.server)
        media_id = upload(caller, clip(2), 200_000)
        self.assertEqual(caller.wait(media_id)["state"], "succeeded")
        outputs = caller.outputs(media_id)
        self.assertGreater(len(outputs), 2)
        for output in outputs.values():
            self.assertEqual(len(caller.fetch(output["url"]).body), output["size_bytes"], output)
        made = caller.one_shot(picture())
        self.assertEqual(made.status, 200, made)

    def test_room_on_the_disk_is_no_limit_and_is_not_told(self):
        caller = X1(self.server)
        self.assertEqual(caller.init(500_000_000).status, 202)
        self.assertNotIn("sluice_storage_free_bytes", caller.get("/metrics").body.decode())

    def test_no_secret_is_shown(self):
        caller = X1(self.server)
        upload(caller, noise(1000), 1000)
        seen = caller.get("/api/v1/system").body.decode() + caller.get("/metrics").body.decode() + self.server.log()
        self.assertNotIn(SECRET, seen)
        self.assertNotIn("Signature=", seen)
        self.assertIn("sluice_storage_up 1", seen)

    def test_what_a_dead_process_left_is_found_by_fsck(self):
        caller = X1(self.server)
        media_id = upload(caller, noise(SECOND), SECOND)
        caller.wait(media_id)
        kept = caller.open(2 * SECOND)
        self.assertEqual(caller.append(kept, 0, noise(SECOND)).status, 204)
        self.assertEqual(self.server.stop(), 0)
        orphan = f"{self.prefix}/blobs/0000/0000000000001234"
        self.assertEqual(self.store.call("PUT", orphan, payload=b"x")[0], 200)
        done, lines = self.fsck()
        self.assertEqual((done.returncode, [line.get("kind") for line in lines[:-1]]), (1, ["orphan_file"]), done)
        done, _ = self.fsck("--repair", "--older-than", "0")
        self.assertEqual(done.returncode, 0, done)
        self.assertNotIn(orphan, self.keys())
        lost = max(key for key in self.keys())  # the newest: the segment of the open upload
        self.assertEqual(self.store.call("DELETE", lost)[0], 204)
        done, lines = self.fsck("--repair")
        self.assertEqual((done.returncode, [line.get("kind") for line in lines[:-1]]), (0, ["segment_missing"]), done)
        self.server.start()
        self.assertEqual(caller.append(kept, 0, noise(SECOND)).status, 204, "it can be sent again")
        self.assert_original(caller, f"7_{media_id}", noise(SECOND))


class Redirected(S3Case):
    more = ("--delivery", "redirect")

    def follow(self, link, headers=None):
        there = urllib.parse.urlsplit(link)
        connection = http.client.HTTPConnection(there.netloc, timeout=30)
        try:
            connection.request("GET", f"{there.path}?{there.query}", headers=headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def test_a_file_of_one_object_is_fetched_from_the_store(self):
        caller, image = X1(self.server), picture()
        made = caller.one_shot(image)
        media_id = made.json()["media_id_string"]
        answer = caller.get(f"/media/3_{media_id}/original")
        self.assertEqual((answer.status, answer.body), (302, b""), answer)
        self.assertEqual(answer.header("cache-control"), "private, max-age=300")
        link = answer.header("location")
        self.assertNotIn(SECRET, link)
        status, headers, body = self.follow(link)
        self.assertEqual((status, body == image), (200, True), headers)
        self.assertEqual(headers["Content-Type"], "application/octet-stream")
        self.assertIn("attachment", headers["Content-Disposition"])
        status, _, body = self.follow(link, {"Range": "bytes=10-19"})
        self.assertEqual((status, body), (206, image[10:20]))
        self.assertEqual(self.follow(link[:-1] + ("0" if link[-1] != "0" else "1"))[0], 403)
        again = caller.get(f"/media/3_{media_id}/original", [("If-None-Match", answer.header("etag"))])
        self.assertEqual(again.status, 304)
        asked = call(self.server, "HEAD", f"/media/3_{media_id}/original")
        self.assertEqual((asked.status, asked.header("content-length")), (200, str(len(image))))
        output = next(iter(caller.outputs(media_id).values()))
        status, headers, body = self.follow(caller.fetch(output["url"]).header("location"))
        self.assertEqual((status, headers["Content-Type"], len(body)), (200, output["content_type"], output["size_bytes"]))

    def test_what_has_several_objects_is_given_out_by_the_server(self):
        caller, data = X1(self.server), noise(SECOND, 8)
        media_id = upload(caller, data, 300_000)
        self.assert_original(caller, f"7_{media_id}", data)


class Together(unittest.TestCase):
    """Which bucket, which credentials and which directory may be used together."""

    @classmethod
    def setUpClass(cls):
        cls.store = engine.object_store()
        os.environ.update(ObjectStore.environment())

    def refused(self, *arguments, data=None, code=3, **environment):
        fresh = Server(data=data)
        self.addCleanup(fresh.close)
        done = subprocess.run(
            [binary(), "serve", "--listen", "127.0.0.1:0", "--data", fresh.data, *arguments],
            capture_output=True, text=True, timeout=60, check=False, env={**os.environ, **environment},
        )
        self.assertEqual(done.returncode, code, done)
        self.assertNotIn(SECRET, done.stdout + done.stderr)
        return done.stderr

    def server(self, *arguments, data=None):
        server = Server(*arguments, data=data)
        self.addCleanup(server.close)
        return server.start()

    def test_what_is_no_s3_url_is_refused_with_the_form(self):
        self.assertIn("s3://BUCKET?endpoint=", self.refused("--storage", "s3://", code=2))
        for wrong in ("s3://media?secret=hushhush", "s3://key:hushhush@media", "s3://media?endpoint=http://key:hushhush@host"):
            text = self.refused("--storage", wrong, code=2)
            self.assertNotIn("hushhush", text)
            self.assertNotIn("hushhush", self.refused(code=3, SLUICE_STORAGE_URL=wrong))
        self.assertIn("nothing else", self.refused("--storage", "s3://media?secret=hushhush", code=2))
        self.assertIn("proxy or redirect", self.refused("--delivery", "odd", code=2))

    def test_each_mistake_of_a_configuration_has_its_own_words(self):
        text = self.refused("--storage", self.store.url(bucket="not-there"))
        self.assertIn("The bucket of the object store is not there. It is the bucket not-there at http://127.0.0.1", text)
        text = self.refused("--storage", self.store.url(), AWS_SECRET_ACCESS_KEY="wrong")
        self.assertIn("refuses the server's credentials", text)
        self.assertIn("SignatureDoesNotMatch", text)
        text = self.refused("--storage", self.store.url(), AWS_ACCESS_KEY_ID="nobody")
        self.assertIn("InvalidAccessKeyId", text)
        text = self.refused("--storage", self.store.url(), AWS_ACCESS_KEY_ID="", HOME="/nonexistent", AWS_EC2_METADATA_DISABLED="true")
        self.assertIn("There are no credentials for the S3 store", text)
        text = self.refused("--storage", self.store.url(port=1))
        self.assertIn("does not answer", text)

    def test_rows_and_bucket_that_do_not_belong_together_are_refused(self):
        mine = self.server("--storage", self.store.url("mine"))
        upload(X1(mine), noise(1000), 1000)
        self.assertEqual(mine.stop(), 0)
        before = self.store.keys("mine")
        self.assertIn("it is another's", self.refused("--storage", self.store.url("mine")))
        self.assertIn("it is another's", self.refused("--storage", self.store.url("yours"), data=mine.data))
        self.assertIn("have their bytes in an S3 bucket", self.refused(data=mine.data))
        on_disk = self.server("--storage", "disk")
        upload(X1(on_disk), noise(1000), 1000)
        self.assertEqual(on_disk.stop(), 0)
        self.assertIn("have their bytes on its disk", self.refused("--storage", self.store.url("third"), data=on_disk.data))
        self.assertEqual(self.store.keys("mine"), before)
        mine.start()
        self.assertEqual(X1(mine).get("/readyz").status, 200)

    def test_postgres_and_s3_serve_two_nodes_one_after_the_other(self):
        arguments = ("--storage", self.store.url("both"), "--database", engine.cluster().make_database("nodes"))
        first = self.server(*arguments)
        media_id = upload(X1(first), noise(100_000), 30_000)
        self.assertEqual(first.stop(), 0)
        second = self.server(*arguments)
        self.assertEqual(X1(second).original(f"7_{media_id}").body, noise(100_000))
        other = engine.cluster().make_database("stranger")
        self.assertIn("does not belong to this database", self.refused("--storage", self.store.url("both"), "--database", other))

    def test_a_database_that_was_forgotten_or_lost_is_not_made_anew_beside_a_full_bucket(self):
        storage = ("--storage", self.store.url("forgotten"))
        node = self.server(*storage, "--database", engine.cluster().make_database("forgotten"))
        media_id = upload(X1(node), noise(1000), 1000)
        self.assertEqual(node.stop(), 0)
        before = self.store.keys("forgotten")
        text = self.refused(*storage, "--database", "sqlite", data=node.data)
        self.assertIn("are in a PostgreSQL database", text)
        os.remove(os.path.join(node.data, "node.id"))
        self.assertIn("that knows them is not there", self.refused(*storage, "--database", "sqlite", data=node.data))
        self.assertFalse(os.path.exists(os.path.join(node.data, "sluice.db")))
        self.assertEqual(self.store.keys("forgotten"), before)
        self.assertEqual(X1(node.start()).original(f"7_{media_id}").body, noise(1000))

    def test_an_empty_database_does_not_get_the_bucket_of_the_one_that_is_lost(self):
        arguments = ("--storage", self.store.url("lost"), "--database", "sqlite")
        server, fresh = self.server(*arguments), self.server("--storage", "disk", "--database", "sqlite")
        media_id = upload(X1(server), noise(1000), 1000)
        self.assertEqual((server.stop(), fresh.stop()), (0, 0))
        before, rows = self.store.keys("lost"), os.path.join(server.data, "sluice.db")
        os.rename(rows, rows + ".kept")
        self.assertIn("put sluice.db back", self.refused(*arguments, data=server.data))
        self.assertFalse(os.path.exists(rows))
        shutil.copy(os.path.join(fresh.data, "sluice.db"), rows)
        self.assertIn("never had an upload", self.refused(*arguments, data=server.data))
        self.assertEqual(self.store.keys("lost"), before)
        for suffix in ("-wal", "-shm"):
            if os.path.exists(rows + suffix):
                os.remove(rows + suffix)
        os.replace(rows + ".kept", rows)
        self.assertEqual(X1(server.start()).original(f"7_{media_id}").body, noise(1000))

    def test_a_bucket_has_one_database_also_while_nothing_is_in_it(self):
        def arguments(prefix, database):
            return "--storage", self.store.url(prefix), "--database", database

        first, second = (engine.cluster().make_database(name) for name in ("owner", "late"))
        self.assertEqual(self.server(*arguments("one", first)).stop(), 0)
        self.assertEqual(self.server(*arguments("marked", "sqlite")).stop(), 0)
        for prefix in ("one", "marked"):
            self.assertIn("does not belong to this database", self.refused(*arguments(prefix, second)))
        self.store.call("DELETE", "one/sluice-storage")  # as if the first start had ended before it
        self.assertEqual(self.server(*arguments("one", first)).stop(), 0)
        self.assertIn("does not belong to this database", self.refused(*arguments("one", second)))
        self.assertEqual(self.server(*arguments("two", second)).stop(), 0)

    def test_over_tls_the_certificate_counts(self):
        folder = Server()
        self.addCleanup(folder.close)
        names = [os.path.join(folder.root, name) for name in ("key.pem", "certificate.pem")]
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=store", "-addext",
             "subjectAltName=IP:127.0.0.1", "-keyout", names[0], "-out", names[1]], check=True, capture_output=True,
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(names[1], names[0])
        line = FaultyStore(self.store.port, tls=context)
        self.addCleanup(line.close)
        url = self.store.url("tls", port=line.port).replace("http://", "https://")
        self.assertIn("certificate", self.refused("--storage", url))
        server = Server("--storage", url)
        self.addCleanup(server.close)
        server.environment = {"AWS_CA_BUNDLE": names[1]}
        server.start()
        media_id = upload(X1(server), noise(400_000), 300_000)
        self.assertEqual(X1(server).original(f"7_{media_id}").body, noise(400_000))


if __name__ == "__main__":
    unittest.main()
