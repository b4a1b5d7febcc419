// Users: list, add, change, remove.

import { announce, byId, element } from "./dom.js";
import { ManagedList } from "./managed_list.js";

const ROLES = ["viewer", "operator", "admin"];

export class UserList extends ManagedList {
    #api;

    constructor(api, options) {
        super("user", "users", options);
        this.#api = api;
    }

    async rows() {
        return (await this.#api.users()).map((user) => this.#row(user));
    }

    async submit() {
        const name = byId("user-name").value;
        this.#showLink(await this.#api.addUser(name, byId("user-role").value));
        announce(`${name} is a user now.`);
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
        const role = this.mayChange ? this.#roleField(user) : user.role;
        return this.row(
            user.name,
            [role, passwordState(user), String(user.sessions)],
            ...this.#deeds(user),
        );
    }

    #roleField(user) {
        const field = element(
            "select",
            { "aria-label": `Role of ${user.name}` },
            ...ROLES.map((role) => element("option", { selected: role === user.role }, role)),
        );
        field.addEventListener("change", () =>
            this.change(async () => {
                const { value } = field;
                field.value = user.role; // until the server agrees
                await this.#api.changeUser(user.name, value);
                announce(`${user.name} is ${value} now.`);
            }),
        );
        return field;
    }

    #deeds({ name }) {
        const deed = (word, label, act) =>
            element("button", { type: "button", "aria-label": label, onclick: act }, word);
        const remove = deed("Remove", `Remove ${name}`, () => {
            if (remove.textContent === "Remove") {
                remove.textContent = "Really remove";
                remove.className = "danger";
            } else this.change(() => this.#api.removeUser(name));
        });
        return [
            deed("New link", `Make a link that sets a password for ${name}`, () =>
                this.change(async () => this.#showLink(await this.#api.resetUser(name))),
            ),
            remove,
        ];
    }
}

function passwordState(user) {
    if (user.link_until) return `link until ${user.link_until.slice(0, 10)}`;
    return user.password_set ? `set ${user.password_set.slice(0, 10)}` : "none";
}
