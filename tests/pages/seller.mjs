// What the journeys of a seller have in common: a sequence of everything a person does, and records that stand on it.

/** Nodes one after the other. */
function chain(nodes) {
  return { start: nodes[0].id, nodes: nodes.map((node, place) => ({ ...node, next: nodes[place + 1]?.id ?? null })) };
}

const STEPS = [
  { id: "call", type: "phone_call", name: "First call", description: "Ask who decides." },
  { id: "mail", type: "email", name: "Introduction" },
  { id: "text", type: "text", name: "Short reminder" },
  { id: "invite", type: "li_connect", name: "Stay in touch" },
  { id: "task", type: "task", name: "Prepare a quote" },
];

/** The people of the work list: `[first name, last name, company, score]`. */
export const PEOPLE = [
  ["Uxía", "Carballo", "Faro Norte", 92],
  ["Élodie", "Marchand", "Atelier Brume", 81],
  ["Iago", "Seoane", "Conservas Arxil", 66],
  ["Maëlle", "Kerguelen", "Quai Ouest", 54],
  ["Noa", "Pereira", "Muíño Vello", 47],
  ["Théo", "Lavigne", "Papeterie Lise", 33],
];

/** An active sequence of every seller's step, and records of `owner` on its first one. Answers `{sequence, records}`. */
export async function work(api, owner, { people = PEOPLE, steps = STEPS, more = {} } = {}) {
  const sequence = await api("POST", "/sequences", { name: "First contact", record_type: "lead", ...more });
  await api("PUT", `/sequences/${sequence.id}/graph`, chain(steps));
  await api("POST", `/sequences/${sequence.id}/activate`, {});
  const records = [];
  for (const [first_name, last_name, company, score] of people) {
    const email = `${last_name.toLowerCase().normalize("NFD").replace(/\W/g, "")}@example.com`;
    const fields = { first_name, last_name, company };
    const phones = { business: "+34 881 555 010", mobile: "+34 600 555 010" };
    records.push(await api("POST", "/records", { type: "lead", owner: { user: owner }, email, score, phones, fields }));
  }
  await api("POST", `/sequences/${sequence.id}/enrolments`, { records: records.map((record) => record.id) });
  return { sequence, records };
}

/** Who is signed in at the page. */
export async function me(page) {
  return (await page.request.get("/api/v1/me")).json();
}

/** A seller of their own browser: made, invited, signed in. Answers `{user, page, close}`. */
export async function colleague(server, open, name, email) {
  const user = await server.api("POST", "/users", { name, email, roles: ["seller"] });
  const { link } = await server.api("POST", `/users/${user.id}/invite`, {});
  const browser = await open(server);
  await browser.page.goto(link);
  await browser.page.fill("[name=password]", "a long enough password for a colleague");
  await Promise.all([browser.page.waitForURL(/\/(work-list|account|)$/), browser.page.click("main button[type=submit]")]);
  return { user, ...browser };
}
