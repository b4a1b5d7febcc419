// Signing in by user and password, or with a token; and setting a password by a link.

import { Api } from "./api.js";
import { byId, setText } from "./dom.js";
import { findSession, forgetToken, keepToken } from "./session.js";

const PARTS = ["board", "sign-out", "whoami", "nav", "banner", "link", "sign-in", "setup"];

function showOnly(id) {
    for (const part of PARTS) byId(part).hidden = part !== id;
}

// Calls `act` at each submission until it does not throw, or `over` is aborted; resolves
// with what it returns.
function submitted(form, problem, act, over = new AbortController()) {
    return new Promise((resolve) => {
        const listener = async (event) => {
            event.preventDefault();
            const button = form.querySelector("button");
            setText(problem, "");
            button.disabled = true;
            try {
                const result = await act();
                over.abort();
                form.reset();
                resolve(result);
            } catch (error) {
                setText(problem, error.message);
            } finally {
                button.disabled = false;
            }
        };
        form.addEventListener("submit", listener, { signal: over.signal });
    });
}

function byPassword(over) {
    const act = async () => {
        const session = await new Api({}).signIn(byId("user").value, byId("password").value);
        return { ...session, token: null };
    };
    return submitted(byId("sign-in-form"), byId("sign-in-problem"), act, over);
}

function byToken(over) {
    const act = async () => {
        keepToken(byId("token").value);
        try {
            return await findSession();
        } catch (error) {
            forgetToken();
            throw error;
        }
    };
    return submitted(byId("token-form"), byId("token-problem"), act, over);
}

// Resolves with a session. `problem`: why the one before is over.
export async function signIn(problem) {
    forgetToken();
    showOnly("sign-in");
    setText(byId("sign-in-problem"), problem);
    byId("user").focus();
    const over = new AbortController();
    const session = await Promise.race([byPassword(over), byToken(over)]);
    byId("sign-in").hidden = true;
    return session;
}

async function showTicket(ticket) {
    const { user, role } = await new Api({}).ticket(ticket);
    const isFirst = user === null;
    setText(byId("setup-title"), isFirst ? "The first user" : `Welcome, ${user}`);
    setText(
        byId("setup-about"),
        isFirst
            ? "Nobody can sign in yet. Whom you make here is an admin and can let in others."
            : `Choose a password to sign in with. You are ${role}.`,
    );
    byId("new-user").value = user ?? "";
    byId("new-user").readOnly = !isFirst;
    showOnly("setup");
    byId(isFirst ? "new-user" : "new-password").focus();
    return user;
}

// Makes the user, or sets a password, and signs in. Resolves with the session; null when
// the ticket is no good, with its problem shown by signIn().
export async function setUp(ticket) {
    try {
        await showTicket(ticket);
    } catch (error) {
        return signIn(error.message);
    }
    const api = new Api({});
    const session = await submitted(byId("setup-form"), byId("setup-problem"), async () => {
        const user = byId("new-user").value;
        const password = byId("new-password").value;
        if (password !== byId("repeated-password").value)
            throw new Error("The two passwords differ.");
        await api.setUp(ticket, user, password);
        return { ...(await api.signIn(user, password)), token: null };
    });
    byId("setup").hidden = true;
    return session;
}
