import { bytesField, messageField } from '../gateway/protobuf.ts';
import { createdAt, metadata, type ObjectIdentity, storedProtobuf } from './encoding.ts';
import { type Kind, kinds } from './kinds.ts';
import { seededRandom, type SeededRandom } from './random.ts';
import { fieldsText } from './text.ts';

/** One key and value as kube-apiserver would store it. */
export interface StoredObject {
  readonly key: string;
  readonly value: Buffer;
  /** Whether it hangs on a lease, as events do. */
  readonly leased: boolean;
}

/** The namespaces of a fill. */
export const namespaces: readonly string[] = [
  'kube-system',
  'kube-public',
  'kube-node-lease',
  'default',
  'monitoring',
  'ingress',
  ...Array.from({ length: 24 }, (_, i) => `team-${i + 1}`),
];

const apps = ['web', 'api', 'worker', 'cache', 'queue', 'search', 'billing', 'mailer', 'gateway', 'report'];
const usualMeanBytes = 4600;

// Sizes run from 0.22 to 2.4 times the mean: 1 to 11 KB when it is 4.6 KB. The exponent keeps the mean.
const smallest = 0.22;
const largest = 2.4;
const exponent = (largest - smallest) / (1 - smallest) - 1;
/** What an object takes besides the bytes that fill it up, about. */
const fixedBytes = 480;
/** Of text that JSON quotes, how much is there before its quotes are escaped. */
const unquoted = 0.86;

/** The uid of the namespace kube-system, by which a Kubernetes cluster is known. */
export function kubeSystemUid(seed: number): string {
  return namespaceUid(seed, 0);
}

/** The namespaces as stored objects. */
export function namespaceObjects(seed: number): StoredObject[] {
  return namespaces.map((name, i) => {
    const identity = {
      apiVersion: 'v1',
      kind: 'Namespace',
      name,
      namespace: '',
      uid: namespaceUid(seed, i),
      app: name,
      generation: 1,
    };
    const value = storedProtobuf(identity, [
      metadata(seededRandom(seed, i, 2), identity, 200),
      messageField(2, bytesField(1, 'kubernetes')),
      messageField(3, bytesField(1, 'Active')),
    ]);
    return { key: `/registry/namespaces/${name}`, value, leased: false };
  });
}

/** The key of the object with a number; it is the same in every generation. */
export function objectKey(seed: number, index: number): string {
  const { kind, identity } = identify(seed, index, 1);
  return keyOf(kind, identity);
}

/** Which version of an object, and how large its kind is on average. */
export interface ObjectOptions {
  readonly generation?: number;
  readonly meanBytes?: number | undefined;
}

/** The object with a number, in a generation: a change of it is the same object in the next generation. */
export function kubernetesObject(
  seed: number,
  index: number,
  { generation = 1, meanBytes = usualMeanBytes }: ObjectOptions = {},
): StoredObject {
  const { kind, identity } = identify(seed, index, generation);
  const random = seededRandom(seed, index, generation, 1);
  const size = meanBytes * (smallest + (largest - smallest) * random.fraction() ** exponent);
  const fill = Math.max(0, Math.round(size - fixedBytes));
  const body = Math.round(fill * kind.bodyShare);
  const value =
    kind.json === true
      ? customResource(random, identity, fill)
      : storedProtobuf(identity, [
          metadata(random, identity, fill - body),
          ...kind.body(random, identity, body),
        ]);
  return { key: keyOf(kind, identity), value, leased: kind.leased ?? false };
}

function identify(seed: number, index: number, generation: number): { kind: Kind; identity: ObjectIdentity } {
  const random = seededRandom(seed, index);
  const kind = kindAt(random.below(100));
  const app = random.pick(apps);
  return {
    kind,
    identity: {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      name: `${app}-${random.hex(10)}-${index}`,
      namespace: random.pick(namespaces),
      uid: random.uuid(),
      app,
      generation,
    },
  };
}

function kindAt(percent: number): Kind {
  let left = percent;
  for (const kind of kinds) {
    left -= kind.share;
    if (left < 0) return kind;
  }
  throw new Error('the shares of the kinds add up to less than 100');
}

function keyOf(kind: Kind, { namespace, name }: ObjectIdentity): string {
  return `/registry/${kind.resource}/${namespace}/${name}`;
}

function namespaceUid(seed: number, index: number): string {
  return seededRandom(seed, index, 1, 1, 1).uuid();
}

function customResource(random: SeededRandom, identity: ObjectIdentity, bytes: number): Buffer {
  const { apiVersion, kind, name, namespace, uid, generation } = identity;
  const creationTimestamp = new Date(createdAt(random) * 1000).toISOString();
  const object = {
    apiVersion,
    kind,
    metadata: { name, namespace, uid, generation, creationTimestamp },
    spec: {
      total: random.below(10_000),
      note: fieldsText(random, Math.round(bytes * unquoted)).toString('latin1'),
    },
  };
  return Buffer.from(`${JSON.stringify(object)}\n`);
}
