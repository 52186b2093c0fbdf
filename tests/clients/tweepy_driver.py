"""Drives tweepy as its documentation says; see harness.cjs for what is printed."""

import json
import sys
import time

import tweepy

plan = json.loads(sys.argv[1])
files = plan["files"]
secrets = plan["credentials"]
api = tweepy.API(
    tweepy.OAuth1UserHandler(
        secrets["consumer_key"], secrets["consumer_secret"], secrets["access_token"], secrets["access_secret"]
    )
)
v2 = tweepy.Client(
    consumer_key=secrets["consumer_key"], consumer_secret=secrets["consumer_secret"],
    access_token=secrets["access_token"], access_token_secret=secrets["access_secret"],
)


def media(answer):
    return {"id": answer.media_id_string, "processing_info": getattr(answer, "processing_info", None)}


def one_shot_image():
    return media(api.simple_upload(files["image"]))


def chunked_image():
    return media(api.chunked_upload(files["image"], file_type="image/png", media_category="tweet_image", chunk_size=20_000))


def chunked_video():
    return media(api.media_upload(files["video"], media_category="tweet_video", chunk_size=50_000))


def processed(answer):
    """What tweepy leaves to its user for a GIF: it sends it in one call, and does not wait."""
    while getattr(answer, "processing_info", {}).get("state") in ("pending", "in_progress"):
        time.sleep(answer.processing_info["check_after_secs"])
        answer = api.get_media_upload_status(answer.media_id)
    return media(answer)


def gif():
    return processed(api.media_upload(files["gif"], media_category="tweet_gif"))


def alt_text():
    api.create_media_metadata(api.simple_upload(files["image"]).media_id, "A test picture")


def post():
    uploaded = api.simple_upload(files["image"])
    return api.update_status("with a picture", media_ids=[uploaded.media_id]).id_str


def post_v2():
    uploaded = api.simple_upload(files["image"])
    return v2.create_tweet(text="with a picture", media_ids=[uploaded.media_id_string]).data["id"]


def wrong_category():
    return media(api.chunked_upload(files["video"], file_type="video/mp4", media_category="tweet-video"))


def failed_processing():
    return media(api.media_upload(files["broken"], media_category="tweet_video"))


def use_of_failed():
    failed = api.media_upload(files["broken"], media_category="tweet_video")
    return api.update_status("with a video", media_ids=[failed.media_id]).id_str


def too_large():
    return media(api.simple_upload(files["large"]))


def forgotten_finalize():
    begun = api.chunked_upload_init(1000, "video/mp4", media_category="tweet_video")
    return media(api.get_media_upload_status(begun.media_id))


def expired_id():
    uploaded = api.simple_upload(files["image"])
    time.sleep(files["lifetime"] + 0.5)
    return media(api.get_media_upload_status(uploaded.media_id))


def with_keys():
    one_shot_image()
    alt_text()
    post()
    return chunked_video()


def bad_signature():
    return one_shot_image()


for flow in plan["flows"]:
    try:
        told = {"flow": flow, "value": globals()[flow]() if flow in globals() else None, "missing": flow not in globals()}
    except Exception as error:  # pylint: disable=broad-except
        told = {"flow": flow, "error": str(error), "name": type(error).__name__}
    print(json.dumps(told), flush=True)
