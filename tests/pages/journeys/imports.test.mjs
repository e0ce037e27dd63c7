// A CSV becomes records: as a file, in another encoding, and pasted without script.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

const ROWS = ["Vorname;Last name;E-mail;Phone 1;Remarks"];
for (let n = 1; n <= 300; n++) ROWS.push(`Uxía ${n};Carballo;person.${n}@example.com;+4477009001${String(n % 100).padStart(2, "0")};Café ${n}`);
ROWS.push("Broken;Row;not an address;;", "Too;few");

test("a file is previewed, imported, and what did not go in is told", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/imports/new");
    await look(page, "import-new");
    const buffer = Buffer.from(ROWS.join("\r\n"), "latin1");
    await page.getByLabel("CSV file").setInputFiles({ name: "leads.csv", mimeType: "text/csv", buffer });
    await page.getByRole("button", { name: "Continue" }).click();
    await page.getByRole("heading", { name: "What goes where" }).waitFor();
    assert.equal(await page.getByLabel("“E-mail” goes into").inputValue(), "email");
    assert.equal(await page.getByLabel("“Vorname” goes into").inputValue(), "");
    await page.getByText("Uxía 1").first().waitFor();
    await look(page, "import-check");
    await page.getByLabel("“Vorname” goes into").selectOption({ label: "First name" });
    await page.getByLabel("“Remarks” goes into").selectOption({ label: "Notes" });
    await page.getByLabel("Column that identifies a row").selectOption("E-mail");
    await page.getByRole("button", { name: "Start the import" }).click();
    await page.getByText("Every row was looked at").waitFor();
    await page.getByRole("heading", { name: "2 rows did not go in" }).waitFor();
    await page.getByRole("rowheader", { name: "302" }).waitFor();
    await look(page, "import-done");
    const download = page.waitForEvent("download");
    await page.getByRole("link", { name: "Download the rejected rows" }).click();
    assert.match((await download).suggestedFilename(), /rejects\.csv$/);
    const { items } = await api("GET", "/records?limit=500");
    assert.equal(items.length, 300);
    assert.match(items[0].fields.notes, /^Café \d+$/);
  }));

test("rows are pasted without script; a wrong table is refused with its text", () =>
  journey(
    async ({ server, page, api }) => {
      await welcome(server, page);
      await page.goto("/imports/new");
      await page.getByLabel("Ou collez les lignes").fill("a,a\n1,2");
      await page.getByRole("button", { name: "Continuer" }).click();
      await page.getByRole("alert").filter({ hasText: "names the column" }).waitFor();
      assert.equal(await page.getByLabel("Ou collez les lignes").inputValue(), "a,a\n1,2");
      await page.getByLabel("Ou collez les lignes").fill("first_name,last_name,email\nAlba,Castro,alba@example.com\n");
      await page.getByRole("button", { name: "Continuer" }).click();
      await page.getByLabel("« email » va dans").selectOption("");
      await page.getByRole("button", { name: "Lancer l’import" }).click();
      await page.waitForURL(/\/imports\/[0-9a-f-]+/);
      for (let n = 0; n < 20 && (await page.getByRole("link", { name: "Regarder à nouveau" }).count()) > 0; n++) await page.reload();
      await page.getByText("Chaque ligne a été examinée").waitFor();
      const { items } = await api("GET", "/records");
      assert.deepEqual(items.map((record) => [record.name, record.email]), [["Alba Castro", undefined]]);
    },
    { javaScriptEnabled: false, locale: "fr-FR" },
  ));
