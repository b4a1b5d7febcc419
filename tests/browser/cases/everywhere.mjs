// What holds for every page: names and labels, contrast, room on a phone, size, and that a
// viewer is offered nothing that would be refused.

import { equal, ok, test } from "../harness.mjs";
import { DESKTOP, DashboardPage, openBlank, PHONE } from "../page.mjs";

const MAC = "5C:CF:7F:0C:00:01";
const LONG = "a-product-with-a-name-as-long-as-names-may-be-0123456789-abcdefg";
const LIMIT_BYTES = 100 * 1024;

// Each page: where it is, and what is there once it is whole. A viewer has no wizard, and no
// users and tokens.
const pagesOf = (rollout) => ({
    fleet: { where: "/", whole: ["#rows tr", "#release-list li", "#rollout-list li"] },
    rollouts: { where: "/rollouts.html", whole: [".cards li"] },
    rollout: { where: `/rollouts.html#id=${rollout}`, whole: [".rollout-page .stages li"] },
    wizard: { where: "/rollouts.html#new", whole: [":is(.wizard .verdict, .cards) :is(p, li)"] },
    releases: { where: "/releases.html", whole: ["li.card"] },
    device: { where: `/device.html#mac=${MAC}`, whole: ["#explanation li", "#history li"] },
    groups: { where: "/groups.html", whole: ["#group-rows tr"] },
    access: {
        where: "/access.html",
        whole: [
            "#audit-rows tr",
            ":is(#users[hidden], #user-rows tr)",
            ":is(#tokens[hidden], #token-rows tr)",
        ],
    },
});

async function visit(page, origin, { where, whole }) {
    await page.goto(origin + where);
    await page.waitForSelector(":is(#board, #page):not([hidden])");
    await page.waitForSelector("#link:is([hidden], [data-state=live])", { state: "attached" });
    for (const selector of whole) await page.waitForSelector(selector, { state: "attached" });
    // Colours and sizes are as they stay.
    await page.evaluate(() => document.getAnimations().forEach((animation) => animation.finish()));
}

async function visitAll(dashboard, origin, pages, look) {
    for (const [name, place] of Object.entries(pages)) {
        await dashboard.page.goto("about:blank");
        await visit(dashboard.page, origin, place);
        await look(name, dashboard.page);
    }
}

// Runs in the page: what has no name, is named twice, or is out of order for the keyboard.
function findUnnamed() {
    const faults = [];
    const seen = (node) => node.checkVisibility({ visibilityProperty: true });
    const textOf = (node) => node.getAttribute("aria-label") ?? node.textContent.trim();
    for (const node of document.querySelectorAll("button, a[href], summary"))
        if (seen(node) && !textOf(node)) faults.push(`no name: ${node.outerHTML.slice(0, 80)}`);
    for (const node of document.querySelectorAll("input, select, textarea"))
        if (seen(node) && !node.getAttribute("aria-label") && node.labels.length === 0)
            faults.push(`no label: ${node.outerHTML.slice(0, 80)}`);
    const ids = [...document.querySelectorAll("[id]")].map((node) => node.id);
    for (const id of new Set(ids.filter((one, index) => ids.indexOf(one) !== index)))
        faults.push(`two of the id ${id}`);
    const related = document.querySelectorAll("[aria-labelledby], [aria-describedby]");
    for (const node of [...related].filter(seen))
        for (const name of ["aria-labelledby", "aria-describedby"])
            for (const id of (node.getAttribute(name) ?? "").split(/\s+/).filter(Boolean))
                if (!document.getElementById(id)) faults.push(`${name} points to no ${id}`);
    if (document.querySelector("[tabindex]:not([tabindex='0'], [tabindex='-1'])"))
        faults.push("a tab order of its own");
    const mains = [...document.querySelectorAll("main")].filter(seen).length;
    if (mains !== 1) faults.push(`${mains} main parts`);
    if (!document.documentElement.lang || !document.title) faults.push("no language or title");
    return faults;
}

// Runs in the page: text whose contrast is below WCAG's AA, by the colours as computed.
function findFaint() {
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        return [...canvas.getImageData(0, 0, 1, 1).data];
    };
    const over = (top, below) =>
        [0, 1, 2].map((i) => (top[i] * top[3] + below[i] * (255 - top[3])) / 255).concat(255);
    const backOf = (node) => {
        const layers = [];
        for (let at = node; at; at = at.parentElement)
            layers.push(rgba(getComputedStyle(at).backgroundColor));
        return layers.reduceRight((below, layer) => over(layer, below), [255, 255, 255, 255]);
    };
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((c) =>
            c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4,
        );
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    const faults = new Set();
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const node = walker.currentNode.parentElement;
        if (
            !walker.currentNode.textContent.trim() ||
            !node.checkVisibility({ visibilityProperty: true })
        )
            continue;
        if (node.closest("button:disabled, option, .unseen, .skip, svg, script, noscript"))
            continue;
        const style = getComputedStyle(node);
        const back = backOf(node);
        const [one, two] = [light(over(rgba(style.color), back)), light(back)].sort(
            (a, b) => b - a,
        );
        const ratio = (one + 0.05) / (two + 0.05);
        const size = parseFloat(style.fontSize);
        const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
        if (ratio < (isLarge ? 3 : 4.5))
            faults.add(
                `${ratio.toFixed(2)}: ${node.tagName}.${node.className} "${node.textContent.slice(0, 30)}"`,
            );
    }
    return [...faults];
}

// Runs in the page: what a viewer could press that changes something.
function findChanging() {
    const words =
        /stop|pause|resume|approve|cancel|roll ?back|roll out|withdraw|publish|save|forget|retry|assign|start the|new rollout|make it|add a user|make a token|new link|remove/i;
    return [...document.querySelectorAll("button, a.button, input[type=file]")]
        .filter((node) => node.checkVisibility({ visibilityProperty: true }) && !node.disabled)
        .map((node) => node.textContent.trim() || node.id)
        .filter((text) => words.test(text) || text === "file");
}

// Asks for every operation that is not a viewer's, with the page's own rights.
async function tryAll(page, token) {
    return page.evaluate(async (secret) => {
        const headers = { Authorization: `Bearer ${secret}` };
        const { paths } = await (await fetch("/api/v1/openapi.json", { headers })).json();
        const answers = [];
        for (const [path, operations] of Object.entries(paths))
            for (const [method, { "x-role": role }] of Object.entries(operations)) {
                if (role !== "operator" && role !== "admin") continue;
                const where = `/api/v1${path.replaceAll(/\{\w+\}/g, "1")}`;
                const { status } = await fetch(where, { method: method.toUpperCase(), headers });
                answers.push(`${status} ${method} ${path}`);
            }
        return answers;
    }, token);
}

async function makeWorld(server) {
    await server.api("PUT", `/devices/${MAC}`, {
        product: LONG,
        alias: "x".repeat(60),
        tags: ["t".repeat(60)],
    });
    await server.visit(MAC, { version: "1.0.0" });
    const release = (await server.api("GET", "/releases")).releases.find(
        ({ state }) => state === "live",
    );
    const plan = {
        product: release.product,
        version: release.version,
        target: { group: "nobody-at-all" },
        stages: [{ devices: 1 }, { percent: 100, approval: true }],
    };
    return (await server.api("POST", "/rollouts", plan)).id;
}

const COLOURS = { light: DESKTOP, dark: { ...DESKTOP, colorScheme: "dark" } };

export async function everywhereCases({ browser, watch, server, shoot }) {
    const pages = pagesOf(await makeWorld(server));

    for (const [colours, options] of Object.entries(COLOURS)) {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard, options);
        await dashboard.live();
        await test(`every page in ${colours}: all is named, and nothing is faint`, async () => {
            const faults = [];
            await visitAll(dashboard, server.origin, pages, async (name, page) => {
                for (const fault of [
                    ...(await page.evaluate(findUnnamed)),
                    ...(await page.evaluate(findFaint)),
                ])
                    faults.push(`${name}: ${fault}`);
                await shoot(page, `page-${name}-${colours}`);
            });
            equal("faults", faults.join("\n"), "");
        });
        await dashboard.close();
    }

    await test("every page fits a phone, whatever the names", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.dashboard, PHONE);
        await dashboard.live();
        const wide = [];
        await visitAll(dashboard, server.origin, pages, async (name, page) => {
            if (await dashboard.overflows()) wide.push(name);
            await shoot(page, `page-${name}-phone`);
        });
        await dashboard.close();
        equal("too wide", wide.join(), "");
    });

    await test("every page is under 100 KB with all it needs, as it comes", async () => {
        for (const [name, place] of Object.entries(pages)) {
            const page = await openBlank(browser, DESKTOP);
            const files = [];
            page.on("requestfinished", (request) => {
                if (!request.url().includes("/api/")) files.push(request);
            });
            await page.addInitScript(
                (token) => sessionStorage.setItem("updraft.token", token),
                server.token,
            );
            await visit(page, server.origin, place);
            const sizes = await Promise.all(files.map((request) => request.sizes()));
            const total = sizes.reduce((sum, { responseBodySize }) => sum + responseBodySize, 0);
            ok(`${name} has files`, total > 1000);
            ok(`${name} takes ${total} bytes`, total < LIMIT_BYTES);
            await page.context().close();
        }
    });

    await test("a viewer sees every page, and no control that would be refused", async () => {
        const { secret } = await server.api("POST", "/tokens", { name: "eyes", role: "viewer" });
        const dashboard = await DashboardPage.open(
            browser,
            watch,
            `${server.origin}/#token=${secret}`,
        );
        await dashboard.live();
        const changing = [];
        await visitAll(dashboard, server.origin, pages, async (name, page) => {
            for (const text of await page.evaluate(findChanging)) changing.push(`${name}: ${text}`);
        });
        equal("controls", changing.join("\n"), "");
        const answers = await tryAll(dashboard.page, secret);
        ok(`${answers.length} were tried`, answers.length > 15);
        equal("not refused", answers.filter((answer) => !answer.startsWith("403")).join("\n"), "");
        await dashboard.close();
        watch.forgive(/status of 403/);
    });

    await test("a page asked for without signing in is shown after it", async () => {
        const dashboard = await DashboardPage.open(browser, watch, server.origin);
        await dashboard.page.waitForSelector("#sign-in:not([hidden])");
        await dashboard.page.goto(server.origin + pages.rollout.where).catch(() => {});
        await dashboard.page.waitForURL(`${server.origin}/`);
        await dashboard.page.waitForSelector("#sign-in:not([hidden])");
        await dashboard.page.click(".sign-in summary");
        await dashboard.page.fill("#token", server.token);
        await dashboard.page.click("#token-form button");
        await dashboard.page.waitForSelector(".rollout-page");
        await dashboard.close();
        watch.forgive(/status of 401/);
    });

    await server.api("DELETE", `/devices/${MAC}`);
}
