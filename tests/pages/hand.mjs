// How fast a seller's hand is answered: from the key to the list that shows what was done, in a real browser.
//   RELANCE_BINARY=../../target/release/relance node hand.mjs
import { me, work } from "./seller.mjs";
import { journey, welcome } from "./world.mjs";

const ROWS = 120;

/** Milliseconds from `act` until the page shows another list. @param {import("playwright-core").Page} page */
async function timed(page, act) {
  await page.evaluate(() => {
    globalThis.shown = new Promise((resolve) => document.addEventListener("relance:shown", () => requestAnimationFrame(() => resolve(performance.now())), { once: true }));
    document.addEventListener("keydown", () => (globalThis.pressed = performance.now()), { once: true, capture: true });
  });
  await act();
  return page.evaluate(async () => (await globalThis.shown) - globalThis.pressed);
}

await journey(async ({ server, page, api }) => {
  await welcome(server, page);
  const people = Array.from({ length: ROWS }, (_, place) => ["Lead", `Number ${place}`, "Faro Norte", 100 - (place % 100)]);
  await work(api, (await me(page)).id, { people, steps: [{ id: "task", type: "task", name: "Prepare a quote" }] });
  await page.request.patch("/api/v1/me/settings", { data: { auto_advance: "next" }, headers: { origin: server.url } });
  await page.goto("/work-list");
  for (const [what, key, times] of [["walk to the next row (j)", "j", 40], ["complete and go on (c)", "c", 40]]) {
    const all = [];
    for (let time = 0; time < times; time++) all.push(await timed(page, () => page.keyboard.press(key)));
    all.sort((one, other) => one - other);
    const at = (part) => all[Math.floor((all.length - 1) * part)].toFixed(0);
    console.log(`${what}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, of ${times}`);
  }
});
