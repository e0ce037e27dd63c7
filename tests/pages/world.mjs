// A server of its own for each journey, a browser beside it, and what every journey looks at: no violation of axe, nothing
// on the console, no page larger than 100 kB.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const SHOTS = new URL("../../target/pages/", import.meta.url).pathname;
const PAGE_BYTES_MAX = 100_000;
const TOKEN = "the-administrator-of-the-journeys";
export const PASSWORD = "a long enough password for a journey";

const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

/** A running server in a sandbox, its clock on a Monday morning. */
export async function serve(more = ["--sandbox", "--now", "2026-03-02T08:00:00Z"], environment = {}) {
  const root = mkdtempSync(join(tmpdir(), "relance-pages-"));
  const child = spawn(process.env.RELANCE_BINARY, ["serve", "--listen", "127.0.0.1:0", "--data", join(root, "data"), ...more], {
    env: { ...process.env, RELANCE_ADMIN_TOKEN: TOKEN, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (line.includes("administrator")) break;
  }
  const url = /listens on (http:[^ ,]+)/.exec(lines[0])?.[1];
  const welcome = /(http:\S+\/welcome\/\S+)/.exec(lines.at(-1))?.[1];
  /** The API, as the operator. */
  const api = async (method, path, body) => {
    const response = await fetch(`${url}/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    assert.ok(response.ok, `${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  const stop = async () => {
    child.kill("SIGKILL");
    await new Promise((resolve) => child.once("exit", resolve));
    rmSync(root, { recursive: true, force: true });
  };
  return { url, welcome, api, stop, root };
}

/** A browser with one window; `wrong` holds whatever a page complained of. */
export async function open(server, options = {}) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ARGUMENTS });
  const context = await browser.newContext({ baseURL: server.url, locale: "en-GB", viewport: { width: 1280, height: 800 }, reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const wrong = [];
  page.on("console", (message) => {
    // A form that is refused is answered with a status that the browser writes down, and so is a connection that a journey cut.
    if (message.type() === "error" && !/status of 4\d\d|ERR_CONNECTION_RESET|ERR_INTERNET_DISCONNECTED/.test(message.text())) wrong.push(message.text());
  });
  page.on("pageerror", (error) => wrong.push(String(error)));
  page.on("response", async (response) => {
    if (!response.headers()["content-type"]?.startsWith("text/html") || response.status() >= 300) return;
    const body = await response.body().catch(() => Buffer.alloc(0));
    if (body.length > PAGE_BYTES_MAX) wrong.push(`${response.url()} has ${body.length} bytes`);
  });
  return { page, wrong, context, close: () => browser.close() };
}

/** Makes the first administrator by the link of the first start; they are signed in then. */
export async function welcome(server, page) {
  await page.goto(server.welcome);
  await page.fill("[name=name]", "Anna Admin");
  await page.fill("[name=email]", "anna@example.com");
  await page.fill("[name=password]", PASSWORD);
  await page.click("main button[type=submit]");
  await page.waitForURL(/\/(sequences|account|)$/);
}

/** What axe finds on the page as it stands, and a picture of it at two widths. */
export async function look(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  for (const [width, height, kind] of [[1280, 800, "wide"], [390, 844, "phone"]]) {
    await page.setViewportSize({ width, height });
    await page.screenshot({ path: join(SHOTS, `${name}-${kind}.png`), fullPage: true });
    const overflow = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert.ok(overflow <= 0, `${name} at ${width} is ${overflow} px too wide`);
    await page.evaluate(AXE);
    const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] }));
    const told = found.violations.map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
    assert.deepEqual(told, [], `${name} at ${width}`);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
}

/** A journey: a server, a browser, and at the end nothing that a page complained of. */
export async function journey(walk, { serverArguments, environment, ...options } = {}) {
  const server = await serve(serverArguments, environment);
  const { page, wrong, context, close } = await open(server, options);
  try {
    await walk({ server, page, context, api: server.api });
    assert.deepEqual(wrong, []);
  } catch (error) {
    mkdirSync(SHOTS, { recursive: true });
    await page.screenshot({ path: join(SHOTS, "failed.png"), fullPage: true }).catch(() => {});
    throw error;
  } finally {
    await close();
    await server.stop();
  }
}

/** Goes to a page that follows what happens, and waits until it does. */
export async function follow(page, address) {
  const followed = page.waitForResponse((response) => response.url().includes("/api/v1/stream"));
  await Promise.all([followed, page.goto(address)]);
}
