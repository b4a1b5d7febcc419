#!/usr/bin/env python3
"""Joins the parts of the API's description: join.py OUT.c|OUT.json openapi.yaml PART.yaml…

openapi.yaml says what the parts may leave out.
"""

import json
import pathlib
import sys

import yaml

METHODS = ("get", "put", "post", "delete", "patch")
BYTES_PER_LINE = 20


class Loader(yaml.SafeLoader):
    """Of two properties of one name, the one before would be lost."""

    def construct_mapping(self, node, deep=False):
        names = [key.value for key, _ in node.value]
        for name in names:
            if names.count(name) > 1:
                sys.exit(f"join.py: {node.start_mark.name}: {name} is there twice, from line "
                         f"{node.start_mark.line + 1} on")
        return super().construct_mapping(node, deep)


def read(name):
    with open(name, encoding="utf-8") as file:
        return yaml.load(file, Loader)


def reference(kind, name):
    return {"$ref": f"#/components/{kind}/{name}"}


def json_content(name):
    return {"application/json": {"schema": reference("schemas", name)}}


def expand_response(response):
    if isinstance(response, str):
        return reference("responses", response)
    response = dict(response)
    if "json" in response:
        response["content"] = json_content(response.pop("json"))
    return response


def require_all(schema):
    """Makes all properties of an object, and of those within it, required."""
    if isinstance(schema, list):
        return [require_all(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {key: require_all(value) for key, value in schema.items()}
    if schema.get("type") == "object" and "properties" in schema and "required" not in schema:
        schema["required"] = list(schema["properties"])
    return schema


def expand_operation(operation):
    operation = dict(operation)
    if "body" in operation:
        operation["requestBody"] = {"required": True, "content": json_content(operation.pop("body"))}
    shared = {401: "Unauthorized", 503: "Unavailable"}
    if operation.get("security") == []:
        del shared[401]
    elif operation["x-role"] != "viewer":
        shared[403] = "Forbidden"
    if "requestBody" in operation:
        shared[413] = "TooLarge"
    responses = {**shared, **operation["responses"]}
    operation["responses"] = {
        str(status): expand_response(responses[status]) for status in sorted(responses)
    }
    return operation


def expand_path(item):
    return {
        key: expand_operation(value) if key in METHODS else value for key, value in item.items()
    }


def add(place, things, what):
    for name, thing in things.items():
        if name in place:
            sys.exit(f"join.py: {what} {name} is there twice")
        place[name] = thing


def join(names):
    document, *parts = map(read, names)
    components = document["components"]
    for name, part in zip(names[1:], parts):
        tag = pathlib.Path(name).stem
        for item in part["paths"].values():
            for method in METHODS:
                if method in item:
                    item[method] = {"tags": [tag], **item[method]}
        add(document["paths"], part["paths"], "path")
        add(components["schemas"], part.get("schemas", {}), "schema")
    document["paths"] = {path: expand_path(item) for path, item in document["paths"].items()}
    components["responses"] = {
        name: expand_response(response) for name, response in components["responses"].items()
    }
    components["schemas"] = require_all(components["schemas"])
    return document


def c_source(text):
    data = text.encode("utf-8")
    lines = [data[at : at + BYTES_PER_LINE] for at in range(0, len(data), BYTES_PER_LINE)]
    body = "\n".join("    " + " ".join(f"{byte}," for byte in line) for line in lines)
    return (
        '#include "server/openapi/openapi.h"\n\n'
        f"const unsigned char openapi_json[] = {{\n{body}\n}};\n"
        "const size_t openapi_json_size = sizeof openapi_json;\n"
    )


def main(out, names):
    text = json.dumps(join(names), indent=1, ensure_ascii=False) + "\n"
    pathlib.Path(out).write_text(c_source(text) if out.endswith(".c") else text, "utf-8")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
