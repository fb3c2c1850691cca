import type { Finding, Subject } from './request.ts';

/** P15: what one could go back to. */
export function checkSafetyCopy({ plan, repository }: Subject): Finding {
  const holding = plan.members.filter(({ sight }) => sight.data === 'readable' || sight.data === 'damaged');
  const kept = holding.map(({ name, dataDir }) => ({ name, path: `${dataDir}/member.pre-${plan.id}` }));
  const answering = plan.members.filter(({ sight }) => sight.answers).map(({ name }) => name);
  const snapshot = plan.way !== 'replace' && repository !== undefined && answering.length > 0;
  const evidence = { kept, snapshot, answering, repository: repository !== undefined };
  const told = [
    ...(kept.length > 0 ? [`the old data is kept as ${kept.map(({ path }) => path).join(', ')}`] : []),
    ...(snapshot ? [`${answering.join(', ')} is saved first as pre-restore-${plan.id}`] : []),
    ...(plan.way === 'replace' ? ['the members that stay have all data'] : []),
  ];
  const unsaved = repository === undefined ? ['no repository is named, so no snapshot is saved'] : [];
  if (told.length > 0) return { outcome: 'passed', detail: [...told, ...unsaved].join('; '), evidence };
  const nothing = 'no member has data or answers, so there is nothing that could be kept';
  return { outcome: 'warned', detail: [nothing, ...unsaved].join('; '), evidence };
}
