// Devices and releases come, change and go, and the page follows without a reload.

import { once } from "node:events";
import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const KITCHEN = "5C:CF:7F:00:00:01";

export async function lifeCases({ browser, watch, server, images, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("an empty server says what to do next, with exact commands", async () => {
        const devices = await dashboard.text("#devices-empty");
        ok(
            "the sketch's line",
            devices.includes(`ESPhttpUpdate.update(client, "${server.origin}/update"`),
        );
        ok("the virtual device", devices.includes(`updraft device --url ${server.origin}/update`));
        const releases = await dashboard.text("#releases-empty");
        ok("publishing", releases.includes("updraft publish"));
        ok("the server's address", releases.includes(`UPDRAFT_SERVER=${server.origin}`));
        await shoot(page, "empty");
    });

    await test("a new device appears, unassigned", async () => {
        equal("answer", await server.visit(KITCHEN), 304);
        await dashboard.untilState(KITCHEN, "unassigned");
        equal("total", await dashboard.tile(null).locator("b").innerText(), "1");
        ok("its version", (await dashboard.row(KITCHEN).innerText()).includes("1.0.0"));
    });

    await test("it is given a product where it is listed", async () => {
        await dashboard.row(KITCHEN).getByRole("button", { name: "Assign" }).click();
        equal("focus", await page.evaluate(() => document.activeElement.placeholder), "product");
        await page.keyboard.type("kitchen");
        await page.keyboard.press("Enter");
        await dashboard.untilState(KITCHEN, "no-release");
        equal("on the server", (await server.device(KITCHEN)).product, "kitchen");
        equal("focus returns", (await dashboard.focused()).text, KITCHEN);
    });

    await test("a product's name is checked before it is sent", async () => {
        const mac = "5C:CF:7F:00:00:02";
        await server.visit(mac);
        await dashboard.untilState(mac, "unassigned");
        await dashboard.row(mac).getByRole("button", { name: "Assign" }).click();
        await page.keyboard.type("has spaces");
        await page.keyboard.press("Enter");
        const isValid = await page.evaluate(() => document.activeElement.validity.valid);
        equal("the field is valid", isValid, false);
        equal("on the server", (await server.device(mac)).product, null);
        await page.keyboard.press("Escape");
        await server.api("DELETE", `/devices/${mac}`);
    });

    await test("a removed device leaves the table", async () => {
        await until("one row is left", async () => (await dashboard.rowCount()) === 1);
    });

    await test("a release is listed as the newest stable, and the device is due", async () => {
        await server.publish(images.old, "kitchen", "1.0.0");
        await dashboard.untilState(KITCHEN, "current");
        await server.publish(images.new, "kitchen", "1.1.0");
        await dashboard.untilState(KITCHEN, "due");
        const releases = page.locator(".release");
        equal("first", await releases.nth(0).locator("b").innerText(), "1.1.0");
        equal("its badge", await releases.nth(0).locator(".channel").innerText(), "newest stable");
        equal("the older one's", await releases.nth(1).locator(".channel").innerText(), "stable");
        equal(
            "arrived",
            await releases.nth(0).locator(".adoption span").innerText(),
            "0 of 1 device",
        );
    });

    await test("a download shows how far it is", async () => {
        const reader = server.slowVisit(KITCHEN);
        await dashboard.untilState(KITCHEN, "updating");
        const bar = dashboard.row(KITCHEN).locator("progress");
        await bar.waitFor();
        const value = Number(await bar.getAttribute("value"));
        ok(`${value} is between 0 and 100`, value >= 0 && value < 100);
        ok("in words too", /Updating \d+\s%/.test(await dashboard.row(KITCHEN).innerText()));
        reader.kill("SIGUSR1");
        await once(reader, "exit");
        await bar.waitFor({ state: "hidden" });
    });

    await test("an arrived device is current, and the release says so", async () => {
        await server.visit(KITCHEN, { version: "1.1.0" });
        await dashboard.untilState(KITCHEN, "current");
        await until(
            "the release counts it",
            async () =>
                (await page.locator(".release .adoption span").first().innerText()) ===
                "1 of 1 device",
        );
    });

    await test("a signed form is listed with its key", async () => {
        await server.publishSigned(images.new, "kitchen", "1.1.0");
        const forms = page.locator(".release").first().locator(".release-facts");
        await until("two forms", async () => (await forms.count()) === 2);
        ok("the plain one", /^ESP8266 · [\d.,]+\s\w+$/.test(await forms.nth(0).innerText()));
        ok(
            "the signed one",
            /^also · .* · signed by 1804b9fb39ac8280$/.test(await forms.nth(1).innerText()),
        );
    });

    await test("last seen ticks, and its title is exact", async () => {
        const seen = dashboard.row(KITCHEN).locator("time");
        const before = await seen.innerText();
        await until("another age", async () => (await seen.innerText()) !== before, 4000);
        ok("a year in the title", /\b20\d\d\b/.test(await seen.getAttribute("title")));
    });

    await test("all of this happened without a reload", async () => {
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await dashboard.close();
}
