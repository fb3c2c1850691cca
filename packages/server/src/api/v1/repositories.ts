import { Failure } from '@holdfast/base';
import { orAborted, type Probe, probeFault, probeFleetRepository } from '@holdfast/engine';
import type { FleetRepository, RepositorySecrets, RepositorySpec } from '@holdfast/model/fleet';
import type { Catalogue, OpenFleetRepository } from '../../catalogue/catalogue.ts';
import { fleetRepository } from '../../catalogue/fleet-view.ts';
import { fleetPlace } from '../../catalogue/open-fleet.ts';
import { secretsOf, sealSecrets } from '../../catalogue/repository-secrets.ts';
import type { ServerContext } from '../../context.ts';
import type { StoredRepository } from '../../store/repositories.ts';
import type { Tables } from '../../store/store.ts';
import { repositoriesSeen } from '../repositories-seen.ts';
import type { Asked, Handlers } from '../handler.ts';
import { pageFrom } from '../paging.ts';
import { RequestRefused } from '../problem.ts';

/** What the handlers of repositories work with. */
export interface RepositoryParts {
  readonly context: ServerContext;
  readonly catalogue: Pick<Catalogue, 'unknown'>;
  /** `fleetOpener(context, …)` */
  readonly open: OpenFleetRepository;
  /** Where proxies and a default region are looked for; nowhere when absent. */
  readonly variables?: Readonly<Record<string, string | undefined>>;
}

type Names =
  | 'listRepositories'
  | 'createRepository'
  | 'getRepository'
  | 'putRepository'
  | 'deleteRepository'
  | 'probeRepository'
  | 'listUnknownClusters';

/** The routes of repositories. */
export function repositoryHandlers(parts: RepositoryParts): Handlers<Names> {
  const { context, catalogue } = parts;
  const { store } = context;
  return {
    listRepositories: async ({ query, caller }) => {
      const [all, totals] = await Promise.all([store.repositories.all(), totalsOf(store)]);
      const seen = await repositoriesSeen(store, caller);
      const shownTo = all.filter(({ name }) => seen?.has(name) ?? true);
      const { items, next } = pageFrom(shownTo, ({ name }) => name, query);
      return { items: items.map((each) => fleetRepository(each, totals.get(each.name))), next };
    },
    createRepository: (asked) => create(parts, asked),
    getRepository: async ({ params: { repository }, caller }) => {
      const seen = await repositoriesSeen(store, caller);
      if (seen?.has(repository) === false) throw unknown(repository);
      return shown(store, await named(store, repository));
    },
    putRepository: (asked) => put(parts, asked),
    deleteRepository: async ({ params: { repository } }) => {
      await store.transaction((tables) => remove(tables, repository));
      return undefined;
    },
    probeRepository: async ({ params, signal }) => {
      const stored = await named(store, params.repository);
      const place = fleetPlace(context, stored.name, signal, parts.variables);
      const secrets = secretsOf(context.sealer, stored);
      return probed(await orAborted(probeFleetRepository(stored.spec, secrets, place), signal));
    },
    listUnknownClusters: async ({ params, query, signal }) =>
      pageFrom(await catalogue.unknown(params.repository, signal), ({ id }) => id, query),
  };
}

async function create(
  { context, open }: RepositoryParts,
  { body, signal, note }: Asked<'createRepository'>,
): Promise<{ readonly body: FleetRepository; readonly version: number }> {
  const { store, clock, sealer } = context;
  const { spec } = body;
  const taken = new Failure('name-taken', 'a repository has it', { name: spec.name });
  if ((await store.repositories.get(spec.name)) !== undefined) throw taken;
  const secrets = changedSecrets({}, body.secrets);
  note({ repository: spec.name, secrets: Object.keys(secrets), created: body.create });
  const repository = spec.readByServer
    ? await open(spec, secrets, { create: body.create, signal })
    : undefined;
  const made = await store.transaction(async ({ repositories }) => {
    const stored = await repositories.create({
      ...written(spec, secrets),
      sealed: sealSecrets(sealer, spec.name, secrets),
      createdAt: clock.now().toISOString(),
    });
    if (stored === null || repository === undefined) return stored;
    const status = { repositoryId: repository.record.id, reachable: true, why: '', scannedAt: null };
    await repositories.setStatus(spec.name, status);
    return { ...stored, ...status };
  });
  if (made === null) throw taken;
  return { body: fleetRepository(made, undefined), version: made.version };
}

async function put(
  { context, open }: RepositoryParts,
  { body, params, ifMatch, signal, note }: Asked<'putRepository'>,
): Promise<{ readonly body: FleetRepository; readonly version: number }> {
  const { store, sealer } = context;
  const { spec } = body;
  const name = params.repository;
  if (spec.name !== name)
    throw new RequestRefused([
      { pointer: '/body/spec/name', detail: `a repository keeps its name, ${name}` },
    ]);
  const before = await named(store, name);
  const secrets = changedSecrets(secretsOf(sealer, before), body.secrets);
  note({ repository: name, secrets: Object.keys(body.secrets) });
  if (spec.readByServer) await open(spec, secrets, { create: false, signal });
  const put = await store.repositories.put(name, ifMatch ?? before.version, {
    ...written(spec, secrets),
    sealed: sealSecrets(sealer, name, secrets),
  });
  if ('missing' in put) throw unknown(name);
  if ('conflict' in put) throw new Failure('version-conflict', `it is version ${put.conflict.version} now`);
  for (const cluster of await usersOf(store, name)) store.bell.ring('cluster', cluster.id);
  return await shown(store, put.put);
}

async function remove(tables: Tables, name: string): Promise<void> {
  const users = await usersOf(tables, name);
  if (users.length > 0) {
    const more = users.length > 3 ? ` and ${users.length - 3} more` : '';
    const first = users.slice(0, 3).map((each) => each.name);
    throw new Failure('in-use', `cluster ${first.join(', ')}${more} names it`, { name });
  }
  if (!(await tables.repositories.remove(name))) throw unknown(name);
}

/** The clusters that name it, or of which a policy does. */
async function usersOf(
  tables: Tables,
  repository: string,
): Promise<{ readonly id: string; readonly name: string }[]> {
  const [clusters, policies] = await Promise.all([tables.clusters.all(), tables.policies.all()]);
  const byPolicy = new Set(
    policies
      .filter(({ policy }) => policy.targets.some((target) => target.repository === repository))
      .map(({ cluster }) => cluster),
  );
  return clusters
    .filter(({ id, spec }) => spec.repositories.includes(repository) || byPolicy.has(id))
    .map(({ id, spec }) => ({ id, name: spec.name }));
}

/** What is not named stays; null takes it away. */
function changedSecrets(
  before: RepositorySecrets,
  change: Readonly<Partial<Record<keyof RepositorySecrets, string | null>>>,
): RepositorySecrets {
  const all = Object.entries({ ...before, ...change });
  return Object.fromEntries(all.filter(([, value]) => value !== null && value !== undefined));
}

function written(
  spec: RepositorySpec,
  secrets: RepositorySecrets,
): Pick<StoredRepository, 'name' | 'spec' | 'secretNames'> {
  const secretNames = Object.keys(secrets) as (keyof RepositorySecrets)[];
  return { name: spec.name, spec, secretNames };
}

async function shown(
  tables: Tables,
  stored: StoredRepository,
): Promise<{ readonly body: FleetRepository; readonly version: number }> {
  const totals = await totalsOf(tables);
  return { body: fleetRepository(stored, totals.get(stored.name)), version: stored.version };
}

async function totalsOf(tables: Tables): Promise<Map<string, { snapshots: number; storedBytes: number }>> {
  return new Map((await tables.snapshots.totals()).map((each) => [each.repository, each]));
}

async function named(tables: Tables, name: string): Promise<StoredRepository> {
  const found = await tables.repositories.get(name);
  if (found === undefined) throw unknown(name);
  return found;
}

function unknown(repository: string): Failure {
  return new Failure('repository-unknown', 'none of this name was added', { repository });
}

function probed(probe: Probe): {
  ok: boolean;
  checks: { check: string; ok: boolean; detail: string }[];
} {
  const { steps, conditionalWrites, findings } = probe;
  const checks = steps.map(({ step, failure }) => ({
    check: step,
    ok: failure === undefined,
    detail: failure === undefined ? '' : `${failure.message}: ${failure.why}`,
  }));
  if (conditionalWrites !== undefined) {
    const ok = conditionalWrites.put && conditionalWrites.complete;
    const detail = findings.find(({ code }) => code === 's3-no-conditions')?.why ?? '';
    checks.push({ check: 'conditional-writes', ok, detail });
  }
  const told = new Set<unknown>(steps.map(({ failure }) => failure));
  for (const finding of findings) {
    if (told.has(finding) || finding.code === 's3-no-conditions') continue;
    checks.push({ check: finding.code, ok: false, detail: `${finding.message}: ${finding.why}` });
  }
  return { ok: probeFault(probe) === undefined, checks };
}
