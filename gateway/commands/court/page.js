// Shows what was verified, and only that: whatever is false is not repeated.
const byId = (name) => document.getElementById(name);
const VERDICTS = {
  true: "TRUE: these entries stand in the ledger that this key signed, and nobody has changed them since.",
  false: "FALSE: do not rely on this file.",
  undecided: "UNDECIDED: nothing is false, but not everything could be checked.",
};
const MARKS = { true: "✓ true", false: "✗ FALSE", undecided: "? undecided" };

function element(name, content, className) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...(Array.isArray(content) ? content : [content]));
  return made;
}

// What would reorder or hide a line is shown as a mark instead.
const printable = (said) => said.replace(/[\p{C}\p{Zl}\p{Zp}]/gu, "\ufffd");
const instant = (at) => (at <= 8.64e15 ? new Date(at).toISOString() : `${at} ms after 1970`);

function transferId(x) {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = Array.from(unbase64(x, 16), (byte) => byte.toString(2).padStart(8, "0")).join("") + "00";
  return `T-${bits.match(/.{5}/g).map((five) => letters[parseInt(five, 2)]).join("")}`;
}

function valuesOf(proof) {
  const shown = new Map(proof.disclosures.map(({ c, f, v }) => [`${c}.${f}`, v]));
  const named = TABLES.words.filter(([name]) => shown.has(name));
  const values = new Map(named.filter(([name]) => shown.get(name) !== undefined).map(([name, word]) =>
    [word, shown.get(name)]));
  const none = named.filter(([name]) => shown.get(name) === undefined).map(([, word]) => word);
  if (none.length) values.set("shown to have no value", none.join(", "));
  return values;
}

function table(values) {
  const rows = [...values].map(([word, value]) => element("tr", [element("th", word), element("td", printable(value))]));
  return element("table", [element("tbody", rows)]);
}

// Of the many entries that are in their place, only their number.
function brief(steps) {
  const placed = steps.filter(({ step, verdict }) => step === 3 && verdict === "true");
  if (placed.length < 2) return steps;
  const words = `${placed.length} entries stand in the tree that the checkpoint signs`;
  return steps.flatMap((one) => (one === placed[0] ? [{ ...one, words }] : placed.includes(one) ? [] : [one]));
}

function headline(said) {
  if (said.kind === "disposed" && said.o === undefined && said.p === undefined) return TABLES.ordered;
  return TABLES.outcomes[`${said.kind}.${said.o ?? ""}`] ?? TABLES.headlines[said.kind] ?? said.kind;
}

function tell(proof, said) {
  const leg = said.l === undefined ? "" : ` · recipient ${said.l + 1}`;
  const of = said.x === undefined ? "" : ` · ${transferId(said.x)}`;
  const head = element("h3", `${headline(said)}${leg}`);
  const place = element("p", `${instant(said.t)} · entry ${proof.index}${of}`, "place");
  const raw = element("details", [element("summary", "The entry, byte for byte"), element("pre", text(proof.entry))]);
  const values = valuesOf(proof);
  return element("article", values.size ? [head, place, table(values), raw] : [head, place, raw]);
}

const CONNECTION = ["net.dst", "sec.tls", "sec.cert", "sec.hop", "rcp.reply", "sec.e2e", "rcp.keyfp"];

function connections({ proofs, entries }) {
  const words = new Map(TABLES.words);
  const wanted = new Set(CONNECTION.map((name) => words.get(name)));
  return proofs.flatMap((proof, at) => {
    if (!["attempted", "shipped"].includes(entries[at].kind)) return [];
    const values = new Map([...valuesOf(proof)].filter(([word]) => wanted.has(word)));
    return values.size ? [element("h3", `${instant(entries[at].t)} · entry ${proof.index}`), table(values)] : [];
  });
}

function fill(name, children) {
  byId(name).replaceChildren(...children);
}

let current = null; // the bundle that is looked at

async function check() {
  const { steps, bundle, verdict } = await verifyBundle(current, byId("key").value);
  byId("verdict").className = verdict;
  byId("verdict").textContent = VERDICTS[verdict];
  fill("steps", brief(steps).map(({ step, verdict: one, words }) =>
    element("li", [element("strong", MARKS[one], `mark ${one}`), ` ${step}. ${printable(words)}`])));
  const isShown = bundle !== null && verdict !== "false";
  byId("told").hidden = !isShown;
  byId("says").textContent = verdict === "true" ? "What it says" : "What it claims, unproved";
  fill("entries", isShown ? bundle.proofs.map((proof, at) => tell(proof, bundle.entries[at])) : []);
  const links = isShown ? connections(bundle) : [];
  byId("links").hidden = links.length === 0;
  fill("connections", links);
  byId("head").textContent = isShown ? bundle.note : "";
  byId("policy").textContent = isShown ? bundle.policy : "";
  document.documentElement.dataset.done = verdict;
}

function start() {
  if (!globalThis.crypto?.subtle) {
    byId("verdict").textContent = "This browser gives a file no cryptography. Open it in another one.";
    return;
  }
  const embedded = byId("bundle").textContent.trim();
  current = embedded ? Uint8Array.from(atob(embedded), (letter) => letter.charCodeAt(0)) : null;
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (current) check();
  });
  byId("file").addEventListener("change", async (event) => {
    const [chosen] = event.target.files;
    if (!chosen) return;
    current = new Uint8Array(await chosen.arrayBuffer());
    check();
  });
  byId("print").addEventListener("click", () => print());
  if (current) check();
}

start();
