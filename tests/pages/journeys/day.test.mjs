// My day: the plan at one's capacity, what moves on and where to, and the days of a team for whoever leads it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("a day is planned to what fits, and a team's days show who has too much", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.goto("/my-day");
    await page.getByText("Nothing is planned for today.").waitFor();
    await look(page, "day-none");
    /** The API, as whoever is signed in. */
    const own = (method, path, body) =>
      page.evaluate(async ([method, path, body]) => {
        const headers = { "content-type": "application/json" };
        return (await fetch(`/api/v1${path}`, { method, headers, body: body && JSON.stringify(body) })).json();
      }, [method, path, body]);
    const me = await own("GET", "/me");
    for (const [place, name] of ["Ada Lovelace", "Grace Hopper", "Emmy Noether", "Rosalía de Castro"].entries()) {
      const lead = await api("POST", "/records", { type: "lead", name, owner: { user: me.id }, score: 90 - 10 * place });
      await own("POST", `/records/${lead.id}/activities`, { kind: "phone_call", subject: "First call", due_at: place === 3 ? "2026-03-01T09:00:00Z" : "2026-03-02T10:00:00Z" });
    }
    await page.reload();
    await page.getByText("Nobody has said how much fits").waitFor();
    assert.equal(await page.locator("#today li").count(), 4);
    await own("PATCH", "/me/settings", { daily_capacity: 2 });
    await page.reload();
    assert.deepEqual(await page.locator("#today li a").allTextContents(), ["Ada Lovelace", "Grace Hopper"]);
    const moving = page.locator("#moves li");
    assert.equal(await moving.count(), 2);
    assert.match(await moving.first().textContent(), /Emmy Noether.*Tomorrow/);
    assert.ok(await page.getByText("2 move on").isVisible());
    await look(page, "day");
    await page.click("#today li a:text-is('Grace Hopper')");
    await page.waitForURL(/work-list\?plan=today&at=/);
    await page.getByRole("heading", { name: "Grace Hopper" }).first().waitFor();
    await page.goto("/my-day");

    const team = await api("POST", "/teams", { name: "North", kind: "owner" });
    const other = await api("POST", "/users", { name: "Bruno Blanc", email: "bruno@example.com", roles: ["seller"] });
    await api("PATCH", `/teams/${team.id}`, { members: [me.id, other.id] });
    await page.reload();
    await page.click(".segments a:text-is('North')");
    await page.getByText("One of them has more today than fits.").waitFor();
    assert.deepEqual(await page.locator("tbody th a").allTextContents(), ["Anna Admin", "Bruno Blanc"]);
    await page.getByText("2 too many today").waitFor();
    await look(page, "day-team");
    await page.click("tbody th a:text-is('Bruno Blanc')");
    await page.getByRole("heading", { level: 1, name: "Bruno Blanc" }).waitFor();
    await page.locator("summary[aria-label]").first().click();
    await page.click("button[value=gl]");
    await page.getByText("Non hai nada previsto para hoxe.").waitFor();
    await page.goto("/my-day");
    await look(page, "day-gl");
  }));
