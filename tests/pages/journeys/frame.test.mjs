// The frame: the design page, languages, light and dark, the sandbox's clock, the home of sequences.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("the design page shows every part", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/design");
    await look(page, "design");
    await page.locator("summary[aria-label]").first().click();
    await page.click("button[value=dark]");
    await look(page, "design-dark");
  }));

test("sequences are listed, sorted and searched", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/sequences");
    await look(page, "sequences-empty");
    for (const name of ["Beta", "Alpha", "Gamma"]) await api("POST", "/sequences", { name, record_type: "lead" });
    await page.goto("/sequences");
    await look(page, "sequences");
    await page.getByRole("columnheader", { name: "Name" }).getByRole("link").click();
    assert.deepEqual(await page.locator("tbody th").allTextContents(), ["Alpha", "Beta", "Gamma"]);
    // The order of columns, by keys and by dragging, is kept.
    const columns = () => page.locator("thead th").allTextContents();
    assert.deepEqual((await columns()).slice(0, 3).map((name) => name.trim()), ["Name", "Record type", "Status"]);
    await page.getByText("Columns", { exact: true }).click();
    await page.locator("[data-order] li", { hasText: "Status" }).getByRole("button", { name: "Move up" }).press("Enter");
    await page.locator("[data-order] li", { hasText: "Steps" }).dragTo(page.locator("[data-order] li", { hasText: "Record type" }), { targetPosition: { x: 40, y: 2 } });
    await look(page, "columns");
    await page.locator(".columns-form").getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    assert.deepEqual((await columns()).slice(0, 4).map((name) => name.trim()), ["Name", "Status", "Steps", "Record type"]);
    await page.fill("[name=q]", "gam");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=gam/);
    assert.deepEqual(await page.locator("tbody th").allTextContents(), ["Gamma"]);
  }));
