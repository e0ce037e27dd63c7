// The first visit: three ways to begin; sample data, twice.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("the first page teaches, and loads sample data once", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/");
    await page.getByRole("heading", { level: 1, name: "Welcome, Anna" }).waitFor();
    assert.deepEqual(await page.getByRole("heading", { level: 2 }).allTextContents(), ["Load sample data", "Import a CSV", "Start from a template"]);
    await look(page, "first-run");
    await page.getByRole("button", { name: "Load sample data" }).click();
    await page.waitForURL(/\/records\?done=sample/);
    const all = () => api("GET", "/records?limit=500").then((list) => list.items);
    const records = await all();
    assert.equal(records.length, 56);
    assert.ok(records.filter((record) => record.type === "opportunity").every((record) => record.primary_contact));
    await page.request.post("/first-run/sample", { headers: { origin: server.url } });
    assert.equal((await all()).length, 56);
    await page.goto("/");
    await page.waitForURL(/\/sequences$/);
  }));

test("the first page without script, in Galician", () =>
  journey(
    async ({ server, page }) => {
      await welcome(server, page);
      await page.goto("/");
      await page.getByRole("heading", { name: "Benvida, Anna" }).waitFor();
      await page.getByRole("button", { name: "Cargar os exemplos" }).click();
      await page.waitForURL(/\/records/);
    },
    { javaScriptEnabled: false, locale: "gl-ES" },
  ));
