import { Failure } from '@holdfast/base';
import type { DoctorCheck, DoctorReport } from '@holdfast/engine';
import { withEtcd, withRepository } from '../program/options.ts';
import type { Verb } from '../program/verb.ts';
import type { Session } from '../session.ts';
import { connect } from '../sources/etcd.ts';
import { chosenPlace, hasPlace } from '../sources/places.ts';
import { openRepository } from '../sources/repository.ts';
import { apiVersion, type Answer, type View } from '../term/answer.ts';
import { aligned } from '../term/table.ts';

export function addDoctor(parent: Verb): void {
  const verb = parent.command('doctor');
  verb
    .description(
      'Find out why a save or a restore would fail: repository, endpoints, TLS, login, quorum, space.',
    )
    .example('With everything from the configuration', 'holdfast doctor')
    .example(
      'One etcd alone',
      'holdfast doctor --endpoints https://10.0.0.1:2379 --cacert ca.crt --cert c.crt --key c.key',
    )
    .remark(
      'Each fault is of one class (disk space, credentials, network, permissions, health, data, setup) and has its fix. Nothing is changed; a probe file is written to the repository and removed. Exit 3 when anything failed, also when no etcd answers; warnings leave it 0.',
    )
    .answers(examine);
  withRepository(withEtcd(verb));
}

async function examine(session: Session): Promise<Answer> {
  const { settings, io } = session;
  const place = hasPlace(session) ? chosenPlace(session) : undefined;
  if (place === undefined) session.warn('no repository is looked at: --repo is not set');
  if (settings.endpoints === undefined) session.warn('no etcd is looked at: --endpoints is not set');
  const { doctor } = await import('@holdfast/engine');
  const report = await doctor(session.context, {
    ...(place !== undefined && {
      repository: { name: place.name, open: () => openRepository(session) },
    }),
    ...(settings.endpoints !== undefined && { etcd: () => connect(settings, io) }),
  });
  return doctorAnswer(report);
}

function doctorAnswer({ checks }: DoctorReport): Answer {
  const failed = checks.filter((each) => each.outcome === 'failed');
  const what = failed.map((each) => `${each.subject}: ${each.check} (${each.fault})`).join(', ');
  return {
    json: { apiVersion, kind: 'DoctorReport', healthy: failed.length === 0, checks },
    names: failed.map((each) => `${each.subject} ${each.check}`),
    text: (view) => doctorText(checks, view),
    ...(failed.length > 0 && {
      failure: new Failure('checks-failed', `${failed.length} of ${checks.length}: ${what}`),
    }),
  };
}

function doctorText(checks: readonly DoctorCheck[], view: View): string {
  const tones = { ok: 'good', warning: 'doubtful', failed: 'bad', skipped: 'faint' } as const;
  return [...Map.groupBy(checks, (each) => each.subject)]
    .map(([subject, own]) => {
      const lines = own.map((each) => {
        const fault = each.fault === undefined ? '' : ` (${each.fault})`;
        return [`  ${each.check}`, view.style(tones[each.outcome], each.outcome) + fault, each.found];
      });
      return `${view.style('strong', subject)}\n${aligned(lines)}${fixes(own)}`;
    })
    .join('\n');
}

function fixes(checks: readonly DoctorCheck[]): string {
  return checks.flatMap(({ check, fix }) => (fix === undefined ? [] : [`  ! ${check}: ${fix}\n`])).join('');
}
