// Sequences: from a template or blank, drawn, changed, activated, revised.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

const TEMPLATES = ["T1", "T2", "T3", "T4", "T5", "T6"];

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
