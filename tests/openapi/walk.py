"""Walks every operation of the API, in the ways it can end, against a running server.

    walk.py SERVER TOKEN_FILE SERVER_PID SETUP_TICKET IMAGE_1 IMAGE_2 FOREIGN_IMAGE

A new operation is walked by adding a call to the function of its kind below. What has
no call is named in the end.
"""

import http.client
import json
import struct
import subprocess
import sys
import time

from client import Client, Listener
from contract import Broken

MAC, STRANGER, NOBODY = "5C:CF:7F:00:00:01", "5C:CF:7F:00:00:02", "5C:CF:7F:00:00:99"
PLAN = {"product": "demo", "version": "2.0.0", "stages": [{"percent": 100}]}

# Statuses that cannot be had here, and why.
EXCUSED = {
    503: "reading goes on when writing fails; only a server that shuts down answers so",
}
EXCUSED_OF = {
    "signOut": {403}, "signOutEverywhere": {403},  # tests/server/rights.sh has them
    "setUp": {429},  # as signIn
    "changePassword": {429},
    # somebody else at the same moment
    "editRelease": {409}, "addToken": {409}, "addDeviceSecret": {409}, "resetUser": {409},
}


def check_in(client, mac, version):
    connection = http.client.HTTPConnection(client.address, timeout=60)
    connection.request("GET", "/update", headers={
        "User-Agent": "ESP8266-http-Update", "x-ESP8266-STA-MAC": mac,
        "x-ESP8266-AP-MAC": "5E" + mac[2:], "x-ESP8266-free-space": "2000000",
        "x-ESP8266-sketch-size": "300000", "x-ESP8266-sketch-md5": "0" * 32,
        "x-ESP8266-chip-size": "4194304", "x-ESP8266-sdk-version": "2.2.2",
        "x-ESP8266-mode": "sketch", "x-ESP8266-version": version})
    status = connection.getresponse().status
    connection.close()
    return status


def read(name):
    with open(name, "rb") as file:
        return file.read()


def walk_releases(client, image_1, image_2, foreign):
    publish = lambda expect, body, **query: client.call(
        "POST", "/releases", expect, query=query, body=body)
    first = read(image_1)
    client.call("GET", "/releases", 200)
    publish(201, first, product="demo", version="1.0.0", channel="stable", name="demo.bin")
    publish(200, first)
    publish(201, read(image_2), channel="candidate")
    publish(400, first, product="a/b")
    publish(400, first, key="zz")
    publish(409, read(image_2), product="demo", version="1.0.0")
    publish(422, b"<html>")
    publish(422, read(foreign), product="demo", version="3.0.0")
    releases = client.call("GET", "/releases", 200, query={"product": "demo"})["releases"]
    if [release["version"] for release in releases] != ["2.0.0", "1.0.0"]:
        raise Broken(f"the releases are {releases}")


    one = lambda method, what, expect, number, body=None, **more: client.call(
        method, "/releases/{id}" + what, expect, values={"id": str(number)}, body=body, **more)
    draft = publish(201, first, product="other", version="1.0.0", draft="1", notes="new", requires="0.9")["id"]
    one("GET", "", 200, draft)
    one("PUT", "", 200, draft, {"notes": "newer", "requires": None})
    one("PUT", "", 400, draft, {"notes": 1})
    one("POST", "/live", 200, draft)
    one("POST", "/live", 409, draft)
    one("POST", "/withdraw", 400, draft, {"reason": 1})
    one("POST", "/withdraw", 200, draft, {"reason": "it burns"})
    one("POST", "/withdraw", 409, draft, {})
    one("PUT", "", 200, draft, {"notes": "it burns"})
    for method, what in (("GET", ""), ("PUT", ""), ("POST", "/live"), ("POST", "/withdraw")):
        one(method, what, 404, 77, {} if method == "PUT" or what == "/withdraw" else None)


def key_update(number, product=b"demo"):
    """One that revokes a key, with a signature that only devices would look at."""
    header = struct.pack("<4sBBHII64s", b"UDku", 1, 2, 8, number, 0, product)
    return header + bytes(8) + bytes(64) + struct.pack("<I", 64)


def walk_key_updates(client):
    publish = lambda expect, body, **query: client.call(
        "POST", "/key-updates", expect, query=query, body=body)
    withdraw = lambda expect, number: client.call(
        "POST", "/key-updates/{id}/withdraw", expect, values={"id": str(number)})
    first = publish(201, key_update(1))["id"]
    publish(200, key_update(1), product="demo")
    publish(400, key_update(2, b""))
    publish(400, key_update(2), product="a/b")
    publish(409, key_update(3))
    publish(422, b"UDku")
    publish(422, key_update(2), product="other")
    second = publish(201, key_update(2))["id"]
    client.call("GET", "/key-updates", 200)
    updates = client.call("GET", "/key-updates", 200, query={"product": "demo"})["key_updates"]
    if [update["number"] for update in updates] != [2, 1]:
        raise Broken(f"the key updates are {updates}")
    withdraw(409, first)
    withdraw(200, second)
    withdraw(409, second)
    withdraw(404, 77)


def walk_devices(client):
    call = lambda method, expect, mac, body=None, **more: client.call(
        method, "/devices/{mac}", expect, values={"mac": mac}, body=body, **more)
    call("PUT", 201, MAC, {"product": "demo", "channel": "stable"})
    call("PUT", 200, MAC.lower().replace(":", "-"), {"pin": "1.0.0", "group": "lab"})
    call("GET", 200, MAC)
    if check_in(client, MAC, "1.0.0") != 304 or check_in(client, STRANGER, "0.1") != 304:
        raise Broken("devices that are current or unassigned get something")
    call("GET", 200, MAC)
    call("GET", 200, STRANGER)
    for method, body in (("GET", None), ("PUT", {}), ("DELETE", None)):
        call(method, 400, "nonsense", body)
    call("PUT", 409, MAC, {"pin": "9"}, is_sound=True)
    call("GET", 404, NOBODY)
    retry = lambda expect, mac: client.call(
        "POST", "/devices/{mac}/retry", expect, values={"mac": mac})
    retry(200, MAC)
    retry(400, "nonsense")
    retry(404, NOBODY)
    client.call("GET", "/devices", 200)
    client.call("GET", "/devices", 200, query={"product": "demo", "group": "lab", "state": "current"})
    client.call("GET", "/devices", 400, query={"state": "asleep"})
    client.call("GET", "/devices", 200, query={"filter": "chip=ESP8266"})
    client.call("GET", "/devices", 200, query={"limit": "1", "after": "5C:CF:7F:00:00:01"})
    client.call("GET", "/devices", 400, query={"after": "yesterday"})
    client.call("GET", "/devices", 400, query={"filter": "colour=red"}, is_sound=True)
    history = lambda expect, mac: client.call("GET", "/devices/{mac}/history", expect, values={"mac": mac})
    history(200, MAC)
    history(400, "nonsense")
    history(404, NOBODY)
    explain = lambda expect, mac: client.call("GET", "/devices/{mac}/explain", expect, values={"mac": mac})
    explain(200, MAC)
    explain(400, "nonsense")
    explain(404, NOBODY)
    client.call("POST", "/devices/import", 200, body={"devices": [
        {"mac": MAC, "tags": ["lab"], "alias": "lamp", "notes": None, "utc_offset_minutes": 60}]})
    client.call("POST", "/devices/import", 400, body={"devices": [{}]})
    call("DELETE", 204, STRANGER)
    call("DELETE", 404, STRANGER)


def walk_groups(client):
    group = lambda expect, name, body, **more: client.call(
        "PUT", "/groups/{name}", expect, values={"name": name}, body=body, **more)
    group(200, "lab", {"product": "demo", "channel": None})
    group(200, "lab", {"pin": "1.0.0"})
    group(400, ".hidden", {})
    group(409, "lab", {"pin": "9"}, is_sound=True)
    group(200, "lab", {"pin": None})
    client.call("GET", "/groups", 200)


def walk_rollouts(client):
    one = lambda method, what, expect, number: client.call(
        method, "/rollouts/{id}" + what, expect, values={"id": str(number)})
    client.call("POST", "/rollouts/dry-run", 200, body=PLAN)
    client.call("POST", "/rollouts/dry-run", 409, body={**PLAN, "version": "9"}, is_sound=True)
    client.call("POST", "/rollouts", 409, body={**PLAN, "version": "9"}, is_sound=True)
    client.call("PUT", "/devices/{mac}", 200, values={"mac": MAC}, body={"pin": None})
    planned = client.call("POST", "/rollouts", 201, body={
        **PLAN, "target": {"group": "nobody", "sdk": "2.2.2"}, "promote": "stable",
        "window": {"from": "22:00", "to": "05:00", "utc_offset_minutes": 60},
        "start": "2099-01-01T00:00:00Z", "attempts": 1, "silence": 3600})["id"]
    one("POST", "/approve", 409, planned)
    one("POST", "/pause", 409, planned)
    one("POST", "/resume", 409, planned)
    one("POST", "/cancel", 200, planned)
    one("POST", "/cancel", 409, planned)
    running = client.call("POST", "/rollouts", 201, body={
        **PLAN, "stages": [{"devices": 1}, {"percent": 100, "approval": True, "success": 50,
                                            "failure": 5, "time_limit": 60}]})["id"]
    wait_for(client, running, "running")
    one("POST", "/pause", 200, running)
    one("POST", "/resume", 200, running)
    check_in(client, MAC, "2.0.0")
    wait_for(client, running, "awaiting")
    one("POST", "/approve", 200, running)
    one("GET", "/failures", 200, running)
    one("GET", "/failures", 404, 77)
    one("POST", "/roll-back", 200, running)
    one("POST", "/roll-back", 409, running)
    for what in ("approve", "pause", "resume", "cancel", "roll-back"):
        one("POST", "/" + what, 404, 77)
    one("GET", "", 404, 77)
    client.call("GET", "/rollouts", 200)


def wait_for(client, rollout, state):
    for _ in range(300):
        if client.call("GET", "/rollouts/{id}", 200, values={"id": str(rollout)})["state"] == state:
            return
        time.sleep(0.2)
    raise Broken(f"rollout {rollout} is never {state}")


PASSWORD = "a longer word"


def sign_in(client, user, password=PASSWORD):
    session = client.call("POST", "/session", 200, body={"user": user, "password": password}, token="")
    return client.cookie, session["csrf"]


def guess(client):
    """Until it is made slow. Each attempt that is let through doubles the delay, which a slow
    machine outlives at first."""
    wrong = {"user": "nobody", "password": "x"}
    client.call("POST", "/session", 401, body=wrong, token="")
    for _ in range(12):
        if client.exchange("POST", "/api/v1/session", "", json.dumps(wrong), "application/json")[0] == 429:
            break
    client.call("POST", "/session", 429, body=wrong, token="")


def walk_sessions(client, ticket):
    first = {"ticket": ticket, "user": "anna", "password": PASSWORD}
    client.call("POST", "/setup/ticket", 200, body={"ticket": ticket}, token="")
    client.call("POST", "/setup", 400, body={**first, "password": "short"}, token="")
    client.call("POST", "/setup", 201, body=first, token="")
    client.call("POST", "/setup", 410, body=first, token="")
    client.call("POST", "/setup/ticket", 410, body={"ticket": ticket}, token="")
    guess(client)
    session = sign_in(client, "anna")
    client.call("GET", "/session", 200, session=session)
    change = lambda expect, old, new, **how: client.call(
        "PUT", "/session/password", expect, body={"old": old, "new": new}, **how)
    change(403, "another one", PASSWORD, session=session)
    change(400, PASSWORD, "short", session=session)
    change(204, PASSWORD, PASSWORD, session=session)
    change(409, PASSWORD, PASSWORD)
    for where in ("/session", "/sessions"):
        client.call("DELETE", where, 409)
        client.call("DELETE", where, 204, session=sign_in(client, "anna"))


def walk_users(client):
    user = lambda method, expect, name, body=None, **more: client.call(
        method, "/users/{user}", expect, values={"user": name}, body=body, **more)
    client.call("POST", "/users", 201, body={"name": "vera", "role": "viewer"})
    client.call("POST", "/users", 409, body={"name": "vera", "role": "viewer"}, is_sound=True)
    client.call("GET", "/users", 200)
    user("PUT", 200, "vera", {"role": "operator"})
    user("PUT", 404, "nobody", {"role": "operator"})
    user("PUT", 409, "anna", {"role": "viewer"}, is_sound=True)
    reset = lambda expect, name: client.call("POST", "/users/{user}/reset", expect, values={"user": name})
    reset(200, "vera")
    reset(404, "nobody")
    user("DELETE", 409, "anna")
    user("DELETE", 204, "vera")
    user("DELETE", 404, "vera")


def walk_tokens(client):
    token = client.call("POST", "/tokens", 201, body={
        "name": "build", "role": "operator", "read_only": False, "product": "demo",
        "expires": "2099-01-01T00:00:00Z"})
    client.call("GET", "/session", 200, token=token["secret"])
    client.call("GET", "/tokens", 200)
    revoke = lambda expect: client.call(
        "DELETE", "/tokens/{id}", expect, values={"id": str(token["token"]["id"])})
    revoke(204)
    revoke(404)


def walk_spellings(client):
    """An id has one path: another spelling of it, or a number that is the same in 32 or 64 bits,
    names nothing."""
    numbers = {"webhooks": client.call("POST", "/webhooks", 201, body={
        "url": "http://127.0.0.1:1/", "events": ["webhook.test"]})["webhook"]["id"]}
    numbers["tokens"] = client.call("POST", "/tokens", 201, body={"name": "kept", "role": "viewer"})["token"]["id"]
    numbers["device-secrets"] = client.call("POST", "/device-secrets", 201, body={"name": "kept"})["id"]
    for operation in client.contract.operations:
        if "{id}" not in operation.path:
            continue
        number = numbers.get(operation.path.split("/")[1], 1)
        for name in (f"+{number}", f" {number}", f"\t{number}", f"0{number}", f"{number} ",
                     f"{number}x", f"0x{number}", f"-{2**64 - number}", f"{number + 2**32}",
                     f"{number + 2**64}", "9" * 60, "0", "-0", "-1", "x"):
            client.call(operation.method, operation.path, 404, values={"id": name},
                        body={} if "requestBody" in operation.description else None)
    for kind, number in numbers.items():
        client.call("DELETE", f"/{kind}/{{id}}", 204, values={"id": str(number)})


def walk_device_secrets(client):
    client.call("POST", "/device-secrets", 201, body={"name": "fleet"})
    made = client.call("POST", "/device-secrets", 201, body={"device": MAC})
    client.call("GET", "/device-secrets", 200)
    revoke = lambda expect: client.call(
        "DELETE", "/device-secrets/{id}", expect, values={"id": str(made["id"])})
    revoke(204)
    revoke(404)


def walk_viewers(client):
    """With a viewer's rights nothing can be changed."""
    viewer = client.call("POST", "/tokens", 201, body={"name": "eyes", "role": "viewer"})["secret"]
    for operation in client.contract.operations:
        if operation.role in ("operator", "admin"):
            client.call(operation.method, operation.path, 403, samples(client, operation), token=viewer)


def walk_server(client):
    client.call("GET", "/overview", 200)
    for span in ("hour", "day", "month"):
        client.call("GET", "/trend", 200, query={"span": span})
    client.call("GET", "/trend", 400, query={"span": "century"}, is_sound=False)
    client.call("GET", "/openapi.json", 200)
    client.call("GET", "/backup", 200)


def walk_webhooks(client):
    one = lambda method, what, expect, number, **more: client.call(
        method, "/webhooks/{id}" + what, expect, values={"id": str(number)}, **more)
    settings = {"url": "http://127.0.0.1:1/", "events": ["webhook.test"]}
    number = client.call("POST", "/webhooks", 201, body=settings)["webhook"]["id"]
    one("GET", "", 200, number)
    one("POST", "/test", 200, number)
    one("GET", "/deliveries", 200, number)
    one("PUT", "", 200, number, body={"enabled": False})
    one("PUT", "", 400, number, body={"url": "nowhere"})
    one("POST", "/test", 409, number)
    client.call("GET", "/webhooks", 200)
    more = [client.call("POST", "/webhooks", 201, body=settings)["webhook"]["id"] for _ in range(31)]
    client.call("POST", "/webhooks", 409, body=settings, is_sound=True)
    for each in (number, *more):
        one("DELETE", "", 204, each)
    for method, what, body in (("GET", "", None), ("PUT", "", {}), ("DELETE", "", None),
                               ("POST", "/test", None), ("GET", "/deliveries", None)):
        one(method, what, 404, number, body=body)


def walk_audit(client):
    client.call("GET", "/audit", 200)
    client.call("GET", "/audit", 200, query={"after": "1", "limit": "2"})
    client.call("GET", "/audit", 400, query={"before": "yesterday"})
    client.call("GET", "/audit/verify", 200)


# --- what holds for all of them ---


def samples(client, operation):
    """A path for an operation that no walk needs to have been to."""
    given = {"mac": NOBODY, "id": "77"}
    return {name: given.get(name, "sample") for name in operation.names}


def walk_strangers(client):
    for operation in client.contract.operations:
        if not operation.is_open:
            for token in ("", "0" * 64):
                client.call(operation.method, operation.path, 401, samples(client, operation), token=token)


def walk_bodies(client):
    for operation in client.contract.operations:
        content = operation.description.get("requestBody", {}).get("content", {})
        ask = lambda expect, body: client.call(
            operation.method, operation.path, expect, samples(client, operation), body=body)
        if "application/json" in content:
            ask(400, ["an array"])
            ask(400, {"no-such-field": 1})
            ask(413, {"no-such-field": "x" * 70000})
        elif content:
            ask(413, bytes(33 * 1024 * 1024))


def walk_other_methods(client):
    for path in client.contract.document["paths"]:
        allowed = {o.method for o in client.contract.operations if o.path == path}
        fits = {o.method for o in client.contract.operations if o.pattern.match(path)}
        operation = next(o for o in client.contract.operations if o.path == path)
        url = client.contract.url(operation, samples(client, operation), {})
        for method in {"GET", "PUT", "POST", "DELETE"} - fits:
            status, headers, body = client.exchange(method, url, client.token)
            told = set(headers.get("allow", "").split(", "))
            if status != 405 or not allowed <= told:
                raise Broken(f"{method} {path} answers {status}, and allows {told}: {body!r}")


def walk_without_disk(client, server_pid):
    """No file may grow any more: what was carried out before is refused, as described,
    unless there is nothing to write."""
    subprocess.run(["prlimit", "--pid", server_pid, "--fsize=0"], check=True)
    refused = 0
    for method, path, values, query, body in list(client.last.values()):
        if method == "GET":
            continue
        operation = client.contract.find(method, path)
        for status in (503, 404, 409, 410, 429, 200):
            try:
                client.call(method, path, status, values, query, body, is_sound=True)
            except Broken as fault:
                if "answered" in str(fault) and "not described" not in str(fault):
                    continue
                raise
            refused += status == 503
            break
        else:
            raise Broken(f"{operation} does not bear a full disk")
    if refused < 2:
        raise Broken(f"only {refused} changes were refused when nothing could be written")


def unseen(client):
    for operation in client.contract.operations:
        for status in map(int, operation.description["responses"]):
            if status in EXCUSED or status in EXCUSED_OF.get(operation.id, ()):
                continue
            if (operation.id, status) not in client.seen:
                yield f"{operation} was never seen to answer {status}: add a call to walk.py"


def check_events(client, listener):
    for _ in range(100):
        missing = set(listener.operation.description["x-events"]) - {e[0] for e in listener.events}
        if not missing:
            break
        time.sleep(0.1)
    faults = [*listener.faults, *(f"the event {name} was never seen" for name in sorted(missing))]
    if faults:
        raise Broken("\n".join(faults))


def main(server, token_file, server_pid, ticket, image_1, image_2, foreign):
    client = Client(server, read(token_file).decode().strip())
    listener = Listener(client, "/events")
    walk_server(client)
    walk_releases(client, image_1, image_2, foreign)
    walk_devices(client)
    walk_key_updates(client)
    walk_groups(client)
    walk_rollouts(client)
    walk_webhooks(client)
    walk_audit(client)
    check_events(client, listener)
    walk_sessions(client, ticket)
    walk_users(client)
    walk_tokens(client)
    walk_device_secrets(client)
    walk_spellings(client)
    walk_strangers(client)
    walk_viewers(client)
    walk_bodies(client)
    walk_other_methods(client)
    walk_without_disk(client, server_pid)
    missing = list(unseen(client))
    print("\n".join(missing) or f"{len(client.contract.operations)} operations, "
          f"{len(client.seen)} ways to end")
    return 1 if missing else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Broken as fault:
        sys.exit(str(fault))
