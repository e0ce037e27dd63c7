// @ts-check
/** Makes faster what works without it: forms are sent without a reload, and what is open, focused and scrolled stays so. */

/** @param {Element} main @param {Element} fresh */
function swap(main, fresh) {
  const focused = document.activeElement?.id;
  const open = [...main.querySelectorAll("details[open][id]")].map((part) => part.id);
  const scrolled = [...main.querySelectorAll("[data-scroll][id]")].map((part) => ({ id: part.id, top: part.scrollTop, left: part.scrollLeft }));
  main.replaceWith(fresh);
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  for (const { id, top, left } of scrolled) document.getElementById(id)?.scrollTo({ top, left });
  const notice = /** @type {HTMLElement | null} */ (fresh.querySelector("[role=alert]"));
  const again = focused ? document.getElementById(focused) : null;
  if (notice) notice.focus();
  else if (again) again.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("relance:shown"));
}

/** @param {string} text @param {string} address */
function show(text, address) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const [main, fresh] = [document.getElementById("main"), page.getElementById("main")];
  if (!main || !fresh) return location.assign(address);
  document.title = page.title;
  const band = [document.querySelector(".band"), page.querySelector(".band")];
  if (band[0] && band[1]) band[0].replaceWith(band[1]);
  swap(main, fresh);
}

/** @param {string} text */
function say(text) {
  const live = document.getElementById("live");
  if (live) live.textContent = text;
}

/** The same request again while the connection is away: its key makes it count once. @param {string} url @param {RequestInit} init */
async function persist(url, init) {
  const live = document.getElementById("live");
  for (let wait = 250; ; wait = Math.min(wait * 2, 4000)) {
    try {
      const response = await fetch(url, init);
      if (live?.textContent && live.textContent === live.dataset.away) {
        say(live.dataset.back ?? "");
        setTimeout(() => say(""), 3000);
      }
      return response;
    } catch {
      say(live?.dataset.away ?? "");
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

/** @param {HTMLFormElement} form @param {HTMLElement | null} [submitter] */
async function send(form, submitter = null) {
  const body = new URLSearchParams();
  for (const [name, value] of new FormData(form, submitter)) body.append(name, String(value));
  const address = location.pathname + location.search;
  form.setAttribute("aria-busy", "true");
  settled(form);
  acts(form, submitter);
  try {
    const response = await persist(target(form, submitter), { method: "POST", body, headers: { accept: "text/html" } });
    const here = new URL(response.url);
    if (response.redirected && here.pathname !== location.pathname) return location.assign(response.url);
    if (response.redirected) history.replaceState(null, "", here.pathname + here.search);
    show(await response.text(), address);
  } catch {
    form.submit();
  } finally {
    form.removeAttribute("aria-busy");
    acts(form, submitter);
  }
}

/** Where a form goes: its button may say otherwise. @param {HTMLFormElement} form @param {HTMLElement | null} [submitter] */
function target(form, submitter = null) {
  return new URL(submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? "", location.href).href;
}

document.addEventListener("submit", (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const { pathname } = new URL(target(form, event.submitter));
  const method = event.submitter?.getAttribute("formmethod") ?? form.method;
  if (event.defaultPrevented) return;
  if (method === "get" && form.matches("[data-swap]") && pathname === location.pathname) {
    event.preventDefault();
    const said = [...new FormData(form, event.submitter)].filter(([, value]) => value !== "");
    visit(`${pathname}?${new URLSearchParams(said.map(([name, value]) => [name, String(value)]))}`);
  } else if (method === "post" && (form.matches("[data-swap]") || /^\/(do|designer)\//.test(pathname))) {
    event.preventDefault();
    send(form, event.submitter);
  }
});

// A choice that a form sends as soon as it is made.
document.addEventListener("change", (event) => {
  const control = /** @type {HTMLElement} */ (event.target);
  const form = control.closest("form[data-at-once]");
  if (form && control.getAttribute("type") !== "search") /** @type {HTMLFormElement} */ (form).requestSubmit();
});

// One box for all of a list.
document.addEventListener("change", (event) => {
  const control = /** @type {HTMLInputElement} */ (event.target);
  const name = control.dataset.all;
  if (!name) return;
  const boxes = /** @type {NodeListOf<HTMLInputElement> | undefined} */ (control.form?.querySelectorAll(`input[name="${name}"]:enabled`));
  for (const box of boxes ?? []) box.checked = control.checked;
});

// Menus close by Escape and by looking elsewhere.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  const menu = /** @type {HTMLElement | null} */ (document.activeElement?.closest("details.menu[open]"));
  if (!menu) return;
  menu.removeAttribute("open");
  menu.querySelector("summary")?.focus();
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(/** @type {Node} */ (event.target))) menu.removeAttribute("open");
});

let visits = 0;
/** Shows another page without a reload; what was asked for last is shown. @param {string} address @param {boolean} [goes] */
async function visit(address, goes = true) {
  const number = ++visits;
  const response = await fetch(address, { headers: { accept: "text/html" } });
  if (number !== visits) return;
  if (goes) history.pushState(null, "", address);
  show(await response.text(), address);
  const place = new URL(address, location.href).hash;
  if (place) document.querySelector(place)?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("a[data-swap]");
  if (!(link instanceof HTMLAnchorElement) || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  visit(link.href);
});
window.addEventListener("popstate", () => visit(location.href, false));

document.addEventListener("click", (event) => {
  const link = /** @type {HTMLElement} */ (event.target).closest("[data-print]");
  if (!link) return;
  event.preventDefault();
  window.print();
});

// A step is dragged to a plus sign; its keys are the arrows in its panel.
document.addEventListener("dragstart", (event) => {
  const tile = /** @type {HTMLElement} */ (event.target).closest?.("a.tile[draggable=true]");
  if (tile) event.dataTransfer?.setData("text/x-relance-node", tile.getAttribute("data-node") ?? "");
});
for (const kind of ["dragover", "dragleave"])
  document.addEventListener(kind, (event) => {
    const plus = /** @type {HTMLElement} */ (event.target).closest?.("a.plus");
    if (!plus || !(/** @type {DragEvent} */ (event).dataTransfer?.types.includes("text/x-relance-node"))) return;
    event.preventDefault();
    plus.classList.toggle("over", kind === "dragover");
  });
document.addEventListener("drop", (event) => {
  const plus = /** @type {HTMLElement} */ (event.target).closest?.("a.plus");
  const node = event.dataTransfer?.getData("text/x-relance-node");
  const form = /** @type {HTMLFormElement | null} */ (document.querySelector("form.mover"));
  if (!plus || !node || !form) return;
  event.preventDefault();
  for (const [name, value] of [["_node", node], ["_place", plus.getAttribute("data-place") ?? ""]]) {
    const field = /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
    [field.value, field.disabled] = [value, false];
  }
  send(form);
});

/** Where a chart is wider than its place, its beginning is in the middle. */
function centre() {
  for (const canvas of document.querySelectorAll(".canvas")) {
    const begin = canvas.querySelector(".begin");
    if (!begin || canvas.scrollLeft) continue;
    const [place, box] = [canvas.getBoundingClientRect(), begin.getBoundingClientRect()];
    canvas.scrollLeft = box.left + box.width / 2 - place.left - place.width / 2;
  }
}
document.addEventListener("relance:shown", centre);
centre();

// The arrow keys walk through the chart as it is read.
document.addEventListener("keydown", (event) => {
  const tile = /** @type {HTMLElement} */ (event.target).closest?.(".chart a.tile, .chart a.plus");
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!tile || !step) return;
  event.preventDefault();
  const all = /** @type {HTMLElement[]} */ ([...document.querySelectorAll(".chart a.tile, .chart a.plus")]);
  all[all.indexOf(/** @type {HTMLElement} */ (tile)) + step]?.focus();
});
document.addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || /** @type {HTMLElement} */ (event.target).matches("input, textarea, select")) return;
  const stroke = /** @type {HTMLButtonElement | null} */ (document.getElementById(event.shiftKey ? "stroke-redo" : "stroke-undo"));
  if (!stroke || stroke.disabled) return;
  event.preventDefault();
  stroke.click();
});

// A list that has an order: by arrows, which keys reach, and by dragging.
function arrows() {
  for (const button of document.querySelectorAll("[data-order] [data-move]")) button.removeAttribute("hidden");
}
document.addEventListener("relance:shown", arrows);
arrows();
document.addEventListener("click", (event) => {
  const button = /** @type {HTMLElement} */ (event.target).closest("[data-order] [data-move]");
  const item = button?.closest("li");
  if (!button || !item) return;
  if (button.getAttribute("data-move") === "up") item.previousElementSibling?.before(item);
  else item.nextElementSibling?.after(item);
  /** @type {HTMLElement} */ (button).focus();
});
/** @type {HTMLElement | null} */
let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = /** @type {HTMLElement} */ (event.target).closest?.("[data-order] > li");
});
document.addEventListener("dragover", (event) => {
  const over = /** @type {HTMLElement} */ (event.target).closest?.("[data-order] > li");
  if (!dragged || !over || over.parentElement !== dragged.parentElement) return;
  event.preventDefault();
  const box = over.getBoundingClientRect();
  if (over !== dragged) over[event.clientY < box.top + box.height / 2 ? "before" : "after"](dragged);
});
document.addEventListener("dragend", () => { dragged = null; });

// What a range says.
document.addEventListener("input", (event) => {
  const range = /** @type {HTMLInputElement} */ (event.target);
  if (range.type === "range") range.parentElement?.querySelector("output")?.replaceChildren(`${range.value} %`);
});

/** Asks for the page again, and shows what has changed in it. */
async function refresh() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (response.ok) show(await response.text(), location.href);
}

// A page that says which happenings change it is asked for again when one of them happens.
const followed = document.querySelector("[data-live]");
const live = followed?.getAttribute("data-live");
const about = followed?.getAttribute("data-about");
if (live) {
  let waiting = 0;
  const source = new EventSource(live);
  source.onmessage = (event) => {
    if (about && !String(event.data).includes(about)) return;
    clearTimeout(waiting);
    // Nobody's words are lost: not while somebody writes or has something open.
    const isBusy = () => document.activeElement?.matches("input, textarea, select") || document.querySelector("dialog[open], details.menu[open]");
    waiting = window.setTimeout(() => { if (!isBusy()) refresh(); }, 400);
  };
}

// A page that is not done yet is asked for again, until it is.
const lookAgain = () => {
  const wait = document.querySelector("[data-refresh]")?.getAttribute("data-refresh");
  if (wait) setTimeout(refresh, Number(wait));
};

/* Imports: a file stays here while its columns are chosen from its beginning; then it goes to the API as it is. */
const BEGINNING = 256 * 1024;
/** @type {File | undefined} */
let table;

/** @param {string} text */
function refuse(text) {
  const notice = /** @type {HTMLElement | null} */ (document.querySelector("[data-import-wrong]"));
  if (!notice) return;
  const said = notice.querySelector("p");
  if (said) said.textContent = text.charAt(0).toUpperCase() + text.slice(1);
  notice.hidden = false;
  notice.focus();
}

/** @param {File} file @param {FormData} fields */
async function previewTable(file, fields) {
  const about = new URLSearchParams({ type: String(fields.get("type")), name: file.name, of: String(file.size) });
  const headers = { accept: "text/html", "content-type": "application/octet-stream" };
  const response = await fetch(`/imports/preview?${about}`, { method: "POST", body: file.slice(0, BEGINNING), headers });
  show(await response.text(), location.href);
  scrollTo(0, 0);
}

/** @param {File} file @param {FormData} fields */
async function startTable(file, fields) {
  /** @type {Record<string, FormDataEntryValue>} */
  const mapping = {};
  fields.getAll("column").forEach((column, place) => {
    const to = fields.get(`to.${place}`);
    if (to) mapping[String(column)] = to;
  });
  const about = new URLSearchParams({ type: String(fields.get("type")), mapping: JSON.stringify(mapping) });
  if (fields.get("external")) about.set("external_id", String(fields.get("external")));
  const headers = { "content-type": "text/csv", "idempotency-key": String(fields.get("_key")) };
  const response = await persist(`/api/v1/imports?${about}`, { method: "POST", body: file, headers });
  const answer = await response.json();
  if (!response.ok) return refuse(answer.detail);
  const then = new URLSearchParams({ of: String(fields.get("of")), type: String(fields.get("type")) });
  location.assign(`/imports/${answer.id}?${then}`);
}

document.addEventListener("submit", async (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target);
  const chosen = /** @type {HTMLInputElement | null} */ (form.querySelector("input[type=file]"));
  if (form.matches("[data-import-choose]")) table = chosen?.files?.[0];
  const step = form.matches("[data-import-choose]") ? previewTable : form.matches("[data-import-start]") ? startTable : null;
  if (!step || !table) return;
  event.preventDefault();
  const sending = /** @type {HTMLElement | null} */ (form.querySelector("[data-import-sending]"));
  if (sending) sending.hidden = false;
  form.setAttribute("aria-busy", "true");
  try {
    await step(table, new FormData(form));
  } catch (error) {
    refuse(String(error));
  } finally {
    form.removeAttribute("aria-busy");
    if (sending) sending.hidden = true;
  }
});

/* The palette and the keys: dialogs over any page. */
const dialog = (/** @type {string} */ id) => /** @type {HTMLDialogElement | null} */ (document.getElementById(id));

/** Pages, sequences and records of what is written, as `/find` lists them. @param {string} q */
async function find(q) {
  const response = await fetch(`/find?${new URLSearchParams({ q })}`, { headers: { accept: "text/html" } });
  const found = new DOMParser().parseFromString(await response.text(), "text/html").getElementById("found");
  const input = /** @type {HTMLInputElement | null} */ (document.getElementById("palette-q"));
  // What was asked for before may be answered later.
  if (found && input?.value === q) dialog("palette")?.querySelector("[data-found]")?.replaceChildren(...found.childNodes);
}

/** @param {string} id */
function openDialog(id) {
  const template = /** @type {HTMLTemplateElement | null} */ (document.getElementById("dialogs"));
  if (template) template.replaceWith(template.content);
  const opened = dialog(id);
  if (!opened || document.querySelector("dialog[open]")) return false;
  if (id === "keys") listKeys(opened);
  opened.showModal();
  if (id === "palette") {
    const input = /** @type {HTMLInputElement} */ (opened.querySelector("input"));
    input.value = "";
    find("");
  }
  return true;
}

/** A part of a page says its own keys: `j Next row|k Row before`. @param {HTMLElement} opened */
function listKeys(opened) {
  const list = opened.querySelector("dl");
  for (const own of opened.querySelectorAll("[data-own]")) own.remove();
  const said = [...document.querySelectorAll("[data-keys]")].flatMap((part) => part.getAttribute("data-keys")?.split("|") ?? []);
  for (const line of said.reverse()) {
    const [key, ...words] = line.split(" ");
    const [term, text, cap] = ["dt", "dd", "kbd"].map((name) => document.createElement(name));
    cap.textContent = key;
    text.textContent = words.join(" ");
    term.append(cap);
    for (const part of [text, term]) {
      part.dataset.own = "";
      list?.prepend(part);
    }
  }
}

document.addEventListener("click", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  const opener = target.closest("[data-dialog]");
  if (opener && openDialog(String(opener.getAttribute("data-dialog")))) event.preventDefault();
  if (target.matches("dialog")) /** @type {HTMLDialogElement} */ (target).close();
});
document.addEventListener("keydown", (event) => {
  const target = /** @type {HTMLElement} */ (event.target);
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
    event.preventDefault();
    openDialog("palette");
  }
  const palette = target.closest("#palette");
  if (palette) {
    const links = /** @type {HTMLElement[]} */ ([...palette.querySelectorAll("input, a")]);
    const way = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (way) {
      event.preventDefault();
      links[(links.indexOf(target) + way + links.length) % links.length].focus();
    } else if (event.key === "Enter" && target.matches("input") && links[1]) {
      event.preventDefault();
      links[1].click();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || target.closest("input, textarea, select, dialog, [contenteditable]")) return;
  if (event.key === "?") openDialog("keys");
  if (event.key !== "/") return;
  const search = /** @type {HTMLElement | null} */ (document.querySelector("main input[type=search]"));
  if (search) event.preventDefault();
  search?.focus();
});
let typing = 0;
document.addEventListener("input", (event) => {
  const input = /** @type {HTMLInputElement} */ (event.target);
  if (input.id !== "palette-q") return;
  clearTimeout(typing);
  typing = window.setTimeout(() => find(input.value), 120);
});

/** What every page needs when it is shown: what only a script can do appears. */
function begin() {
  for (const part of document.querySelectorAll("[data-with-script]")) part.removeAttribute("hidden");
  lookAgain();
}
document.addEventListener("relance:shown", begin);
begin();

/* Work by keys: what has a key is clicked or written into; rows are walked through. */
const free = (/** @type {KeyboardEvent} */ event) =>
  !event.ctrlKey && !event.metaKey && !event.altKey && !(/** @type {HTMLElement} */ (event.target).closest("input:not([type=checkbox]), textarea, select, dialog, [contenteditable]"));

/** @param {HTMLElement} part */
function press(part) {
  if (part.matches("input, textarea, select")) return part.focus();
  part.click();
  const menu = part.closest("details[open]");
  if (part.matches("summary")) /** @type {HTMLElement | null} */ (menu?.querySelector("button, input:not([type=hidden]), textarea, select"))?.focus();
}

/** @param {number} step */
async function walk(step) {
  const rows = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("a[data-row]")]);
  const row = rows[rows.findIndex((row) => row.matches("[aria-current]")) + step];
  if (!row) return;
  await visit(row.href);
  const shown = document.getElementById(row.id);
  shown?.focus({ preventScroll: true });
  shown?.scrollIntoView({ block: "nearest" });
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || !free(event) || event.key.length > 1) return;
  const keyed = /** @type {HTMLElement | null} */ (document.querySelector(`[data-key="${CSS.escape(event.key)}"]:not([disabled])`));
  const step = { j: 1, k: -1 }[event.key];
  if (keyed) press(keyed);
  else if (step && document.querySelector("a[data-row]")) walk(step);
  else if (event.key === "x") /** @type {HTMLElement | null} */ (document.querySelector("a[data-row][aria-current]")?.closest("li")?.querySelector("input[type=checkbox]"))?.click();
  else if (event.key === "g") document.querySelector("#updates:not([hidden])")?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true }));
  else return;
  event.preventDefault();
});

// How many rows are ticked.
document.addEventListener("change", () => {
  const told = /** @type {HTMLElement | null} */ (document.querySelector("[data-ticked]"));
  if (!told) return;
  const ticked = document.querySelectorAll("input[name=item]:checked").length;
  told.dataset.usual ??= told.textContent ?? "";
  told.textContent = ticked ? (told.dataset.ticked ?? "").replace("#", String(ticked)) : told.dataset.usual;
});

// A list that others change does not move: how much has changed is told until somebody looks.
const changed = new Set();
const list = document.querySelector("[data-live-list]");
/** Records that this page has done something to, and until when that explains what is told of them. @type {Map<string | undefined, number>} */
const mine = new Map();
/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
function acts(form, submitter) {
  const ticked = [...document.querySelectorAll("input[name=item]:checked")];
  const parts = form.id === "several" ? ticked : [submitter?.closest("li") ? submitter : document.querySelector("a[data-row][aria-current]")];
  for (const part of parts) mine.set(/** @type {HTMLElement | null | undefined} */ (part?.closest("li[data-record]"))?.dataset.record, performance.now() + 2000);
}
function tell() {
  const link = /** @type {HTMLElement | null} */ (document.getElementById("updates"));
  if (!link) return;
  link.hidden = changed.size === 0;
  link.textContent = (changed.size === 1 ? link.dataset.one : link.dataset.many?.replace("#", String(changed.size))) ?? "";
}
document.addEventListener("relance:shown", () => changed.clear());
if (list) {
  const source = new EventSource(String(list.getAttribute("data-live-list")));
  source.addEventListener("work_list.changed", told);
  source.onmessage = told;
}
/** @param {MessageEvent} event */
function told(event) {
  const record = /** @type {string | undefined} */ (JSON.parse(event.data).record);
  // What this page has done itself it shows already.
  if ((mine.get(record) ?? 0) > performance.now()) return;
  changed.add(record);
  tell();
}

// What is being written is not lost by leaving.
/** @param {Element} form */
function settled(form) {
  for (const draft of form.querySelectorAll("[data-draft]")) draft.removeAttribute("data-written");
}
document.addEventListener("input", (event) => {
  /** @type {HTMLElement} */ (event.target).closest("[data-draft]")?.setAttribute("data-written", "");
});
window.addEventListener("beforeunload", (event) => {
  if (document.querySelector("[data-draft][data-written]")) event.preventDefault();
});
document.addEventListener("click", (event) => {
  const blank = /** @type {HTMLElement} */ (event.target).closest("[data-insert]");
  const area = /** @type {HTMLTextAreaElement | null | undefined} */ (blank?.closest("form")?.querySelector("textarea"));
  if (!blank || !area) return;
  area.setRangeText(blank.getAttribute("data-insert") ?? "", area.selectionStart, area.selectionEnd, "end");
  area.dispatchEvent(new Event("input", { bubbles: true }));
  area.focus();
});

export { refresh, say, send, show };
