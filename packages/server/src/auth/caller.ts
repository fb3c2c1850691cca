import type { Grant } from '@holdfast/model/fleet';

/** Who asks, proven by a token. */
export interface Caller {
  /** The user's id and name. */
  readonly user: string;
  readonly name: string;
  readonly token: string;
  /** What the token may do: the user's grants, narrowed by its own. */
  readonly grants: readonly Grant[];
  readonly address: string;
}

/** An agent, proven by its client certificate. */
export interface AgentCaller {
  readonly node: string;
  readonly cluster: string;
  readonly address: string;
}
