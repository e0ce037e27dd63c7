// What there is and when people work: record types and fields, process flows, call results, whom not to contact, holidays,
// working hours, the audit trail.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("types, fields, flows and call results are set up", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/admin/record-types");
    await page.fill("[name=label]", "Partner");
    await page.fill("[name=name]", "partner");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText("Switch it on in the settings").waitFor();
    await look(page, "admin-types");
    await page.getByRole("link", { name: "Partner" }).click();
    await page.getByRole("heading", { level: 1, name: "Partner" }).waitFor();
    await page.fill("aside [name=label] >> nth=0", "Region");
    await page.fill("[name=name]", "region");
    await page.selectOption("[name=kind]", "option_set");
    await page.getByRole("button", { name: "Add" }).click();
    await page.locator(".fault").waitFor();
    await page.fill("[name='options:lines?']", "North\nSouth");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("link", { name: "Region" }).waitFor();
    await look(page, "admin-type");
    await page.getByRole("link", { name: "Region" }).click();
    await look(page, "admin-field");

    await page.goto("/admin/process-flows");
    await look(page, "admin-flows-none");
    await page.getByRole("link", { name: "New process flow" }).first().click();
    await page.fill("[name=name]", "Sale");
    await page.fill("textarea", "Qualify\nOffer\nClose");
    await page.getByRole("button", { name: "Add process flow" }).click();
    await page.getByText("Qualify › Offer › Close").waitFor();
    await look(page, "admin-flows");
    await page.goto("/admin/call-results");
    await look(page, "admin-call-results");
    const now = await page.inputValue("textarea");
    await page.fill("textarea", `${now}\nCall back`);
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();

    await page.goto("/admin/suppressions");
    await look(page, "admin-suppressions-none");
    await page.fill("[name='email:optional']", "no@example.com");
    await page.getByRole("button", { name: "Add" }).click();
    await page.locator("tbody th").waitFor();
    await page.fill("main [name=q]", "no@example.com");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=/);
    assert.deepEqual(await page.locator("tbody th").allTextContents(), ["no@example.com"]);
    await page.click("td summary");
    await look(page, "admin-suppressions");
  }));

test("holidays and working hours are said, and the trail tells of it", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/admin/holidays?country=ES&year=2026");
    await page.fill("[name$='.day']", "2026-03-06");
    await page.fill("[name$='.name:optional']", "Summer party");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByText("Summer party").waitFor();
    await page.fill("[name$='.day']", "2026-03-07");
    await page.getByRole("button", { name: "Add" }).click();
    await page.locator("tbody tr >> nth=1").waitFor();
    await look(page, "admin-holidays");
    await page.getByRole("button", { name: "Remove" }).nth(1).click();
    await page.locator("tbody tr >> nth=1").waitFor({ state: "detached" });
    assert.equal((await api("GET", "/holidays/corrections")).items.length, 1);

    await page.goto("/admin/calendars");
    await look(page, "admin-calendars");
    await page.getByRole("link", { name: "Anna Admin" }).last().click();
    await page.getByRole("heading", { level: 1, name: "Anna Admin" }).waitFor();
    await page.fill("[name$='.from']", "2026-03-09");
    await page.fill("[name$='.until:optional']", "2026-03-13");
    await page.getByRole("button", { name: "Add" }).first().click();
    await page.getByText("Monday 9 March 2026").waitFor();
    await page.click("summary:has-text('Add working hours')");
    await page.getByRole("button", { name: "Add" }).nth(1).click();
    await page.getByText("09:00–17:00").first().waitFor();
    await look(page, "admin-calendar");
    await page.goto("/admin/audit");
    await page.getByText("Working hours: changed").first().waitFor();
    await look(page, "admin-audit");
    await page.goto("/admin/audit?actor=nobody&from=2026-03-02");
    await look(page, "admin-audit-filtered");
    await page.goto("/admin");
    await look(page, "admin");
    await page.locator("summary[aria-label]").first().click();
    await page.click("button[value=fr]");
    await page.goto("/admin/audit");
    await look(page, "admin-audit-fr");
    await page.goto("/admin");
    await look(page, "admin-fr");
  }));
