// Getting in and one's own account: the first link, signing in and out, a wrong password, a token shown once, three languages.
import assert from "node:assert/strict";
import { test } from "node:test";
import { PASSWORD, journey, look, welcome } from "../world.mjs";

test("somebody gets in, and looks after their account", () =>
  journey(async ({ server, page }) => {
    await page.goto(server.welcome);
    await look(page, "welcome");
    await welcome(server, page);
    await page.goto("/account");
    await page.fill("[name='time_zone:optional']", "Mars/Olympus");
    await page.click("text=Save");
    await page.getByRole("alert").waitFor();
    assert.equal(await page.inputValue("[name='time_zone:optional']"), "Mars/Olympus");
    await page.fill("[name='time_zone:optional']", "Europe/Madrid");
    await page.click("text=Save");
    await page.getByText("Saved.").waitFor();
    await page.click("summary:has-text('New token')");
    await page.fill("[name=name]", "website form");
    await page.click("text=Make token");
    assert.match(await page.locator("code.secret").textContent(), /\w{20}/);
    await look(page, "account");

    await page.locator("summary[aria-label]").first().click();
    await page.click("button[value=fr]");
    await page.getByRole("heading", { level: 1, name: "Votre compte" }).waitFor();
    await look(page, "account-fr");
    await page.click("text=Se déconnecter >> nth=0");
    await page.waitForURL(/sign-in/);
    await look(page, "sign-in-fr");
    await page.fill("[name=email]", "anna@example.com");
    await page.fill("[name=password]", "not the password at all");
    await page.click("main button");
    await page.getByText("ne vont pas ensemble").waitFor();
    await page.fill("[name=password]", PASSWORD);
    await page.click("main button");
    await page.waitForURL(/account|sequences|\/$/);
    await page.goto("/invitation/nothing");
    await look(page, "link-gone-fr");
  }));
