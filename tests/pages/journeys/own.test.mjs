// What somebody sets for themselves: working hours, what follows a step, a day's work, steps and activities with their lock,
// filters, and cards with their lock.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("somebody says when they work, and how", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    /** Presses a button, and waits until the page that follows says that it is saved. */
    const save = async (button) => {
      await page.evaluate(() => document.querySelector(".done")?.remove());
      await page.click(button);
      await page.getByText("Saved.").waitFor();
    };
    // W-62: availability is one's own to say.
    await page.goto("/account/calendar");
    await page.click("summary:has-text('Add working hours')");
    await page.fill("#working_hours-calendar-start", "09:30");
    await page.fill("#working_hours-calendar-end", "18:00");
    await page.fill("#working_hours-calendar-break-start", "13:00");
    await page.fill("#working_hours-calendar-break-end", "14:00");
    await page.locator("section:has(#working_hours-calendar-start) button").click();
    await page.getByRole("cell", { name: "09:30–18:00" }).waitFor();
    assert.equal(await page.getByText("without 13:00–14:00").count(), 1);
    await page.locator("section:has(h2:text-is('Add time off')) input[type=date]").first().fill("2026-03-16");
    await page.locator("section:has(h2:text-is('Add time off')) button").click();
    await page.getByText("Monday 16 March 2026").waitFor();
    await look(page, "own-calendar");

    await page.goto("/account/work");
    await page.check("[name=auto_advance][value=next]");
    await save("#advance button");
    assert.ok(await page.isChecked("[name=auto_advance][value=next]"));
    await page.fill("[name='daily_capacity:number']", "0");
    await page.click("#capacity button");
    await page.locator("#capacity .fault").waitFor();
    await page.fill("[name='daily_capacity:number']", "12");
    await save("#capacity button");
    await page.selectOption("[name='activity_completes_step:json']", { label: "No" });
    await page.selectOption("[name='call_result:json']", { index: 2 });
    await save("#activities button");
    await page.fill("[name='signature:optional']", "Anna Admin\nNorth & Sons");
    await save("#signature button");
    await look(page, "own-work");
    const me = await page.evaluate(async () => (await fetch("/api/v1/me/settings")).json());
    assert.equal(me.signature, "Anna Admin\nNorth & Sons");
    assert.deepEqual([me.auto_advance, me.daily_capacity, me.activity_completes_step], ["next", 12, false]);
    assert.ok(me.call_result.default);
    // what an administrator locks is shown, with the reason.
    await api("PATCH", "/settings", { lock_activity_settings: true });
    await page.reload();
    await page.getByText("An administrator has set these for everybody").waitFor();
    assert.equal(await page.locator("[name='activity_completes_step:json']:disabled").count(), 1);
    await look(page, "own-work-locked");

    // W-65: what is hidden here stands above the work list no more.
    await page.goto("/account/filters");
    await page.getByLabel("Activity type").check();
    await save("main .hide button");
    assert.ok(await page.getByLabel("Activity type").isChecked());
    await look(page, "own-filters");
    await page.goto("/work-list");
    assert.deepEqual([await page.locator("input[name=activity]").count(), await page.locator("input[name=due]").count()], [0, 3]);
  }));

test("somebody arranges their cards, where the organisation lets them", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await api("POST", "/records", { type: "lead", name: "Ada Lovelace", fields: { company: "Analytical Engines", job_title: "Programmer" } });
    await page.goto("/account/cards");
    await page.getByText("does not let people arrange cards").waitFor();
    await look(page, "own-cards-off");
    await api("PATCH", "/settings", { card_customisation: true });
    await page.reload();
    const card = page.locator(".work-card");
    assert.ok(await card.getByText("Analytical Engines").isVisible());
    await page.selectOption("[name$='rows_filled.1.fields_filled.1']", "city");
    await card.getByText("City").waitFor();
    await page.selectOption("[name$='rows_filled.0.icons_filled.1']", "grade");
    await page.selectOption("[name$='.leading']", "record_type");
    await page.getByLabel("Call", { exact: true }).check();
    await card.getByText("Call", { exact: true }).waitFor();
    await look(page, "own-cards");
    await page.click("main .card-fields > .actions button");
    await page.getByText("Arranged by you").waitFor();
    const layout = await page.evaluate(async () => (await fetch("/api/v1/me/card-layout?type=lead")).json());
    assert.deepEqual([layout.source, layout.leading, layout.rows[1].fields], ["personal", "record_type", ["job_title", "city"]]);
    assert.ok(layout.actions.includes("call"));
    // One type leaves the others alone.
    await page.click(".segments a:text-is('Contact')");
    await page.getByText("The usual ones").waitFor();
    await page.selectOption("[name$='.leading']", "activity_type");
    await page.click("main .card-fields > .actions button");
    await page.getByText("Arranged by you").waitFor();
    await page.click("text=Back to the default");
    await page.getByText("The usual ones").waitFor();
    await page.click(".segments a:text-is('Lead')");
    await page.getByText("Arranged by you").waitFor();
    await api("PATCH", "/settings", { card_lock: true });
    await page.reload();
    await page.getByText("has arranged the cards for everybody").waitFor();
    assert.equal(await page.locator("select:disabled[name$='.leading'], fieldset:disabled select[name$='.leading']").count(), 1);
  }));
