// Drives the Agents Playground in Chromium: a JSON command a line on stdin, an answer a line on stdout.

import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [address, executablePath] = process.argv.slice(2);
const QUIET = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath, headless: true, args: QUIET });
const page = await browser.newPage({ viewport: { width: 1180, height: 900 }, colorScheme: "light" });
page.setDefaultTimeout(40_000);

const COMMANDS = {
  open: () => page.goto(address),
  say: async (text) => {
    const box = page.locator("[contenteditable=true][role=textbox]").last();
    await box.click();
    await box.pressSequentially(text);
    await page.keyboard.press("Enter");
  },
  press: (label) => page.getByRole("button", { name: label, exact: true }).last().click(),
  fill: ([label, text]) => page.getByLabel(label).last().fill(text),
  wait: (text) => page.getByText(text).last().waitFor(),
  gone: (label) => page.getByRole("button", { name: label, exact: true }).last().waitFor({ state: "detached" }),
  count: (text) => page.getByText(text).count(),
  text: () => page.locator("body").innerText(),
  shot: (path) => page.screenshot({ path, clip: { x: 0, y: 48, width: 850, height: 852 } }),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, argument] = JSON.parse(line);
  try {
    const value = await COMMANDS[name](argument);
    console.log(JSON.stringify({ ok: true, value: ["count", "text"].includes(name) ? value : null }));
  } catch (error) {
    console.log(JSON.stringify({ ok: false, value: String(error).slice(0, 500) }));
  }
}
await browser.close();
