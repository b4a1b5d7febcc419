// A rollout on the page: it fills, halts by itself and says why, and is decided on.

import { equal, test, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage } from "../page.mjs";

const MACS = [1, 2, 3, 4].map((last) => `5C:CF:7F:00:0A:0${last}`);

async function visitAll(server, answers) {
    for (const mac of MACS) answers.push(await server.visit(mac));
}

export async function rolloutCases({ browser, watch, server, images, shoot }) {
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const card = page.locator("#rollout-list > li").first();
    const badge = card.locator(".rollout-state");
    const state = (word) => untilHas("the rollout", () => badge.innerText(), new RegExp(`^${word}`));

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
        await untilEqual("stages", () => stages.count(), 2);
        await untilHas("the second", () => stages.nth(1).innerText(), "needs approval");
    });

    await test("who comes back without it halts it, and the page says why", async () => {
        const answers = [];
        for (let round = 0; round < 3; round++) await visitAll(server, answers);
        equal("sent", answers.filter((status) => status === 200).length, 4);
        await state("Halted");
        await untilHas("the reason", () => card.locator(".rollout-reason").innerText(), "2 of 2");
        await untilHas("the count", () => card.innerText(), "2 failed");
        await shoot(page, "rollout-halted");
    });

    await test("it is rolled back by a button", async () => {
        await card.getByRole("button", { name: "Roll back" }).click();
        await page.locator("dialog").getByRole("button", { name: "Roll back" }).click();
        await state("Rolled back");
        await untilEqual("buttons", () => card.getByRole("button").count(), 0);
        equal(
            "on the server",
            (await server.api("GET", "/rollouts")).rollouts[0].state,
            "rolled-back",
        );
    });

    await dashboard.close();
}
