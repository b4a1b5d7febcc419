// A release's whole way through the pages: dropped, looked at, rolled out, halted, rolled back,
// withdrawn; and what the page of a device says of it.

import fs from "node:fs";
import { equal, ok, test, until, untilEqual, untilHas } from "../harness.mjs";
import { DashboardPage, holdAnswer } from "../page.mjs";
import { makeImage, makeKeyUpdate } from "../world.mjs";

const COUNT = 10;
const macOf = (number) => `5C:CF:7F:0B:00:${number.toString(16).toUpperCase().padStart(2, "0")}`;
const MACS = Array.from({ length: COUNT }, (_, number) => macOf(number));

// As a person drops it: the file is in the event, not in the input.
async function drop(page, file, name) {
    const data = fs.readFileSync(file).toString("base64");
    const transfer = await page.evaluateHandle(
        ([text, fileName]) => {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const dropped = new DataTransfer();
            dropped.items.add(new File([bytes], fileName));
            return dropped;
        },
        [data, name],
    );
    await page.dispatchEvent("#drop-zone", "drop", { dataTransfer: transfer });
}

const card = (page, title) =>
    page.locator("li.card", { has: page.locator("h4", { hasText: title }) });

async function agree(page, word) {
    await page.locator("dialog").getByRole("button", { name: word }).click();
    await page.locator("dialog").waitFor({ state: "detached" });
}

const untilHero = (page, wanted) =>
    untilEqual("the rollout", () => page.locator(".hero .rollout-state").innerText(), wanted);

async function publishCases({ page, server, folder }) {
    const image = makeImage(folder, "oven", "2.0.0");

    await test("a dropped file becomes a draft, with what is in it", async () => {
        await page.goto(`${server.origin}/releases.html`);
        await page.waitForSelector("#drop");
        await drop(page, image, "oven-2.0.0.bin");
        const draft = card(page, "oven 2.0.0");
        await draft.waitFor();
        await untilEqual("state", () => draft.locator(".rollout-state").innerText(), "draft");
        const facts = () => draft.locator(".facts").innerText();
        await untilHas("the chip", facts, "ESP8266");
        await untilHas("its description", facts, "oven 2.0.0");
        await untilHas("the signature", facts, "not signed");
        await draft.locator(".fits", { hasText: `Fits ${COUNT} of ${COUNT} devices` }).waitFor();
        equal("to a device", await server.visit(MACS[0]), 304);
    });

    await test("a dropped key update is published after a question, and listed", async () => {
        const update = makeKeyUpdate(folder, "oven", 1);
        await page.setInputFiles("#file", update);
        await agree(page, "Not now");
        await untilHas("the form", () => page.innerText("#drop-title"), "Drop a firmware file");
        equal("what is listed", await page.locator(".key-updates li").count(), 0);
        await page.setInputFiles("#file", update);
        await agree(page, "Publish");
        const line = page.locator(".key-updates li");
        await line.waitFor();
        const does = /^Key update 1 · adds [0-9a-f]{16} · on 0 devices$/;
        await untilHas("what it does", () => line.innerText(), does);
    });

    await test("a file that is no firmware is refused, and says why", async () => {
        const junk = `${folder}/junk.bin`;
        fs.writeFileSync(junk, "this is no firmware");
        await page.setInputFiles("#file", junk);
        await until("a reason", async () => (await page.innerText("#drop-problem")) !== "");
        equal("releases", (await server.api("GET", "/releases?product=oven")).releases.length, 2);
        await page.reload();
        await page.waitForSelector("li.card");
    });
}

async function rolloutStory({ dashboard, page, server, shoot }) {
    await test("the wizard starts from the draft, and counts devices as it is filled in", async () => {
        await card(page, "oven 2.0.0").getByRole("link", { name: "Roll out in stages" }).click();
        await page.waitForSelector(".wizard");
        await untilEqual("product", () => page.inputValue("#rollout-product"), "oven");
        await untilEqual("version", () => page.inputValue("#rollout-version"), "2.0.0");
        const sizes = async () => (await page.locator(".stage-rows .size").allInnerTexts()).join();
        await untilEqual("the sizes", sizes, "1 device,5 devices,10 devices");
        await page.getByLabel("How far").first().fill("20");
        await untilEqual("other sizes", sizes, "2 devices,5 devices,10 devices");
        await page.fill("#rollout-filter", "nonsense");
        await page.locator(".verdict .problem").waitFor();
        await page.fill("#rollout-filter", "");
        await page
            .locator(".verdict", { hasText: `${COUNT} of ${COUNT} devices can take it` })
            .waitFor();
        await shoot(page, "wizard");
        await page.getByRole("button", { name: "Start the rollout" }).click();
        await page.waitForSelector(".rollout-page");
        await untilHero(page, "Running");
    });

    await test("a stage fills while one looks on", async () => {
        const stage = page.locator(".stages li").first();
        await page.evaluate(() => (globalThis.sameDocument = true));
        for (const mac of MACS)
            if ((await server.visit(mac)) === 200) await server.visit(mac, { version: "2.0.0" });
        await untilHas("it is full", () => stage.innerText(), "2 arrived");
        await untilEqual("open stages", () => page.locator(".stages li.open").count(), 2);
        equal("reloaded", await dashboard.wasReloaded(), false);
    });

    await test("it halts by itself, and says why and on whom", async () => {
        for (let round = 0; round < 3; round++)
            for (const mac of MACS)
                if ((await server.device(mac)).version === "1.0.0") await server.visit(mac);
        await untilHero(page, "Halted by itself");
        await until("a reason", async () => (await page.innerText(".rollout-reason")) !== "");
        const failure = page.locator(".failures li").first();
        await untilHas("in words", () => failure.innerText(), "came back with 1.0.0");
        await failure.locator("summary").click();
        await until("by name", async () => (await failure.locator("a").count()) > 0);
        await page.evaluate(() => scrollTo(0, 0));
        await shoot(page, "rollout-halts");
    });

    await test("rolling back asks first", async () => {
        const asked = [];
        page.on("request", (request) => asked.push(`${request.method()} ${request.url()}`));
        await page.getByRole("button", { name: "Roll back" }).click();
        await dashboard.untilFocused("the safe answer has the focus", "text", "Not now");
        await page.keyboard.press("Escape");
        await page.locator("dialog").waitFor({ state: "detached" });
        await page.getByRole("button", { name: "Roll back" }).click();
        await agree(page, "Roll back");
        await untilHero(page, "Rolled back");
        equal("times", asked.filter((what) => /^POST .*\/roll-back$/.test(what)).length, 1);
        const taken = (await server.api("GET", "/devices?product=oven")).devices.find(
            (d) => d.version === "2.0.0",
        );
        equal("what it gets back", taken.target, "1.0.0");
        equal("at its next check-in", await server.visit(taken.mac, { version: "2.0.0" }), 200);
    });

    await test("the big button stops a rollout, and it can be resumed", async () => {
        const plan = { product: "oven", version: "2.0.0", stages: [{ percent: 100 }] };
        const { id } = await server.api("POST", "/rollouts", plan);
        await page.goto(`${server.origin}/rollouts.html#id=${id}`);
        await untilHero(page, "Running");
        await page.getByRole("button", { name: "Stop the rollout" }).click();
        await agree(page, "Stop the rollout");
        const state = async () => (await server.api("GET", `/rollouts/${id}`)).state;
        await untilEqual("it stopped", state, "paused");
        equal("to a device", await server.visit(MACS[0]), 304);
        await page.getByRole("button", { name: "Resume" }).click();
        await agree(page, "Resume");
        await untilHero(page, "Running");
        await page.getByRole("button", { name: "Cancel" }).click();
        await agree(page, "Cancel the rollout");
        await untilHero(page, "Cancelled");
        await page.click(".back");
        await until("all of them", async () => (await page.locator(".cards li").count()) >= 2);
    });

    await test("one that is opened before all of them are there stays open", async () => {
        const held = await holdAnswer(page, "GET", "**/api/v1/rollouts");
        await page.goto("about:blank");
        await page.goto(`${server.origin}/rollouts.html`);
        await until("they are read", held.wasAsked);
        await page.evaluate(() => (location.hash = "id=1"));
        await page.waitForSelector(".rollout-page");
        held.release();
        await page.waitForSelector("#link[data-state=live]"); // all that was asked for is there
        equal("what is shown", await page.locator(".rollout-page").count(), 1);
    });
}

async function deviceStory({ page, server, shoot }) {
    await test("a device's page says why it gets what it gets, and follows", async () => {
        await page.goto(`${server.origin}/device.html#mac=${MACS[0]}`);
        await page.waitForSelector(".rules li");
        const deciding = page.locator('[data-outcome="decided"]');
        await untilEqual("deciding rules", () => deciding.count(), 1);
        await page.waitForSelector(".history li");
        await server.api("PUT", `/devices/${MACS[0]}`, { decommissioned: true });
        await untilHas("the rule", () => deciding.innerText(), "in service");
        await server.api("PUT", `/devices/${MACS[0]}`, { decommissioned: false });
        await until("another", async () => !(await deciding.innerText()).includes("in service"));
        await shoot(page, "device");
    });

    await test("its alias, tags and notes are kept", async () => {
        await page.fill("#device-alias", "Oven in the lab");
        await page.fill("#device-tags", "lab first");
        await page.fill("#device-notes", "Door sticks.");
        await page.locator(".notes-form button").click();
        await until("kept", async () => (await server.device(MACS[0])).notes === "Door sticks.");
        const { alias, tags } = await server.device(MACS[0]);
        equal("alias", alias, "Oven in the lab");
        equal("tags", tags.join(), "lab,first");
        await untilHas("the title", () => page.title(), /^Oven in the lab/);
    });

    await test("a device there is none of is missed in words", async () => {
        await page.goto("about:blank");
        await page.goto(`${server.origin}/device.html#mac=5C:CF:7F:FF:FF:FF`);
        await page.locator("#missing", { hasText: "5C:CF:7F:FF:FF:FF" }).waitFor();
    });
}

async function releaseStory({ page, server, folder }) {
    await test("a release is withdrawn after a question", async () => {
        await page.goto(`${server.origin}/releases.html`);
        const live = card(page, "oven 2.0.0");
        await live.getByRole("button", { name: "Withdraw" }).click();
        await agree(page, "Withdraw it");
        await live.locator(".rollout-state", { hasText: "withdrawn" }).waitFor();
        await untilEqual("deeds left", () => live.getByRole("button").count(), 0);
    });

    await test("a file that is chosen while another is sent is sent after it", async () => {
        const held = await holdAnswer(page, "POST", "**/api/v1/releases?*");
        await page.setInputFiles("#file", makeImage(folder, "grill", "1.0.0"));
        await until("the first is sent", held.wasAsked);
        await page.setInputFiles("#file", makeImage(folder, "grill", "1.1.0"));
        held.release();
        await card(page, "grill 1.0.0").waitFor();
        await card(page, "grill 1.1.0").waitFor();
    });
}

export async function pageCases(world) {
    const { browser, watch, server, folder } = world;
    await server.publish(makeImage(folder, "oven", "1.0.0"), "oven", "1.0.0");
    for (const mac of MACS) {
        await server.api("PUT", `/devices/${mac}`, { product: "oven" });
        await server.visit(mac);
    }
    const dashboard = await DashboardPage.open(browser, watch, server.dashboard);
    const { page } = await dashboard.live();
    const story = { ...world, dashboard, page };
    await publishCases(story);
    await rolloutStory(story);
    await deviceStory(story);
    await releaseStory(story);
    await dashboard.close();
    watch.forgive(/status of 4(00|04|09|22)/);
}
