// The connected records of a sequence: picked, filtered, taken out; refusals row by row.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("records are picked, connected, filtered and disconnected", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.request.post("/first-run/sample", { headers: { origin: server.url } });
    const sequence = await api("POST", "/sequences", { name: "Outbound", template: "T2" });
    await page.goto(`/sequences/${sequence.id}/connected`);
    await page.getByRole("button", { name: "Connect records" }).first().isDisabled();
    await look(page, "connected-inactive");
    await api("POST", `/sequences/${sequence.id}/activate`, {});
    await page.reload();
    await page.locator("main").getByRole("link", { name: "Connect records" }).first().click();
    await page.getByLabel("Search").fill("ro");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/q=ro/);
    await page.getByRole("button", { name: "Connect the ticked records" }).click();
    await page.getByText("Tick at least one record.").waitFor();
    await page.getByLabel("Choose all of this page").check();
    const ticked = await page.locator("input[name=record]:checked").count();
    assert.ok(ticked > 1);
    await look(page, "connect-picker");
    await page.getByRole("button", { name: "Connect the ticked records" }).click();
    await page.getByText("The records are connected.").waitFor();
    assert.equal(await page.locator("tbody tr").count(), ticked);
    await look(page, "connected");

    const { items } = await api("GET", "/records?type=lead&sequence=none&limit=500");
    await api("POST", `/sequences/${sequence.id}/enrolments`, { records: [items[0].id] });
    await page.getByRole("link", { name: items[0].name }).waitFor();

    // One of two was closed meanwhile: told row by row.
    await page.goto(`/sequences/${sequence.id}/connect`);
    const [first, second] = await page.locator("input[name=record]:enabled").all();
    const closed = await first.getAttribute("value");
    await first.check();
    await second.check();
    await api("POST", `/records/${closed}/close`, { outcome: "failure" });
    await page.getByRole("button", { name: "Connect the ticked records" }).click();
    await page.getByText("1 connected, 1 refused.").waitFor();
    await look(page, "connect-outcome");

    await page.getByRole("link", { name: "Back to the connected records" }).click();
    await page.locator("input[name=enrolment]").first().check();
    await page.locator("input[name=enrolment]").nth(1).check();
    await page.getByText("Disconnect …").click();
    await page.getByRole("button", { name: "Disconnect", exact: true }).click();
    await page.getByText("The records are disconnected.").waitFor();
    await page.getByRole("link", { name: "Disconnected", exact: true }).click();
    await page.waitForURL(/status=disconnected/);
    assert.equal(await page.locator("tbody tr").count(), 2);
    await page.getByText("Somebody took it out.").first().waitFor();
  }));

test("connecting works without script, in Galician", () =>
  journey(
    async ({ server, page, api }) => {
      page.setDefaultTimeout(8000);
      await welcome(server, page);
      await api("POST", "/records", { type: "lead", name: "Antía Rebolo" });
      const sequence = await api("POST", "/sequences", { name: "Prospección", template: "T2" });
      await api("POST", `/sequences/${sequence.id}/activate`, {});
      await page.goto(`/sequences/${sequence.id}/connect`);
      await page.getByLabel("Escoller Antía Rebolo").check();
      await page.getByRole("button", { name: "Conectar os rexistros marcados" }).click();
      await page.getByText("Os rexistros están conectados.").waitFor();
      await page.getByLabel("Escoller Antía Rebolo").check();
      await page.getByText("Desconectar…").click();
      await page.getByRole("button", { name: "Desconectar", exact: true }).click();
      await page.getByText("Os rexistros están desconectados.").waitFor();
    },
    { javaScriptEnabled: false, locale: "gl-ES" },
  ));
