import type { Operation } from '@holdfast/model/fleet';
import type { ServerContext } from '../context.ts';
import type { Tables } from '../store/store.ts';
import { askApproval, askCancel } from './ask-people.ts';
import { planOf } from './ask-plan.ts';
import { restartOf } from './ask-restart.ts';
import { askAgain, operationOf, restoreOf } from './ask-restore.ts';
import { jobOf, onSnapshotOf, saveOf } from './ask-save.ts';
import { putNew, type Making } from './new-operation.ts';
import type { Asker, Operations } from './operations.ts';
import type { OperationPorts } from './ports.ts';
import { Runner } from './runner.ts';

/** Operations, and the runner of this replica. */
export interface RunningOperations extends Operations {
  /** Carries operations on until the signal says so; lets go of them then, so that another replica may have them at once. */
  run(signal: AbortSignal): Promise<void>;
  /** There may be a new operation: the runner looks at once. */
  nudge(): void;
}

/** Everything that is done to clusters: how it is asked for, and the runner that carries it out. */
export function makeOperations(context: ServerContext, ports: OperationPorts): RunningOperations {
  const { store, clock, random } = context;
  const watchedSince = clock.now();
  const runner = new Runner({ context, ports, watchedSince, progress: new Map() });
  const make = async (build: (tables: Tables, making: Making) => Promise<Operation>): Promise<Operation> => {
    const making = { random, now: clock.now() };
    const { operation } = await store.transaction(
      async (tables) => await putNew(tables, await build(tables, making)),
    );
    runner.nudge();
    return operation;
  };
  const plan = async (asker: Asker, wanted: Parameters<typeof planOf>[3]): Promise<Operation> => {
    // It asks who is connected: that is no matter of one transaction.
    const operation = await planOf(store, ports, asker, wanted, { random, now: clock.now() });
    return await make(async () => operation);
  };
  return {
    run: (signal) => runner.run(signal),
    nudge: () => runner.nudge(),
    save: (asker, wanted) => make((tables, making) => saveOf(tables, asker, wanted, making)),
    onSnapshot: (asker, kind, wanted) =>
      make((tables, making) => onSnapshotOf(tables, asker, kind, wanted, making)),
    job: (asker, kind, wanted) => make((tables, making) => jobOf(tables, asker, kind, wanted, making)),
    plan: (asker, wanted) => plan(asker, { ...wanted, restores: false }),
    planAndRestore: (asker, wanted) => plan(asker, { ...wanted, restores: true }),
    restore: (asker, wanted) => make((tables, making) => restoreOf(tables, asker, wanted, making)),
    restartNodes: async (asker, wanted) => {
      const nodes = await ports.nodesOf(wanted.cluster);
      return await make((tables, making) => restartOf(tables, asker, { ...wanted, nodes }, making));
    },
    again: async (asker, id, wanted) => {
      const { cluster } = await operationOf(store, id);
      const nodes = await ports.nodesOf(cluster);
      const now = clock.now();
      const operation = await store.transaction((tables) =>
        askAgain(tables, asker, { id, ...wanted, nodes }, { now, watchedSince }),
      );
      runner.nudge();
      return operation;
    },
    approve: (asker, id) => store.transaction((tables) => askApproval(tables, asker, id, clock.now())),
    cancel: (asker, id, reason) =>
      store.transaction((tables) => askCancel(tables, asker, { id, reason }, clock.now())),
  };
}
