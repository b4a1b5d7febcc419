// One device in the table. Built once, then only what differs is changed.

import { assignControl } from "./assign.js";
import { element, setAttribute, setText } from "./dom.js";
import { age, exactTime } from "./format.js";
import { StateBadge } from "./state_badge.js";

export class Row {
    device = null;

    #badge = new StateBadge();
    #address = element("small");
    #product = element("span", { class: "product" });
    #group = element("small");
    #assign = null;
    #version = element("span");
    #target = element("span");
    #tie = element("small");
    #seen = element("time");
    #actions;

    // actions: open(mac), assign(mac, product), assigned(mac)
    constructor(mac, actions) {
        this.#actions = actions;
        this.opener = element("button", { type: "button", class: "opener", tabindex: "-1" }, mac);
        this.productCell = cell("product-cell", "Product", this.#product, this.#group);
        this.node = element(
            "tr",
            { role: "row" },
            cell("device-cell", "Device", this.opener, this.#address),
            this.productCell,
            cell("version-cell", "Version", this.#version),
            cell("target-cell", "Target", this.#target, this.#tie),
            cell("state-cell", "State", this.#badge.node),
            cell("seen-cell", "Last seen", this.#seen),
        );
        this.node.addEventListener("click", () => actions.open(mac));
    }

    show(device) {
        const wasState = this.device?.state;
        this.device = device;
        setAttribute(this.node, "data-state", device.state);
        setText(this.#address, device.address ?? "");
        setText(this.#product, device.product ?? "");
        setText(this.#group, device.group ?? "");
        this.#offerAssignment(device.state === "unassigned");
        setText(this.#version, device.version ?? "–");
        setText(this.#target, device.target ?? "–");
        setText(this.#tie, device.pin ? "pinned" : (device.channel ?? ""));
        this.#target.classList.toggle(
            "ahead",
            device.target !== null && device.target !== device.version,
        );
        this.#badge.show(device);
        setAttribute(this.#seen, "datetime", device.last_seen);
        setAttribute(this.#seen, "title", exactTime(device.last_seen));
        if (wasState && wasState !== device.state) this.#flash();
    }

    tick(nowMs) {
        setText(this.#seen, age(this.device.last_seen, nowMs));
    }

    select(isSelected) {
        setAttribute(this.opener, "aria-expanded", String(isSelected));
        this.node.classList.toggle("selected", isSelected);
    }

    // What is being typed there must outlive whatever else changes in the row.
    #offerAssignment(isOffered) {
        if (isOffered === (this.#assign !== null)) return;
        if (!isOffered) {
            this.#assign.remove();
            this.#assign = null;
            return;
        }
        const { mac } = this.device;
        this.#assign = assignControl(
            mac,
            (product) => this.#actions.assign(mac, product),
            () => this.#actions.assigned(mac),
        );
        this.productCell.prepend(this.#assign);
    }

    #flash() {
        this.node.classList.remove("changed");
        // Reading a layout property lets the animation start over.
        void this.node.offsetWidth;
        this.node.classList.add("changed");
    }
}

// The label is shown where the table becomes a list, on narrow screens.
function cell(name, label, ...children) {
    return element("td", { role: "cell", class: name, "data-label": label }, ...children);
}
