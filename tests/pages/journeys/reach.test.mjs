// Reaching customers: a template and its blanks, later, to several; waits and what is beside the sequences; the past.
import assert from "node:assert/strict";
import { test } from "node:test";
import { me, work } from "../seller.mjs";
import { journey, look, welcome } from "../world.mjs";

const posted = (page) => page.waitForResponse((response) => response.request().method() === "POST");

test("w80_w89 an e-mail to several: who gets it, how it looks to each, when, and what became of it", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    await page.goto("/bulk-email");
    await page.getByRole("heading", { name: "Nobody waits for an e-mail of yours" }).waitFor();
    await look(page, "bulk-empty");
    const template = await api("POST", "/email-templates", { name: "Invitation", language: "en", subject: "A visit to {{ record.fields.company }}?", body_text: "Dear {{ record.fields.first_name }},\nmay I come by?" });
    const steps = [{ id: "mail", type: "email", name: "Introduction", template: template.id }, { id: "task", type: "task", name: "Ask again" }];
    const { records } = await work(api, (await me(page)).id, { steps });
    await api("PATCH", `/records/${records[5].id}`, { allow_email: false });
    // W-61: the way there is above the work list.
    await page.goto("/work-list");
    await page.getByRole("link", { name: "E-mail to several" }).click();
    await page.getByRole("heading", { name: "Introduction · 6 records" }).waitFor();
    await look(page, "bulk-candidates");
    await page.getByRole("link", { name: "All of this step" }).click();
    // W-82: the composer opens with the template of the step.
    await page.getByText("may I come by?").waitFor();
    await page.getByText(/A visit to /).first().waitFor();
    await page.getByRole("link", { name: "See theirs" }).nth(1).click();
    await page.waitForURL(/first=/);
    await look(page, "bulk-write");
    await page.getByRole("button", { name: "Send to all" }).click();
    await page.getByText("5 e-mails are on their way").waitFor();
    await page.getByText("One is left as it was").waitFor();
    await look(page, "bulk-result");
    // W-86: who was written to is on the next step; who was not stands where they stood.
    await page.waitForFunction(async (id) => {
      const answer = await fetch(`/api/v1/records/${id}/up-next`);
      return (await answer.json()).current[0]?.step?.type === "task";
    }, records[0].id);
    assert.equal((await api("GET", `/records/${records[5].id}/up-next`)).current[0].step.type, "email");
  }));

test("w92 an e-mail is written now and leaves tomorrow; what waits can be ended; the past is seen", () =>
  journey(async ({ server, page, api }) => {
    page.setDefaultTimeout(8000);
    await welcome(server, page);
    const steps = [{ id: "wait", type: "wait", days: 2, hours: 0 }, { id: "mail", type: "email", name: "Introduction" }, { id: "task", type: "task", name: "Ask again" }];
    const { records } = await work(api, (await me(page)).id, { steps });
    const address = `/records/${records[0].id}`;
    await page.goto(address);
    await look(page, "doing-wait");
    await Promise.all([posted(page), page.getByRole("button", { name: "End the wait now" }).click()]);
    await page.getByText("The wait is over.").waitFor();
    await page.getByRole("link", { name: "Write the e-mail" }).click();
    await page.getByLabel("Subject").fill("Tomorrow");
    await page.getByLabel("Text", { exact: true }).fill("This leaves tomorrow.");
    await page.getByText("Send later").click();
    await page.getByRole("button", { name: /Send tomorrow 09:00/ }).click();
    await page.getByText("leaves", { exact: false }).first().waitFor();
    await page.getByText("The e-mail is written and leaves then.").waitFor();
    await look(page, "doing-scheduled");

    // Beside the sequence: a meeting, and a note.
    await page.getByText("Add something to do").click();
    await page.getByLabel("What is it?").selectOption("Meeting");
    await page.locator("#add-activity").getByLabel("Subject").fill("Lunch in Lugo");
    await page.locator("#add-activity").getByLabel("Day and time").fill("2026-03-02T12:30");
    await Promise.all([posted(page), page.getByRole("button", { name: "Add", exact: true }).click()]);
    await page.getByText("Lunch in Lugo").first().waitFor();
    await api("POST", "/test-clock/advance", { by: { hours: 1 } });
    await api("PATCH", `${address}`, { fields: { city: "Lugo" } });

    await page.goto(address);
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("definition").filter({ hasText: "Lugo" }).waitFor();
    await look(page, "record-past");
    await page.getByRole("link", { name: "Event before" }).click();
    await page.waitForFunction(() => !document.querySelector("aside")?.textContent?.includes("Lugo"));
    await page.getByLabel("From its beginning until now").fill("1");
    await page.waitForURL(/event=1/);
    await page.getByText("0 of 2 steps").waitFor();
  }));
