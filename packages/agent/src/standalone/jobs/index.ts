import type { DaemonLog } from '../log.ts';
import type { JobPorts } from '../ports.ts';
import type { Work } from '../work.ts';
import { check } from './check.ts';
import { copy, waiting } from './copy.ts';
import { drill } from './drill.ts';
import { look } from './look.ts';
import { prune } from './prune.ts';
import { save } from './save.ts';

/** The daemon's work, done by the verbs of the engine. */
export function engineWork(ports: JobPorts, log: DaemonLog): Work {
  return {
    save: (order, signal) => save(ports, order, signal),
    prune: (policy, known, signal) => prune(ports, policy, known, signal),
    check: (policy, known, signal) => check(ports, policy, known, signal),
    drill: (policy, known, signal) => drill(ports, policy, known, signal),
    look: (policy, where, signal) => look(ports, policy, where, signal),
    waiting: () => waiting(ports),
    copy: (reached, signal) =>
      copy(ports, reached, {
        signal,
        onRun: ({ item, outcome, failure, notes }) => {
          const at = ports.clock.now();
          const fields = { repository: item.to, snapshot: item.snapshot, outcome };
          if (failure !== null) {
            const text = `${item.snapshot} waits still to be copied to ${item.to}: ${failure.message}: ${failure.why}`;
            return log({
              at,
              level: 'warning',
              event: 'copy-failed',
              text,
              fields: { ...fields, code: failure.code },
            });
          }
          const text = [`${item.snapshot} was copied to ${item.to}`, ...notes].join('; ');
          log({ at, level: 'info', event: 'copied', text, fields });
        },
      }),
  };
}
