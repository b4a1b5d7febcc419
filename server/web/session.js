// The operator's token: taken from the address once, kept for the tab's life.

const KEY = "updraft.token";

// Moves the token of "#token=…" out of the address bar and the history. Returns whether
// there was one.
export function adoptToken() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const token = fragment.get("token");
    if (token === null) return false;
    fragment.delete("token");
    const rest = fragment.toString();
    history.replaceState(null, "", location.pathname + (rest ? `#${rest}` : ""));
    keepToken(token);
    return true;
}

export function keepToken(token) {
    sessionStorage.setItem(KEY, token.trim());
}

export function currentToken() {
    return sessionStorage.getItem(KEY);
}

export function forgetToken() {
    sessionStorage.removeItem(KEY);
}
