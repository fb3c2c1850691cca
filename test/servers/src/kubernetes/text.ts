import { seededRandom, type SeededRandom } from './random.ts';

const words =
  'f:metadata f:labels f:annotations f:spec f:containers k:{"name":"app"} f:image f:imagePullPolicy f:resources f:limits f:requests f:cpu f:memory f:env f:ports f:protocol f:livenessProbe f:readinessProbe f:httpGet f:path f:volumeMounts f:mountPath f:status f:conditions f:lastTransitionTime f:message f:reason f:podIP f:startTime f:nodeName f:tolerations f:restartPolicy f:securityContext f:serviceAccount f:terminationGracePeriodSeconds'.split(
    ' ',
  );

const corpusBytes = 1024 * 1024;
const shortest = 24;
const longest = 96;
const idBytes = 10;
const digits = Buffer.from('0123456789abcdef');
let corpus: Buffer | undefined;

function makeCorpus(): Buffer {
  const random = seededRandom(1);
  const parts: string[] = [];
  for (let length = 0; length < corpusBytes;) {
    const part = `"${random.pick(words)}":{".":{},"f:${random.hex(4)}":{}},`;
    parts.push(part);
    length += part.length;
  }
  return Buffer.from(parts.join('')).subarray(0, corpusBytes);
}

/** Text like the managed fields of an object: much that repeats, broken by ids that do not; packs about 3 to 1. */
export function fieldsText(random: SeededRandom, length: number): Buffer {
  corpus ??= makeCorpus();
  const text = Buffer.allocUnsafe(length);
  for (let at = 0; at < length;) {
    const from = random.below(corpusBytes - longest);
    at += corpus.copy(text, at, from, from + shortest + random.below(longest - shortest));
    const end = Math.min(at + idBytes, length);
    for (let left = random.next(); at < end; at++, left >>>= 3) text[at] = digits[left & 15] ?? 0;
  }
  return text;
}
