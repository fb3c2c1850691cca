import type { Act } from './acts.ts';
import { attemptAct } from './attempt-act.ts';
import { restartNodesAct } from './restart-nodes-act.ts';
import { restoreAct } from './restore-act.ts';
import type { View } from './view.ts';

/**
 * What is to be done next with an operation that is not over: a pure function of what is stored and of who is connected.
 * Whoever carries it on, and wherever the one before died, finds the same.
 */
export function nextAct(view: View): Act {
  const { kind } = view.operation;
  if (kind === 'restore') return restoreAct(view);
  return kind === 'restart-nodes' ? restartNodesAct(view) : attemptAct(view);
}
