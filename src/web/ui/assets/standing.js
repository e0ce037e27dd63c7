// @ts-check
/** How many records stand at each step, kept as it is on a chart that somebody looks at. */

const sequence = document.getElementById("canvas")?.dataset.sequence;
let waiting = 0;

/** Only the numbers: whatever is written or open beside the chart stays. */
async function count() {
  const response = await fetch(location.href, { headers: { accept: "text/html" } });
  if (!response.ok) return;
  const fresh = new DOMParser().parseFromString(await response.text(), "text/html");
  for (const tile of document.querySelectorAll(".chart a.tile")) {
    const [before, now] = [tile.querySelector(".standing"), fresh.getElementById(tile.id)?.querySelector(".standing")];
    if (before?.textContent === now?.textContent) continue;
    before?.remove();
    if (now) tile.insertBefore(now, tile.querySelector(".sign"));
  }
  const [before, now] = [document, fresh].map((page) => page.getElementById("counting"));
  if (now) before?.replaceWith(now);
  else before?.remove();
  if (now) soon();
}

/** However much happens, they are asked for once in a while. */
function soon() {
  waiting ||= window.setTimeout(() => {
    waiting = 0;
    // Where the server is away, the next event or its return asks again.
    count().catch(() => {});
  }, 1000);
}

if (sequence) {
  const source = new EventSource("/api/v1/stream");
  // What happened while the connection was away was not told.
  source.onerror = soon;
  source.onmessage = (event) => {
    if (String(event.data).includes(sequence)) soon();
  };
  if (document.getElementById("counting")) soon();
}
