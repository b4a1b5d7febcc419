"""A client that holds every request and every answer against the description, and
remembers what it has seen."""

import http.client
import json
import threading
import urllib.parse

from contract import Broken, Contract

TIMEOUT_S = 60


class Client:
    def __init__(self, server, token):
        self.address = urllib.parse.urlsplit(server).netloc
        self.token = token
        self.seen = set()  # (operation's id, status)
        self.cookie = ""  # the last one that was set
        self.last = {}  # operation's id -> arguments of the last call that was carried out
        self.contract = None
        status, _, body = self.exchange("GET", "/api/v1/openapi.json", self.token)
        if status != 200:
            raise Broken(f"GET /openapi.json answers {status}")
        self.contract = Contract(json.loads(body))

    def exchange(self, method, url, token, body=None, kind=None, session=None):
        connection = http.client.HTTPConnection(self.address, timeout=TIMEOUT_S)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if session:
            headers["Cookie"] = session[0]
            headers["X-CSRF-Token"] = session[1]
        if kind:
            headers["Content-Type"] = kind
        try:
            connection.request(method, url, body=body, headers=headers)
        except (BrokenPipeError, ConnectionResetError):
            pass  # refused before all of the body was sent: the answer is there
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        self.cookie = (answer.getheader("Set-Cookie") or "").split(";")[0]
        return answer.status, {k.lower(): v for k, v in answer.getheaders()}, data

    def call(self, method, path, expect, values=None, query=None, body=None, token=None,
             is_sound=None, session=None):
        """Asks, checks, returns the JSON of the answer. is_sound: the request itself is as
        described; by default it is when it is to be carried out. session: (cookie, CSRF token),
        instead of a token."""
        values, query = values or {}, query or {}
        operation = self.contract.find(method, path)
        if is_sound if is_sound is not None else expect < 400:
            self.contract.check_request(operation, values, query, body)
        is_file = isinstance(body, bytes)
        kind = "application/octet-stream" if is_file else "application/json" if body is not None else None
        data = body if is_file or body is None else json.dumps(body).encode()
        status, headers, answer = self.exchange(
            method, self.contract.url(operation, values, query),
            "" if session else self.token if token is None else token, data, kind, session)
        if status != expect:
            raise Broken(f"{operation} answered {status}, not {expect}: {answer[:300]!r}")
        self.contract.check_response(operation, status, headers, answer)
        self.seen.add((operation.id, status))
        if status < 400:
            self.last[operation.id] = (method, path, values, query, body)
        is_json = headers.get("content-type", "").startswith("application/json")
        return json.loads(answer) if is_json else answer


class Listener(threading.Thread):
    """Reads an operation's stream of events until it ends, or is cut."""

    def __init__(self, client, path):
        super().__init__(daemon=True)
        self.client = client
        self.operation = client.contract.find("GET", path)
        self.connection = http.client.HTTPConnection(client.address, timeout=TIMEOUT_S)
        self.connection.request("GET", "/api/v1" + path,
                                headers={"Authorization": f"Bearer {client.token}",
                                         "Last-Event-ID": "of another server"})
        self.answer = self.connection.getresponse()
        headers = {k.lower(): v for k, v in self.answer.getheaders()}
        client.contract.check_response(self.operation, self.answer.status, headers, None)
        client.seen.add((self.operation.id, self.answer.status))
        self.events = []  # (name, data)
        self.faults = []
        self.start()

    def run(self):
        name = None
        try:
            for line in self.answer:
                line = line.decode().rstrip("\n")
                if line.startswith("event: "):
                    name = line.removeprefix("event: ")
                elif line.startswith("data: "):
                    self.take(name, json.loads(line.removeprefix("data: ")))
        except (OSError, ValueError, http.client.HTTPException):
            pass

    def take(self, name, data):
        self.events.append((name, data))
        schema = self.operation.description["x-events"].get(name)
        try:
            if schema is None:
                raise Broken(f"the event {name} is not described")
            self.client.contract.check({"$ref": f"#/components/schemas/{schema}"}, data,
                                       f"the event {name}")
        except Broken as fault:
            self.faults.append(str(fault))
