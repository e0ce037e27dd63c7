// Records: made, changed, found, connected, explained, closed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("a record is made, goes through a sequence and says why it waits", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.goto("/records");
    await page.getByRole("heading", { name: "No record yet" }).waitFor();
    await look(page, "records-empty");
    await page.locator("main").getByRole("link", { name: "New record" }).first().click();
    await page.getByRole("link", { name: "Lead" }).click();
    await page.getByLabel("First name").fill("Uxía");
    await page.getByLabel("Last name").fill("Carballo");
    await page.getByLabel("Company").fill("Faro Norte");
    await page.getByLabel("Score").fill("150");
    await page.getByRole("button", { name: "Create record" }).click();
    await page.getByRole("alert").waitFor();
    assert.equal(await page.getByLabel("First name").inputValue(), "Uxía");
    await look(page, "record-new");
    await page.getByLabel("Score").fill("72");
    await page.locator("input[type=email]").fill("uxia@example.com");
    await page.getByRole("button", { name: "Create record" }).click();
    await page.getByRole("heading", { level: 1, name: "Uxía Carballo" }).waitFor();
    await page.getByText("There is no other active sequence").waitFor();

    const sequence = await api("POST", "/sequences", { name: "Outbound", template: "T2" });
    await api("POST", `/sequences/${sequence.id}/activate`, {});
    await page.reload();
    await page.getByLabel("Connect to a sequence").selectOption("Outbound");
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await page.getByText("Connected.").waitFor();
    await page.goto(page.url().split("?")[0]);
    await page.getByRole("progressbar").first().waitFor();
    await look(page, "record");
    await page.getByRole("link", { name: "Why is nothing happening?" }).click();
    await page.getByRole("heading", { level: 1, name: "Why is nothing happening?" }).waitFor();
    await look(page, "record-why");

    await page.goBack();
    await page.getByRole("link", { name: "Edit" }).click();
    await page.getByLabel("City").fill("Vigo");
    await page.getByRole("checkbox", { name: "Calls" }).uncheck();
    await look(page, "record-edit");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await page.getByRole("definition").filter({ hasText: "Vigo" }).waitFor();

    // What happens elsewhere is seen here without a reload.
    const address = page.url().split("?")[0];
    const follows = page.waitForResponse(/\/api\/v1\/stream/);
    await page.goto(address);
    await follows;
    await api("PATCH", `/records/${address.split("/").at(-1)}`, { fields: { city: "Lugo" } });
    await page.getByRole("definition").filter({ hasText: "Lugo" }).waitFor();

    await page.getByText("Disconnect …").click();
    await page.getByRole("button", { name: "Disconnect" }).click();
    await page.getByText("Disconnected.").waitFor();
    await page.getByText("Somebody took it out.").waitFor();
    await page.locator("summary").filter({ hasText: "Close" }).click();
    await page.getByRole("button", { name: "As a success" }).click();
    await page.getByText("The record is closed.").waitFor();
    await page.getByRole("button", { name: "Open again" }).click();
    await page.getByText("The record is open again.").waitFor();

    await page.goto("/");
    await page.request.post("/first-run/sample", { headers: { origin: server.url } });
    await page.goto("/records");
    await look(page, "records");
    await page.getByRole("link", { name: "Next page" }).click();
    assert.equal(await page.locator("tbody tr").count(), 7);
    await page.getByLabel("Search").fill("faro");
    await page.getByLabel("Type").selectOption("Account");
    await page.getByRole("button", { name: "Show" }).click();
    await page.waitForURL(/q=faro/);
    assert.deepEqual(await page.locator("tbody th a").allTextContents(), ["Faro Norte"]);
  }));

test("a record without script, in French", () =>
  journey(
    async ({ server, page, api }) => {
      await welcome(server, page);
      const record = await api("POST", "/records", { type: "lead", name: "Élodie Marchand", email: "elodie@example.com" });
      const sequence = await api("POST", "/sequences", { name: "Prospection", template: "T2" });
      await api("POST", `/sequences/${sequence.id}/activate`, {});
      await page.goto(`/records/${record.id}`);
      await page.getByRole("button", { name: "Connecter", exact: true }).click();
      await page.waitForURL(/done=connected/);
      await page.getByText("Étape ouverte", { exact: true }).first().waitFor();
      await page.getByRole("link", { name: "Pourquoi ne se passe-t-il rien ?" }).click();
      await page.getByRole("heading", { name: "Comment on en est arrivé là" }).waitFor();
    },
    { javaScriptEnabled: false, locale: "fr-FR" },
  ));
