// A device that does not arrive: what the page says, and the way out.

import { equal, test, until, untilEqual, untilHas } from "../harness.mjs";
import { afterDrawing, DashboardPage, holdAnswer } from "../page.mjs";

const MAC = "5C:CF:7F:00:01:01";

export async function failingCases({ browser, watch, server, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();

    await test("after three offers the device is failing, and counted so", async () => {
        await server.api("PUT", `/devices/${MAC}`, { product: "kitchen" });
        for (let offer = 0; offer < 3; offer++) equal("answer", await server.visit(MAC), 200);
        equal("the fourth", await server.visit(MAC), 304);
        await dashboard.untilState(MAC, "failing");
        await untilEqual("tile", () => dashboard.tile("failing").locator("b").innerText(), "1");
        await until("the title says it", async () => (await page.title()).startsWith("1 failing"));
    });

    await test("its panel gives the reason, the attempts and what it reports", async () => {
        await dashboard.row(MAC).click();
        const detail = () => dashboard.text("#detail");
        const { reason } = await server.device(MAC);
        await untilHas("the reason", detail, reason);
        await untilHas("the attempts", detail, "3 of 3 offers");
        await untilHas("the flash size", detail, "4 MB");
        await untilHas("the SDK", detail, "2.2.2-dev(38a443e)");
        await untilHas("the address", detail, "127.0.0.1");
        await shoot(page, "failing");
    });

    await test("retry offers it again", async () => {
        await page.getByRole("button", { name: "Retry", exact: true }).click();
        await dashboard.untilState(MAC, "due");
        equal("attempts", (await server.device(MAC)).attempts, 0);
        await page.locator(".detail .retry").waitFor({ state: "hidden" });
    });

    await test("a pin from the panel changes the target", async () => {
        const save = page.locator(".assignment .primary");
        await until("nothing to save before a change", () => save.isDisabled());
        await page.selectOption("#detail-pin", "1.0.0");
        await save.click();
        await dashboard.untilState(MAC, "current");
        equal("pin", (await server.device(MAC)).pin, "1.0.0");
        const tie = dashboard.row(MAC).locator(".target-cell small");
        await untilEqual("in the table", () => tie.innerText(), "pinned");
        await page.selectOption("#detail-pin", "");
        await save.click();
        await dashboard.untilState(MAC, "due");
        equal("pin", (await server.device(MAC)).pin, null);
    });

    await test("events have the last word over the answer to a change", async () => {
        const held = await holdAnswer(page, "PUT", `**/api/v1/devices/${MAC}`);
        await page.selectOption("#detail-pin", "1.0.0");
        await page.locator(".assignment .primary").click();
        await until("it is asked for", held.wasAsked);
        await dashboard.untilState(MAC, "current");
        await server.api("PUT", `/devices/${MAC}`, { pin: null });
        await dashboard.untilState(MAC, "due");
        await page.evaluate(() => (document.getElementById("announcements").textContent = ""));
        held.release();
        await untilEqual("the answer", () => page.innerText("#announcements"), "Saved.");
        await afterDrawing(page);
        equal("its state", await dashboard.state(MAC), "due");
    });

    await test("group and channel are set from the panel", async () => {
        await page.fill("#detail-group", "lab");
        await page.fill("#detail-channel", "beta");
        await page.keyboard.press("Enter");
        await dashboard.untilState(MAC, "no-release");
        const device = await server.device(MAC);
        equal("group", device.group, "lab");
        equal("channel", device.channel, "beta");
    });

    await test("what is being typed survives changes from elsewhere", async () => {
        await server.api("PUT", `/devices/${MAC}`, { pin: "1.0.0" });
        await dashboard.untilState(MAC, "current");
        await page.fill("#detail-group", "workshop");
        await page.selectOption("#detail-pin", "");
        await server.api("PUT", `/devices/${MAC}`, { channel: null });
        await untilEqual("the channel", () => page.inputValue("#detail-channel"), "");
        equal("group field", await page.inputValue("#detail-group"), "workshop");
        equal("pin field", await page.inputValue("#detail-pin"), "");
        await server.api("PUT", `/devices/${MAC}`, { pin: null });
        await dashboard.untilState(MAC, "due");
    });

    await test("a device the release does not fit says why", async () => {
        await server.visit(MAC, { "free-space": 4096 });
        await dashboard.untilState(MAC, "unfit");
        await untilHas("the space", () => dashboard.text("#detail .reason"), "4096");
    });

    await test("forgetting a device asks first", async () => {
        await page.getByRole("button", { name: "Forget this device…" }).click();
        await page.getByRole("button", { name: "Keep" }).click();
        await page.getByRole("button", { name: "Forget this device…" }).click();
        await page.getByRole("button", { name: "Forget", exact: true }).click();
        await dashboard.row(MAC).waitFor({ state: "detached" });
        await page.locator("#detail").waitFor({ state: "hidden" });
    });

    await dashboard.close();
}
