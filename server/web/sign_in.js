// Asks for the token when the address did not bring one, or the server does not take it.

import { byId, setText } from "./dom.js";
import { forgetToken, keepToken } from "./session.js";

export function askForToken(problem) {
    forgetToken();
    byId("board").hidden = true;
    byId("sign-out").hidden = true;
    byId("banner").hidden = true;
    byId("link").hidden = true;
    byId("sign-in").hidden = false;
    setText(byId("token-problem"), problem);
    byId("token").setAttribute("aria-invalid", String(problem !== ""));
    byId("token").focus();
    return new Promise((resolve) => {
        byId("sign-in-form").addEventListener(
            "submit",
            (event) => {
                event.preventDefault();
                keepToken(byId("token").value);
                byId("token").value = "";
                byId("sign-in").hidden = true;
                resolve();
            },
            { once: true },
        );
    });
}
