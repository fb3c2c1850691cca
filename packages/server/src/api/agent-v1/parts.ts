import type { Auditor } from '../../audit/auditor.ts';
import type { ServerContext } from '../../context.ts';
import type { AgentGate } from '../../gate/gate.ts';
import type { Authority } from '../../pki/authority.ts';

/** What the agents' API is served with. */
export interface AgentApiParts {
  readonly context: ServerContext;
  readonly gate: AgentGate;
  readonly authority: Authority;
  readonly auditor: Pick<Auditor, 'note'>;
}
