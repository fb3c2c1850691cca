import { withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import type { Answer } from '../term/answer.ts';
import { drillsAnswer } from '../view/drill.ts';

export function addDrillList(parent: Verb): void {
  const verb = parent.command('list');
  verb
    .description('List the drills of this machine, newest first, with the trend of the time to recover.')
    .example('All of them', 'holdfast drill list')
    .remark(
      'CHANGE is against the drill before it of the same cluster that came to its end. Reports that are damaged, or not what was written, are named on stderr.',
    )
    .answers(list);
  withStateDir(verb);
  overServer(verb, {}, async (session) => {
    const { listDrills } = await import('../remote/drills.ts');
    return withFleet(session, listDrills);
  });
}

async function list(session: Session): Promise<Answer> {
  const { listDrills } = await import('@holdfast/engine');
  const { drills, damaged } = await listDrills(session.settings.stateDir);
  for (const { path, why } of damaged) session.warn(`${path}: ${why}`);
  return drillsAnswer(drills);
}
