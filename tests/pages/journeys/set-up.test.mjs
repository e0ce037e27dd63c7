// What is set up with more than a line of text: breaks of a day, files, records moved step by step, goals of one's own.
import assert from "node:assert/strict";
import { test } from "node:test";
import { journey, look, welcome } from "../world.mjs";

const CALENDAR = `BEGIN:VCALENDAR
VERSION:2.0
BEGIN:VEVENT
UID:1
DTSTART;VALUE=DATE:20260309
DTEND;VALUE=DATE:20260312
SUMMARY:Away
END:VEVENT
BEGIN:VEVENT
UID:2
DTSTART;VALUE=DATE:20260401
RRULE:FREQ=YEARLY
END:VEVENT
END:VCALENDAR
`.replaceAll("\n", "\r\n");

test("breaks are added to working hours, days off are taken from a file, and a file is attached", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const anna = (await api("GET", "/users")).items.find((user) => user.name === "Anna Admin");
    const calendar = () => api("GET", `/users/${anna.id}/calendar`);
    await page.goto(`/admin/calendars/${anna.id}`);
    await page.getByText("Add working hours").click();
    await page.locator("details[open]").getByRole("button", { name: "Add", exact: true }).click();
    await page.locator("#breaks-0 summary").click();
    await page.fill("#break-0-start", "18:00");
    await page.getByRole("button", { name: "Add a break" }).click();
    await page.getByRole("alert").waitFor();
    await page.locator("#breaks-0 summary").click();
    for (const [start, end] of [["10:30", "10:45"], ["12:00", "13:00"]]) {
      if (!(await page.locator("#breaks-0[open]").count())) await page.locator("#breaks-0 summary").click();
      await page.fill("#break-0-start", start);
      await page.fill("#break-0-end", end);
      await page.getByRole("button", { name: "Add a break" }).click();
      await page.getByText(`${start}–${end}`).first().waitFor();
    }
    if (!(await page.locator("#breaks-0[open]").count())) await page.locator("#breaks-0 summary").click();
    await look(page, "calendar-breaks");
    assert.deepEqual((await calendar()).entries[0].breaks, [{ start: "10:30", end: "10:45" }, { start: "12:00", end: "13:00" }]);
    if (!(await page.locator("#breaks-0[open]").count())) await page.locator("#breaks-0 summary").click();
    await page.locator("#breaks-0").getByRole("button", { name: "Remove" }).first().click();
    await page.getByText("10:30–10:45").first().waitFor({ state: "detached" });

    await page.setInputFiles("input[type=file]", { name: "empty.ics", mimeType: "text/calendar", buffer: Buffer.from("nothing") });
    await page.getByRole("button", { name: "Take days off" }).click();
    await page.getByRole("alert").waitFor();
    await page.setInputFiles("input[type=file]", { name: "away.ics", mimeType: "text/calendar", buffer: Buffer.from(CALENDAR) });
    await page.getByRole("button", { name: "Take days off" }).click();
    await page.getByText("3 days off were taken").waitFor();
    await page.getByText("One event that repeats was left out.").waitFor();
    await look(page, "calendar-imported");
    const off = (await calendar()).entries.find((entry) => entry.kind === "time_off");
    assert.deepEqual([off.from, off.until], ["2026-03-09", "2026-03-11"]);

    await api("PATCH", "/settings", { public_url: "https://relance.example.org" });
    const template = await api("POST", "/email-templates", { name: "Offer", language: "en", subject: "Offer", body_text: "Hello" });
    await page.goto(`/admin/email-templates/${template.id}`);
    await page.setInputFiles("input[type=file]", { name: "run.exe", mimeType: "application/x-msdownload", buffer: Buffer.from([0, 1]) });
    await page.getByRole("button", { name: "Attach", exact: true }).click();
    await page.getByRole("alert").waitFor();
    const bytes = Buffer.from(Array.from({ length: 70_000 }, (_, n) => n % 256));
    await page.setInputFiles("input[type=file]", { name: "Offre “été”.pdf", mimeType: "application/pdf", buffer: bytes });
    await page.getByRole("button", { name: "Attach", exact: true }).click();
    await page.getByText("The file is attached.").waitFor();
    await look(page, "template-attached");
    const [file] = (await api("GET", `/email-templates/${template.id}/attachments`)).items;
    assert.deepEqual([file.name, file.media_type, file.bytes], ["Offre “été”.pdf", "application/pdf", bytes.length]);
  }));

test("records are moved to a new version step by step", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const task = (id, name, next) => ({ id, type: "task", name, next });
    const graph = { start: "a", nodes: [task("a", "Call", "b"), task("b", "Write", null)] };
    const { id } = await api("POST", "/sequences", { name: "Renewal", record_type: "lead", graph });
    await api("POST", `/sequences/${id}/activate`, {});
    const records = await Promise.all(["Ada", "Bea"].map((name) => api("POST", "/records", { type: "lead", name })));
    await api("POST", `/sequences/${id}/enrolments`, { records: records.map((record) => record.id) });
    const { current } = await api("GET", `/records/${records[0].id}/up-next`);
    await api("POST", `/steps/${current[0].step.id}/complete`, {});
    await api("POST", `/sequences/${id}/revise`, {});
    await api("PUT", `/sequences/${id}/graph`, { start: "a", nodes: [task("a", "Call", "1"), task("1", "Visit", null)] });
    await page.goto(`/sequences/${id}/activate`);
    await page.getByRole("link", { name: "Say for each step where its records go on" }).click();
    await page.getByLabel("Task: Write").selectOption("1");
    await page.getByRole("button", { name: "Show what that does" }).click();
    await page.locator("#preview-map summary").click();
    await look(page, "migrate-map");
    await page.getByRole("button", { name: "Publish" }).click();
    await page.waitForURL(/done=activated/);
    const { items } = await api("GET", `/sequences/${id}/enrolments`);
    assert.deepEqual(items.map((one) => [one.record_name, one.version, one.current_step.node]).toSorted(), [["Ada", 2, "1"], ["Bea", 2, "a"]]);
    await page.goto(`/sequences/${id}/activate/map`);
    await page.getByText("There is no revision to move records to.").waitFor();
  }));

test("a sequence has a goal and a pause of its own", () =>
  journey(async ({ server, page, api }) => {
    await welcome(server, page);
    const { id } = await api("POST", "/sequences", { name: "Own", record_type: "lead" });
    await page.goto(`/sequences/${id}/properties`);
    await page.getByText("After some days").click();
    await page.getByLabel("Days after it has left").fill("45");
    await page.getByLabel("Days after it has left").press("Enter");
    await page.getByRole("option", { name: "After 45 days" }).waitFor({ state: "attached" });
    await page.getByText("Another goal").click();
    await page.selectOption("[name='goal.field_rows.rows.0.field']", "score");
    await page.selectOption("[name='goal.field_rows.rows.0.op']", "ge");
    await page.fill("[name='goal.field_rows.rows.0.value']", "80");
    await page.locator("details", { hasText: "Another goal" }).getByRole("button", { name: "Save" }).click();
    await page.getByRole("option", { name: "A condition of its own" }).waitFor({ state: "attached" });
    await look(page, "properties-own");
    const sequence = await api("GET", `/sequences/${id}`);
    assert.deepEqual([sequence.reentry, sequence.goal], [{ after_days: 45 }, { field: { field: "score", op: "ge", value: 80 } }]);
  }));
