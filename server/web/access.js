// The page of users, tokens, devices' secrets, webhooks and the audit log.

import { Api } from "./api.js";
import { attempt } from "./attempt.js";
import { AuditList } from "./audit_list.js";
import { DeviceSecretList } from "./device_secret_list.js";
import { announce, byId } from "./dom.js";
import { needSession, showFrame } from "./frame.js";
import { TokenList } from "./token_list.js";
import { UserList } from "./user_list.js";
import { WebhookList } from "./webhook_list.js";

function showOwn(api) {
    const problem = byId("password-problem");
    byId("own").hidden = false;
    byId("password-form").addEventListener("submit", (event) => {
        event.preventDefault();
        attempt(problem, async () => {
            await api.changePassword(byId("old-password").value, byId("new-password").value);
            byId("password-form").reset();
            announce("The password is changed. Your other sessions are over.");
        });
    });
    byId("everywhere").addEventListener("click", () =>
        attempt(problem, async () => {
            await api.signOutEverywhere();
            location.assign("/");
        }),
    );
}

function show(session) {
    const api = new Api(session);
    showFrame(session);
    if (session.kind === "session") showOwn(api);
    const audit = new AuditList(api);
    if (session.role === "admin") {
        const options = { mayChange: !session.read_only, changed: () => audit.load() };
        for (const List of [UserList, TokenList, DeviceSecretList, WebhookList])
            new List(api, options).load();
    }
    audit.load();
    byId("page").hidden = false;
}

show(await needSession());
