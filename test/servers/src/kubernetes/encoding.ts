import { bytesField, type Field, messageField, numberField } from '../gateway/protobuf.ts';
import type { SeededRandom } from './random.ts';
import { fieldsText } from './text.ts';

/** What an object is and who it is; the rest of its metadata follows from the random numbers. */
export interface ObjectIdentity {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly app: string;
  readonly generation: number;
}

const magic = Buffer.from('k8s\0');
const firstCreated = 1_760_000_000;
const creationSpan = 20_000_000;

/** Wraps an encoded object as kube-apiserver stores it: a magic, and a runtime.Unknown that names its kind. */
export function storedProtobuf({ apiVersion, kind }: ObjectIdentity, object: readonly Field[]): Buffer {
  const typeMeta = messageField(1, bytesField(1, apiVersion), bytesField(2, kind));
  // Content encoding and content type are written even though they are empty.
  return Buffer.concat([magic, typeMeta, messageField(2, ...object), bytesField(3, ''), bytesField(4, '')]);
}

/** An entry of a map from text to text or bytes. */
export function mapField(field: number, key: string, value: string | Uint8Array): Field {
  return messageField(field, bytesField(1, key), bytesField(2, value));
}

/** A moment, to the second. */
export function timeField(field: number, seconds: number): Field {
  return messageField(field, numberField(1, seconds));
}

/** The second when an object was created. */
export function createdAt(random: SeededRandom): number {
  return firstCreated + random.below(creationSpan);
}

/** ObjectMeta with managed fields of a given length. */
export function metadata(random: SeededRandom, identity: ObjectIdentity, managedBytes: number): Field {
  const created = createdAt(random);
  return messageField(
    1,
    bytesField(1, identity.name),
    ...(identity.namespace === '' ? [] : [bytesField(3, identity.namespace)]),
    bytesField(5, identity.uid),
    numberField(7, identity.generation),
    timeField(8, created),
    mapField(11, 'app.kubernetes.io/name', identity.app),
    mapField(11, 'pod-template-hash', random.hex(10)),
    mapField(12, 'kubectl.kubernetes.io/restartedAt', new Date(created * 1000).toISOString()),
    messageField(
      17,
      bytesField(1, 'kube-controller-manager'),
      bytesField(2, 'Update'),
      bytesField(3, identity.apiVersion),
      timeField(4, created),
      bytesField(6, 'FieldsV1'),
      messageField(7, bytesField(1, fieldsText(random, managedBytes))),
    ),
  );
}
