// Virtual devices take a release, and the page shows it as it happens: what ./run shows.

import path from "node:path";
import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";
import { Server, VirtualDevices } from "../world.mjs";

const MACS = [1, 2, 3].map((number) => `5C:CF:7F:00:00:0${number}`);
const ARRIVAL_MS = 50000;

async function startDevices(folder, server, image) {
    for (const mac of MACS) await server.api("PUT", `/devices/${mac}`, { product: "demo" });
    return new VirtualDevices([
        ...["--url", `${server.origin}/update`, "--dir", path.join(folder, "devices")],
        ...["--count", String(MACS.length), "--mac", MACS[0], "--app", image, "--layout", "4M2M"],
        ...["--poll", "1", "--speed", "real", "--until", "1.1.0", "--timeout", "50"],
    ]);
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
        const seen = new Set();
        const rows = page.locator("tbody tr");
        await server.publish(images.new, "demo", "1.1.0");
        await until(
            "all run 1.1.0",
            async () => {
                const states = await rows.evaluateAll((nodes) =>
                    nodes.map((node) => node.dataset.state),
                );
                for (const state of states) seen.add(state);
                if (/Updating [2-9]\d/.test(await dashboard.text("#rows")))
                    await shoot(page, "updating");
                const arrived = page.locator('tr[data-state="current"] .version-cell', {
                    hasText: "1.1.0",
                });
                return (await arrived.count()) === MACS.length;
            },
            ARRIVAL_MS,
        );
        ok(`updating is among ${[...seen]}`, seen.has("updating"));
        await devices.arrived();
        const spread = page.locator(".release .adoption span").first();
        await until(
            "the release counts three",
            async () => (await spread.innerText()) === "3 of 3 devices",
        );
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await devices.stop();
    await dashboard.close();
    await server.stop();
}
