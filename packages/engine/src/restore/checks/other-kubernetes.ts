import { isFailure } from '@holdfast/base';
import { machinesOf } from '../machines.ts';
import type { Subject } from './request.ts';

/** A version of Kubernetes, and what runs in another one, as `kube-apiserver of api is v1.35.2`. */
interface OtherKubernetes {
  readonly saved: string;
  readonly now: readonly string[];
}

/**
 * Where Kubernetes is left as it is, and was another when the snapshot was taken. Undefined where it is the same, and where
 * the snapshot does not tell its own or no machine tells that of now.
 *
 * @throws the signal's reason
 */
export async function otherKubernetes({
  plan,
  stored,
  nodes,
  context,
}: Subject): Promise<OtherKubernetes | undefined> {
  const version = stored?.manifest.companions?.kubernetes.version ?? null;
  if (version === null || (plan.scope ?? 'none') !== 'none') return undefined;
  const { clock, signal } = context;
  // What nobody could look at is not waited for again.
  const members = plan.members.filter(({ sight }) => sight.running !== null);
  const controlPlane = plan.controlPlane.filter(({ running }) => running !== null);
  const now: string[] = [];
  for (const [node, here] of machinesOf({ members, controlPlane }, nodes)) {
    try {
      const order = { scope: 'kubernetesVersion', wanted: { version, companions: null } } as const;
      const about = { restore: plan.id, ...here, among: plan.members };
      const changes = await node.compare({ ...order, ...about }, { clock, signal });
      const versions = changes.filter(({ kind }) => kind === 'version');
      now.push(...versions.map(({ at, what, from }) => `${what} of ${at} is ${from ?? 'another'}`));
    } catch (error) {
      signal.throwIfAborted();
      // What cannot be seen of it is no reason to refuse: it is only told of.
      if (!isFailure(error)) throw error;
    }
  }
  return now.length === 0 ? undefined : { saved: version, now };
}
