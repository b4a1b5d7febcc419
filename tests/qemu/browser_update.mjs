// Updates a board by its page in a real browser: node browser_update.mjs BROWSER URL USER
// PASSWORD FILE TEXT. Ends with 0 once the page says TEXT, with 1 if it says anything else.

import { DESKTOP, launchBrowser } from "../browser/page.mjs";

const PATIENCE_MS = 60000;
const [path, url, username, password, file, text] = process.argv.slice(2);
const browser = await launchBrowser(path);
try {
    const context = await browser.newContext({ ...DESKTOP, httpCredentials: { username, password } });
    const page = await context.newPage();
    page.setDefaultTimeout(PATIENCE_MS);
    await page.goto(url);
    await page.getByLabel("Firmware").setInputFiles(file);
    await page.getByText(/[0-9] KB/).last().waitFor();
    await page.locator("form button").first().click();
    const status = page.getByRole("status").first();
    await status.filter({ hasText: /^(Done|The device|Not taken|Wrong|The connection)/ }).waitFor();
    const said = await status.innerText();
    console.log(said);
    process.exitCode = said.includes(text) ? 0 : 1;
} finally {
    await browser.close();
}
