import { openGateway } from '../gateway/gateway.ts';
import type { GatewayTarget } from '../gateway/transport.ts';
import type { MovableMember } from './member.ts';
import type { Credentials } from './options.ts';
import type { ClusterPlan, PlannedMember } from './plan.ts';

/** How our own client reaches a member: with the members' certificate, which has no common name. */
export function targetOf({ tls, auth }: ClusterPlan, member: PlannedMember | undefined): GatewayTarget {
  return {
    url: member?.clientUrl ?? '',
    tls: tls === undefined ? undefined : { cacert: tls.cacert, cert: tls.serverCert, key: tls.serverKey },
    auth,
  };
}

/** Makes the user root and turns authentication on. */
export async function enableAuth(plan: ClusterPlan, { user, password }: Credentials): Promise<void> {
  const gateway = openGateway({ ...targetOf(plan, plan.members[0]), auth: undefined });
  try {
    await gateway.userAdd(user, password);
    await gateway.roleAdd('root');
    await gateway.userGrantRole(user, 'root');
    await gateway.authEnable();
  } finally {
    gateway.close();
  }
}

/** Adds a learner to a healthy cluster and starts it. */
export async function addLearner(plan: ClusterPlan, learner: MovableMember): Promise<void> {
  const gateway = openGateway({ ...targetOf(plan, plan.members[0]), auth: undefined });
  try {
    await gateway.memberAdd(learner.peerUrl, true);
    await learner.start();
  } finally {
    gateway.close();
  }
}
