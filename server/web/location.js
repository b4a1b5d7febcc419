// What the page shows, as the address says it: #state=failing&q=5C:CF&device=…, so that
// a reload or a shared link shows the same.

const SORT_KEYS = ["mac", "product", "version", "target", "state", "last_seen"];

export function readView() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const sort = fragment.get("sort") ?? "mac";
    const key = sort.replace(/^-/, "");
    return {
        state: fragment.get("state"),
        query: fragment.get("q") ?? "",
        device: fragment.get("device"),
        sortKey: SORT_KEYS.includes(key) ? key : "mac",
        descending: sort.startsWith("-"),
    };
}

export function writeView(view) {
    const parts = [];
    const add = (name, value) => {
        // Colons are legal in a fragment, and MAC addresses stay readable with them.
        if (value) parts.push(`${name}=${encodeURIComponent(value).replaceAll("%3A", ":")}`);
    };
    add("state", view.state);
    add("q", view.query);
    add("device", view.device);
    if (view.sortKey !== "mac" || view.descending)
        add("sort", (view.descending ? "-" : "") + view.sortKey);
    const fragment = parts.length ? `#${parts.join("&")}` : "";
    if (location.hash !== fragment) history.replaceState(null, "", location.pathname + fragment);
}
