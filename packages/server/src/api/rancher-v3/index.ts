/**
 * Rancher's API `/v3`, as far as etcd backups are concerned, so that what was scripted against it works on: the actions
 * backupEtcd and restoreFromEtcdBackup of clusters, and the collection etcdBackups. Shapes and messages are those of
 * rancher/rancher release/v2.10 and rancher/norman.
 */
export { mountRancherV3 } from './mount.ts';
