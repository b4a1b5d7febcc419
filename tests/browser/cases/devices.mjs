// Virtual devices take a release, and the page shows it as it happens.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";
import { VirtualDevices } from "../world.mjs";

const MACS = [1, 2, 3].map((number) => `5C:CF:7F:00:05:0${number}`);

export async function deviceCases({ browser, watch, server, images, shoot }) {
    const folder = mkdtempSync(path.join(tmpdir(), "updraft-devices."));
    for (const mac of MACS) await server.api("PUT", `/devices/${mac}`, { product: "porch" });
    await server.publish(images.old, "porch", "1.0.0");
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const devices = new VirtualDevices([
        "--url",
        `${server.origin}/update`,
        "--dir",
        folder,
        "--count",
        "3",
        "--mac",
        MACS[0],
        "--app",
        images.old,
        "--layout",
        "4M2M",
        "--poll",
        "1",
        "--speed",
        "real",
        "--until",
        "1.1.0",
        "--timeout",
        "50",
    ]);

    await test("virtual devices report in", async () => {
        for (const mac of MACS) await dashboard.untilState(mac, "current");
    });

    await test("they are seen taking a release, and arrive", async () => {
        const seen = new Set();
        await server.publish(images.new, "porch", "1.1.0");
        await until(
            "all have 1.1.0",
            async () => {
                const rows = await Promise.all(MACS.map((mac) => dashboard.row(mac).innerText()));
                for (const row of rows) seen.add(row.match(/Due|Updating|Current/)?.[0]);
                if (rows.some((row) => /Updating \d+/.test(row))) await shoot(page, "updating");
                const versions = page.locator('tr[data-state="current"] .version-cell', {
                    hasText: "1.1.0",
                });
                return (await versions.count()) === MACS.length;
            },
            50000,
        );
        ok(`updating was among ${[...seen]}`, seen.has("Updating"));
        await devices.arrived();
        const arrived = page.locator(".release .adoption span").first();
        await until(
            "the release counts three",
            async () => (await arrived.innerText()) === "3 of 3 devices",
        );
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await devices.stop();
    await dashboard.close();
    rmSync(folder, { recursive: true });
    for (const mac of MACS) await server.api("DELETE", `/devices/${mac}`);
}
