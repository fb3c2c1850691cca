import type { Failure } from '@holdfast/base';
import type { AgentCaller } from '../../auth/caller.ts';
import type { AgentApiParts } from './parts.ts';

/**
 * Notes in the audit log what an agent was refused. One that was removed asks again and again: that is noted once by each
 * replica.
 */
export function refusals({
  auditor,
}: Pick<AgentApiParts, 'auditor'>): (caller: AgentCaller, failure: Failure) => Promise<void> {
  const expelled = new Set<string>();
  return async ({ node, cluster, address }, { code, why }) => {
    if (code !== 'agent-expelled' && code !== 'call-refused') return;
    if (code === 'agent-expelled') {
      if (expelled.has(node)) return;
      expelled.add(node);
    }
    await auditor.note({
      by: `node ${node}`,
      token: null,
      address,
      action: code === 'agent-expelled' ? 'agentRequest' : 'agentCall',
      of: node,
      cluster,
      outcome: 'refused',
      details: { code, why },
    });
  };
}
