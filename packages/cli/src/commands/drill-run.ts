import { Argument } from 'commander';
import { withEtcdProgram, withLogin, withRepository, withStateDir } from '../program/options.ts';
import { overServer } from '../program/over-server.ts';
import type { Verb } from '../program/verb.ts';
import { withFleet } from '../remote/connection.ts';
import type { Session } from '../session.ts';
import { credentials } from '../sources/password.ts';
import { openRepository } from '../sources/repository.ts';
import { selectedSnapshot } from '../sources/selected.ts';
import type { FleetDrillOptions } from '../remote/drills.ts';
import type { Answer } from '../term/answer.ts';
import { drillAnswer } from '../view/drill.ts';

export function addDrillRun(parent: Verb): void {
  const verb = parent.command('run');
  verb
    .description('Restore a stored snapshot into a throw-away etcd on this machine, and question it.')
    .addArgument(
      new Argument(
        '[snapshot]',
        'its exact name, latest for the newest of any kind, or latest~N for the N-th before it',
      ).default('latest'),
    )
    .example('The newest; exit 4 means that it could not be restored', 'holdfast drill run --repo /backup')
    .example(
      'Another one, with an etcd that is not on the PATH',
      'holdfast drill run latest~1 --repo /backup --etcd /opt/etcd/etcd',
    )
    .remark(
      'The newest may be a safety snapshot of before a restore, or a degraded one: it is taken as everywhere where latest is said. The etcd program must be of the minor version of the snapshot, or of the next one. While the drill lasts, the data lies below --state-dir, plain also where the snapshot is sealed and for this user only, and is served without TLS on 127.0.0.1; afterwards nothing is left but the report. Where the snapshot has authentication on, --user and --password-file name a user of it with the root role; without one, what needs a login is skipped.',
    )
    .answers(async (session, _options, name) => run(session, name));
  withEtcdProgram(withStateDir(withLogin(withRepository(verb))));
  overServer(verb, { takes: ['repo'] }, async (session, options: FleetDrillOptions, name) => {
    const { runDrill } = await import('../remote/drills.ts');
    return withFleet(session, (fleet) => runDrill(fleet, options, name));
  });
}

async function run(session: Session, selector: string): Promise<Answer> {
  const { stateDir, etcdProgram: program } = session.settings;
  const auth = await credentials(session.settings);
  const repository = await openRepository(session);
  const selected = await selectedSnapshot(session, repository, selector);
  const { runDrill } = await import('@holdfast/engine');
  return drillAnswer(
    await runDrill(session.context, { ...selected, repository, program, stateDir, ...(auth && { auth }) }),
  );
}
