// @ts-check
/** The card beside its fields shows at once what is chosen for it. */

/** @param {Element} editor */
function draw(editor) {
  const fields = new FormData(/** @type {HTMLFormElement} */ (editor.querySelector("form.card-fields")));
  for (const slot of /** @type {NodeListOf<HTMLElement>} */ (editor.querySelectorAll("[data-slot]"))) {
    const chosen = fields.get(slot.dataset.slot ?? "");
    const name = chosen ? `${slot.dataset.kind ?? ""}${chosen}` : "";
    const sample = /** @type {HTMLTemplateElement | null} */ (editor.querySelector(`template[data-sample="${CSS.escape(name)}"]`));
    slot.hidden = !name;
    slot.replaceChildren(sample ? sample.content.cloneNode(true) : name);
  }
  for (const part of /** @type {NodeListOf<HTMLElement>} */ (editor.querySelectorAll("[data-when]")))
    part.hidden = !fields.getAll(part.dataset.when ?? "").includes(part.dataset.value ?? "");
}

document.addEventListener("change", (event) => {
  const editor = /** @type {HTMLElement} */ (event.target).closest("[data-cards]");
  if (editor) draw(editor);
});

export {};
