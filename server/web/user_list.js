// Users: list, add, change, remove.

import { attempt } from "./attempt.js";
import { announce, byId, element } from "./dom.js";

const ROLES = ["viewer", "operator", "admin"];

export class UserList {
    #api;
    #options;
    #problem = byId("user-problem");

    // options: mayChange; changed() is called after a change.
    constructor(api, options) {
        this.#api = api;
        this.#options = options;
        byId("users").hidden = false;
        byId("user-form").hidden = !options.mayChange;
        byId("user-form").addEventListener("submit", (event) => {
            event.preventDefault();
            this.#change(async () => {
                const name = byId("user-name").value;
                this.#showLink(await api.addUser(name, byId("user-role").value));
                byId("user-form").reset();
                announce(`${name} is a user now.`);
            });
        });
    }

    load() {
        return attempt(this.#problem, async () => {
            const users = await this.#api.users();
            byId("user-rows").replaceChildren(...users.map((user) => this.#row(user)));
        });
    }

    async #change(act) {
        await attempt(this.#problem, async () => {
            await act();
            this.#options.changed();
        });
        if (this.#problem.textContent === "") await this.load();
    }

    #showLink({ user, link }) {
        const address = location.origin + link;
        byId("user-link").hidden = false;
        byId("user-link").replaceChildren(
            `Give ${user.name} this link, which sets a password, once, within three days: `,
            element("code", {}, address),
        );
    }

    #row(user) {
        return element(
            "tr",
            {},
            element("th", { scope: "row" }, user.name),
            element("td", {}, this.#options.mayChange ? this.#roleField(user) : user.role),
            element("td", {}, passwordState(user)),
            element("td", {}, String(user.sessions)),
            element("td", { class: "deeds" }, ...this.#deeds(user)),
        );
    }

    #roleField(user) {
        const field = element(
            "select",
            { "aria-label": `Role of ${user.name}` },
            ...ROLES.map((role) => element("option", { selected: role === user.role }, role)),
        );
        field.addEventListener("change", () =>
            this.#change(async () => {
                const { value } = field;
                field.value = user.role; // until the server agrees
                await this.#api.changeUser(user.name, value);
                announce(`${user.name} is ${value} now.`);
            }),
        );
        return field;
    }

    #deeds({ name }) {
        if (!this.#options.mayChange) return [];
        const deed = (word, label, act) =>
            element("button", { type: "button", "aria-label": label, onclick: act }, word);
        const remove = deed("Remove", `Remove ${name}`, () => {
            if (remove.textContent === "Remove") {
                remove.textContent = "Really remove";
                remove.className = "danger";
            } else this.#change(() => this.#api.removeUser(name));
        });
        return [
            deed("New link", `Make a link that sets a password for ${name}`, () =>
                this.#change(async () => this.#showLink(await this.#api.resetUser(name))),
            ),
            remove,
        ];
    }
}

function passwordState(user) {
    if (user.link_until) return `link until ${user.link_until.slice(0, 10)}`;
    return user.password_set ? `set ${user.password_set.slice(0, 10)}` : "none";
}
