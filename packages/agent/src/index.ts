/**
 * @holdfast/agent: one node. Carries out the steps of a restore where a member lives, and knows how etcd is run there.
 *
 * - host: drivers (a process of its own, a systemd unit, a static pod, a server of K3s or RKE2, a container of Docker) that
 *   start and stop etcd or a part of the control plane, the proof that it is stopped or does its work, and the description of
 *   what runs on this machine. What differs between etcd and a part is in hosted-etcd and hosted-component.
 * - local-node: the members and the parts of the control plane of this machine, as whoever leads a restore sees them; places
 *   says which paths are used.
 * - steps: what each step does and undoes there.
 */
export { localNode } from './local-node.ts';
export { discoverCluster } from './host/discover.ts';
