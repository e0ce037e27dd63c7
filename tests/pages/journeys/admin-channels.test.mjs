// How messages leave: a mailbox added and tried, a text gateway and its request, deliveries, a webhook with its secret.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

test("mailboxes and text gateways are set up and tried", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    await page.goto("/admin/mailboxes");
    await look(page, "admin-mailboxes-none");
    await page.getByRole("link", { name: "New mailbox" }).first().click();
    await page.fill("[name=address]", "sales@example.com");
    await page.fill("[name=name]", "Sales");
    await page.fill("[name='smtp.host']", "127.0.0.1");
    await page.fill("[name='smtp.port:number']", "9");
    await page.selectOption("[name='smtp.security']", "none");
    await page.fill("[name='caps.per_day:number']", "0");
    await page.getByRole("button", { name: "Add mailbox" }).click();
    await page.locator(".fault").first().waitFor();
    await page.fill("[name='caps.per_day:number']", "200");
    await page.getByRole("button", { name: "Add mailbox" }).click();
    await page.waitForURL(/done=mailbox/);
    await page.fill("[name='smtp.password:?']", "the canary of the journeys");
    await page.fill("[name='smtp.username:optional']", "sales");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("One is kept, and never shown.").first().waitFor();
    assert.ok(!(await page.content()).includes("canary"));
    await page.getByRole("button", { name: "Try the connection" }).click();
    await page.locator(".verdict").waitFor();
    await look(page, "admin-mailbox");
    await page.goto("/admin/mailboxes");
    await look(page, "admin-mailboxes");

    await page.goto("/admin/text-gateways/new");
    await page.fill("[name=name]", "Texts");
    await page.fill("[name='request.url']", "https://sms.example.org/send");
    await page.fill("[name='request.json_pairs.0.value']", "{{ nobody }}");
    await page.getByRole("button", { name: "Add gateway" }).click();
    await page.locator(".fault").first().waitFor();
    await look(page, "admin-gateway-refused");
    await page.fill("[name='request.json_pairs.0.value']", "{{ from }}");
    await page.fill("[name='request.json_pairs.4.name']", "channel");
    await page.fill("[name='request.json_pairs.4.value']", "sms");
    await page.fill("[name='receipts.status:optional']", "/state");
    await page.fill("[name='receipts.delivered:lines']", "DELIVRD\narrived");
    await page.fill("[name='receipts.failed:lines']", "UNDELIV");
    await page.fill("[name='receipts.reference:optional']", "/ref");
    await page.fill("[name='secret:?']", "another canary");
    await page.getByRole("button", { name: "Add gateway" }).click();
    await page.waitForURL(/done=gateway/);
    await page.getByRole("button", { name: "Try", exact: true }).click();
    await page.getByText("nothing was sent").waitFor();
    await page.getByRole("button", { name: "Show the address" }).click();
    await page.locator("code.secret").first().waitFor();
    await look(page, "admin-gateway");
    const [gateway] = (await api("GET", "/text-gateways")).items;
    assert.deepEqual(gateway.request.json, { channel: "sms", from: "{{ from }}", reference: "{{ id }}", text: "{{ body }}", to: "{{ to }}" });
    assert.deepEqual([gateway.receipts.delivered, gateway.incoming, gateway.callback_signature], [["DELIVRD", "arrived"], null, null]);
    // What is emptied is taken back.
    await page.locator("summary", { hasText: "Delivery receipts" }).click();
    for (const name of ["receipts.status:optional", "receipts.delivered:lines", "receipts.failed:lines", "receipts.reference:optional"]) await page.fill(`[name='${name}']`, "");
    await page.getByRole("button", { name: "Save" }).first().click();
    await page.getByText("Saved.").waitFor();
    assert.equal((await api("GET", `/text-gateways/${gateway.id}`)).receipts, null);
    await page.goto("/admin/text-gateways");
    await look(page, "admin-gateways");
    await page.goto("/admin/deliveries?state=unknown");
    await look(page, "admin-deliveries-none");
  }));

test("deliveries are listed by state, and a webhook shows its secret once", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const lead = await api("POST", "/records", { type: "lead", name: "Ada Lovelace", email: "ada@example.com" });
    const nodes = [{ id: "m", type: "auto_email", name: "Hello", template: "00000000-0000-7000-8000-000000000011", next: null }];
    const sequence = await api("POST", "/sequences", { name: "Hello", graph: { start: "m", nodes } });
    await api("POST", `/sequences/${sequence.id}/activate`, {});
    await api("POST", `/sequences/${sequence.id}/enrolments`, { records: [lead.id] });
    await api("POST", "/test-clock/advance", { by: { hours: 1 } });
    await page.goto("/admin/deliveries");
    await page.click("text=Sent");
    await page.getByRole("link", { name: "Ada Lovelace" }).waitFor();
    await look(page, "admin-deliveries");

    await page.goto("/admin/webhooks");
    await look(page, "admin-webhooks-none");
    await page.getByRole("link", { name: "New webhook" }).first().click();
    await page.fill("[name=url]", "https://hooks.example.org/relance");
    await page.fill("textarea", "step.completed\nnothing.at.all");
    await page.getByRole("button", { name: "Make webhook" }).click();
    await page.getByRole("alert").waitFor();
    await page.fill("textarea", "step.completed\nrecord");
    await page.getByRole("button", { name: "Make webhook" }).click();
    assert.match(await page.locator("code.secret").textContent(), /whsec_/);
    await look(page, "admin-webhook-made");
    await page.getByRole("link", { name: "Go to the webhook" }).click();
    await page.getByRole("heading", { level: 1, name: "hooks.example.org" }).waitFor();
    assert.equal(await page.locator("code.secret").count(), 0);
    await page.fill("[name='from:local']", "2026-03-02T08:00");
    await page.getByRole("button", { name: "Send again" }).click();
    await page.getByText("It is sent again from there on.").waitFor();
    await look(page, "admin-webhook");
    await page.goto("/admin/webhooks");
    await look(page, "admin-webhooks");
  }));
