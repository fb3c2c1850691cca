import { bytesField, type Field, messageField, numberField } from '../gateway/protobuf.ts';
import { createdAt, mapField, type ObjectIdentity, timeField } from './encoding.ts';
import type { SeededRandom } from './random.ts';
import { fieldsText } from './text.ts';

/** One kind of object: where it is stored, how often it occurs, and its fields after the metadata. */
export interface Kind {
  readonly apiVersion: string;
  readonly kind: string;
  /** Of the key, after /registry/. */
  readonly resource: string;
  readonly share: number;
  /** Of the bytes that fill the object up to its size, how many go into its body rather than its metadata. */
  readonly bodyShare: number;
  readonly leased?: boolean;
  /** Custom resources are stored as JSON. */
  readonly json?: boolean;
  readonly body: (random: SeededRandom, identity: ObjectIdentity, bytes: number) => Field[];
}

const address = (random: SeededRandom): string =>
  `10.${random.below(256)}.${random.below(256)}.${random.below(256)}`;

function podSpec(random: SeededRandom, identity: ObjectIdentity, bytes: number): Field[] {
  const variable = messageField(7, bytesField(1, 'CONFIG'), bytesField(2, fieldsText(random, bytes)));
  const image = `registry.example/${identity.app}@sha256:${random.hex(64)}`;
  return [
    messageField(
      2,
      bytesField(1, identity.app),
      bytesField(2, image),
      variable,
      bytesField(14, 'IfNotPresent'),
    ),
    bytesField(3, 'Always'),
    bytesField(8, 'default'),
    bytesField(10, `node-${random.below(200)}`),
  ];
}

/** The kinds of a fill, with shares that add up to 100. */
export const kinds: readonly Kind[] = [
  {
    apiVersion: 'v1',
    kind: 'Pod',
    resource: 'pods',
    share: 30,
    bodyShare: 0.4,
    body: (random, identity, bytes) => [
      messageField(2, ...podSpec(random, identity, bytes)),
      messageField(
        3,
        bytesField(1, 'Running'),
        bytesField(6, address(random)),
        timeField(7, createdAt(random)),
      ),
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'Event',
    resource: 'events',
    share: 15,
    bodyShare: 0.3,
    leased: true,
    body: (random, identity, bytes) => [
      messageField(2, bytesField(1, 'Pod'), bytesField(2, identity.namespace), bytesField(3, identity.app)),
      bytesField(3, random.pick(['Scheduled', 'Pulled', 'Created', 'Started', 'BackOff', 'Unhealthy'])),
      bytesField(4, fieldsText(random, bytes)),
      messageField(5, bytesField(1, 'kubelet'), bytesField(2, `node-${random.below(200)}`)),
      timeField(6, createdAt(random)),
      numberField(8, 1 + random.below(30)),
      bytesField(9, 'Normal'),
    ],
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    resource: 'configmaps',
    share: 12,
    bodyShare: 0.8,
    body: (random, _identity, bytes) => [mapField(2, 'config.yaml', fieldsText(random, bytes))],
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    resource: 'secrets',
    share: 10,
    bodyShare: 0.8,
    body: (random, _identity, bytes) => [
      mapField(2, 'token', random.bytes(Math.ceil((bytes * 3) / 4)).toString('base64')),
      bytesField(3, 'Opaque'),
    ],
  },
  {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    resource: 'replicasets',
    share: 12,
    bodyShare: 0.4,
    body: (random, identity, bytes) => [
      messageField(
        2,
        numberField(1, random.below(10)),
        messageField(2, mapField(1, 'app.kubernetes.io/name', identity.app)),
        messageField(3, messageField(2, ...podSpec(random, identity, bytes))),
      ),
      messageField(3, numberField(1, random.below(10))),
    ],
  },
  {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    resource: 'endpointslices',
    share: 8,
    bodyShare: 0.2,
    body: (random, _identity, bytes) => [
      ...Array.from({ length: 1 + Math.floor(bytes / 40) }, () =>
        messageField(2, bytesField(1, address(random)), bytesField(6, `node-${random.below(200)}`)),
      ),
      messageField(3, bytesField(1, 'http'), bytesField(2, 'TCP'), numberField(3, 8080)),
      bytesField(4, 'IPv4'),
    ],
  },
  {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    resource: 'leases',
    share: 5,
    bodyShare: 0,
    body: (random) => [
      messageField(
        2,
        bytesField(1, `node-${random.below(200)}`),
        numberField(2, 40),
        timeField(4, createdAt(random)),
      ),
    ],
  },
  {
    apiVersion: 'shop.example/v1',
    kind: 'Order',
    resource: 'shop.example/orders',
    share: 8,
    bodyShare: 1,
    json: true,
    body: () => [],
  },
];
