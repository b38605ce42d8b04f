"""AWS Signature Version 4, the checking side."""

import datetime
import hashlib
import hmac
import urllib.parse

from .errors import SqsError

MOST_SKEW_SECONDS = 15 * 60
_FORMAT = "%Y%m%dT%H%M%SZ"


class Verifier:
    """One access key; its secret's derived keys are kept for as long as the day lasts."""

    def __init__(self, access_key: str, secret_key: str, session_token: str | None, region: str):
        self.access_key, self.secret_key, self.session_token = access_key, secret_key, session_token
        self.region = region
        self._keys: dict[tuple, bytes] = {}

    def check(self, request, now: float):
        """SqsError where the request is not signed by the key's owner, or not within 15 minutes of `now`."""
        headers = request.headers
        algorithm, _, rest = headers.get("authorization", "").partition(" ")
        if not rest:
            raise SqsError("MissingAuthenticationToken", "Request is missing Authentication Token")
        parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        if algorithm != "AWS4-HMAC-SHA256" or not {"Credential", "SignedHeaders", "Signature"} <= parts.keys():
            raise SqsError("IncompleteSignature", "The Authorization header is not one of AWS4-HMAC-SHA256.")
        scope = parts["Credential"].split("/")
        if len(scope) != 5 or scope[2:] != [self.region, "sqs", "aws4_request"]:
            raise SqsError("SignatureDoesNotMatch", "Credential should be scoped to a valid region and to service sqs.")
        if scope[0] != self.access_key:
            raise SqsError("InvalidClientTokenId", "The security token included in the request is invalid.")
        if headers.get("x-amz-security-token") != self.session_token:
            raise SqsError("ExpiredToken", "The security token included in the request is expired or not this key's.")
        date = headers.get("x-amz-date", "")
        self._check_date(date, scope[1], now)
        expected = self._sign(request, parts["SignedHeaders"].split(";"), date, scope)
        if not hmac.compare_digest(expected, parts["Signature"]):
            raise SqsError("SignatureDoesNotMatch", "The request signature we calculated does not match the signature "
                           "you provided. Check your AWS Secret Access Key and signing method.")

    @staticmethod
    def _check_date(date: str, day: str, now: float):
        try:
            signed = datetime.datetime.strptime(date, _FORMAT).replace(tzinfo=datetime.timezone.utc)
        except ValueError:
            raise SqsError("IncompleteSignature", "Date must be in ISO-8601 'basic format'.") from None
        here = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
        limit = datetime.timedelta(seconds=MOST_SKEW_SECONDS)
        text = here.strftime(_FORMAT)
        if signed < here - limit:
            raise SqsError("SignatureDoesNotMatch", f"Signature expired: {date} is now earlier than "
                           f"{(here - limit).strftime(_FORMAT)} ({text} - 15 min.)")
        if signed > here + limit:
            raise SqsError("SignatureDoesNotMatch", f"Signature not yet current: {date} is still later than "
                           f"{(here + limit).strftime(_FORMAT)} ({text} + 15 min.)")
        if day != date[:8]:
            raise SqsError("SignatureDoesNotMatch", "Date in Credential scope does not match YYYYMMDD of the date.")

    def _sign(self, request, signed: list, date: str, scope: list) -> str:
        if "host" not in signed or any(name not in request.headers for name in signed):
            raise SqsError("SignatureDoesNotMatch", "A header that has to be signed is missing.")
        path, _, query = request.target.partition("?")
        pairs = sorted(pair.partition("=")[::2] for pair in query.split("&") if pair)
        query = "&".join(f"{_quote(name)}={_quote(value)}" for name, value in pairs)
        lines = [request.method, urllib.parse.quote(path, safe="/-_.~"), query]
        lines += [f"{name}:{' '.join(request.headers[name].split())}" for name in signed]
        lines += ["", ";".join(signed), hashlib.sha256(request.body).hexdigest()]
        canonical = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{date}\n{'/'.join(scope[1:])}\n{canonical}"
        return hmac.digest(self._key(scope), text.encode(), "sha256").hex()

    def _key(self, scope: list) -> bytes:
        name = tuple(scope[1:])
        key = self._keys.get(name)
        if key is None:
            key = ("AWS4" + self.secret_key).encode()
            for part in name:
                key = hmac.digest(key, part.encode(), "sha256")
            self._keys = {name: key}
        return key


def _quote(text: str) -> str:
    return urllib.parse.quote(urllib.parse.unquote(text), safe="-_.~")
