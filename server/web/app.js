// Joins the parts: token, server, what is known, and the views of it.

import { Api } from "./api.js";
import { byId, announce, element } from "./dom.js";
import { DetailPanel } from "./detail.js";
import { DeviceTable } from "./devices.js";
import { noDevices, noMatch, noReleases } from "./empty.js";
import { Filters } from "./filters.js";
import { Fleet } from "./fleet.js";
import { LinkStatus } from "./link_status.js";
import { showFrame } from "./frame.js";
import { Glance } from "./glance.js";
import { Latest } from "./latest.js";
import { Live } from "./live.js";
import { readView, writeView } from "./location.js";
import { plural } from "./format.js";
import { ReleaseList } from "./releases.js";
import { RolloutList } from "./rollouts.js";
import { adoptToken, findSession, takeNext, takeTicket } from "./session.js";
import { setUp, signIn } from "./sign_in.js";

const TICK_MS = 1000;
// Below this the panel covers the page (style.css and rail.css have the same limit).
const NARROW = matchMedia("(max-width: 75rem)");

class Dashboard {
    #api;
    #live;
    #glance = null; // of who is signed in
    #fleet = new Fleet();
    #view = readView();
    #link = new LinkStatus();
    #filters = new Filters((state) => this.#setView({ state }));
    #releases = new ReleaseList(this.#fleet);
    #lists = new Latest();
    #rollouts = new RolloutList({
        load: () => this.#api.rollouts(),
        decide: (id, deed) => this.#api.decideRollout(id, deed),
    });
    #table = new DeviceTable(this.#fleet, {
        open: (mac) => this.#open(mac),
        assign: (mac, product) => this.#change(mac, { product }),
        sort: (key) => this.#sort(key),
        more: () => this.#draw(new Set()),
    });
    #detail = new DetailPanel(this.#fleet, {
        change: (mac, changes) => this.#change(mac, changes),
        retry: (mac) => this.#renew(mac, this.#api.retryDevice(mac)),
        remove: (mac) => this.#remove(mac),
        close: () => this.#close(),
    });

    constructor() {
        this.#fleet.subscribe((touched) => this.#draw(touched));
        byId("search").value = this.#view.query;
        byId("search").addEventListener("input", () =>
            this.#setView({ query: byId("search").value.trim() }),
        );
        byId("retry-now").addEventListener("click", () => this.#live.retryNow());
        addEventListener("online", () => this.#live?.retryNow());
        addEventListener("hashchange", () => this.#followAddress());
        document.addEventListener("keydown", (event) => this.#shortcut(event));
        setInterval(() => this.#tick(), TICK_MS);
    }

    // Until the server refuses the session; resolves with its reason.
    run(session) {
        this.#api = new Api(session);
        this.#link.show("connecting", null);
        showFrame(session);
        byId("board").hidden = false;
        this.#glance = new Glance(this.#api);
        return new Promise((resolve) => {
            this.#live = new Live(this.#api, {
                load: () => this.#load(),
                event: (name, data) => this.#event(name, data),
                status: (status, retryAtMs) => this.#link.show(status, retryAtMs),
                refused: (error) => resolve(error.message),
            });
            this.#live.run();
        });
    }

    #load() {
        return this.#lists.read(
            () =>
                Promise.all([
                    this.#api.devices(),
                    this.#api.releases(),
                    this.#api.overview(),
                    this.#rollouts.load(),
                ]),
            ([devices, releases, overview]) => {
                this.#fleet.load(devices, releases, overview);
                this.#glance.show(overview);
            },
        );
    }

    #event(name, data) {
        if (name === "device" || name === "removed") this.#glance.hurry();
        if (name === "device") this.#putDevice(data);
        if (name === "removed") this.#fleet.remove(data.mac);
        if (name !== "release") this.#rollouts.noteEvent(name);
        // Publishing again can change which one is newest, so the order is read anew.
        if (name === "release")
            this.#lists
                .read(
                    () => this.#api.releases(),
                    (list) => this.#fleet.setReleases(list),
                )
                .catch(() => {});
    }

    #putDevice(device) {
        const before = this.#fleet.devices.get(device.mac);
        if (device.state === "failing" && before && before.state !== "failing")
            announce(`${device.mac} is failing.`);
        this.#fleet.put(device);
    }

    #change(mac, changes) {
        return this.#renew(mac, this.#api.changeDevice(mac, changes));
    }

    // By the answer to a change, unless an event was faster: events have the last word.
    async #renew(mac, answer) {
        const before = this.#fleet.devices.get(mac);
        const device = await answer;
        if (this.#fleet.devices.get(mac) === before) this.#fleet.put(device);
    }

    async #remove(mac) {
        await this.#api.removeDevice(mac);
        this.#fleet.remove(mac);
        this.#close();
    }

    #setView(changes) {
        Object.assign(this.#view, changes);
        writeView(this.#view);
        if (this.#fleet.isLoaded) this.#draw(new Set());
    }

    #followAddress() {
        if (adoptToken() || location.hash.startsWith("#setup=")) location.reload();
        this.#view = readView();
        byId("search").value = this.#view.query;
        this.#setView({});
    }

    #sort(key) {
        const descending = this.#view.sortKey === key && !this.#view.descending;
        this.#setView({ sortKey: key, descending });
    }

    #open(mac) {
        if (this.#view.device === mac) return this.#close();
        this.#setView({ device: mac });
        this.#detail.focus();
    }

    #close() {
        const mac = this.#view.device;
        this.#setView({ device: null });
        this.#table.focus(mac);
    }

    #draw(touched) {
        const { devices } = this.#fleet;
        const found = this.#table.show(this.#view, touched);
        this.#filters.show(this.#fleet.countByState(), devices.size, this.#view.state);
        const selected = devices.get(this.#view.device) ?? null;
        this.#detail.show(selected);
        for (const part of document.querySelectorAll(".totals, .fleet, .releases, .rollouts"))
            part.inert = selected !== null && NARROW.matches;
        document.body.classList.toggle("with-detail", selected !== null);
        this.#releases.show();
        this.#showEmpty(found);
        this.#showNames();
        this.#showTitle();
    }

    #showEmpty(found) {
        const { devices, releases, overview } = this.#fleet;
        const isEmpty = devices.size === 0;
        byId("table").hidden = found === 0;
        byId("devices-empty").hidden = found > 0;
        if (found === 0)
            byId("devices-empty").replaceChildren(
                ...(isEmpty
                    ? noDevices(location.origin, overview?.unknown_devices === "refuse")
                    : noMatch(this.#view, () => this.#showAll())),
            );
        byId("releases-empty").hidden = releases.length > 0;
        if (releases.length === 0)
            byId("releases-empty").replaceChildren(...noReleases(location.origin));
    }

    #showAll() {
        byId("search").value = "";
        this.#setView({ state: null, query: "" });
        byId("search").focus();
    }

    #showNames() {
        const fill = (id, names) =>
            byId(id).replaceChildren(...names.map((name) => element("option", { value: name })));
        fill("known-products", this.#fleet.products());
        fill("known-groups", this.#fleet.groups());
        fill("known-channels", this.#fleet.channels());
    }

    #showTitle() {
        const failing = this.#fleet.countByState().get("failing") ?? 0;
        const what = failing ? `${failing} failing` : plural(this.#fleet.devices.size, "device");
        document.title = `${what} · Updraft`;
    }

    #shortcut(event) {
        if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
        if (event.target.closest("input, select, textarea")) return;
        event.preventDefault();
        byId("search").focus();
    }

    #tick() {
        this.#table.tick();
        this.#detail.tick();
        this.#releases.tick();
        this.#link.tick();
        this.#glance?.tick();
    }
}

// The session to begin with, however it comes to be.
async function begin() {
    adoptToken();
    const ticket = takeTicket();
    if (ticket !== null) return setUp(ticket);
    try {
        return (await findSession()) ?? (await signIn(""));
    } catch (error) {
        return signIn(error.message);
    }
}

async function main() {
    let session = await begin();
    const next = takeNext();
    if (next !== null) return location.replace(next);
    const dashboard = new Dashboard();
    for (;;) {
        const problem = await dashboard.run(session);
        session = await signIn(problem);
    }
}

main();
