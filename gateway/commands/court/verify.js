// Verifies a bundle of evidence where no office and no network is. The same steps, in the same order and with the same
// strictness, as `sealgate ledger verify`: what is not spelled in exactly one way is refused.
const utf8 = new TextEncoder();
const text = (bytes) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
const CLASSES = ["op", "snd", "rcp", "obj", "net", "sec"];
const LOG_KINDS = ["genesis", "tick", "clock", "key", "seal"];

class Unreadable extends Error {}

function must(isSo, words) {
  if (!isSo) throw new Unreadable(words);
}

// ── bytes ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  parts.reduce((at, part) => (whole.set(part, at), at + part.length), 0);
  return whole;
}

const same = (a, b) => a.length === b.length && a.every((byte, at) => byte === b[at]);
const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const tag = (name) => utf8.encode(`sealgate-ledger/${name}/v1\0`);

function base64(bytes) {
  let letters = "";
  for (let at = 0; at < bytes.length; at += 32768) letters += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(letters);
}

function unbase64(untrusted, size) {
  let letters;
  try {
    letters = atob(untrusted);
  } catch {
    throw new Unreadable("not base64");
  }
  const bytes = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
  must(base64(bytes) === untrusted, "not canonical base64");
  must(size === undefined || bytes.length === size, `not ${size} bytes`);
  return bytes;
}

function plainNumber(untrusted) {
  must(/^(0|[1-9][0-9]{0,15})$/.test(untrusted) && Number.isSafeInteger(Number(untrusted)), "not a plain number");
  return Number(untrusted);
}

// ── canonical JSON: strings, integers, arrays, objects; RFC 8785 is what JSON.stringify writes, keys sorted ─────────

function canonical(value) {
  if (typeof value === "string") {
    must(value.isWellFormed === undefined || value.isWellFormed(), "a lone surrogate");
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    must(Number.isSafeInteger(value) && !Object.is(value, -0), "not an integer below 2^53");
    return String(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  must(value !== null && typeof value === "object", "a value that has no canonical form");
  const keys = Object.keys(value).sort();
  must(keys.every((key) => /^[\x00-\x7f]*$/.test(key)), "a key that is not ASCII");
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(",")}}`;
}

function parseObject(bytes) {
  let value;
  try {
    value = JSON.parse(text(bytes));
  } catch {
    throw new Unreadable("not canonical JSON");
  }
  must(value !== null && typeof value === "object" && !Array.isArray(value), "not a JSON object");
  must(canonical(value) === text(bytes), "not canonical JSON");
  return value;
}

// ── the container: a zip, stored, sorted, dated 1980-01-01; read, written again, compared ───────────────────────────

const CRC = Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? 0xedb88320 ^ (n >>> 1) : n >>> 1;
  return n >>> 0;
});
const crc32 = (bytes) => ~bytes.reduce((crc, byte) => CRC[(crc ^ byte) & 255] ^ (crc >>> 8), ~0) >>> 0;

function packed(...fields) { // [width, value]…, little-endian
  return Uint8Array.from(fields.flatMap(([width, value]) =>
    Array.from({ length: width }, (_, at) => Math.floor(value / 256 ** at) % 256)));
}

function writeZip(files) {
  const bodies = [], entries = [];
  let at = 0;
  for (const [name, content] of files) {
    const label = utf8.encode(name), size = content.length;
    const about = [[2, 20], [2, 0], [2, 0], [2, 0], [2, 0x21], [4, crc32(content)], [4, size], [4, size],
      [2, label.length], [2, 0]];
    bodies.push(packed([4, 0x04034b50], ...about), label, content);
    entries.push(packed([4, 0x02014b50], [2, 20], ...about, [2, 0], [2, 0], [2, 0], [4, 0], [4, at]), label);
    at += 30 + label.length + size;
  }
  const directory = join(...entries), count = files.length;
  const end = packed([4, 0x06054b50], [2, 0], [2, 0], [2, count], [2, count], [4, directory.length], [4, at], [2, 0]);
  return join(...bodies, directory, end);
}

function readZip(untrusted) {
  must(untrusted.length <= 16 * 1024 * 1024, "larger than a bundle may be");
  const view = new DataView(untrusted.buffer, untrusted.byteOffset, untrusted.length);
  const files = new Map();
  let at = 0;
  while (at + 30 <= untrusted.length && view.getUint32(at, true) === 0x04034b50) {
    const name = at + 30, start = name + view.getUint16(at + 26, true), end = start + view.getUint32(at + 18, true);
    must(end <= untrusted.length && files.size < 10000, "not a bundle as we write them");
    const label = text(untrusted.slice(name, start));
    must(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/.test(label), "not a plain file name");
    must(!files.has(label), "a file twice");
    files.set(label, untrusted.slice(start, end));
    at = end;
  }
  const sorted = [...files].sort(([a], [b]) => (a < b ? -1 : 1));
  must(same(writeZip(sorted), untrusted), "not a bundle as we write them");
  return files;
}

// ── hashes and the tree, RFC 6962 §2.1 ──────────────────────────────────────────────────────────────────────────────

const sha256 = async (...parts) => new Uint8Array(await crypto.subtle.digest("SHA-256", join(...parts)));
const ZERO = Uint8Array.of(0), ONE = Uint8Array.of(1);
const node = (left, right) => sha256(ONE, left, right);

async function isIncluded(index, size, leaf, root, path) { // RFC 9162 §2.1.3.2
  if (!(0 <= index && index < size)) return false;
  let at = index, last = size - 1, found = leaf;
  for (const sibling of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      found = await node(sibling, found);
      while (at % 2 === 0 && at > 0) [at, last] = [at / 2, Math.floor(last / 2)];
    } else {
      found = await node(found, sibling);
    }
    [at, last] = [Math.floor(at / 2), Math.floor(last / 2)];
  }
  return last === 0 && same(found, root);
}

// ── notes and keys (C2SP signed-note, tlog-checkpoint) ──────────────────────────────────────────────────────────────

function readNote(untrusted) {
  must(/^[^\x00-\x09\x0b-\x1f\x7f]*$/.test(untrusted) && untrusted.endsWith("\n"), "not a signed note");
  const split = untrusted.lastIndexOf("\n\n");
  must(split > 0, "not a signed note");
  const said = untrusted.slice(0, split + 1);
  const signatures = untrusted.slice(split + 2, -1).split("\n").map((line) => {
    const found = /^\u2014 ([^ +]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    must(found !== null, "not a signature line");
    const bytes = unbase64(found[2]);
    must(bytes.length >= 5, "not a signature line");
    return { name: found[1], id: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  must(signatures.length <= 16, "more signatures than a note may have");
  const lines = said.slice(0, -1).split("\n");
  must(lines.length === 3 && lines[0] !== "", "not a checkpoint");
  return { said, signatures, origin: lines[0], size: plainNumber(lines[1]), root: unbase64(lines[2], 32) };
}

async function readKey(untrusted) {
  const [name, id, encoded, ...rest] = splitKey(untrusted.trim());
  must(rest.length === 0 && name && /^[0-9a-f]{8}$/.test(id) && encoded, "this is not a ledger key");
  const key = unbase64(encoded, 33);
  must(key[0] === 1, "this is not an Ed25519 key");
  const expected = (await sha256(utf8.encode(`${name}\n`), key)).slice(0, 4);
  must(hex(expected) === id, "this key was mistyped: its check digits do not fit");
  return { name, id: expected, key: key.slice(1) };
}

function splitKey(untrusted) { // base64 may hold a plus
  const [name, id, ...encoded] = untrusted.split("+");
  return [name, id ?? "", encoded.join("+")];
}

async function isSigned(key, message, signature) {
  try {
    const imported = await crypto.subtle.importKey("raw", key, { name: "Ed25519" }, false, ["verify"]);
    return await crypto.subtle.verify({ name: "Ed25519" }, imported, signature, message);
  } catch {
    return ownEd25519(key, message, signature); // this browser does not know Ed25519
  }
}

// ── entries, proofs, disclosures ────────────────────────────────────────────────────────────────────────────────────

function readEntry(bytes) {
  const said = parseObject(bytes), { v, s, k, t, g, x, l, p, o, c, d, ...rest } = said;
  const isFact = x !== undefined;
  must(Object.keys(rest).length === 0 && v === 1 && bytes.length <= 65535, "not an entry of the ledger");
  must([s, k, g].every((one) => typeof one === "string") && [o, x].every((one) =>
    one === undefined || typeof one === "string") && o !== "", "not an entry of the ledger");
  must([t, l ?? 0, p ?? 0].every((one) => Number.isSafeInteger(one) && one >= 0), "a negative number");
  must(isFact === (c !== undefined && c.length > 0) && (l === undefined || isFact), "not an entry of the ledger");
  must(d === undefined || (typeof d === "object" && !Array.isArray(d)), "not an entry of the ledger");
  must(!isFact || (Array.isArray(c) && c.length === 6), "an entry has six class roots");
  if (isFact) unbase64(x, 16);
  return { ...said, schema: s, kind: k, roots: (c ?? []).map((root) => unbase64(root, 32)) };
}

function readProof(bytes) {
  const whole = text(bytes), split = whole.indexOf("\n\n");
  must(split > 0, "not a tlog-proof");
  const [magic, extra, index, ...path] = whole.slice(0, split).split("\n");
  must(magic === "c2sp.org/tlog-proof@v1" && extra?.startsWith("extra ") && index?.startsWith("index ")
    && path.length <= 63, "not a tlog-proof");
  const said = parseObject(unbase64(extra.slice(6)));
  must(Object.keys(said).length === 2 && typeof said.entry === "string" && Array.isArray(said.disclosures),
    "extra holds an entry and its disclosures");
  return {
    index: plainNumber(index.slice(6)),
    entry: unbase64(said.entry),
    disclosures: said.disclosures,
    path: path.map((line) => unbase64(line, 32)),
    note: whole.slice(split + 2),
  };
}

async function isCommitted(entry, index, shown) {
  const { i, c, f, v, salt, pad, path, ...rest } = shown;
  const fields = TABLES.fields[entry.kind]?.[c];
  if (Object.keys(rest).length || i !== index || fields === undefined || (v === undefined) !== (salt === undefined)
    || (salt === undefined) === (pad === undefined)) return false;
  const names = fields.length ? fields : [""];
  const label = utf8.encode(f), mark = tag(v === undefined ? "decoy" : "field");
  const leaf = await sha256(ZERO, mark, Uint8Array.of(label.length), label, unbase64(salt ?? pad, 32),
    utf8.encode(v ?? ""));
  const place = names.indexOf(f);
  const way = path.map((step) => unbase64(step, 32));
  return place >= 0 && isIncluded(place, names.length, leaf, entry.roots[CLASSES.indexOf(c)], way);
}

// ── a bundle: its parts agree with each other ───────────────────────────────────────────────────────────────────────

async function readBundle(untrusted) {
  const files = readZip(untrusted);
  const lines = [];
  for (const name of [...files.keys()].filter((name) => name !== "MANIFEST").sort()) {
    lines.push(`${hex(await sha256(files.get(name)))}  ${name}\n`);
  }
  const file = (name) => {
    must(files.has(name), `the bundle lacks ${name}`);
    return files.get(name);
  };
  must(text(file("MANIFEST")) === lines.join(""), "a file is not the one of the MANIFEST");
  const proofs = [...files.keys()].filter((name) => name.startsWith("proofs/")).map((name) => readProof(files.get(name)));
  proofs.sort((a, b) => a.index - b.index);
  must(proofs.length > 0, "a bundle holds at least one entry");
  const note = text(file("checkpoint")), expected = new Set(TABLES.files);
  for (const { index, entry, note: theirs } of proofs) {
    expected.add(`entries/${index}.bin`).add(`proofs/${index}.tlog-proof`);
    must(same(file(`entries/${index}.bin`), entry) && files.has(`proofs/${index}.tlog-proof`), "the parts do not agree");
    must(theirs === note, "a proof to another checkpoint");
  }
  must([...files.keys()].every((name) => expected.has(name)), "a file that belongs to no bundle");
  const head = readNote(note), entries = proofs.map(({ entry }) => readEntry(entry));
  const record = { v: 1, origin: head.origin, size: head.size, entries: entries.map((said, at) => {
    const line = { i: proofs[at].index, k: said.kind, t: said.t };
    for (const key of ["o", "x", "l"]) if (said[key] !== undefined) line[key] = said[key];
    return line;
  }) };
  must(text(file("record.json")) === canonical(record), "record.json says something else");
  const shown = proofs.flatMap(({ disclosures }) => disclosures);
  must(text(file("disclosures.json")) === canonical(shown), "disclosures.json says something else");
  return { files, proofs, entries, head, policy: text(file("policy")), note };
}

// ── the steps ───────────────────────────────────────────────────────────────────────────────────────────────────────

async function verifyBundle(untrusted, typedKey) {
  const steps = [];
  const say = (step, verdict, words) => steps.push({ step, verdict, words });
  let bundle;
  try {
    bundle = await readBundle(untrusted);
    say(1, "true", `read strictly: ${bundle.proofs.length} entries`);
  } catch (why) {
    say(1, "false", `the bundle cannot be read: ${why.message}`);
    return { steps, bundle: null, verdict: "false" };
  }
  const { proofs, entries, head } = bundle;
  const times = entries.map((said) => said.t);
  const isFalling = times.some((at, n) => n > 0 && at < times[n - 1]);
  say(2, isFalling ? "false" : "true", isFalling ? "a later entry bears an earlier time"
    : "every entry is canonical, and time does not fall");
  for (const { index, entry, path } of proofs) {
    const isThere = await isIncluded(index, head.size, await sha256(ZERO, entry), head.root, path);
    say(3, isThere ? "true" : "false", isThere ? `entry ${index} stands in the tree of ${head.size}`
      : `entry ${index} does not lead to the root of the checkpoint`);
  }
  say(4, ...(await signature(head, typedKey, bundle.files.has("succession.json"))));
  await disclosed(proofs, entries, say);
  for (const name of TABLES.unchecked) {
    if (bundle.files.has(name)) say(6, "undecided", `${name} is not checked by this page: use sealgate ledger verify`);
  }
  const found = steps.map(({ verdict }) => verdict);
  const verdict = found.includes("false") ? "false" : found.includes("undecided") ? "undecided" : "true";
  return { steps, bundle, verdict };
}

async function signature(head, typedKey, hasFollowers) {
  if (!typedKey.trim()) return ["undecided", "you brought no key, so nobody vouches for the root"];
  let key;
  try {
    key = await readKey(typedKey);
  } catch (why) {
    return ["undecided", why.message];
  }
  const theirs = head.signatures.filter(({ name, id }) => name === key.name && same(id, key.id));
  if (key.name !== head.origin || theirs.length === 0) {
    return hasFollowers && key.name === head.origin
      ? ["undecided", "another key signed it, and the bundle tells how that key follows an older one; this page does "
        + "not follow: bring the newer key, or use sealgate ledger verify"]
      : ["false", "the checkpoint is not signed by the key you brought"];
  }
  for (const { signature } of theirs) {
    if (!(await isSigned(key.key, utf8.encode(head.said), signature))) return ["false", "a false signature"];
  }
  return ["true", `the checkpoint of ${head.origin} is signed by the key you brought`];
}

async function disclosed(proofs, entries, say) {
  let count = 0;
  for (const [at, { index, disclosures }] of proofs.entries()) {
    for (const shown of disclosures) {
      let isTrue = false;
      try {
        isTrue = await isCommitted(entries[at], index, shown);
      } catch (why) {
        if (!(why instanceof Unreadable)) throw why;
      }
      if (isTrue) count++;
      else say(5, "false", `${shown.c}.${shown.f} of entry ${index} is not what was committed to`);
    }
  }
  if (count) say(5, "true", `${count} disclosed fields are what was committed to`);
}
