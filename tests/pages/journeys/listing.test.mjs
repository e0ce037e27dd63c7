// What the work list is set up with: filters in groups, sorts in their order, and cards for everybody.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("filters are made, published and hidden, and go with their group", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/admin");
    await page.click("main a:text-is('Filters')");
    await page.fill("main [name=name]", "Money");
    await page.click("text=Add >> nth=-1");
    await page.getByRole("heading", { name: "Money" }).waitFor();
    await page.click("text=New filter");
    await page.waitForURL(/filters\/new/);
    await page.click(".segments a:text-is('Opportunity')");
    await page.waitForURL(/type=opportunity/);
    await page.click("text=Add filter");
    await page.getByRole("alert").waitFor();
    await page.selectOption("[name='conditions_rows.rows.0.field']", "currency");
    await page.fill("[name='conditions_rows.rows.0.value']", "US Dollar");
    await page.selectOption("[name='conditions_rows.rows.1.field']", "estimated_value");
    await page.selectOption("[name='conditions_rows.rows.1.op']", "ge");
    await page.fill("[name='conditions_rows.rows.1.value']", "10000");
    await page.selectOption("[name='group:optional']", { label: "Money" });
    await page.fill("[name='name:?']", "Large in dollars");
    await look(page, "listing-filter-new");
    await page.click("text=Add filter");
    await page.waitForURL(/\/admin\/filters\?/);
    await page.getByText("Currency is US Dollar and Estimated value is at least 10000").waitFor();
    await page.click("button[aria-label='Publish: Large in dollars']");
    await page.locator("tr:has-text('Large in dollars')").getByText("Published").waitFor();
    await page.click("button[aria-label='Hide: Followed']");
    await page.locator("tr:has-text('Followed')").getByText("Hidden").waitFor();
    await look(page, "listing-filters");
    await page.click("main a:text-is('Large in dollars')");
    await page.fill("[name='conditions_rows.rows.1.value']", "50000");
    await look(page, "listing-filter");
    await page.click("text=Save");
    await page.getByText("is at least 50000").waitFor();
    await page.click("summary:has-text('Change “Money”')");
    await page.click("summary:has-text('Delete group')");
    await page.getByText("Its filter goes with it").waitFor();
    await page.click(".confirm .notice button");
    await page.getByText("Deleted.").waitFor();
    assert.equal(await page.getByText("Large in dollars").count(), 0);
  }));

test("sorts are added and put in order by keys, and one is the default", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/admin/sorts?type=account");
    await page.selectOption("aside [name=field]", "employees");
    await page.click("text=Add sort");
    await page.locator("tbody tr >> nth=6").waitFor();
    const order = () => page.locator("tbody th").allTextContents();
    const last = (await order())[6];
    for (const place of [5, 4]) {
      await page.focus(`button[aria-label='Move ${last} up']`);
      await page.keyboard.press("Enter");
      await page.locator(`tbody tr:nth-child(${place + 1}) th:has-text('${last}')`).waitFor();
    }
    assert.equal((await order())[4], last);
    await page.selectOption("aside [name=id]", "due_date");
    await page.selectOption("aside [name=order]", "asc");
    await page.locator("aside section >> nth=0").locator("button").click();
    await page.locator("tr:has-text('Due date')").getByText("Default").waitFor();
    assert.ok(await page.isDisabled("button[aria-label='Hide: Due date']"));
    await page.click("button[aria-label='Hide: Sequence']");
    await page.locator("tr:has-text('Sequence')").getByText("Hidden").waitFor();
    await look(page, "listing-sorts");
    await page.click(`main tbody a:text-is('${last}')`);
    await page.fill("[name=name]", "Size");
    await look(page, "listing-sort");
    await page.click("text=Save");
    await page.click("main tbody a:text-is('Size')");
    await page.click("summary:has-text('Delete sort')");
    await page.click(".confirm .notice button");
    await page.getByText("Deleted.").waitFor();
    assert.equal((await order()).length, 6);
  }));

test("an administrator arranges the cards of everybody", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await api("POST", "/records", { type: "account", name: "Analytical Engines" });
    await page.goto("/admin/card-layouts?type=account");
    await page.check("[type=checkbox][name='card_customisation:flag']");
    await page.locator("main .settings button").click();
    await page.getByText("Saved.").waitFor();
    await page.selectOption("[name$='rows_filled.0.fields_filled.1']", "employees");
    await page.locator(".work-card").getByText("Employees").waitFor();
    await look(page, "listing-cards");
    await page.click("main .card-fields > .actions button");
    await page.getByText("Arranged for everybody").waitFor();
    const layout = await page.evaluate(async () => (await fetch("/api/v1/me/card-layout?type=account")).json());
    assert.deepEqual([layout.source, layout.rows[0].fields], ["organisation", ["name", "employees"]]);
    await page.click("text=Back to the default");
    await page.getByText("The usual ones").waitFor();
  }));
