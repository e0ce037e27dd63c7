// Whole ways through the pages: from the first link to the first active sequence, an A/B test to its winner, and a message
// of which nobody knows to an answer.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";
import { PASSWORD, journey, look, welcome } from "../world.mjs";

test("from the first link to the first active sequence in one go", () =>
  journey(async ({ server, page, api }) => {
    await page.goto(server.welcome);
    await page.getByLabel("Your name").fill("Anna Admin");
    await page.getByLabel("E-mail").fill("anna@example.com");
    await page.fill("[name=password]", PASSWORD);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Welcome, Anna" }).waitFor();
    await page.getByRole("button", { name: "Load sample data" }).click();
    await page.waitForURL(/\/records\?done=sample/);
    await page.getByRole("link", { name: "Sequences", exact: true }).first().click();
    await page.getByRole("link", { name: "New sequence" }).first().click();
    await page.locator("a[href*='template=T1']").first().click();
    await page.getByRole("button", { name: "Create", exact: true }).click();
    await page.waitForURL(/done=created/);
    await page.getByRole("link", { name: "Activate" }).click();
    await page.locator("main section").getByRole("button", { name: "Activate" }).click();
    await page.waitForURL(/done=activated/);
    assert.equal(await page.locator("h1 .badge").first().textContent(), "Active");
    // And it runs: the first record stands on its first step.
    await page.getByRole("link", { name: /^Connected/ }).click();
    await page.getByRole("link", { name: "Connect records" }).click();
    await page.locator("input[type=checkbox][name]").first().check();
    await page.getByRole("button", { name: "Connect the ticked records" }).click();
    await page.getByText("The records are connected.").waitFor();
    const [sequence] = (await api("GET", "/sequences")).items;
    assert.equal(sequence.connected_count, 1);
    await page.goto(`/sequences/${sequence.id}`);
    await page.locator(".chart .standing").first().waitFor();
    await look(page, "first-active");
  }));

/** So many leads take part, and have had their message. */
async function takePart(api, sequence, count) {
  const records = Array.from({ length: count }, (_, n) => ({ type: "lead", name: `Lead ${n}`, email: "ada@example.org" }));
  const made = await api("POST", "/records/batch", { records });
  const ids = made.results.map((record) => record.id);
  await api("POST", `/sequences/${sequence}/enrolments`, { records: ids });
  await api("POST", "/test-clock/advance", { by: { hours: 0 } });
  return ids;
}

test("an A/B test runs until its winner has a badge", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const template = async (name) => (await api("POST", "/email-templates", { name, language: "en", subject: name, body_text: "Hello." })).id;
    const versions = { a: { name: "Short", template: await template("Short") }, b: { name: "Long", template: await template("Long") } };
    const graph = { start: "x", nodes: [
      { id: "x", type: "ab_test", display_name: "Subject", channel: "email", versions, metric: "opens", end: { automatic: true }, default: "a", next: "t" },
      { id: "t", type: "task", name: "Call", next: null },
    ] };
    const { id } = await api("POST", "/sequences", { name: "Which subject", record_type: "lead", graph });
    await api("POST", `/sequences/${id}/activate`, {});
    const leads = await takePart(api, id, 320);
    await Promise.all(leads.map(async (lead) => {
      const { completed } = await api("GET", `/records/${lead}/up-next`);
      const { step } = completed.find((done) => done.step.node === "x");
      if (step.ab_version === "b") await api("POST", "/events", { id: `open ${lead}`, type: "email.opened", at: "2026-03-02T08:00:00Z", step: step.id });
    }));
    await page.goto(`/sequences/${id}?node=x`);
    const b = page.locator("#panel tr", { has: page.getByRole("rowheader", { name: /^Version B/ }) });
    await b.waitFor();
    const exposures = Number(await b.locator("td.number").first().textContent());
    assert.ok(exposures >= 100, `${exposures} had version B`);
    assert.equal(await b.locator(".badge").count(), 0);
    await look(page, "ab-hundreds");
    await api("POST", "/test-clock/advance", { by: { hours: 24 } });
    await page.reload();
    await b.locator(".badge.good", { hasText: "Winner" }).waitFor();
    assert.equal(await b.locator("td.number").first().textContent(), String(exposures));
    await look(page, "ab-winner");
  }));

/** A provider of text messages that hangs up in the middle of an answer, until it is told better. */
async function provider() {
  const state = { fails: true, taken: 0 };
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      state.taken += 1;
      if (state.fails) return response.destroy();
      response.setHeader("content-type", "application/json").end('{"id":"m1"}');
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { state, url: `http://127.0.0.1:${server.address().port}/send`, stop: () => server.close() };
}

test("a message of which nobody knows is settled by a person", async () => {
  const gateway = await provider();
  await journey(
    async ({ server, page, api }) => {
      await welcome(server, page);
      const form = { to: "{{ to }}", from: "{{ from }}", text: "{{ body }}", ref: "{{ id }}" };
      await api("POST", "/text-gateways", { name: "Texts", from: "Lugo", country: "ES", repeats: "blind", answer: { message_id: "/id" }, request: { url: gateway.url, form } });
      const template = await api("POST", "/text-templates", { name: "Hello", language: "en", body: "Hello" });
      const nodes = [{ id: "s", type: "auto_text", name: "Text", template: template.id, next: null }];
      const sequence = await api("POST", "/sequences", { name: "Texts", graph: { start: "s", nodes } });
      await api("POST", `/sequences/${sequence.id}/activate`, {});
      for (const name of ["Ada", "Bea", "Cid"]) {
        const lead = await api("POST", "/records", { type: "lead", name, phones: { mobile: "600 12 34 56" } });
        await api("POST", `/sequences/${sequence.id}/enrolments`, { records: [lead.id] });
      }
      const row = (name) => page.getByRole("row", { name: new RegExp(name) });
      const count = async () => {
        await page.goto("/admin/deliveries?state=unknown");
        return page.locator("tbody tr").count();
      };
      while ((await count()) < 3);
      await look(page, "admin-deliveries-unknown");
      gateway.state.fails = false;
      for (const [name, button] of [["Ada", "It was sent"], ["Bea", "Send again"], ["Cid", "It failed"]]) {
        await row(name).getByRole("button", { name: button }).click();
        await page.getByText("Noted.").waitFor();
        await row(name).waitFor({ state: "detached" });
      }
      await page.goto("/admin/deliveries?state=failed");
      await row("Cid").waitFor();
      await page.goto("/admin/deliveries?state=sent");
      await row("Ada").waitFor();
      while (!(await row("Bea").count())) await page.reload();
      assert.equal(gateway.state.taken, 4);
    },
    { serverArguments: [], environment: { RELANCE__EGRESS__ALLOW: "127.0.0.1" } },
  );
  gateway.stop();
});
