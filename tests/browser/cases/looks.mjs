// How it looks: wide, narrow, light, dark. What can be measured is.

import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage, DESKTOP, PHONE } from "../page.mjs";

const WCAG_AA = 4.5;

// A device in each state; 1.1.0 of kitchen is there.
async function enterEveryState(server) {
    const mac = (number) => `5C:CF:7F:00:06:0${number}`;
    const enter = (number, assignment) => server.api("PUT", `/devices/${mac(number)}`, assignment);
    await server.visit(mac(1)); // unassigned
    await enter(2, { product: "kitchen", group: "lab" }); // never seen
    for (const number of [3, 4, 5, 6, 7]) await enter(number, { product: "kitchen" });
    await server.visit(mac(3), { version: "1.1.0" }); // current
    await server.visit(mac(4), { mode: "version" }); // due
    for (let offer = 0; offer < 4; offer++) await server.visit(mac(5)); // failing
    await server.visit(mac(6), { "free-space": 4096 }); // unfit
    await server.visit(mac(7)); // updating
    await enter(8, { product: "porch" });
    await server.visit(mac(8)); // no release
    return [1, 2, 3, 4, 5, 6, 7, 8].map(mac);
}

export async function looksCases({ browser, watch, server, shoot }) {
    const macs = await enterEveryState(server);
    await test("there is a device in each of the eight states", async () => {
        const { devices } = await server.api("GET", "/devices");
        equal("states", new Set(devices.map((device) => device.state)).size, 8);
    });
    for (const colorScheme of ["light", "dark"])
        await test(`text stands out from its background, ${colorScheme}`, async () => {
            const dashboard = await DashboardPage.open(browser, watch, server.dashboard, {
                ...DESKTOP,
                colorScheme,
            });
            await dashboard.live();
            await dashboard.page.locator("tbody tr").first().click();
            await shoot(dashboard.page, colorScheme);
            const { faint, checked } = await dashboard.page.evaluate(findFaint, WCAG_AA);
            ok(`${checked} texts looked at`, checked > 20);
            equal("texts below 4.5:1", faint.join("; "), "");
            await dashboard.close();
        });

    await test("a phone shows it without scrolling sideways", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard, PHONE);
        await dashboard.live();
        await dashboard.page.locator("tbody tr").first().waitFor();
        await shoot(dashboard.page, "phone");
        equal("too wide", await dashboard.overflows(), false);
        // Not tap(): one whose end comes late, on a busy machine, is a long press.
        await dashboard.page.locator("tbody tr").first().click();
        await dashboard.page.locator("#detail").waitFor();
        equal("too wide with the panel", await dashboard.overflows(), false);
        const isInert = () => dashboard.page.locator(".fleet").evaluate((fleet) => fleet.inert);
        await until("what it covers is out of reach", isInert);
        await shoot(dashboard.page, "phone-detail");
        await dashboard.page.getByRole("button", { name: "Close" }).click();
        await until("within reach again", async () => !(await isInert()));
        await dashboard.close();
    });

    await test("every control has a name, every state an icon and a word", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
        await dashboard.live();
        await dashboard.page.locator("tbody tr").first().click();
        const nameless = await dashboard.page.evaluate(() =>
            [...document.querySelectorAll("button, input, select, progress")]
                .filter((control) => control.checkVisibility())
                .filter(
                    (control) =>
                        !(
                            control.getAttribute("aria-label") ||
                            control.innerText?.trim() ||
                            control.labels?.length
                        ),
                )
                .map((control) => control.outerHTML),
        );
        equal("nameless", nameless.join(), "");
        const badges = await dashboard.page.locator("tbody .state").all();
        ok(`${badges.length} states`, badges.length >= macs.length);
        for (const badge of badges) {
            ok("a word", (await badge.innerText()).trim().length > 2);
            equal("icons", await badge.locator("svg").count(), 1);
        }
        await dashboard.close();
    });
    for (const mac of macs) await server.api("DELETE", `/devices/${mac}`);
}

// Runs in the page: visible texts whose contrast is below the limit.
function findFaint(limit) {
    const channels = (color) => {
        const canvas = new OffscreenCanvas(1, 1).getContext("2d");
        canvas.fillStyle = color;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const luminance = ([red, green, blue]) => {
        const linear = [red, green, blue].map((value) => {
            const share = value / 255;
            return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
        });
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2];
    };
    const background = (node) => {
        for (let at = node; at; at = at.parentElement) {
            const color = channels(getComputedStyle(at).backgroundColor);
            if (color[3] === 255) return color;
        }
        return [255, 255, 255];
    };
    const hasText = (node) =>
        [...node.childNodes].some(
            (child) => child.nodeType === Node.TEXT_NODE && child.data.trim(),
        );
    const texts = [...document.body.querySelectorAll("*")].filter(
        (node) =>
            hasText(node) && node.checkVisibility() && !node.closest("[disabled], .skip, .unseen"),
    );
    const contrast = (node) => {
        const levels = [channels(getComputedStyle(node).color), background(node)].map(luminance);
        return (Math.max(...levels) + 0.05) / (Math.min(...levels) + 0.05);
    };
    const faint = texts
        .filter((node) => contrast(node) < limit)
        .map(
            (node) =>
                `${node.className || node.tagName} "${node.textContent.slice(0, 20)}" ${contrast(node).toFixed(2)}`,
        );
    return { faint, checked: texts.length };
}
