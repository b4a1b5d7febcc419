// The dashboard in a real browser, and what a test asks of it.

import { chromium } from "playwright-core";
import { until } from "./harness.mjs";

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
    return chromium.launch({ executablePath, args });
}

export const DESKTOP = { viewport: { width: 1360, height: 860 } };
export const PHONE = {
    viewport: { width: 390, height: 844 },
    deviceScaleFactor: 2,
    isMobile: true,
    hasTouch: true,
};

const TIMEOUT_MS = 10000;

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
        const context = await browser.newContext(options);
        const page = await context.newPage();
        page.setDefaultTimeout(TIMEOUT_MS);
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

    async live() {
        await this.page.waitForSelector('#link[data-state="live"]');
        return this;
    }

    row(mac) {
        return this.page.locator("tbody tr", { hasText: mac });
    }

    state(mac) {
        return this.row(mac).getAttribute("data-state");
    }

    untilState(mac, state, limitMs) {
        return until(`${mac} is ${state}`, async () => (await this.state(mac)) === state, limitMs);
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
            const { id, className, textContent } = document.activeElement;
            return { id, className, text: textContent };
        });
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
