// The dashboard in a browser against the real server and real devices:
// node dashboard.mjs BROWSER. Prints TAP. Screenshots go to build/screenshots.

import fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { end, equal, test } from "./harness.mjs";
import { launchBrowser, Watch } from "./page.mjs";
import { makeImage, ROOT, Server } from "./world.mjs";
import { accessCases } from "./cases/access.mjs";
import { deviceCases } from "./cases/devices.mjs";
import { everywhereCases } from "./cases/everywhere.mjs";
import { failingCases } from "./cases/failing.mjs";
import { findingCases } from "./cases/finding.mjs";
import { lifeCases } from "./cases/life.mjs";
import { linkCases } from "./cases/link.mjs";
import { looksCases } from "./cases/looks.mjs";
import { manyCases } from "./cases/many.mjs";
import { pageCases } from "./cases/pages.mjs";
import { rolloutCases } from "./cases/rollouts.mjs";
import { signInCases } from "./cases/sign_in.mjs";
import { strangerCases } from "./cases/strangers.mjs";

const SCREENSHOTS = path.join(ROOT, "build/screenshots");
// The README's pictures, by the screenshots they are copies of.
const PICTURES = { light: "dashboard", "rollout-halts": "rollout", device: "device" };

async function run(context) {
    await signInCases(context);
    await accessCases(context);
    await lifeCases(context);
    await failingCases(context);
    await findingCases(context);
    await strangerCases(context);
    await linkCases(context);
    await looksCases(context);
    await deviceCases(context);
    await manyCases(context);
    await rolloutCases(context);
    await pageCases(context);
    await everywhereCases(context);
    await test("the console stayed silent and nothing was asked of strangers", async () => {
        equal("complaints", context.watch.complaints.join("\n"), "");
    });
}

async function main() {
    const folder = fs.mkdtempSync(path.join(tmpdir(), "updraft-browser."));
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    const server = new Server(path.join(folder, "data"));
    const browser = await launchBrowser(process.argv[2]);
    try {
        await server.start();
        await run({
            browser,
            server,
            folder,
            watch: new Watch(),
            images: {
                old: makeImage(folder, "demo", "1.0.0"),
                new: makeImage(folder, "demo", "1.1.0"),
            },
            shoot: (page, name) => page.screenshot({ path: path.join(SCREENSHOTS, `${name}.png`) }),
        });
    } finally {
        await browser.close();
        await server.stop();
        fs.rmSync(folder, { recursive: true });
    }
    // The tests leave the tree as it is unless they are asked for the README's pictures.
    if (process.env.UPDRAFT_SCREENSHOTS === "1")
        for (const [screenshot, picture] of Object.entries(PICTURES))
            fs.copyFileSync(
                path.join(SCREENSHOTS, `${screenshot}.png`),
                path.join(ROOT, `docs/images/${picture}.png`),
            );
    return end();
}

process.exitCode = await main();
