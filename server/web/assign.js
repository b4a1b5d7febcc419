// Giving a device its product, right where it is listed.

import { announce, element, setText } from "./dom.js";

// docs/operator-api.md, "Names".
export const NAME_PATTERN = "[A-Za-z0-9_\\-][A-Za-z0-9._\\-]{0,63}";
export const NAME_RULE = "1 to 64 letters, digits, dots, dashes or underscores, no dot first";

// A button that turns into a form: text fields in hundreds of rows would slow the page.
// assign(product) returns a promise; done() is called once the server has agreed.
export function assignControl(mac, assign, done) {
    const button = element(
        "button",
        { type: "button", "aria-label": `Assign a product to ${mac}` },
        "Assign product…",
    );
    const control = element("div", { class: "assign" }, button);
    const close = () => {
        control.replaceChildren(button);
        button.focus();
    };
    // The row opens the device's panel when it is clicked; this is not that.
    control.addEventListener("click", (event) => event.stopPropagation());
    button.addEventListener("click", () => {
        const form = assignForm(mac, assign, done, close);
        control.replaceChildren(form);
        form.querySelector("input").focus();
    });
    return control;
}

function assignForm(mac, assign, done, close) {
    const problem = element("p", { class: "problem", role: "alert" });
    const input = productInput(mac);
    const button = element("button", { class: "primary" }, "Assign");
    const row = element("div", { class: "field-row" }, input, button);
    const form = element("form", {}, row, problem);
    form.addEventListener("keydown", (event) => {
        if (event.key === "Escape") close();
    });
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        button.disabled = true;
        setText(problem, "");
        try {
            await assign(input.value);
            announce(`${mac} is now assigned to ${input.value}.`);
            done();
        } catch (error) {
            setText(problem, error.message);
            button.disabled = false;
            input.focus();
        }
    });
    return form;
}

function productInput(mac) {
    return element("input", {
        list: "known-products",
        placeholder: "product",
        required: true,
        pattern: NAME_PATTERN,
        title: NAME_RULE,
        "aria-label": `Product of ${mac}`,
        autocomplete: "off",
        autocapitalize: "none",
        spellcheck: "false",
    });
}
