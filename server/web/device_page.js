// The page of one device (#mac=…): its state, why it gets the answer it gets, and its history.

import { DetailPanel } from "./detail.js";
import { byId, element, setText } from "./dom.js";
import { showExplanation } from "./explanation.js";
import { Fleet } from "./fleet.js";
import { openPage } from "./frame.js";
import { showHistory } from "./history.js";
import { Latest } from "./latest.js";
import { NotesForm } from "./notes_form.js";

const RELOAD_MS = 300;

class DevicePage {
    #api;
    #mac = macOfAddress();
    #fleet = new Fleet();
    #panel;
    #notes;
    #device = null; // as last shown
    #reads = new Latest();
    #timer = null;

    constructor(api) {
        this.#api = api;
        this.#panel = new DetailPanel(this.#fleet, {
            change: (_, changes) => this.#change(changes),
            retry: (mac) => this.#renew(api.retryDevice(mac)),
            remove: (mac) => api.removeDevice(mac).then(leave),
            close: leave,
        });
        this.#notes = new NotesForm((changes) => this.#change(changes));
        byId("notes").append(this.#notes.node);
        addEventListener("hashchange", () => location.reload());
    }

    async load() {
        try {
            const [device, releases, groups] = await Promise.all([
                this.#api.device(this.#mac),
                this.#api.releases(),
                this.#api.groups(),
            ]);
            this.#fleet.load([device], releases, null);
            offer("known-products", this.#fleet.products());
            offer(
                "known-groups",
                groups.map(({ name }) => name),
            );
            offer("known-channels", this.#fleet.channels());
            this.#show(device);
        } catch (error) {
            if (error.status !== 400 && error.status !== 404) throw error;
            this.#miss(error.message);
        }
    }

    event(name, data) {
        if (name === "removed" && data.mac === this.#mac) this.#miss(`${this.#mac} was removed.`);
        else if (name === "device" && data.mac === this.#mac) this.#show(data);
        else if (name === "rollout" || name === "release") this.#readLater();
    }

    tick() {
        this.#panel.tick();
    }

    #change(changes) {
        return this.#renew(this.#api.changeDevice(this.#mac, changes));
    }

    // By the answer to a change, unless an event was faster: events have the last word.
    async #renew(answer) {
        const before = this.#device;
        const device = await answer;
        if (this.#device === before) this.#show(device);
    }

    #show(device) {
        this.#device = device;
        this.#mac = device.mac;
        document.title = `${device.alias ?? device.mac} · Updraft`;
        this.#panel.show(device);
        this.#notes.show(device);
        this.#readLater();
    }

    // Check-ins may come in bursts, and histories are read from the disk.
    #readLater() {
        this.#timer ??= setTimeout(() => {
            this.#timer = null;
            this.#read().catch(() => {});
        }, RELOAD_MS);
    }

    #read() {
        return this.#reads.read(
            () => Promise.all([this.#api.explain(this.#mac), this.#api.history(this.#mac)]),
            ([explanation, history]) => {
                showExplanation(byId("explanation"), explanation);
                showHistory(byId("history"), history);
            },
        );
    }

    #miss(why) {
        byId("device").hidden = true;
        byId("missing").hidden = false;
        setText(byId("missing"), why);
    }
}

function macOfAddress() {
    return new URLSearchParams(location.hash.slice(1)).get("mac") ?? "none";
}

function leave() {
    location.assign("/");
}

function offer(id, names) {
    byId(id).replaceChildren(...names.map((name) => element("option", { value: name })));
}

openPage((api) => new DevicePage(api));
