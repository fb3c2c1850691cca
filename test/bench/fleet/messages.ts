/** An agent that is to be: of which cluster, and how it joins. */
export interface AgentPlan {
  readonly cluster: string;
  readonly token: string;
  readonly name: string;
  readonly address: string;
}

/** What the processes of simulated agents are told. */
export type AgentTask =
  | {
      readonly task: 'join';
      readonly servers: readonly string[];
      readonly ca: string;
      readonly agents: readonly AgentPlan[];
    }
  /** @param since milliseconds since 1970 */
  | { readonly task: 'tell'; readonly since: number }
  | { readonly task: 'stop' };

/** A save that an agent was ordered to make, when its order came to it first (milliseconds since 1970). */
export interface SaveBegun {
  readonly cluster: string;
  readonly policy: string;
  readonly scheduledFor: string;
  readonly order: string;
  readonly at: number;
}

/** What they tell of it. */
export type AgentsTold =
  | { readonly told: 'joined' }
  | { readonly told: 'failed'; readonly why: string }
  | {
      readonly told: 'counts';
      /** Requests that were answered, those that were not or refused, and other orders than saves, since the beginning. */
      readonly syncs: number;
      readonly failures: number;
      readonly others: number;
      /** Agents that have their assignment and have told their inventory. */
      readonly heard: number;
      /** Agents that were answered since then. */
      readonly answered: number;
      readonly saves: readonly SaveBegun[];
    };
