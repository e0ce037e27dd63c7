// Finding things: the palette by key, the page without script, the keys of a page.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("the palette finds records, sequences and pages by keyboard alone", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.request.post("/first-run/sample", { headers: { origin: server.url } });
    await api("POST", "/sequences", { name: "Rory and others" });
    await page.goto("/records");
    await page.keyboard.press("/");
    assert.equal(await page.evaluate("document.activeElement.name"), "q");
    await page.keyboard.press("Control+k");
    await page.locator("#palette").getByRole("link", { name: "Import records" }).waitFor();
    await page.keyboard.type("rory");
    await page.locator("#palette").getByRole("link", { name: "Rory Kinnaird" }).waitFor();
    await look(page, "palette");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Rory Kinnaird" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keys of this page" }).waitFor();
    await look(page, "keys");
    await page.keyboard.press("Escape");
    await page.getByRole("heading", { name: "Keys of this page" }).waitFor({ state: "hidden" });
  }));

test("the same as a page, without script, in French", () =>
  journey(
    async ({ server, page, api }) => {
      page.setDefaultTimeout(8000);
      await welcome(server, page);
      await api("POST", "/records", { type: "contact", name: "Élodie Marchand" });
      await page.goto("/account");
      await page.goto("/sequences");
      await page.getByRole("link", { name: "Rechercher" }).click();
      await page.getByLabel("Une page, une séquence").fill("march");
      await page.locator("main").getByRole("button", { name: "Rechercher" }).click();
      await page.locator("#found").getByRole("link", { name: "Élodie Marchand" }).click();
      await page.getByRole("heading", { level: 1, name: "Élodie Marchand" }).waitFor();
    },
    { javaScriptEnabled: false, locale: "fr-FR" },
  ));
