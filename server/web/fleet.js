// What the page knows: devices and releases, and who wants to hear of changes.

// Changes are told in groups: a thousand devices that check in at once are one redraw.
const GATHER_MS = 40;

export class Fleet {
    devices = new Map(); // by MAC
    releases = []; // newest first
    overview = null;
    isLoaded = false;

    #listeners = [];
    #touched = new Set();
    #timer = null;

    // listener(touched): the MACs that were added, changed or removed.
    subscribe(listener) {
        this.#listeners.push(listener);
    }

    load(devices, releases, overview) {
        for (const mac of this.devices.keys()) this.#touched.add(mac);
        this.devices = new Map(devices.map((device) => [device.mac, device]));
        for (const mac of this.devices.keys()) this.#touched.add(mac);
        this.releases = releases;
        this.overview = overview;
        this.isLoaded = true;
        this.#changed();
    }

    put(device) {
        this.devices.set(device.mac, device);
        this.#touched.add(device.mac);
        this.#changed();
    }

    remove(mac) {
        this.devices.delete(mac);
        this.#touched.add(mac);
        this.#changed();
    }

    setReleases(releases) {
        this.releases = releases;
        this.#changed();
    }

    countByState() {
        const counts = new Map();
        for (const { state } of this.devices.values())
            counts.set(state, (counts.get(state) ?? 0) + 1);
        return counts;
    }

    products() {
        return this.#names(
            "product",
            this.releases.map((release) => release.product),
        );
    }

    groups() {
        return this.#names("group", []);
    }

    channels() {
        return this.#names("channel", [
            "stable",
            ...this.releases.map((release) => release.channel),
        ]);
    }

    versionsOf(product) {
        return this.releases
            .filter((release) => release.product === product)
            .map((release) => release.version);
    }

    // How far each version of a product has come: devices that should run it, and those
    // of them that do. Keys are made by versionKey().
    adoption() {
        const progress = new Map();
        for (const { product, target, state } of this.devices.values()) {
            if (product === null || target === null) continue;
            const key = versionKey(product, target);
            if (!progress.has(key)) progress.set(key, { wanted: 0, arrived: 0 });
            progress.get(key).wanted++;
            if (state === "current") progress.get(key).arrived++;
        }
        return progress;
    }

    #names(field, more) {
        const names = new Set(more);
        for (const device of this.devices.values()) if (device[field]) names.add(device[field]);
        return [...names].sort();
    }

    #changed() {
        this.#timer ??= setTimeout(() => {
            const touched = this.#touched;
            this.#touched = new Set();
            this.#timer = null;
            for (const listener of this.#listeners) listener(touched);
        }, GATHER_MS);
    }
}

export function versionKey(product, version) {
    return `${product} ${version}`; // neither may have a space in it
}
