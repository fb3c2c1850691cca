import { z } from 'zod';

/**
 * What may run Kubernetes' part of a node: the kubelet, and with K3s and RKE2 everything else. Units of systemd by their names,
 * and RKE's containers of Docker. Nothing else is ever restarted by an order.
 */
export const nodeParts = [
  'kubelet.service',
  'k3s.service',
  'k3s-agent.service',
  'rke2-server.service',
  'rke2-agent.service',
  'docker/kubelet',
  'docker/kube-proxy',
] as const;
export const NodePart = z.enum(nodeParts);
export type NodePart = z.infer<typeof NodePart>;

/** Whether it runs the control plane of its node as well: to restart it is to restart that, and an etcd that it has. */
export function isServerPart(part: NodePart): boolean {
  return part === 'k3s.service' || part === 'rke2-server.service';
}

/** What a restart order answers with. */
export const RestartResult = z.object({
  restarted: z.array(
    z.object({
      part: NodePart,
      /** The process before and after; null where there was none, or nobody could tell. */
      pidBefore: z.int().nullable(),
      pidAfter: z.int().nullable(),
      /** Milliseconds until it was ready again. */
      tookMs: z.int().min(0),
      /** How it is known to be ready, without a full stop. */
      evidence: z.string(),
    }),
  ),
  /** Parts that were found and were to be left as they are. */
  left: z.array(NodePart),
});
export type RestartResult = z.infer<typeof RestartResult>;
