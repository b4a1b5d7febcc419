// Virtual devices take a release, and the page shows it as it happens: what ./run shows.

import path from "node:path";
import { equal, ok, test, untilEqual } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";
import { Server, VirtualDevices } from "../world.mjs";

const MACS = [1, 2, 3].map((number) => `5C:CF:7F:00:00:0${number}`);
const ARRIVAL_S = 300;

async function startDevices(folder, server, image) {
    for (const mac of MACS) await server.api("PUT", `/devices/${mac}`, { product: "demo" });
    return new VirtualDevices([
        ...["--url", `${server.origin}/update`, "--dir", path.join(folder, "devices")],
        ...["--count", String(MACS.length), "--mac", MACS[0], "--app", image, "--layout", "4M2M"],
        ...["--poll", "1", "--speed", "real", "--until", "1.1.0", "--timeout", String(ARRIVAL_S)],
    ]);
}

// Runs in the page: notes each state that a row is ever in.
function noteStates() {
    const states = (globalThis.statesSeen = new Set());
    const look = () => {
        for (const row of document.querySelectorAll("tbody tr")) states.add(row.dataset.state);
    };
    new MutationObserver(look).observe(document.getElementById("rows"), {
        subtree: true,
        attributeFilter: ["data-state"],
    });
}

export async function deviceCases({ browser, watch, folder, images, shoot }) {
    const server = new Server(path.join(folder, "fleet"));
    await server.start();
    await server.publish(images.old, "demo", "1.0.0");
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const devices = await startDevices(folder, server, images.old);

    await test("virtual devices report in", async () => {
        for (const mac of MACS) await dashboard.untilState(mac, "current");
    });

    await test("they are seen taking a release, and arrive", async () => {
        await page.evaluate(noteStates);
        await server.publish(images.new, "demo", "1.1.0");
        const arrived = page.locator('tr[data-state="current"] .version-cell', {
            hasText: "1.1.0",
        });
        let isShot = false;
        await untilEqual(
            "devices that run 1.1.0",
            async () => {
                if (!isShot && /Updating [2-9]\d/.test(await dashboard.text("#rows"))) {
                    isShot = true;
                    await shoot(page, "updating");
                }
                return arrived.count();
            },
            MACS.length,
        );
        const seen = await page.evaluate(() => [...globalThis.statesSeen]);
        ok(`updating is among ${seen}`, seen.includes("updating"));
        await devices.arrived();
        const spread = page.locator(".release .adoption span").first();
        await untilEqual("the release counts three", () => spread.innerText(), "3 of 3 devices");
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await devices.stop();
    await dashboard.close();
    await server.stop();
}
