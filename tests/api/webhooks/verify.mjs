// Verifies deliveries with the library of Standard Webhooks: a line of JSON in, a line out.
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

// Installed by tests/oidc/install.
const require = createRequire(new URL("../../oidc/package.json", import.meta.url));
const { Webhook } = require("standardwebhooks");

for await (const line of createInterface({ input: process.stdin })) {
  const { secret, headers, body } = JSON.parse(line);
  try {
    new Webhook(secret).verify(body, headers);
    console.log("verified");
  } catch (error) {
    console.log(`refused: ${error.message}`);
  }
}
