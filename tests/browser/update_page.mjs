// The page at /update in a browser, served by virtual devices: node update_page.mjs
// BROWSER. Prints TAP. Screenshots go to build/screenshots.

import { execFileSync } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import zlib from "node:zlib";
import { end, equal, ok, test, until, untilEqual, untilHas } from "./harness.mjs";
import { DESKTOP, launchBrowser, openBlank, PHONE, Watch } from "./page.mjs";
import { Cable, PageDevice, write } from "./update_world.mjs";
import { makeImage, ROOT } from "./world.mjs";

const SCREENSHOTS = path.join(ROOT, "build/screenshots");
const VECTORS = path.join(ROOT, "tests/vectors/signing");
const MAKE_IMAGE = path.join(ROOT, "tests/lib/make_image.py");

const watch = new Watch();
let browser, folder, files;

function makeFiles() {
    const old = makeImage(folder, "demo", "1.0.0");
    const renewed = makeImage(folder, "demo", "1.1.0");
    const esp32 = path.join(folder, "esp32.bin");
    execFileSync("python3", [MAKE_IMAGE, esp32, "--project", "demo", "--version", "2", "--chip", "esp32"]);
    return {
        old,
        new: renewed,
        esp32,
        other: makeImage(folder, "pump", "1.1.0"),
        long: makeImage(folder, "demo", "1.2.0", 1500000),
        large: makeImage(folder, "demo", "9.9.9", 1900000),
        text: write(folder, "notes.txt", "buy milk\n".repeat(100)),
        gzip: write(folder, "new.bin.gz", zlib.gzipSync(fs.readFileSync(renewed))),
        empty: write(folder, "empty.bin", ""),
        fs: write(folder, "files.bin", Buffer.alloc(65536, 7)),
    };
}

async function open(address, options = {}) {
    const page = await openBlank(browser, { ...DESKTOP, ...options });
    watch.allow(new URL(address).origin);
    watch.follow(page);
    const answer = await page.goto(address);
    page.firstStatus = answer.status();
    return page;
}

const shoot = (page, name) => page.screenshot({ path: path.join(SCREENSHOTS, `update-${name}.png`) });
const status = (page) => page.getByRole("status").first();
const says = (page, text) => status(page).filter({ hasText: text }).waitFor();
const choose = (page, file) => page.getByLabel("Firmware").setInputFiles(file);
const button = (page, name) => page.getByRole("button", { name, exact: true });

// A device and a page on it, for the time of a test. forgive: what the console may say of it.
async function withDevice(name, body, { device: deviceOptions = [], page: pageOptions, forgive } = {}) {
    await test(name, async () => {
        const device = await PageDevice.start(files.old, ...deviceOptions);
        let page;
        try {
            page = await open(device.page, pageOptions);
            await body(page, device);
        } finally {
            await page?.context().close();
            await device.stop();
            if (forgive) watch.forgive(forgive);
        }
    });
}

async function assertUpdated(page, device) {
    await says(page, "Done. The device is back and runs demo 1.1.0.");
    await untilEqual("version", () => device.version, "1.1.0");
    await untilHas("what the page shows", () => page.locator("#about").innerText(), "demo 1.1.0");
}

async function slowDown(page, bytesPerSecond) {
    const session = await page.context().newCDPSession(page);
    await session.send("Network.enable");
    await session.send("Network.emulateNetworkConditions", {
        offline: false,
        latency: 0,
        downloadThroughput: -1,
        uploadThroughput: bytesPerSecond,
    });
}

async function sending() {
    await withDevice("a file is chosen, sent, and runs", async (page, device) => {
        await page.getByText("demo 1.0.0").waitFor();
        await shoot(page, "start");
        await choose(page, files.new);
        await page.getByText("demo 1.1.0, ESP8266").waitFor();
        equal("warnings", await page.locator("li").count(), 0);
        await shoot(page, "chosen");
        await button(page, "Update").click();
        await assertUpdated(page, device);
        await shoot(page, "done");
    });

    await withDevice("progress is shown, and it can be stopped", async (page, device) => {
        await slowDown(page, 20000); // a minute and more to stop it in
        await choose(page, files.long);
        await button(page, "Update").click();
        await page.getByText(/\d+ %, .*KB\/s, \d+ s left/).waitFor();
        const bar = page.getByRole("progressbar").first();
        await until("some way", async () => (await bar.getAttribute("value")) > 0.05);
        await shoot(page, "sending");
        await button(page, "Stop").click();
        await says(page, "Stopped. Nothing has changed.");
        await untilEqual("given up", () => device.count("upload failed"), 1);
        equal("version", device.version, "1.0.0");
    });

    await withDevice("a file is dropped", async (page, device) => {
        const data = fs.readFileSync(files.new).toString("base64");
        const transfer = await page.evaluateHandle((text) => {
            const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
            const transfer = new DataTransfer();
            transfer.items.add(new File([bytes], "new.bin"));
            return transfer;
        }, data);
        await page.locator("form").first().dispatchEvent("dragover", { dataTransfer: transfer });
        await page.locator("form.over").waitFor();
        await page.locator("form").first().dispatchEvent("drop", { dataTransfer: transfer });
        await page.getByText("demo 1.1.0, ESP8266").waitFor();
        await button(page, "Update").click();
        await assertUpdated(page, device);
    });

    await withDevice("with the keyboard, and compressed", async (page, device) => {
        await page.keyboard.press("Tab");
        await untilEqual("focus", () => page.evaluate(() => document.activeElement.id), "firmware");
        await choose(page, files.gzip);
        await page.getByText("demo 1.1.0, ESP8266").waitFor();
        await page.getByText("compressed").waitFor();
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await assertUpdated(page, device);
    });

    await withDevice("a file system", async (page, device) => {
        await page.getByText("File system", { exact: true }).click();
        await page.getByLabel("File system: choose").setInputFiles(files.fs);
        await button(page, "Replace the file system").click();
        await page.getByText("Done. The device is back and runs demo 1.0.0.").waitFor();
        await untilEqual("restarts", () => device.count("updated"), 1);
    });

    await withDevice("without JavaScript it is the plain form", async (page, device) => {
        await page.frameLocator("iframe").getByText('"version":"1.0.0"').waitFor();
        await shoot(page, "plain");
        await choose(page, files.new);
        await button(page, "Update").click();
        await page.getByText("Update Success! Rebooting...").waitFor();
        await untilEqual("version", () => device.version, "1.1.0");
    }, { page: { javaScriptEnabled: false } });
}

async function warned(page, file, text) {
    await choose(page, file);
    await page.getByRole("alert").first().getByText(text).waitFor();
    await button(page, "Send it anyway").waitFor();
}

async function aftermath() {
    await withDevice("a new program that does not stay is told of", async (page, device) => {
        await page.getByText("demo 1.0.0").waitFor();
        const info = await (await fetch(`${device.page}?info`)).json();
        await choose(page, files.new);
        await page.getByText("demo 1.1.0, ESP8266").waitFor();
        // As after a trial that failed: another start, the old program.
        await page.route("**/update?info", (route) => route.fulfill({ json: { ...info, boot: info.boot + 1 } }));
        await button(page, "Update").click();
        await says(page, "The device is back, but runs demo 1.0.0: the new program did not stay.");
    });
}

async function wrongFiles() {
    await withDevice("wrong files are seen before they are sent", async (page) => {
        await page.getByText("demo 1.0.0").waitFor();
        await warned(page, files.old, "Version 1.0.0 is already running.");
        await warned(page, files.other, "It is pump, and this device runs demo.");
        await warned(page, files.esp32, "It is for an ESP32, and this is an ESP8266.");
        await shoot(page, "wrong-chip");
        await warned(page, files.large, /It is too large: [\d,.]+ KB, and there is room for/);
        await warned(page, files.empty, "The file is empty.");
        await warned(page, files.text, "It is not a firmware image.");
        await choose(page, files.new);
        await page.getByText("demo 1.1.0, ESP8266").waitFor();
        equal("warnings", await page.locator("li").count(), 0);
    });

    await withDevice("what is sent anyway, the device refuses", async (page, device) => {
        await page.getByText("demo 1.0.0").waitFor();
        for (const [file, why] of [
            [files.text, "Not taken: Magic byte is not 0xE9. Nothing has changed."],
            [files.large, "Not taken: Not Enough Space. Nothing has changed."],
            [files.esp32, "Not taken: Image is for another chip. Nothing has changed."],
        ]) {
            await choose(page, file);
            await button(page, "Send it anyway").click();
            await says(page, why);
            if (file === files.text) await shoot(page, "refused");
        }
        await choose(page, files.new);
        await button(page, "Update").click();
        await assertUpdated(page, device);
        equal("updates", device.count("updated"), 1);
    }, { forgive: /status of 4(22|13)/ });

    await withDevice("a file that is not signed, for a device that wants it", async (page, device) => {
        await page.getByText("signed files only").waitFor();
        await warned(page, files.new, "It is not signed, and this device takes only signed files.");
        await button(page, "Send it anyway").click();
        await says(page, "Not taken: Signature verification failed.");
        await shoot(page, "unsigned");
        await choose(page, signed(files.new));
        await button(page, "Update").click();
        await assertUpdated(page, device);
        equal("updates", device.count("updated"), 1);
    }, { device: ["--trust", path.join(VECTORS, "rsa2048.pub")], forgive: /status of 422/ });
}

function signed(file) {
    execFileSync(process.env.UPDRAFT ?? path.join(ROOT, "build/updraft"),
        ["sign", file, "--key", path.join(VECTORS, "rsa2048.key")]);
    return `${file}.signed`;
}

async function passwords() {
    const options = () => ["--page-user", "admin", "--upload-password-file", write(folder, "password", "secret\n")];
    const credentials = (password) => ({ httpCredentials: { username: "admin", password } });

    await withDevice("with the password", async (page, device) => {
        equal("status", page.firstStatus, 200);
        await choose(page, files.new);
        await button(page, "Update").click();
        await assertUpdated(page, device);
    }, { device: options(), page: credentials("secret"), forgive: /status of 401/ });

    await withDevice("with a wrong password there is no page", async (page) => {
        equal("status", page.firstStatus, 401);
    }, { device: options(), page: credentials("guess"), forgive: /status of 401/ });

    await withDevice("a password that was changed meanwhile", async (page, device) => {
        await page.route("**/update", (route) =>
            route.request().method() === "POST" ? route.fulfill({ status: 401, body: "" }) : route.continue());
        await choose(page, files.new);
        await button(page, "Update").click();
        await says(page, "Wrong password. Nothing has changed");
        await shoot(page, "wrong-password");
        equal("updates", device.count("updated"), 0);
    }, { device: options(), page: credentials("secret"), forgive: /status of 401/ });
}

async function accidents() {
    await test("a connection that breaks leaves the old program, and another try works", async () => {
        const device = await PageDevice.start(files.old);
        const cable = await Cable.lay(device.port);
        const page = await open(cable.page);
        try {
            await page.getByText("demo 1.0.0").waitFor();
            await choose(page, files.new);
            cable.cutAfter(100000);
            await button(page, "Update").click();
            await says(page, "The connection was lost. The device still runs demo 1.0.0; try again.");
            await shoot(page, "lost");
            await button(page, "Update").click();
            await assertUpdated(page, device);
            equal("updates", device.count("updated"), 1);
        } finally {
            await page.context().close();
            await cable.remove();
            await device.stop();
            watch.forgive(/ERR_|net::/);
        }
    });

    await withDevice("a page from elsewhere cannot send anything", async (page, device) => {
        const elsewhere = http.createServer((_, response) => {
            response.setHeader("Content-Type", "text/html");
            response.end("<title>elsewhere</title><link rel=icon href=data:,>");
        }).listen(0, "127.0.0.1");
        await once(elsewhere, "listening");
        const other = await open(`http://127.0.0.1:${elsewhere.address().port}/`);
        try {
            const data = fs.readFileSync(files.new).toString("base64");
            const send = async ([address, text]) => {
                const body = new FormData();
                body.append("firmware", new Blob([Uint8Array.from(atob(text), (c) => c.charCodeAt(0))]), "new.bin");
                await fetch(address, { method: "POST", body, mode: "no-cors" });
            };
            const [answer] = await Promise.all([
                other.waitForResponse(device.page),
                other.evaluate(send, [device.page, data]),
            ]);
            equal("the answer", answer.status(), 403);
            await choose(page, files.new);
            await button(page, "Update").click();
            await assertUpdated(page, device);
            equal("updates", device.count("updated"), 1);
        } finally {
            await other.context().close();
            elsewhere.close();
            watch.forgive(/403/);
        }
    });
}

async function looks() {
    for (const [name, options] of [
        ["phone", PHONE],
        ["dark", { colorScheme: "dark" }],
        ["phone-dark", { ...PHONE, colorScheme: "dark" }],
    ]) {
        await withDevice(`nothing sticks out: ${name}`, async (page) => {
            await page.getByText("demo 1.0.0").waitFor();
            await choose(page, files.other);
            await page.getByRole("alert").first().getByText("pump").waitFor();
            await page.getByText("File system", { exact: true }).click();
            ok("it fits", await page.evaluate(
                () => document.documentElement.scrollWidth <= document.documentElement.clientWidth));
            await shoot(page, name);
        }, { page: options });
    }
}

async function main() {
    folder = fs.mkdtempSync(path.join(tmpdir(), "updraft-update-page."));
    fs.mkdirSync(SCREENSHOTS, { recursive: true });
    files = makeFiles();
    browser = await launchBrowser(process.argv[2]);
    try {
        await sending();
        await aftermath();
        await wrongFiles();
        await passwords();
        await accidents();
        await looks();
        // The icon of an answer without JavaScript: browsers ask for it when they find the time.
        // And a device does not answer while it restarts, which a page may or may not run into.
        watch.forgive(/status of 404|net::ERR_(CONNECTION|SOCKET|EMPTY)_/);
        await test("the console stayed silent and nothing was asked of strangers", async () => {
            equal("complaints", watch.complaints.join("\n"), "");
        });
    } finally {
        await browser.close();
        fs.rmSync(folder, { recursive: true });
    }
    return end();
}

process.exitCode = await main();
