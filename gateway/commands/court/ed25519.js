// Ed25519 verification, RFC 8032 §5.1.7, for browsers whose WebCrypto does not know it. Only public values pass here,
// so nothing needs constant time. Like OpenSSL: the encoding of [S]B - [k]A must be R, byte for byte.
const P = 2n ** 255n - 19n;
const L = 2n ** 252n + 27742317777372353535851937790883648493n;
const mod = (a, m = P) => ((a % m) + m) % m;

function power(base, exponent) {
  let result = 1n;
  for (let b = mod(base), e = exponent; e > 0n; e >>= 1n, b = mod(b * b)) if (e & 1n) result = mod(result * b);
  return result;
}

const inverse = (a) => power(a, P - 2n);
const D = mod(-121665n * inverse(121666n));
const ROOT = power(2n, (P - 1n) / 4n); // a square root of -1

// The x of a y, with the given sign; null if the curve has no such point. RFC 8032 §5.1.3
function abscissa(y, sign) {
  const square = mod((y * y - 1n) * inverse(D * y * y + 1n));
  let x = power(square, (P + 3n) / 8n);
  if (mod(x * x - square) !== 0n) x = mod(x * ROOT);
  if (mod(x * x - square) !== 0n || (x === 0n && sign === 1n)) return null;
  return (x & 1n) === sign ? x : P - x;
}

const point = (x, y) => [x, y, 1n, mod(x * y)]; // extended coordinates, RFC 8032 §5.1.4
const BASE_Y = mod(4n * inverse(5n));
const BASE = point(abscissa(BASE_Y, 0n), BASE_Y);

function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(t1 * 2n * D * t2);
  const d = mod(z1 * 2n * z2);
  const [e, f, g, h] = [b - a, d - c, d + c, b + a];
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

function times(scalar, of) {
  let sum = [0n, 1n, 1n, 0n];
  for (let p = of, s = scalar; s > 0n; s >>= 1n, p = add(p, p)) if (s & 1n) sum = add(sum, p);
  return sum;
}

const number = (bytes) => bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n); // little-endian

function decodePoint(bytes) {
  const whole = number(bytes);
  const y = whole & (2n ** 255n - 1n);
  const x = y < P ? abscissa(y, whole >> 255n) : null;
  return x === null ? null : point(x, y);
}

function encodePoint([x, y, z]) {
  const scale = inverse(z);
  let whole = mod(y * scale) | ((mod(x * scale) & 1n) << 255n);
  return Uint8Array.from({ length: 32 }, () => {
    const byte = Number(whole & 255n);
    whole >>= 8n;
    return byte;
  });
}

async function ownEd25519(key, message, signature) {
  const a = decodePoint(key);
  const s = number(signature.slice(32));
  if (signature.length !== 64 || a === null || s >= L) return false;
  const hashed = new Uint8Array(signature.length / 2 + key.length + message.length);
  hashed.set(signature.slice(0, 32), 0);
  hashed.set(key, 32);
  hashed.set(message, 64);
  const k = number(new Uint8Array(await crypto.subtle.digest("SHA-512", hashed))) % L;
  const [x, y, z, t] = a;
  const r = encodePoint(add(times(s, BASE), times(k, [P - x, y, z, mod(-t)])));
  return r.every((byte, at) => byte === signature[at]);
}
