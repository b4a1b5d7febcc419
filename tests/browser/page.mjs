// The dashboard in a real browser, and what a test asks of it.

import { chromium } from "playwright-core";
import { PATIENCE_MS, untilEqual } from "./harness.mjs";

// Nothing may go out on its own, so that every request seen is the page's.
const FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
];

export function launchBrowser(executablePath) {
    const args = process.getuid() === 0 ? [...FLAGS, "--no-sandbox"] : FLAGS;
    return chromium.launch({ executablePath, args, timeout: PATIENCE_MS });
}

// UPDRAFT_SLOW=8 makes pages eight times slower, and answers overtake each other.
const SLOWNESS = Number(process.env.UPDRAFT_SLOW ?? 1);
const LATE_MS = 150; // times the slowness

// Runs in the page, before its own scripts: every second answer comes late, as it was.
function delayAnswers(lateMs) {
    const ask = globalThis.fetch;
    let count = 0;
    globalThis.fetch = async (...request) => {
        const isLate = ++count % 2 === 0;
        const answer = await ask(...request);
        if (isLate) await new Promise((resolve) => setTimeout(resolve, lateMs));
        return answer;
    };
}

// A page with the tests' patience, in a context of its own.
export async function openBlank(browser, options) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    if (SLOWNESS > 1) {
        const session = await context.newCDPSession(page);
        await session.send("Emulation.setCPUThrottlingRate", { rate: SLOWNESS });
        await page.addInitScript(delayAnswers, SLOWNESS * LATE_MS);
    }
    return page;
}

export const DESKTOP = { viewport: { width: 1360, height: 860 } };
export const PHONE = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
};

// Holds back the first answer to requests like these, as it was, until release() is called.
// wasAsked() is true once it waits.
export async function holdAnswer(page, method, where) {
    let release;
    let isHeld = false;
    const released = new Promise((resolve) => (release = resolve));
    await page.route(where, async (route) => {
        if (isHeld || route.request().method() !== method) return route.fallback();
        isHeld = true;
        const answer = await route.fetch();
        await released;
        await route.fulfill({ response: answer });
    });
    return { release, wasAsked: () => isHeld };
}

// What the page knows by now is drawn: timers of the page end in the order of their times.
export function afterDrawing(page) {
    return page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 500)));
}

// Complaints of all pages: what the console said, and requests to strangers.
export class Watch {
    complaints = [];
    #origins = new Set();

    allow(origin) {
        this.#origins.add(origin);
    }

    // Forgets what a test has caused on purpose.
    forgive(pattern) {
        this.complaints = this.complaints.filter((complaint) => !pattern.test(complaint));
    }

    follow(page) {
        page.on("console", (message) => {
            if (["error", "warning"].includes(message.type())) this.complaints.push(message.text());
        });
        page.on("pageerror", (error) => this.complaints.push(error.stack));
        page.on("request", (request) => {
            const { origin, protocol } = new URL(request.url());
            if (protocol !== "data:" && !this.#origins.has(origin))
                this.complaints.push(`a request to ${request.url()}`);
        });
    }
}

export class DashboardPage {
    constructor(page) {
        this.page = page;
    }

    static async open(browser, watch, address, options = DESKTOP) {
        const page = await openBlank(browser, options);
        watch.allow(new URL(address).origin);
        watch.follow(page);
        await page.goto(address);
        // A reload would lose it.
        await page.evaluate(() => (globalThis.sameDocument = true));
        return new DashboardPage(page);
    }

    close() {
        return this.page.context().close();
    }

    // The lists are read, and drawn, which is a little later.
    async live() {
        await this.page.waitForSelector('#link[data-state="live"]');
        await this.page.waitForSelector("#tiles .tile", { state: "attached" });
        return this;
    }

    row(mac) {
        return this.page.locator("tbody tr", { hasText: mac });
    }

    state(mac) {
        return this.row(mac).getAttribute("data-state");
    }

    untilState(mac, state) {
        return untilEqual(`${mac}, its state`, () => this.state(mac), state);
    }

    text(selector) {
        return this.page.locator(selector).innerText();
    }

    tile(state) {
        return this.page.locator(
            state ? `.tile[data-state="${state}"]` : ".tile:not([data-state])",
        );
    }

    async rowCount() {
        return this.page.locator("tbody tr").count();
    }

    focused() {
        return this.page.evaluate(() => {
            const { id, className, placeholder, textContent } = document.activeElement;
            return { id, className, placeholder, text: textContent };
        });
    }

    untilFocused(what, part, wanted) {
        return untilEqual(what, async () => (await this.focused())[part], wanted);
    }

    wasReloaded() {
        return this.page.evaluate(() => globalThis.sameDocument !== true);
    }

    async overflows() {
        return this.page.evaluate(
            () => document.documentElement.scrollWidth > document.documentElement.clientWidth,
        );
    }
}
