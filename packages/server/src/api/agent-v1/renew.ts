import type { RenewReply, RenewRequest } from '@holdfast/model/fleet';
import type { z } from 'zod';
import type { AgentCaller } from '../../auth/caller.ts';
import { issueAgentCertificate } from '../../pki/agent-certificate.ts';
import type { AgentApiParts } from './parts.ts';

/** A new certificate for a node that shows one which is still valid. @throws Failure csr-invalid, agent-expelled */
export async function renew(
  { context, gate, authority, auditor }: AgentApiParts,
  caller: AgentCaller,
  { csr }: z.infer<typeof RenewRequest>,
): Promise<z.infer<typeof RenewReply>> {
  const { node, cluster, address } = caller;
  const known = await gate.known.admit(caller, { fresh: true });
  const { certificate, notAfter } = await issueAgentCertificate(context, authority, csr, { node, cluster });
  await context.store.nodes.setCertificate(node, notAfter);
  known.certificateNotAfter = notAfter;
  await auditor.note({
    by: `node ${node}`,
    token: null,
    address,
    action: 'renewAgent',
    of: node,
    cluster,
    outcome: 'allowed',
    details: { notAfter },
  });
  return { certificate, ca: authority.certificate };
}
