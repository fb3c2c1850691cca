/**
 * @holdfast/etcd/stream: what etcd sends as a stream, received with flat memory and checked on the way.
 */
export { receiveSnapshot, type ReceiveOptions } from './receive-snapshot.ts';
export type { TrailedContent } from './trailed-file.ts';
