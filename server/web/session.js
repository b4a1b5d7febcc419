// Who uses the page: somebody signed in, by a cookie the page cannot see, or whoever has a
// token, which is taken from the address once and kept for the tab's life.

import { Api } from "./api.js";

const KEY = "updraft.token";
const NEXT = "updraft.next";

// Takes "#name=…" out of the address bar and the history. Null when it is not there.
function takeFragment(name) {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const value = fragment.get(name);
    if (value === null) return null;
    fragment.delete(name);
    const rest = fragment.toString();
    history.replaceState(null, "", location.pathname + (rest ? `#${rest}` : ""));
    return value;
}

// Returns whether the address brought a token.
export function adoptToken() {
    const token = takeFragment("token");
    if (token !== null) keepToken(token);
    return token !== null;
}

// The ticket of a link that sets a password, or null.
export function takeTicket() {
    return takeFragment("setup");
}

export function keepToken(token) {
    sessionStorage.setItem(KEY, token.trim());
}

export function forgetToken() {
    sessionStorage.removeItem(KEY);
}

// Where to go once somebody is signed in: back to this page.
export function keepNext() {
    sessionStorage.setItem(NEXT, location.pathname + location.hash);
}

// Null when there is nowhere to go.
export function takeNext() {
    const next = sessionStorage.getItem(NEXT);
    sessionStorage.removeItem(NEXT);
    return next;
}

// {kind, name, role, read_only, product, csrf}, with the token if it is one's; null when
// nobody is signed in. A token that is refused, or no answer at all, throws.
export async function findSession() {
    const token = sessionStorage.getItem(KEY);
    try {
        return { ...(await new Api({ token }).session()), token };
    } catch (error) {
        if (error.status === 401 && token === null) return null;
        throw error;
    }
}

export async function signOut(session) {
    if (session.token === null) await new Api(session).signOut();
    forgetToken();
    location.assign("/");
}

// Whether what changes something is shown. The server decides by itself.
export function showRights(session) {
    const mayChange = session.role !== "viewer" && !session.read_only;
    document.body.dataset.changes = mayChange ? "yes" : "no";
}

export function mayChange() {
    return document.body.dataset.changes !== "no";
}

export function describeSession({ kind, name, role }) {
    if (kind === "local") return "local administrator";
    return `${name}, ${role}`;
}
