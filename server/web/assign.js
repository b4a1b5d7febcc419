// Giving a device its product, right where it is listed.

import { announce, element, setText } from "./dom.js";

// docs/operator-api.md, "Names".
export const NAME_PATTERN = "[A-Za-z0-9_\\-][A-Za-z0-9._\\-]{0,63}";
export const NAME_RULE = "1 to 64 letters, digits, dots, dashes or underscores, no dot first";

// assign(product) returns a promise; done() is called once the server has agreed.
export function assignForm(mac, assign, done) {
    const problem = element("p", { class: "problem", role: "alert" });
    const input = element("input", {
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
    const button = element("button", { class: "primary" }, "Assign");
    const form = element(
        "form",
        { class: "assign" },
        element("div", { class: "field-row" }, input, button),
        problem,
    );
    form.addEventListener("submit", async (event) => {
        event.preventDefault();
        button.disabled = true;
        setText(problem, "");
        try {
            await assign(input.value);
            announce(`${mac} is now a ${input.value}.`);
            done();
        } catch (error) {
            setText(problem, error.message);
            input.focus();
        } finally {
            button.disabled = false;
        }
    });
    return form;
}
