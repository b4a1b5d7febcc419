"""The API's description as a contract: which operation a request is, and whether
requests and answers are as it says."""

import json
import re
import urllib.parse

from jsonschema import Draft202012Validator

METHODS = ("get", "put", "post", "delete", "patch")


class Broken(Exception):
    """The server, or the test itself, does not keep to the description."""


def close(schema):
    """Objects of which the properties are named have no others: the server's fields
    are all described, although clients are to bear with new ones."""
    if isinstance(schema, list):
        return [close(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: close(value) for key, value in schema.items()}
    if schema.get("type") == "object" and isinstance(schema.get("properties"), dict):
        closed.setdefault("additionalProperties", False)
    return closed


class Operation:
    def __init__(self, method, path, item, description):
        self.method = method.upper()
        self.path = path
        self.description = description
        self.id = description["operationId"]
        self.role = description["x-role"]
        self.is_open = description.get("security") == []
        self.parameters = item.get("parameters", []) + description.get("parameters", [])
        self.pattern = re.compile(re.sub(r"\{\w+\}", "[^/]+", path) + "$")
        self.names = re.findall(r"\{(\w+)\}", path)

    def __str__(self):
        return f"{self.method} {self.path}"


class Contract:
    def __init__(self, document):
        self.document = document
        self.components = close(document["components"])
        self.operations = [
            Operation(method, path, item, item[method])
            for path, item in document["paths"].items()
            for method in METHODS
            if method in item
        ]

    def resolve(self, thing):
        while "$ref" in thing:
            at = self.document
            for step in thing["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            thing = at
        return thing

    def find(self, method, path):
        """The operation of a method and a path template."""
        for operation in self.operations:
            if operation.method == method and operation.path == path:
                return operation
        raise Broken(f"{method} {path} is not described")

    def validator(self, schema):
        return Draft202012Validator({**close(schema), "components": self.components})

    def check(self, schema, value, what):
        errors = sorted(self.validator(schema).iter_errors(value), key=lambda e: list(e.path))
        for error in errors:
            where = "/".join(map(str, error.absolute_path)) or "all of it"
            raise Broken(f"{what}: {where}: {error.message[:400]}")

    def is_valid(self, schema, value):
        return self.validator(schema).is_valid(value)

    def check_request(self, operation, values, query, body):
        """Is a request that the server is to carry out one that the description allows?"""
        what = f"the request {operation}"
        known = {"path": dict(values), "query": dict(query)}
        for parameter in map(self.resolve, operation.parameters):
            given = known.get(parameter["in"], {}).pop(parameter["name"], None)
            if given is None and parameter.get("required"):
                raise Broken(f"{what} lacks {parameter['name']}")
            if given is None:
                continue
            schema = self.resolve(parameter["schema"])
            value = int(given) if schema.get("type") == "integer" else given
            self.check(parameter["schema"], value, f"{what}: {parameter['name']}")
        surplus = [name for names in known.values() for name in names]
        if surplus:
            raise Broken(f"{what}: {surplus[0]} is not described")
        content = operation.description.get("requestBody", {}).get("content", {})
        if isinstance(body, bytes):
            if "application/octet-stream" not in content:
                raise Broken(f"{what} is not described as a file")
        elif (body is None) != (not content):
            raise Broken(f"{what}: with a body it is not described, or without")
        elif body is not None:
            self.check(content["application/json"]["schema"], body, what)

    def response_of(self, operation, status):
        described = operation.description["responses"].get(str(status))
        if described is None:
            raise Broken(f"{operation} answered {status}, which is not described")
        return self.resolve(described)

    def check_response(self, operation, status, headers, body):
        """headers: in lower case. body: bytes; null for a stream."""
        what = f"the answer {status} to {operation}"
        described = self.response_of(operation, status)
        for name, header in described.get("headers", {}).items():
            value = headers.get(name.lower())
            if value is None and header.get("required"):
                raise Broken(f"{what} lacks the header {name}")
            if value is not None:
                self.check(header["schema"], value, f"{what}: {name}")
        content = described.get("content", {})
        kind = headers.get("content-type", "").split(";")[0]
        if not content:
            if body:
                raise Broken(f"{what} has a body: {body[:80]!r}")
            return
        if kind not in content:
            raise Broken(f"{what} is {kind or 'of no type'}, not {' or '.join(content)}: {body[:200]!r}")
        if kind == "application/json":
            self.check(content[kind]["schema"], json.loads(body), what)

    def url(self, operation, values, query):
        path = operation.path
        for name in operation.names:
            path = path.replace("{" + name + "}", urllib.parse.quote(str(values[name]), safe=""))
        return "/api/v1" + path + ("?" + urllib.parse.urlencode(query) if query else "")
