"""Drives Debian's tuspy as its documentation shows it; see harness.cjs for what is printed."""

import json
import sys

from tusclient import client
from tusclient.request import TusRequest
from tusclient.storage import filestorage

plan = json.loads(sys.argv[1])
files, endpoint = plan["files"], plan["credentials"]["endpoint"]
METADATA = {"filename": "clip.mp4", "filetype": "video/mp4", "media_category": "tweet_video"}


def uploader(name="video", to=endpoint, **options):
    return client.TusClient(to).uploader(files[name], metadata=METADATA, **{"chunk_size": 50_000, **options})


def finished(one):
    one.upload()
    return {"url": one.url, "media_id": one.request.response_headers["sluice-media-id"]}


def whole():
    return finished(uploader(chunk_size=10**9))


def chunks():
    return finished(uploader())


def checksums():
    return finished(uploader(upload_checksum=True))


def resume():
    storage = filestorage.FileStorage(files["video"] + ".tuspy.urls")
    first = uploader(store_url=True, url_storage=storage)
    first.upload(stop_at=50_000)
    second = uploader(store_url=True, url_storage=storage)
    return {"first": second.offset, "same": second.url == first.url, **finished(second)}


def broken_line():
    return finished(uploader(to=plan["credentials"]["broken"], chunk_size=10**9, retries=5, retry_delay=0))


def wrong_checksum():
    """A byte is lost on the way: between what was summed up and what is sent."""
    honest = TusRequest.add_checksum
    try:
        TusRequest.add_checksum = lambda self, chunk: honest(self, chunk[:-1])
        one = uploader(upload_checksum=True)
        try:
            one.upload_chunk()
            told = "nothing"
        except Exception as error:  # pylint: disable=broad-except
            told = f"{error.status_code} {error.response_content.decode()}"
    finally:
        TusRequest.add_checksum = honest
    return {"told": told, "offset": one.get_offset(), **finished(one)}


def too_large():
    try:
        return finished(uploader("large"))
    except Exception as error:
        raise RuntimeError(f"{error} {error.status_code} {error.response_content.decode()}") from error


for flow in plan["flows"]:
    try:
        told = {"flow": flow, "value": globals()[flow]() if flow in globals() else None, "missing": flow not in globals()}
    except Exception as error:  # pylint: disable=broad-except
        told = {"flow": flow, "error": str(error), "name": type(error).__name__}
    print(json.dumps(told), flush=True)
