// A rollout on the page: it fills, halts by itself and says why, and is decided on.

import { equal, ok, test, until } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MACS = [1, 2, 3, 4].map((last) => `5C:CF:7F:00:0A:0${last}`);

async function visitAll(server, answers) {
    for (const mac of MACS) answers.push(await server.visit(mac));
}

export async function rolloutCases({ browser, watch, server, images, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const card = page.locator("#rollout-list > li").first();
    const state = (word) =>
        until(`the rollout: ${word}`, async () =>
            (await card.locator(".rollout-state").innerText()).startsWith(word),
        );

    await test("without rollouts there is no list of them", async () => {
        equal("visible", await page.locator("#rollouts").isVisible(), false);
    });

    await test("a rollout appears when it is planned, and runs", async () => {
        await server.publish(images.old, "stairs", "1.0.0");
        await server.publish(images.new, "stairs", "1.1.0", "candidate");
        for (const mac of MACS) {
            await server.api("PUT", `/devices/${mac}`, { product: "stairs" });
            await server.visit(mac);
        }
        await server.api("POST", "/rollouts", {
            product: "stairs",
            version: "1.1.0",
            stages: [{ devices: 2 }, { percent: 100, approval: true }],
        });
        await state("Running");
        const stages = card.locator(".rollout-stages li");
        equal("stages", await stages.count(), 2);
        ok("the second", (await stages.nth(1).innerText()).includes("needs approval"));
    });

    await test("who comes back without it halts it, and the page says why", async () => {
        const answers = [];
        for (let round = 0; round < 3; round++) await visitAll(server, answers);
        equal("sent", answers.filter((status) => status === 200).length, 4);
        await state("Halted");
        ok("the reason", (await card.locator(".rollout-reason").innerText()).includes("2 of 2"));
        ok("the count", (await card.innerText()).includes("2 failed"));
        await shoot(page, "rollout-halted");
    });

    await test("it is rolled back by a button", async () => {
        await card.getByRole("button", { name: "Roll back" }).click();
        await page.locator("dialog").getByRole("button", { name: "Roll back" }).click();
        await state("Rolled back");
        equal("buttons", await card.getByRole("button").count(), 0);
        equal(
            "on the server",
            (await server.api("GET", "/rollouts")).rollouts[0].state,
            "rolled-back",
        );
    });

    await dashboard.close();
}
