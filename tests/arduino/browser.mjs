// The page of a sketch's web server, in a browser: node browser.mjs BROWSER SKETCH. Prints TAP.

import { spawn } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { end, equal, test, untilHas } from "../browser/harness.mjs";
import { DESKTOP, launchBrowser, openBlank } from "../browser/page.mjs";
import { makeImage, ROOT } from "../browser/world.mjs";

const [, , executable, program] = process.argv;
const login = { username: "admin", password: "secret" };

async function freePort() {
    const server = net.createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address();
    server.close();
    await once(server, "close");
    return port;
}

async function startSketch(folder, app) {
    const port = await freePort();
    const sketch = spawn(
        program,
        ["--flash", path.join(folder, "flash.bin"), "--app", app, "--port", `80=${port}`, "--restarts", "yes"],
        { stdio: ["ignore", "pipe", "inherit"] },
    );
    sketch.said = "";
    sketch.stdout.on("data", (piece) => (sketch.said += piece));
    await untilHas("the sketch serves", () => sketch.said, `port 80 is ${port}`);
    return { sketch, address: `http://127.0.0.1:${port}/update` };
}

const folder = fs.mkdtempSync(path.join(tmpdir(), "updraft-arduino-"));
const browser = await launchBrowser(executable);
const { sketch, address } = await startSketch(folder, makeImage(folder, "demo", "1.0.0"));

await test("a sketch is updated by a browser, and the page sees it return", async () => {
    const page = await openBlank(browser, { ...DESKTOP, httpCredentials: login });
    await page.goto(address);
    await page.getByText("demo 1.0.0").waitFor();
    await page.getByLabel("Firmware").setInputFiles(makeImage(folder, "demo", "1.1.0"));
    await page.getByText("demo 1.1.0, ESP8266").waitFor();
    equal("warnings", await page.locator("li").count(), 0);
    await page.getByRole("button", { name: "Update", exact: true }).click();
    await page.getByText("Done. The device is back and runs demo 1.1.0.").waitFor();
    await untilHas("the bootloader", () => sketch.said, "boot: an update was copied");
    fs.mkdirSync(path.join(ROOT, "build/screenshots"), { recursive: true });
    await page.screenshot({ path: path.join(ROOT, "build/screenshots/arduino-done.png") });
    await page.context().close();
});

sketch.kill();
await browser.close();
fs.rmSync(folder, { recursive: true });
process.exitCode = end();
