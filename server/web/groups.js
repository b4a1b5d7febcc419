// The page of groups: what devices in them get, and which new devices join them.

import { Api } from "./api.js";
import { announce, byId, element } from "./dom.js";
import { needSession, showFrame } from "./frame.js";
import { ManagedList } from "./managed_list.js";
import { mayChange } from "./session.js";

const FIELDS = ["product", "channel", "pin", "accept"];

class GroupList extends ManagedList {
    #api;

    constructor(api, options) {
        super("group", "page", options);
        this.#api = api;
    }

    async rows() {
        return (await this.#api.groups()).map((group) => this.#row(group));
    }

    show(rows) {
        super.show(rows);
        byId("group-none").hidden = rows.length > 0;
    }

    async submit() {
        const name = byId("group-name").value;
        const minutes = byId("group-offset").value;
        const settings = {
            downgrade: byId("group-downgrade").checked,
            utc_offset_minutes: minutes === "" ? null : Number(minutes),
        };
        for (const field of FIELDS) settings[field] = byId(`group-${field}`).value.trim() || null;
        await this.#api.changeGroup(name, settings);
        announce(`The group ${name} is saved.`);
    }

    #row(group) {
        const edit = element(
            "button",
            { type: "button", "aria-label": `Edit ${group.name}`, onclick: () => fill(group) },
            "Edit",
        );
        return this.row(
            group.name,
            [
                group.product ?? "",
                group.channel ?? "",
                group.pin ? `${group.pin}${group.downgrade ? ", also back" : ""}` : "",
                group.accept ?? "",
                String(group.devices),
            ],
            edit,
        );
    }
}

function fill(group) {
    byId("group-name").value = group.name;
    for (const field of FIELDS) byId(`group-${field}`).value = group[field] ?? "";
    byId("group-offset").value = group.utc_offset_minutes ?? "";
    byId("group-downgrade").checked = group.downgrade;
    byId("group-product").focus();
}

const session = await needSession();
showFrame(session);
new GroupList(new Api(session), { mayChange: mayChange(), changed: () => {} }).load();
