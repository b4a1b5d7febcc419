// Asking before what cannot be taken back, or stops something.

import { element } from "./dom.js";

// Resolves with whether it was confirmed. `danger`: the button is red.
export function confirmed({ title, text, word, danger = true }) {
    const yes = element(
        "button",
        { value: "yes", class: danger ? "danger solid" : "primary" },
        word,
    );
    const no = element("button", { value: "no", autofocus: true }, "Not now");
    const dialog = element(
        "dialog",
        { "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
        element(
            "form",
            { method: "dialog" },
            element("h2", { id: "confirm-title" }, title),
            element("p", { id: "confirm-text" }, text),
            element("div", { class: "dialog-end" }, no, yes),
        ),
    );
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => {
            dialog.remove();
            resolve(dialog.returnValue === "yes");
        });
    });
}
