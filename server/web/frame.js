// What is round every page: who is signed in, the way to the other pages, and whether what
// is shown is live.

import { Api } from "./api.js";
import { byId, setAttribute, setText } from "./dom.js";
import { LinkStatus } from "./link_status.js";
import { Live } from "./live.js";
import {
    adoptToken,
    describeSession,
    findSession,
    keepNext,
    showRights,
    signOut,
} from "./session.js";

const TICK_MS = 1000;

export function showFrame(session) {
    showRights(session);
    setText(byId("host"), location.host);
    setText(byId("whoami"), describeSession(session));
    byId("sign-out").onclick = () => signOut(session);
    for (const part of ["nav", "whoami", "sign-out"]) byId(part).hidden = false;
    for (const link of byId("nav").children)
        setAttribute(link, "aria-current", link.pathname === location.pathname ? "page" : null);
}

// Whoever is signed in; else the page gives way to the one that signs in, and this never ends.
export async function needSession() {
    adoptToken();
    const session = await findSession().catch(() => null);
    if (session !== null) return session;
    keepNext();
    location.replace("/");
    return new Promise(() => {});
}

// Follows the server's events. handlers: load(), event(name, data), and maybe tick(), each
// second.
export function follow(api, handlers) {
    const link = new LinkStatus();
    const live = new Live(api, {
        load: () => handlers.load(),
        event: (name, data) => handlers.event(name, data),
        status: (status, retryAtMs) => link.show(status, retryAtMs),
        refused: () => {
            keepNext();
            location.replace("/");
        },
    });
    link.show("connecting", null);
    byId("retry-now").addEventListener("click", () => live.retryNow());
    addEventListener("online", () => live.retryNow());
    setInterval(() => {
        link.tick();
        handlers.tick?.();
    }, TICK_MS);
    live.run();
}

// Opens a page that is about the fleet: make(api, session) gives its handlers.
export async function openPage(make) {
    const session = await needSession();
    const api = new Api(session);
    showFrame(session);
    const handlers = make(api, session);
    byId("page").hidden = false;
    follow(api, handlers);
}
