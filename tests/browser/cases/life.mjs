// Devices and releases come, change and go, and the page follows without a reload.

import { once } from "node:events";
import { equal, ok, test, until, untilEqual, untilHas } from "../harness.mjs";
import { afterDrawing, DashboardPage, holdAnswer } from "../page.mjs";

const KITCHEN = "5C:CF:7F:00:00:01";

const isReadOfReleases = (request) => request.url().endsWith("/api/v1/releases");

export async function lifeCases({ browser, watch, server, images, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("an empty server says what to do next, with exact commands", async () => {
        const url = `${server.origin}/update`;
        const devices = () => dashboard.text("#devices-empty");
        await untilHas("the sketch's line", devices, `ESPhttpUpdate.update(client, "${url}"`);
        await untilHas("the virtual device", devices, `updraft device --url ${url}`);
        const releases = () => dashboard.text("#releases-empty");
        await untilHas("publishing", releases, "updraft publish");
        await untilHas("the server's address", releases, `UPDRAFT_SERVER=${server.origin}`);
        await shoot(page, "empty");
    });

    await test("a new device appears, unassigned", async () => {
        equal("answer", await server.visit(KITCHEN), 304);
        await dashboard.untilState(KITCHEN, "unassigned");
        await untilEqual("total", () => dashboard.tile(null).locator("b").innerText(), "1");
        await untilHas("its version", () => dashboard.row(KITCHEN).innerText(), "1.0.0");
    });

    await test("it is given a product where it is listed", async () => {
        await dashboard.row(KITCHEN).getByRole("button", { name: "Assign" }).click();
        await dashboard.untilFocused("focus", "placeholder", "product");
        await page.keyboard.type("kitchen");
        await page.keyboard.press("Enter");
        await dashboard.untilState(KITCHEN, "no-release");
        equal("on the server", (await server.device(KITCHEN)).product, "kitchen");
        await dashboard.untilFocused("focus returns", "text", KITCHEN);
    });

    await test("a product's name is checked before it is sent", async () => {
        const mac = "5C:CF:7F:00:00:02";
        await server.visit(mac);
        await dashboard.untilState(mac, "unassigned");
        await page.evaluate(() =>
            addEventListener("invalid", () => (globalThis.wasRefused = true), { capture: true }),
        );
        await dashboard.row(mac).getByRole("button", { name: "Assign" }).click();
        await dashboard.untilFocused("focus", "placeholder", "product");
        await page.keyboard.type("has spaces");
        await page.keyboard.press("Enter");
        await until("it is refused", () => page.evaluate(() => globalThis.wasRefused === true));
        equal("on the server", (await server.device(mac)).product, null);
        await page.keyboard.press("Escape");
        await server.api("DELETE", `/devices/${mac}`);
    });

    await test("a removed device leaves the table", async () => {
        await untilEqual("rows left", () => dashboard.rowCount(), 1);
    });

    await test("a release is listed as the newest stable, and the device is due", async () => {
        await server.publish(images.old, "kitchen", "1.0.0");
        await dashboard.untilState(KITCHEN, "current");
        await server.publish(images.new, "kitchen", "1.1.0");
        await dashboard.untilState(KITCHEN, "due");
        const said = async (part) => (await page.locator(`.release ${part}`).allInnerTexts()).join();
        await untilEqual("the releases", () => said("b"), "1.1.0,1.0.0");
        await untilEqual("their badges", () => said(".channel"), "newest stable,stable");
        const arrived = page.locator(".release .adoption span").first();
        await untilEqual("arrived", () => arrived.innerText(), "0 of 1 device");
    });

    await test("a download shows how far it is", async () => {
        const reader = server.slowVisit(KITCHEN);
        await dashboard.untilState(KITCHEN, "updating");
        const bar = dashboard.row(KITCHEN).locator("progress");
        await bar.waitFor();
        const value = Number(await bar.getAttribute("value"));
        ok(`${value} is between 0 and 100`, value >= 0 && value < 100);
        await untilHas("in words", () => dashboard.row(KITCHEN).innerText(), /Updating \d+\s%/);
        reader.kill("SIGUSR1");
        await once(reader, "exit");
        await bar.waitFor({ state: "hidden" });
    });

    await test("an arrived device is current, and the release says so", async () => {
        await server.visit(KITCHEN, { version: "1.1.0" });
        await dashboard.untilState(KITCHEN, "current");
        const arrived = page.locator(".release .adoption span").first();
        await untilEqual("arrived", () => arrived.innerText(), "1 of 1 device");
    });

    await test("a signed form is listed with its key", async () => {
        await server.publishSigned(images.new, "kitchen", "1.1.0");
        const forms = page.locator(".release").first().locator(".release-facts");
        await untilEqual("forms", () => forms.count(), 2);
        const [plain, signed] = await forms.allInnerTexts();
        ok(`the plain one: ${plain}`, /^ESP8266 · [\d.,]+\s\w+$/.test(plain));
        ok(
            `the signed one: ${signed}`,
            /^also · .* · signed by 1804b9fb39ac8280$/.test(signed),
        );
    });

    await test("an answer that a later one has overtaken changes nothing", async () => {
        const attic = page.locator(".product-releases", { hasText: "attic" }).locator(".release b");
        const versions = async () => (await attic.allInnerTexts()).join();
        const held = await holdAnswer(page, "GET", "**/api/v1/releases");
        await server.publish(images.old, "attic", "1.0.0");
        await until("it is read", held.wasAsked);
        await server.publish(images.new, "attic", "1.1.0");
        await untilEqual("the releases", versions, "1.1.0,1.0.0");
        const answered = page.waitForEvent("requestfinished", isReadOfReleases);
        held.release();
        await answered;
        await afterDrawing(page);
        equal("the releases", await versions(), "1.1.0,1.0.0");
    });

    await test("last seen ticks, and its title is exact", async () => {
        const seen = dashboard.row(KITCHEN).locator("time");
        const last = await seen.getAttribute("datetime");
        await server.visit(KITCHEN, { version: "1.1.0" });
        await until("a visit", async () => (await seen.getAttribute("datetime")) !== last);
        const before = await seen.innerText();
        await until("another age", async () => (await seen.innerText()) !== before);
        ok("a year in the title", /\b20\d\d\b/.test(await seen.getAttribute("title")));
    });

    await test("all of this happened without a reload", async () => {
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await dashboard.close();
}
