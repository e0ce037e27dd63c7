// Other ways to use the pages: in three languages, by keyboard only, without script; and an A/B test to its winner.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("the pages speak English, French and Galician", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/sequences/new?template=T6");
    for (const [language, title, button] of [["fr", "Nouvelle séquence", "Créer"], ["gl", "Nova secuencia", "Crear"]]) {
      await page.locator("details.menu").last().locator("summary").click();
      await page.click(`button[value=${language}]`);
      await page.waitForFunction((wanted) => document.documentElement.lang === wanted, language);
      assert.ok((await page.title()).startsWith(title));
      await page.getByRole("button", { name: button, exact: true }).waitFor();
      await look(page, `create-${language}`);
    }
    await page.getByRole("button", { name: "Crear", exact: true }).click();
    await page.getByText("A secuencia comeza aquí").waitFor();
    await look(page, "designer-gl");
    for (const tab of ["versions", "tests", "simulate", "properties"]) {
      await page.goto(`${page.url().split("?")[0].split("/").slice(0, 5).join("/")}/${tab}`);
      await look(page, `${tab}-gl`);
    }
  }));

test("a sequence is made, drawn and activated by keys only", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/sequences/new?blank=1");
    await page.locator("main [name=name]").focus();
    await page.keyboard.type("By keys");
    await page.keyboard.press("Enter");
    await page.waitForURL(/done=created/);
    await page.locator("#add-start").focus();
    await page.keyboard.press("Enter");
    const task = page.getByRole("button", { name: "Task", exact: true });
    await task.waitFor();
    // From the panel's beginning to the button by Tab alone.
    await page.locator("#panel").evaluate((panel) => panel.querySelector("button").focus());
    for (let pressed = 0; pressed < 30 && !(await task.evaluate((button) => button === document.activeElement)); pressed += 1) await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.waitForURL(/node=task_1/);
    await page.locator("#add-start").focus();
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tile-task_1");
    await page.getByRole("link", { name: "Activate" }).focus();
    await page.keyboard.press("Enter");
    await page.locator("main section").getByRole("button", { name: "Activate" }).focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/done=activated/);
  }));

test("without script, a template becomes an active sequence", () =>
  journey(async ({ server, page }) => {
    await welcome(server, page);
    await page.goto("/sequences/new?template=T2");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.waitForURL(/done=created/);
    await page.click("#add-start");
    await page.getByRole("button", { name: "Task", exact: true }).click();
    await page.waitForURL(/node=task_1/);
    await page.fill("#panel [name=name]", "");
    await page.fill("#panel [name='description:optional']", "Kept");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    await page.click("#stroke-undo");
    await page.getByRole("link", { name: "Activate" }).click();
    await page.locator("main section").getByRole("button", { name: "Activate" }).click();
    await page.waitForURL(/done=activated/);
    // The clock goes on, too.
    await page.getByRole("button", { name: "+ 1 day" }).click();
    await page.getByText("The clock moved.").waitFor();
  }, { javaScriptEnabled: false }));

test("an A/B test is drawn, runs and shows its winner", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const template = async (name) => (await api("POST", "/email-templates", { name, language: "en", subject: name, body_text: "Hello" })).id;
    const [first, second] = [await template("Short"), await template("Long")];
    const { id } = await api("POST", "/sequences", { name: "Which one?", record_type: "lead" });
    await page.goto(`/sequences/${id}?add=start`);
    await page.getByRole("button", { name: "A/B test", exact: true }).click();
    await page.waitForURL(/node=ab_test_1/);
    await page.fill("#panel [name=display_name]", "Short or long");
    await page.selectOption("#panel [name='versions.a.template:optional']", first);
    await page.selectOption("#panel [name='versions.b.template:optional']", second);
    await page.fill("#panel [name='versions.a.name']", "Short");
    await page.fill("#panel [name='versions.b.name']", "Long");
    await page.locator("#panel [type=range]").fill("60");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Saved.").waitFor();
    await look(page, "ab-draft");
    await page.getByRole("link", { name: "Activate" }).click();
    await page.locator("main section").getByRole("button", { name: "Activate" }).click();
    await page.waitForURL(/done=activated/);
    const records = [];
    for (let n = 0; n < 20; n += 1) records.push((await api("POST", "/records", { type: "lead", name: `Lead ${n}`, email: `lead${n}@example.com`, allow_email: true })).id);
    await api("POST", `/sequences/${id}/enrolments`, { records });
    await page.goto(`/sequences/${id}?node=ab_test_1`);
    await page.getByText("In progress").waitFor();
    await look(page, "ab-running");
    await page.click("#stop-test summary");
    await page.selectOption("#stop-test select", "b");
    await page.getByRole("button", { name: "End the test" }).click();
    await page.getByText("Stopped").waitFor();
    await look(page, "ab-stopped");
  }));
