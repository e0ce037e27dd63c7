// What is said and what holds: e-mail and text templates with their preview, tags, settings; some of it in the other languages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("templates are written, previewed and deleted; tags stand below each other", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await api("POST", "/records", { type: "lead", name: "Ada Lovelace", email: "ada@example.com" });
    await page.goto("/admin/email-templates");
    await look(page, "admin-email-templates");
    await page.locator("tbody a").first().click();
    await look(page, "admin-email-template-shipped");
    await page.getByRole("link", { name: "Copy" }).click();
    await page.fill("[name=name]", "Hello again");
    await page.fill("[name=subject]", "About {{ record.nothing }}");
    await page.getByRole("button", { name: "Create template" }).click();
    await page.locator(".fault").first().waitFor();
    await look(page, "admin-email-template-refused");
    await page.fill("[name=subject]", "About {{ record.name }}");
    await page.fill("[name='body_html:optional']", "<p>Hello {{ record.name }}</p>");
    await page.getByRole("button", { name: "Create template" }).click();
    await page.waitForURL(/done=created/);
    await page.getByRole("button", { name: "Show" }).click();
    await page.getByText("About Ada Lovelace").waitFor();
    await look(page, "admin-email-template");
    await page.click("summary:has-text('Delete template')");
    await page.click(".confirm button");
    await page.waitForURL(/done=deleted/);
    await page.goto("/admin/text-templates/new");
    await page.fill("[name=name]", "Reminder");
    await page.fill("[name=body]", "See you tomorrow, {{ record.name }}");
    await page.getByRole("button", { name: "Create template" }).click();
    await page.waitForURL(/done=created/);
    await page.goto("/admin/text-templates");
    await look(page, "admin-text-templates");

    await page.goto("/admin/tags");
    await look(page, "admin-tags-none");
    await page.fill("textarea", "Europe\nAmerica");
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("link", { name: "Europe" }).waitFor();
    await page.fill("textarea", "France\nGalicia");
    await page.selectOption("main select", { label: "Europe" });
    await page.getByRole("button", { name: "Add" }).click();
    await page.getByRole("link", { name: "Galicia" }).waitFor();
    await look(page, "admin-tags");
    await page.getByRole("link", { name: "Galicia" }).click();
    await page.fill("[name=name]", "Galiza");
    await look(page, "admin-tag");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByRole("link", { name: "Galiza" }).waitFor();
  }));

test("settings are read and changed", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/admin/settings");
    await look(page, "admin-settings");
    await page.fill("[name='public_url:optional']", "https://sales.example.com/path");
    await page.locator("#organisation button[type=submit]").click();
    await page.locator(".fault").waitFor();
    await page.fill("[name='public_url:optional']", "https://sales.example.com");
    await page.locator("#organisation button[type=submit]").click();
    await page.getByText("Saved.").waitFor();
    await page.fill("[name='sending_caps.seller.per_day:number']", "120");
    await page.selectOption("[name='sending_caps.person:json']", { label: "2 in 7 days" });
    const sent = page.waitForResponse((response) => response.request().method() === "POST");
    await page.locator("#caps button[type=submit]").click();
    await sent;
    const settings = await api("GET", "/settings");
    assert.deepEqual([settings.public_url, settings.sending_caps.seller.per_day, settings.sending_caps.person], ["https://sales.example.com", 120, { most: 2, days: 7 }]);
    assert.deepEqual(settings.roles.length, 4);
    await page.locator("summary[aria-label]").first().click();
    await page.click("button[value=gl]");
    await page.getByRole("heading", { level: 1, name: "Configuración" }).waitFor();
    await look(page, "admin-settings-gl");
  }));
