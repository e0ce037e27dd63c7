// Sequences of one's own: from the settings, from a record that has none, and from records that were ticked; and what
// colleagues may do with them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, journey, look, welcome } from "../world.mjs";

test("q101 a sequence of one's own begins in the settings, at a record, and in the list of records", () =>
  journey(async ({ server, page, api, context }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const own = (path, body) =>
      page.evaluate(async ([path, body]) => {
        const headers = { "content-type": "application/json" };
        return (await fetch(`/api/v1${path}`, { method: body ? "POST" : "GET", headers, body: body && JSON.stringify(body) })).json();
      }, [path, body]);
    await page.goto("/account");
    await page.click("nav.tabs a:text-is('My sequences')");
    await page.getByText("You have no sequence of your own yet").waitFor();
    await look(page, "mine-none");
    await page.click("text=New sequence");
    await page.waitForURL(/sequences\/new/);

    // A record without a sequence: made for it, and offered once it is active.
    const ada = await own("/records", { type: "lead", name: "Ada Lovelace" });
    await page.goto(`/sequences/new?record=${ada.id}`);
    await page.getByText("Made for Ada Lovelace").waitFor();
    await page.locator(".gallery a.main").first().click();
    await page.waitForURL(/template=/);
    await page.fill("[name=name]", "Only for Ada");
    await page.getByRole("button", { name: "Create" }).click();
    await page.getByText("A record waits to be connected").waitFor();
    await look(page, "mine-waiting");
    await page.locator(".heading a.main").click();
    await page.waitForURL(/activate/);
    await page.locator("main form button[type=submit]:has-text('Activate')").click();
    await page.waitForURL(/\/connect\?records=/);
    assert.ok(await page.getByLabel("Choose Ada Lovelace").isChecked());
    await page.click("text=Connect the ticked records");
    await page.getByText("The records are connected.").waitFor();
    assert.equal(await page.getByText("waits to be connected").count(), 0);
    await page.goto("/my-sequences");
    await page.getByRole("link", { name: "Only for Ada" }).waitFor();
    await look(page, "mine");

    // Ticked records: a sequence that is there, or a new one.
    for (const name of ["Grace Hopper", "Emmy Noether"]) await own("/records", { type: "lead", name });
    await page.goto("/records");
    await page.getByLabel("Choose Grace Hopper").check();
    await page.getByLabel("Choose Emmy Noether").check();
    await look(page, "records-ticked");
    await page.click("text=Connect the ticked records");
    await page.getByRole("heading", { level: 1, name: "Connect 2 records" }).waitFor();
    await look(page, "mine-choose");
    await page.click("text=Create new");
    await page.getByText("Made for 2 records").waitFor();
    await page.goBack();
    await page.selectOption("#choose-sequence", { label: "Only for Ada" });
    await page.getByRole("button", { name: "Go on" }).click();
    await page.waitForURL(/\/connect\?records=/);
    assert.equal(await page.locator("input[name=record]:checked").count(), 2);
    await page.goto("/connect");
    await page.getByText("No record is chosen").waitFor();

    // A colleague views, connects and copies it, and cannot change it.
    const [mine] = (await own("/sequences")).items;
    const unit = (await own("/me")).business_unit;
    const bruno = await api("POST", "/users", { name: "Bruno Blanc", email: "bruno@example.com", roles: ["seller"], business_unit: unit });
    const { link } = await api("POST", `/users/${bruno.id}/invite`, {});
    const other = await context.browser().newContext({ baseURL: server.url, locale: "en-GB" });
    const theirs = await other.newPage();
    await theirs.goto(new URL(link, server.url).pathname);
    await theirs.fill("[name=password]", PASSWORD);
    await theirs.click("main button");
    await theirs.waitForURL((url) => !url.pathname.startsWith("/invitation"));
    await theirs.goto(`/sequences/${mine.id}`);
    await theirs.getByText("You can view, connect and copy it.").first().waitFor();
    assert.ok(await theirs.getByRole("button", { name: "Edit" }).isDisabled());
    assert.equal(await theirs.locator("a.plus").count(), 0);
    await look(theirs, "mine-others");
  }));
