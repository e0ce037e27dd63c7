// A seller's day: from opening the list to the last step, by hand, by keys, for several at once, and with the connection away.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PEOPLE, colleague, me, work } from "../seller.mjs";
import { follow, journey, look, open, welcome } from "../world.mjs";

const posted = (page) => page.waitForResponse((response) => response.request().method() === "POST");
const current = (page) => page.locator("a[data-row][aria-current] strong").first();
const kind = async (api, record) => (await api("GET", `/records/${record.id}/up-next`)).current[0]?.step?.type;
const note = (page) => page.locator(".pane .finish textarea");
const complete = (page) => Promise.all([posted(page), page.locator(".pane .finish button").click()]);

test("w1_r10 a day's work: call, write, text, invite, finish", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.goto("/work-list");
    await page.getByRole("heading", { name: "Nothing is due" }).waitFor();
    await look(page, "work-empty");
    const { records } = await work(api, (await me(page)).id);
    await page.goto("/work-list");
    // W-4: the highest score is first, and shown beside the list without being opened.
    assert.equal(await current(page).textContent(), "Uxía Carballo, not opened");
    await look(page, "work-list");
    // W-90: the numbers in the order that the organisation says.
    assert.deepEqual(await page.locator(".numbers a").allTextContents(), ["+34 881 555 010", "+34 600 555 010"]);
    await page.getByLabel("How did the call end?").selectOption("Talked to them");
    await note(page).fill("Will decide on Friday");
    await complete(page);
    await page.getByText("Next in your list:").waitFor();
    await look(page, "work-next");
    assert.equal(await kind(api, records[0]), "email");

    // The e-mail: written, looked at, sent; the step ends when it has left.
    await page.getByRole("link", { name: "Stay here" }).click();
    await page.getByRole("link", { name: "Write the e-mail" }).click();
    await page.getByRole("heading", { level: 1, name: "E-mail to Uxía Carballo" }).waitFor();
    await page.getByLabel("Subject").fill("Your stand in {{ record.fields.company }}");
    await page.getByLabel("Text", { exact: true }).fill("Dear {{ record.fields.first_name }}, as we said.");
    await page.getByRole("button", { name: "Look at it" }).click();
    await page.getByText("Your stand in Faro Norte").waitFor();
    await look(page, "work-email");
    assert.equal(await page.getByLabel("Subject").inputValue(), "Your stand in {{ record.fields.company }}");
    await page.getByRole("button", { name: "Send", exact: true }).click();
    await page.waitForURL(/done=email-sent/);
    await page.waitForFunction(async (id) => {
      const answer = await fetch(`/api/v1/records/${id}/up-next`);
      return (await answer.json()).current[0]?.step?.type === "text";
    }, records[0].id);

    // The text message and the invitation are written elsewhere and told here.
    await page.goto("/work-list");
    await page.locator("#up-next").getByText("Short reminder").waitFor();
    await page.getByLabel("Message", { exact: true }).fill("See you on Friday?");
    await look(page, "work-text");
    await complete(page);
    await page.getByRole("link", { name: "Stay here" }).click();
    await page.getByLabel("A message to begin with").waitFor();
    await look(page, "work-linkedin");
    await complete(page);
    await page.getByRole("link", { name: "Stay here" }).click();
    await page.locator("#up-next").getByText("Prepare a quote").waitFor();
    await complete(page);
    // W-5: nothing is left to do for them, so the row is gone and the next one is offered.
    await page.getByText("Next in your list:").waitFor();
    assert.equal(await page.locator("a[data-row]").count(), PEOPLE.length - 1);
    await page.getByText("5 things done").click();
    await page.locator(".timeline").getByText("Will decide on Friday").waitFor();
    await page.getByRole("link", { name: "Go on" }).click();
    await page.locator(".pane").getByRole("heading", { name: "Élodie Marchand" }).waitFor();
    assert.equal(await current(page).textContent(), "Élodie Marchand");
  }));

test("the keys of the list: walk, finish, pass over, put off, note, mark", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const task = [{ id: "task", type: "task", name: "Prepare a quote" }, { id: "then", type: "task", name: "Send it" }];
    const { records } = await work(api, (await me(page)).id, { steps: task });
    await api("PATCH", "/settings", { daily_capacity: null });
    await page.request.patch("/api/v1/me/settings", { data: { auto_advance: "next" }, headers: { origin: server.url } });
    await page.goto("/work-list");
    const open = (name) => page.locator(".pane").getByRole("heading", { name, level: 2 }).waitFor();
    const press = (key) => Promise.all([posted(page), page.keyboard.press(key)]);
    await open("Uxía Carballo");
    await page.keyboard.press("j");
    await open("Élodie Marchand");
    await page.keyboard.press("j");
    await open("Iago Seoane");
    await page.keyboard.press("k");
    await open("Élodie Marchand");
    // W-63: with `next`, the row behind is open as soon as this one is done.
    await press("c");
    await open("Iago Seoane");
    assert.equal((await api("GET", `/records/${records[1].id}/up-next`)).completed.length, 1);
    await press("s");
    await open("Maëlle Kerguelen");
    await page.keyboard.press("z");
    await page.getByRole("button", { name: /Tomorrow/ }).last().waitFor();
    await press("Enter");
    await open("Noa Pereira");
    assert.equal((await api("GET", `/records/${records[3].id}/up-next`)).current[0].step.snooze_count, 1);
    await page.keyboard.press("n");
    await page.keyboard.type("Called twice");
    assert.equal(await note(page).inputValue(), "Called twice");
    await page.keyboard.press("Tab");
    await page.keyboard.press("f");
    await page.getByRole("button", { name: "Following" }).waitFor();
    await page.keyboard.press("x");
    await page.getByText("1 selected:").waitFor();
    await press("u");
    await page.locator(".item.unread", { hasText: "Noa Pereira" }).waitFor();
    await page.keyboard.press("?");
    await page.getByRole("dialog").getByText("Call result").waitFor();
    await look(page, "work-keys");
  }));

test("w20_w44 filters, sorts and groups stay in the address and for the next visit", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const owner = (await me(page)).id;
    const { records } = await work(api, owner);
    const account = await api("POST", "/records", { type: "account", name: "Faro Sur", owner: { user: owner } });
    await page.request.post(`/api/v1/records/${account.id}/activities`, { data: { kind: "meeting", subject: "Visit", due_at: "2026-03-04T10:00:00Z" }, headers: { origin: server.url } });
    await page.goto("/work-list");
    await Promise.all([page.waitForURL(/due=from_tomorrow/), page.getByRole("checkbox", { name: "From tomorrow" }).check()]);
    await page.locator("a[data-row]", { hasText: "Faro Sur" }).waitFor();
    await Promise.all([page.waitForURL(/sort=due_date/), page.getByLabel("Sorted and grouped").selectOption("By due date")]);
    await page.getByRole("heading", { name: /^Later 1|^Today 6/ }).first().waitFor();
    await page.getByText("More filters").click();
    await page.getByRole("checkbox", { name: "Lead" }).uncheck();
    await page.waitForFunction(() => document.querySelectorAll("a[data-row]").length === 1);
    await look(page, "work-filtered");
    // W-23: nothing ticked is nothing shown, and says so.
    for (const kind of ["Account", "Contact", "Opportunity"]) {
      const shown = page.waitForResponse((response) => response.url().includes("/work-list?"));
      await page.getByRole("checkbox", { name: kind }).uncheck();
      await shown;
    }
    await page.getByRole("heading", { name: "Select at least one" }).waitFor();
    await page.getByRole("link", { name: "Show all" }).first().click();
    await page.waitForURL(/all=yes/);
    await Promise.all([page.waitForURL(/sort=name/), page.getByLabel("Sorted and grouped").selectOption("By name")]);
    // The next visit begins as this one ended.
    await page.goto("/records");
    await page.getByRole("link", { name: "Work list" }).click();
    await page.waitForURL(/sort=name/);
    await page.getByRole("heading", { name: /^U 1/ }).waitFor();
    await page.getByRole("searchbox", { name: "Search" }).fill("lavi");
    await Promise.all([page.waitForURL(/q=lavi/), page.keyboard.press("Enter")]);
    await page.waitForFunction(() => document.querySelectorAll("a[data-row]").length === 1);
    assert.equal(await current(page).textContent(), "Théo Lavigne, not opened");
    assert.ok(records.length > 1);
  }));

test("several at once, each answered for itself; what others do moves nothing", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const steps = [{ id: "mail", type: "email", name: "Introduction" }, { id: "task", type: "task", name: "Ask again" }];
    const { records } = await work(api, (await me(page)).id, { steps });
    await follow(page, "/work-list");
    await page.getByRole("button", { name: "Complete" }).first().click();
    await page.getByText("Choose at least one row").first().waitFor();
    for (const name of ["Uxía Carballo", "Élodie Marchand"]) await page.getByRole("checkbox", { name: `Choose ${name}` }).check();
    await page.getByText("2 selected:").waitFor();
    await look(page, "work-several");
    // Somebody else is quicker with one of them: that is told, and the list does not move.
    const step = (await api("GET", `/records/${records[0].id}/up-next`)).current[0].step.id;
    await api("POST", `/steps/${step}/skip`, {});
    await page.getByText("One update").waitFor();
    assert.equal(await page.locator("a[data-row]").count(), PEOPLE.length);
    await Promise.all([posted(page), page.getByRole("button", { name: "Complete" }).first().click()]);
    await page.getByText("1 done, 1 not:").waitFor();
    await look(page, "work-outcome");
    await page.goto("/work-list");
    await page.getByLabel("Select every row of this page").check();
    await page.getByRole("button", { name: "Assign" }).first().click();
    await page.getByText("6 things to do go to:").waitFor();
    await look(page, "work-assign");
    await page.getByLabel("To whom").selectOption("Anna Admin");
    await page.getByRole("button", { name: "Hand over" }).click();
    await page.getByText("All of them are done.").waitFor();
  }));

test("with the connection away nothing is lost, and it counts once", () =>
  journey(async ({ server, page, context, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const { records } = await work(api, (await me(page)).id, { steps: [{ id: "task", type: "task", name: "Prepare a quote" }, { id: "then", type: "task", name: "Send it" }] });
    await page.goto("/work-list");
    await note(page).fill("Said on the train");
    // The first attempt reaches the server, and its answer is lost on the way.
    let lost = 0;
    await page.route("**/do/POST/steps/**", async (route) => {
      if (lost++ > 0) return route.continue();
      await route.fetch({ maxRedirects: 0 });
      await route.abort("connectionreset");
    });
    await page.locator(".pane .finish button").click();
    await page.getByText("Next in your list:").waitFor();
    assert.equal(lost, 2);
    const done = await api("GET", `/records/${records[0].id}/up-next`);
    assert.deepEqual([done.completed.length, done.current[0].step.name], [1, "Send it"]);
    // While it is away, that is told.
    await context.setOffline(true);
    await page.getByRole("link", { name: "Stay here" }).waitFor();
    await page.locator(".pane .finish button").click();
    await page.getByText("The connection is away.").waitFor();
    await context.setOffline(false);
    await page.getByText("The connection is back.").waitFor();
    await page.waitForFunction(() => document.querySelectorAll("a[data-row]").length === 5);
    // The same of several at once.
    let again = 0;
    await page.route("**/work-list/several", async (route) => {
      if (again++ > 0) return route.continue();
      await route.fetch({ maxRedirects: 0 });
      await route.abort("connectionreset");
    });
    await page.getByLabel("Select every row of this page").check();
    await page.getByRole("button", { name: "Complete" }).first().click();
    await page.getByText("All of them are done.").waitFor();
    assert.equal(again, 2);
    assert.equal((await api("GET", `/records/${records[2].id}/up-next`)).current[0].step.name, "Send it");
  }));

test("a phone and no script: the list, the record, back again, in Galician", () =>
  journey(
    async ({ server, page, api }) => {
      page.setDefaultTimeout(8000);
      await welcome(server, page);
      const { records } = await work(api, (await me(page)).id, { steps: [{ id: "task", type: "task", name: "Preparar a oferta" }] });
      await page.goto("/work-list");
      await page.getByRole("link", { name: /Uxía Carballo/ }).click();
      await page.getByRole("link", { name: "Volver á lista" }).waitFor();
      await page.locator(".pane .finish textarea").fill("Feito por teléfono");
      await page.locator(".pane .finish button").click();
      await page.getByText("Seguinte na súa lista:").waitFor();
      assert.equal((await api("GET", `/records/${records[0].id}/up-next`)).current.length, 0);
      await page.getByRole("link", { name: "Volver á lista" }).click();
      assert.equal(await page.locator("a[data-row]").count(), PEOPLE.length - 1);
    },
    { javaScriptEnabled: false, locale: "gl-ES", viewport: { width: 390, height: 844 } },
  ));

test("w70_w72 cards as the organisation lays them out, and what is done from them", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const { records } = await work(api, (await me(page)).id, { steps: [{ id: "task", type: "task", name: "Prepare a quote" }, { id: "then", type: "task", name: "Send it" }] });
    await api("PATCH", "/settings", { card_customisation: true });
    await page.goto("/work-list");
    await page.locator(".card-row").getByText("Faro Norte").waitFor();
    await look(page, "work-cards");
    const lead = { leading: "activity_type", rows: [{ fields: ["name", "company"], icons: ["grade"] }, { fields: ["sequence", "due"] }], actions: ["skip", "call", "snooze"] };
    await api("PATCH", "/settings", { card_layout: { lead } });
    await page.reload();
    await page.locator(".card-row").getByText("First contact").first().waitFor();
    assert.equal(await page.locator(".card-actions").getByRole("link", { name: "Call" }).first().getAttribute("href"), "tel:+34 881 555 010");
    await Promise.all([posted(page), page.locator(".card-actions").getByRole("button", { name: "Put off until tomorrow" }).nth(5).click()]);
    await page.waitForFunction(() => document.querySelectorAll("a[data-row]").length === 5);
    await Promise.all([posted(page), page.locator(".card-actions").getByRole("button", { name: "Skip" }).nth(2).click()]);
    await page.waitForFunction(async (id) => (await (await fetch(`/api/v1/records/${id}/up-next`)).json()).completed.length === 1, records[2].id);
  }));

test("two browsers and a program on one list: nobody does a thing twice, and nothing moves by itself", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const iria = await colleague(server, open, "Iria Lema", "iria@example.com");
    try {
      const team = await api("POST", "/teams", { name: "Lugo", kind: "owner", members: [(await me(page)).id, iria.user.id] });
      const steps = [{ id: "task", type: "task", name: "Prepare a quote" }];
      const { records } = await work(api, iria.user.id, { steps });
      for (const record of records) await api("PATCH", `/records/${record.id}`, { owner: { team: team.id } });
      const open_steps = await Promise.all(records.map(async (record) => (await api("GET", `/records/${record.id}/up-next`)).current[0].step));
      for (const step of open_steps) await api("POST", `/steps/${step.id}/assign`, { team: team.id });
      await iria.page.goto("/");
      await iria.page.waitForURL(/work-list/);
      await follow(iria.page, "/work-list");
      await page.goto("/work-list");
      const count = (window) => window.locator("a[data-row]").count();
      assert.deepEqual([await count(page), await count(iria.page)], [6, 6]);
      // A seller looks at their own list alone.
      assert.equal(await iria.page.getByLabel("Whose list").count(), 0);
      await complete(page);
      await iria.page.getByText("One update").waitFor();
      await api("POST", `/steps/${open_steps[3].id}/complete`, {});
      await iria.page.getByText("2 updates").waitFor();
      assert.equal(await count(iria.page), 6);
      // What is done already is not done again.
      await Promise.all([posted(iria.page), iria.page.locator(".pane .finish button").click()]);
      await iria.page.getByText("The step is no longer open").first().waitFor();
      // W-60: the list is as it is now when somebody asks for it.
      await iria.page.keyboard.press("g");
      await iria.page.goto("/work-list");
      assert.equal(await count(iria.page), 4);
      assert.deepEqual(iria.wrong, []);
    } finally {
      await iria.close();
    }
  }));
