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
    await page.fill("[name=q]", "gam");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=gam/);
    assert.deepEqual(await page.locator("tbody th").allTextContents(), ["Gamma"]);
  }));
