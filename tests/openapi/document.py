"""Is the description sound in itself, and of the same routes as the server's table?

    document.py OPENAPI.json ROUTES     ROUTES: what list_routes prints
"""

import json
import re
import sys

from contract import Contract
from jsonschema import Draft202012Validator


def references(thing):
    if isinstance(thing, dict):
        if "$ref" in thing:
            yield thing["$ref"]
        thing = list(thing.values())
    if isinstance(thing, list):
        for part in thing:
            yield from references(part)


def find(document, reference):
    at = document
    for step in reference.removeprefix("#/").split("/"):
        if not isinstance(at, dict) or step not in at:
            return False
        at = at[step]
    return True


def faults_within(document, contract):
    if document["openapi"] != "3.1.0":
        yield f"it says OpenAPI {document['openapi']}"
    for reference in sorted(set(references(document))):
        if not find(document, reference):
            yield f"{reference} is not there"
    for name, schema in document["components"]["schemas"].items():
        Draft202012Validator.check_schema(schema)
        if f"#/components/schemas/{name}" not in references(document["paths"]) and not any(
            f"#/components/schemas/{name}" in references(other)
            for other in document["components"].values()
        ) and not any(name in json.dumps(o.description.get("x-events", {})) for o in contract.operations):
            yield f"nothing uses the schema {name}"
    ids = [operation.id for operation in contract.operations]
    for operation in contract.operations:
        if ids.count(operation.id) > 1:
            yield f"{operation}: another operation is called {operation.id}, too"
        if not operation.description.get("summary"):
            yield f"{operation} has no summary"
        if not any(status.startswith("2") for status in operation.description["responses"]):
            yield f"{operation} never succeeds"
        in_path = [p["name"] for p in map(contract.resolve, operation.parameters) if p["in"] == "path"]
        if sorted(in_path) != sorted(operation.names):
            yield f"{operation}: the parameters described are {in_path}"


def faults_beside(contract, lines):
    table = dict(line.strip().rsplit(" ", 1) for line in lines if line.strip())
    described = {
        f"{o.method} {re.sub(r'{[^}]*}', '{}', o.path)}": o for o in contract.operations
    }
    for route, role in table.items():
        operation = described.get(route)
        if operation is None:
            yield f"the server has {route}, and no file of server/openapi describes it"
        elif not operation.is_open and operation.role != role:
            yield f"{route} needs the role {role}, and is described with {operation.role}"
        elif operation.is_open and role != "none":
            yield f"{route} needs the role {role}, and is described as open to everybody"
    for route in sorted(set(described) - set(table)):
        yield f"{route} is described, and the server has no such route"


def main(document_name, routes_name):
    with open(document_name, encoding="utf-8") as file:
        document = json.load(file)
    contract = Contract(document)
    with open(routes_name, encoding="utf-8") as file:
        faults = [*faults_within(document, contract), *faults_beside(contract, file)]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])
