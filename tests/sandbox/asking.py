"""Asking the sandbox as any client would: over HTTP, one question at a time."""

import http.client
from urllib.parse import urlsplit


class Asking:
    """Asks a server; `status`, `headers` and `body` are those of the last answer."""

    def __init__(self, api):
        self.api = api
        self.status, self.headers, self.body = 0, {}, b""

    def send(self, method, path, body=None, headers=None):
        """Ask one question and return the body of the answer."""
        connection = http.client.HTTPConnection(urlsplit(self.api.url).netloc, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            answer = connection.getresponse()
            self.status, self.headers = answer.status, dict(answer.getheaders())
            self.body = answer.read()
        finally:
            connection.close()
        return self.body
