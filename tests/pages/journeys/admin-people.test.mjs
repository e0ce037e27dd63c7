// People: the overview, a user added and invited, who chooses a password; a team, a token; shut out and let in again.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, journey, look, welcome } from "../world.mjs";

test("a colleague is added, invited and put into a team", () =>
  journey(async ({ server, page, context }) => {
    await welcome(server, page);
    await page.goto("/admin");
    await look(page, "admin");
    await page.click("main a:text-is('Users')");
    await page.click("text=New user");
    await look(page, "admin-user-new");
    await page.fill("[name=name]", "Bruno Blanc");
    await page.fill("[name=email]", "no address");
    await page.evaluate(() => document.querySelector("main form").setAttribute("novalidate", ""));
    await page.click("text=Add user");
    await page.locator(".fault").first().waitFor();
    assert.equal(await page.inputValue("[name=name]"), "Bruno Blanc");
    await look(page, "admin-user-refused");
    await page.fill("[name=email]", "bruno@example.com");
    await page.click("text=Add user");
    await page.waitForURL(/\/admin\/users\/[0-9a-z-]+\?done=user/i);
    await page.getByRole("button", { name: "Make a link" }).click();
    const link = (await page.locator("code.secret").textContent()).trim();
    await look(page, "admin-user-invited");

    // Where nobody is signed in, and without script.
    const other = await context.browser().newContext({ javaScriptEnabled: false, baseURL: server.url });
    const theirs = await other.newPage();
    await theirs.goto(link);
    await theirs.fill("[name=password]", PASSWORD);
    await theirs.click("main button");
    await theirs.goto("/admin/users");
    // P-32: what a role is missing for is there, with the reason.
    assert.ok(await theirs.getByRole("button", { name: "New user" }).isDisabled());
    assert.match(await theirs.locator("#why-admin-users-new").textContent(), /^A role is missing: this is for /);
    await theirs.goto("/admin/settings");
    assert.ok(await theirs.locator("#delivery select").first().isDisabled());
    assert.match(await theirs.locator("#delivery .why").textContent(), /^A role is missing: this is for System administrator\.$/);
    await theirs.goto("/admin");
    assert.ok(await theirs.getByRole("heading", { name: "Administration" }).isVisible());

    await page.goto("/admin/users");
    await look(page, "admin-users");
    await page.fill("main [name=q]", "brun");
    await page.keyboard.press("Enter");
    await page.waitForURL(/q=brun/);
    assert.deepEqual(await page.locator("tbody th").allTextContents(), ["Bruno Blanc"]);
    await page.goto("/admin/users?q=nobody");
    await look(page, "admin-users-none");

    await page.goto("/admin/teams");
    await look(page, "admin-teams-none");
    await page.locator("text=New team").first().click();
    await page.fill("[name=name]", "North");
    await page.click("text=Add team");
    await page.waitForURL(/done=created/);
    await page.locator("main select").first().selectOption({ label: "Bruno Blanc" });
    await page.click("main form.filters button");
    await page.locator(".rows li").waitFor();
    await page.locator("main form.filters select").selectOption({ label: "Anna Admin" });
    await page.click("main form.filters button");
    await page.locator(".rows li >> nth=1").waitFor();
    await look(page, "admin-team");
    await page.click("text=Take out >> nth=0");
    await page.locator(".rows li >> nth=1").waitFor({ state: "detached" });
    await page.goto("/admin/teams");
    await look(page, "admin-teams");

    await page.goto("/admin/tokens");
    await page.fill("[name=name]", "nightly export");
    await page.click("text=Make token");
    await page.locator("code.secret").waitFor();
    await page.click("td summary");
    await look(page, "admin-tokens");
    await page.click("td .notice button");
    await page.getByText("Revoked.").waitFor();

    await page.goto("/admin/users?q=brun");
    await page.click("tbody a");
    await page.click("summary:has-text('Shut out')");
    await page.click(".confirm button");
    await page.getByText("Nothing is accepted from them").waitFor();
    await page.click("text=Let in again");
    await page.getByText("Let in again.", { exact: true }).waitFor();
  }));
