/** @holdfast/etcd/server-log: what an etcd that ended has said last. */
export { lastWords, logTail, tailOf } from './server-log.ts';
