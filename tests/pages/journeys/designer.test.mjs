// Sequences: from a template or blank, drawn, changed, activated, revised.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

const TEMPLATES = ["T1", "T2", "T3", "T4", "T5", "T6"];

/** Where each exit leads, as a graph says it. */
const led = (graph) => {
  const ways = [["start", graph.start ?? null]];
  for (const node of graph.nodes)
    for (const exit of node.type.startsWith("cond_") || node.type.startsWith("branch_") ? ["yes", "no"] : ["next"])
      if (node.type !== "advance") ways.push([`${node.id}.${exit}`, node[exit] ?? null]);
  return Object.fromEntries(ways.toSorted());
};

/** Where each exit leads, as the chart shows it: what stands below its plus sign, or below the branch that it ends. */
const ways = (page) =>
  page.evaluate(() => {
    const found = [...document.querySelectorAll(".chart a.plus")].map((plus) => {
      let place = plus.closest("li.link");
      while (!place.nextElementSibling) place = place.parentElement.closest("li.branch");
      const next = place.nextElementSibling;
      const joined = next.querySelector(":scope > a[href^='#node-']")?.getAttribute("href").slice("#node-".length);
      const id = next.classList.contains("node") ? next.querySelector(".tile").dataset.node : (joined ?? null);
      return [plus.dataset.place, id];
    });
    return Object.fromEntries(found.toSorted());
  });

test("each of the six templates is created, changed and activated", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/sequences/new");
    await look(page, "gallery");
    for (const id of TEMPLATES) {
      const template = await api("GET", `/templates/${id}`);
      await page.goto(`/sequences/new?template=${id}`);
      if (id === "T6") await look(page, "create");
      await page.getByRole("button", { name: "Create", exact: true }).click();
      await page.waitForURL(/\/sequences\/[^/]+\?done=created/);
      // Every node of the template is drawn, once.
      const drawn = await page.locator(".chart a.tile").evaluateAll((tiles) => tiles.map((tile) => tile.dataset.node));
      assert.deepEqual(drawn.toSorted(), template.graph.nodes.map((node) => node.id).toSorted(), id);
      // And each leads where the tables of the six templates say.
      assert.deepEqual(await ways(page), led(template.graph), id);
      if (id === "T6" || id === "T1") await look(page, `designer-${id}`);
      // A task before everything else.
      await page.click("#add-start");
      await page.getByRole("button", { name: "Task", exact: true }).click();
      await page.waitForURL(/node=task_1/);
      await page.fill("#panel [name=name]", "Look at the record");
      await page.getByRole("button", { name: "Save", exact: true }).click();
      await page.getByRole("link", { name: "Task Look at the record" }).waitFor();
      await page.getByRole("link", { name: "Activate" }).click();
      if (id === "T6") await look(page, "activate");
      await page.locator("main section").getByRole("button", { name: "Activate" }).click();
      await page.waitForURL(/done=activated/);
      assert.equal(await page.locator("h1 .badge").first().textContent(), "Active");
    }
    await page.goto("/sequences");
    await look(page, "sequences-active");
  }));

/** Adds a step at a place of the chart and answers its id. */
async function add(page, place, label) {
  await page.click(`[id="add-${place}"]`);
  await page.getByRole("button", { name: label, exact: true }).click();
  await page.waitForURL(/\?node=/);
  return new URL(page.url()).searchParams.get("node");
}

const saved = (page) => page.getByText("Saved.").waitFor();

test("a blank sequence gets every node type, and undo takes each back", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await api("POST", "/sequences", { name: "Elsewhere", record_type: "lead", template: undefined });
    await page.goto("/sequences/new?blank=1");
    await page.fill("[name=name]", "");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    // What is refused is told at its field, and nothing is lost.
    await page.locator(".fault").waitFor();
    await look(page, "create-refused");
    await page.fill("[name=name]", "Everything");
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.waitForURL(/done=created/);
    await look(page, "designer-empty");
    const here = page.url().split("?")[0];

    // What cannot stand first says why.
    await page.click("#add-start");
    await look(page, "palette");
    assert.ok(await page.getByRole("button", { name: "E-mail opened?" }).isDisabled());
    assert.match(await page.locator("#why-cond_email_open").textContent(), /after an e-mail/);
    // P-32: a feature that is switched off is told where it is missed.
    await page.getByText("The feature is switched off: “LinkedIn steps” in the settings.").waitFor();

    let last = "start";
    const chain = async (label) => {
      const id = await add(page, last, label);
      last = `${id}.next`;
      return id;
    };
    const email = await chain("E-mail");
    await add(page, last, "E-mail opened?");
    await page.fill("#panel [name='limit_days:number']", "2");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page);
    // the e-mail goes after its condition.
    await page.click(`#tile-${email}`);
    await page.getByText("Delete it first.").waitFor();
    // Each of the other questions to an e-mail, right after one.
    last = "cond_email_open_1.yes";
    for (const label of ["E-mail replied to?", "Link in the e-mail followed?", "Attachment downloaded?"]) {
      await chain("E-mail");
      last = `${await add(page, last, label)}.yes`;
    }
    await chain("E-mail");
    const several = await add(page, last, "Several e-mail signals?");
    await page.selectOption("#panel [name=match]", "all");
    await page.getByLabel("Replied to", { exact: true }).check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page);
    last = `${several}.yes`;
    for (const label of ["Automated e-mail", "Text message", "Automated text message", "Phone call"]) await chain(label);
    await add(page, last, "How did the call end?");
    await page.getByLabel("Talked to them").check();
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page);
    last = "cond_call_1.no";
    for (const label of ["Task", "Wait", "A/B test", "LinkedIn: research", "LinkedIn: get introduced", "LinkedIn: connect", "LinkedIn: send InMail", "Update field"]) await chain(label);
    await add(page, last, "Field value?");
    await page.selectOption("#panel [name='condition_rows.rows.0.field']", "score");
    await page.selectOption("#panel [name='condition_rows.rows.0.op']", "ge");
    await page.fill("#panel [name='condition_rows.rows.0.value']", "50");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await saved(page);
    await look(page, "designer-condition");
    last = "branch_field_1.yes";
    await add(page, last, "Process stage?");
    last = "branch_stage_1.no";
    await chain("Advance to another sequence");
    const id = here.split("/").at(-1);
    const graph = await api("GET", `/sequences/${id}/graph`);
    assert.equal(graph.nodes.length, 26);
    assert.equal(new Set(graph.nodes.map((node) => node.type)).size, 22);
    assert.deepEqual(graph.nodes.find((node) => node.id === several).signals, ["reply"]);
    assert.deepEqual(graph.nodes.find((node) => node.id === "branch_field_1").condition, { field: "score", op: "ge", value: 50 });

    // The yes way of the call leads to the task that is there: drawn as a join.
    await page.click("[id='add-cond_call_1.yes']");
    await page.click("#join summary");
    await page.selectOption("#join select", { label: "Task" });
    await page.getByRole("button", { name: "Lead there" }).click();
    await page.locator(".exits.joined").first().waitFor();
    await look(page, "designer-all");
    await page.click("#stroke-undo");
    await page.locator(".exits.joined").first().waitFor({ state: "detached" });
    await page.click("#stroke-redo");
    await page.locator(".exits.joined").first().waitFor();

    // What is to be mended keeps it from being activated, each with its node.
    await page.getByRole("link", { name: "Activate" }).click();
    await page.getByText("have to be mended first").waitFor();
    await look(page, "activate-refused");
  }));

test("a step is dragged, moved by keys, copied and deleted; a second person is told", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const graph = { start: "a", nodes: [
      { id: "a", type: "task", name: "First", next: "b" }, { id: "b", type: "task", name: "Second", next: "c" }, { id: "c", type: "task", name: "Third", next: null },
    ] };
    const { id } = await api("POST", "/sequences", { name: "Order", record_type: "lead" });
    await api("PUT", `/sequences/${id}/graph`, graph);
    const order = () => page.locator(".chart a.tile .title").allTextContents();
    await page.goto(`/sequences/${id}`);
    await page.dragAndDrop("#tile-c", "#add-start");
    await page.waitForURL(/node=c/);
    assert.deepEqual(await order(), ["Third", "First", "Second"]);
    await page.getByRole("button", { name: "Move down" }).click();
    await page.waitForFunction(() => document.querySelector(".chart a.tile .title").textContent === "First");
    assert.deepEqual(await order(), ["First", "Third", "Second"]);
    await page.getByRole("button", { name: "Duplicate" }).click();
    await page.waitForURL(/node=task_1/);
    assert.deepEqual(await order(), ["First", "Third", "Third", "Second"]);
    await page.click("#delete summary");
    await page.locator("#delete button").click();
    await page.waitForURL((url) => !url.searchParams.has("node"));
    assert.deepEqual(await order(), ["First", "Third", "Second"]);
    await page.keyboard.press("Control+z");
    await page.locator("#tile-task_1").waitFor();

    // Somebody else draws meanwhile: what is sent from the old page is refused, and the new chart is shown.
    await page.click("#tile-a");
    await page.waitForURL(/node=a/);
    await page.fill("#panel [name=name]", "Mine");
    await api("PUT", `/sequences/${id}/graph`, { start: "a", nodes: [{ id: "a", type: "task", name: "Theirs", next: null }] });
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.getByText("Somebody has drawn here").waitFor();
    assert.equal(await page.inputValue("#panel [name=name]"), "Mine");
    assert.deepEqual(await order(), ["Theirs"]);
    await look(page, "designer-stale");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.waitForFunction(() => document.querySelector(".chart a.tile .title").textContent === "Mine");

    // The keys of the arrows walk through the chart.
    await page.focus("#add-start");
    await page.keyboard.press("ArrowDown");
    assert.equal(await page.evaluate(() => document.activeElement.id), "tile-a");
  }));

test("a revision takes its records along", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const { id } = await api("POST", "/sequences", { name: "Renewal", record_type: "lead" });
    await api("PUT", `/sequences/${id}/graph`, { start: "a", nodes: [{ id: "a", type: "task", name: "Call first", next: "b" }, { id: "b", type: "task", name: "Then write", next: null }] });
    await api("POST", `/sequences/${id}/activate`, {});
    const records = await Promise.all([1, 2, 3].map((n) => api("POST", "/records", { type: "lead", name: `Lead ${n}` })));
    await api("POST", `/sequences/${id}/enrolments`, { records: records.map((record) => record.id) });
    await page.goto(`/sequences/${id}`);
    // How many stand where.
    assert.match(await page.locator("#tile-a .standing").textContent(), /^3/);
    await look(page, "designer-active");
    // And what happens meanwhile, without asking.
    const { current } = await api("GET", `/records/${records[0].id}/up-next`);
    await api("POST", `/steps/${current[0].step.id}/complete`, {});
    const stands = (node) => page.locator(`#tile-${node} .standing`, { hasText: { a: /^2/, b: /^1/ }[node] });
    await stands("a").waitFor();
    await stands("b").waitFor();
    await page.click("#revise summary");
    await page.getByRole("button", { name: "Begin a revision" }).click();
    await page.getByText("The next version is open").waitFor();
    await page.click("#tile-b");
    await page.waitForURL(/node=b/);
    await page.fill("#panel [name=name]", "Then visit");
    await page.getByRole("button", { name: "Save", exact: true }).click();
    await page.locator("#tile-b", { hasText: "Then visit" }).waitFor();
    await page.getByRole("link", { name: "Versions" }).click();
    await page.getByText("E-mail").first().waitFor({ state: "detached" });
    await page.locator("#new-node-b", { hasText: "Changed" }).waitFor();
    await look(page, "versions");
    await page.getByRole("link", { name: "Publish" }).click();
    await page.getByText("What has changed").waitFor();
    await page.fill("textarea", "Visit instead of writing");
    await page.getByLabel(/^Follow/).check();
    await page.click("#preview-follow summary");
    await look(page, "publish");
    await page.locator("main section").getByRole("button", { name: "Publish" }).click();
    await page.waitForURL(/done=activated/);
    const enrolments = await api("GET", `/sequences/${id}/enrolments`);
    assert.deepEqual(enrolments.items.map((item) => item.version), [2, 2, 2]);
  }));
