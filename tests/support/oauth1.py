"""OAuth 1.0a signatures (RFC 5849), made by hand so that tests can also make them wrongly.

    credentials = Credentials("ck", "cs", "token", "ts")
    header = credentials.header("POST", "http://127.0.0.1:1/1.1/media/upload.json", form={"command": "INIT"})
    target, body = credentials.in_query(…) / credentials.in_form(…)

Only urlencoded bodies are signed: pass them as `form`; give nothing for multipart, JSON and empty ones.
"""

import base64
import hashlib
import hmac
import secrets
import time
from urllib.parse import parse_qsl, quote, urlencode, urlsplit


def escape(text):
    """RFC 3986: everything but the unreserved characters."""
    return quote(str(text), safe="-._~")


def pairs(parameters):
    """A dict, a list of pairs or a raw query, as a list of pairs of text."""
    if parameters is None:
        return []
    if isinstance(parameters, (bytes, bytearray)):
        parameters = parameters.decode()
    if isinstance(parameters, str):
        return parse_qsl(parameters, keep_blank_values=True)
    items = parameters.items() if isinstance(parameters, dict) else parameters
    return [(str(name), str(value)) for name, value in items]


def base_string(method, url, parameters, escape_value=escape, sort=True):
    """`url` without its query; `parameters` all that are signed."""
    encoded = [(escape(name), escape_value(value)) for name, value in parameters]
    if sort:
        encoded.sort()
    text = "&".join(f"{name}={value}" for name, value in encoded)
    return "&".join((method, escape(url), escape(text)))


def base_url(url):
    parts = urlsplit(url)
    port = {"http": ":80", "https": ":443"}[parts.scheme]
    host = parts.netloc.lower()
    return f"{parts.scheme}://{host.removesuffix(port)}{parts.path}"


class Credentials:
    def __init__(self, consumer_key, consumer_secret, token, token_secret, hash_name="HMAC-SHA1"):
        self.consumer_key = consumer_key
        self.consumer_secret = consumer_secret
        self.token = token
        self.token_secret = token_secret
        self.hash_name = hash_name

    @classmethod
    def of_key(cls, key, **more):
        """From the JSON that `sluice keys create` prints."""
        return cls(key["consumer_key"], key["consumer_secret"], key["access_token"], key["access_token_secret"], **more)

    def fields(self, **changed):
        """The oauth_* parameters but the signature; a value of None leaves one out."""
        fields = {
            "oauth_consumer_key": self.consumer_key,
            "oauth_token": self.token,
            "oauth_signature_method": self.hash_name,
            "oauth_timestamp": str(int(time.time())),
            "oauth_nonce": secrets.token_hex(16),
            "oauth_version": "1.0",
            **changed,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def signature_of(self, text, hash_name=None, key=None):
        kind = {"HMAC-SHA1": hashlib.sha1, "HMAC-SHA256": hashlib.sha256}[hash_name or self.hash_name]
        key = key or f"{escape(self.consumer_secret)}&{escape(self.token_secret)}"
        return base64.b64encode(hmac.new(key.encode(), text.encode(), kind).digest()).decode()

    def signature(self, method, url, signed=None, fields=None):
        """Over the query in `url`, the pairs `signed` and the oauth fields."""
        parameters = [*pairs(urlsplit(url).query), *pairs(signed), *pairs(fields)]
        return self.signature_of(base_string(method, base_url(url), parameters))

    def header(self, method, url, form=None, **changed):
        """The value of Authorization. `oauth_signature=` in `changed` puts in another one."""
        wanted = changed.pop("oauth_signature", None)
        fields = self.fields(**changed)
        fields["oauth_signature"] = wanted or self.signature(method, url, form, fields)
        return as_header(fields)

    def in_query(self, method, url, form=None, **changed):
        """The target with the credentials in its query."""
        fields = self.fields(**changed)
        fields["oauth_signature"] = self.signature(method, url, form, fields)
        parts = urlsplit(url)
        query = "&".join(filter(None, (parts.query, urlencode(fields, quote_via=quote))))
        return f"{parts.path}?{query}"

    def in_form(self, method, url, form=None, **changed):
        """The urlencoded body with the credentials among its parameters."""
        fields = self.fields(**changed)
        fields["oauth_signature"] = self.signature(method, url, form, fields)
        return urlencode([*pairs(form), *pairs(fields)]).encode()


def as_header(fields):
    return "OAuth " + ", ".join(f'{escape(name)}="{escape(value)}"' for name, value in pairs(fields))
