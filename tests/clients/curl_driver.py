"""Drives curl as X's documentation shows it; see harness.cjs for what is printed. What a user sees is curl's output."""

import base64
import json
import subprocess
import sys
import time

plan = json.loads(sys.argv[1])
files = plan["files"]
V1 = "https://upload.twitter.com/1.1/media/upload.json"
BEARER = "Authorization: Bearer " + plan["credentials"]["bearer"]


class Refused(Exception):
    pass


def curl(*arguments):
    done = subprocess.run(
        ["curl", "-sS", "--max-time", "30", "-H", BEARER, "-w", "\n%{http_code}", *arguments],
        capture_output=True, text=True, timeout=40, check=False,
    )
    body, status = done.stdout.rsplit("\n", 1)
    if done.returncode != 0 or not status.startswith("2"):
        raise Refused(f"{status} {body} {done.stderr}")
    return json.loads(body) if body else None


def wait(media):
    while (info := media.get("processing_info", {})).get("state") in ("pending", "in_progress"):
        time.sleep(info["check_after_secs"])
        media = curl("-G", V1, "-d", "command=STATUS", "-d", f"media_id={media['media_id_string']}")
    return {"id": media["media_id_string"], "processing_info": media.get("processing_info")}


def chunked(path, media_type, category, size=50_000):
    with open(path, "rb") as file:
        data = file.read()
    begun = curl(V1, "-d", "command=INIT", "-d", f"total_bytes={len(data)}", "-d", f"media_type={media_type}",
                 "-d", f"media_category={category}")
    media_id = begun["media_id_string"]
    for index in range(0, -(-len(data) // size)):
        piece = f"{path}.piece"
        with open(piece, "wb") as file:
            file.write(data[index * size : (index + 1) * size])
        curl(V1, "-F", "command=APPEND", "-F", f"media_id={media_id}", "-F", f"segment_index={index}", "-F", f"media=@{piece}")
    return wait(curl(V1, "-d", "command=FINALIZE", "-d", f"media_id={media_id}"))


def one_shot_image():
    return wait(curl(V1, "-F", f"media=@{files['image']}"))


def chunked_image():
    return chunked(files["image"], "image/png", "tweet_image", 20_000)


def chunked_video():
    chunked_video.id = chunked(files["video"], "video/mp4", "tweet_video")
    return chunked_video.id


def gif():
    return chunked(files["gif"], "image/gif", "tweet_gif")


def alt_text():
    body = {"media_id": one_shot_image()["id"], "alt_text": {"text": "A test picture"}}
    curl("https://upload.twitter.com/1.1/media/metadata/create.json", "-H", "Content-Type: application/json", "-d", json.dumps(body))


def subtitles():
    text = chunked(files["srt"], "text/srt", "subtitles")
    one = {"media_id": text["id"], "language_code": "EN", "display_name": "English"}
    body = {"media_id": chunked_video.id["id"], "media_category": "TweetVideo", "subtitle_info": {"subtitles": [one]}}
    curl("https://upload.twitter.com/1.1/media/subtitles/create.json", "-H", "Content-Type: application/json", "-d", json.dumps(body))


def delete_subtitles():
    body = {
        "media_id": chunked_video.id["id"], "media_category": "TweetVideo",
        "subtitle_info": {"subtitles": [{"language_code": "EN"}]},
    }
    curl("https://upload.twitter.com/1.1/media/subtitles/delete.json", "-H", "Content-Type: application/json", "-d", json.dumps(body))


def post():
    done = curl("https://api.twitter.com/1.1/statuses/update.json", "-d", "status=with a picture", "-d", f"media_ids={one_shot_image()['id']}")
    return done["id_str"]


def post_v2():
    body = {"text": "with a picture", "media": {"media_ids": [one_shot_image()["id"]]}}
    return curl("https://api.x.com/2/tweets", "--json", json.dumps(body))["data"]["id"]


def wrong_category():
    return chunked(files["video"], "video/mp4", "tweet-video")


def failed_processing():
    return chunked(files["broken"], "video/mp4", "tweet_video")


def use_of_failed():
    failed = chunked(files["broken"], "video/mp4", "tweet_video")
    return curl("https://api.twitter.com/1.1/statuses/update.json", "-d", "status=x", "-d", f"media_ids={failed['id']}")


def too_large():
    return curl(V1, "-F", f"media=@{files['large']}")


def forgotten_finalize():
    begun = curl(V1, "-d", "command=INIT", "-d", "total_bytes=1000", "-d", "media_type=video/mp4", "-d", "media_category=tweet_video")
    return curl("-G", V1, "-d", "command=STATUS", "-d", f"media_id={begun['media_id_string']}")


def media_data():
    """Base64 in a urlencoded body."""
    with open(files["image"], "rb") as file:
        text = base64.b64encode(file.read()).decode()
    piece = files["image"] + ".b64"
    with open(piece, "w", encoding="ascii") as file:
        file.write(text)
    return wait(curl(V1, "--data-urlencode", f"media_data@{piece}"))


def expired_id():
    media_id = one_shot_image()["id"]
    time.sleep(files["lifetime"] + 0.5)
    return curl("-G", V1, "-d", "command=STATUS", "-d", f"media_id={media_id}")


def with_keys():
    return one_shot_image()


def bad_token():
    return one_shot_image()


for flow in plan["flows"]:
    try:
        told = {"flow": flow, "value": globals()[flow]() if flow in globals() else None, "missing": flow not in globals()}
    except Exception as error:  # pylint: disable=broad-except
        told = {"flow": flow, "error": str(error), "name": type(error).__name__}
    print(json.dumps(told), flush=True)
