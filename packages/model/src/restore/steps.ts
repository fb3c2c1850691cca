import { componentKinds, type ComponentKind, type HostDescription } from './cluster-description.ts';
import { stepEntry, stepTable, type StepKind } from './phases.ts';
import type { PlannedStep, RestorePlan } from './restore-plan.ts';

type Shape = Pick<RestorePlan, 'way' | 'strategy' | 'seed' | 'source'> & {
  readonly members: readonly {
    readonly name: string;
    readonly role: 'member' | 'former';
    /** A machine that is vouched to be off: nothing is done on it. */
    readonly attested?: unknown;
    readonly run?: Pick<HostDescription, 'driver'>;
  }[];
  readonly controlPlane?: readonly {
    readonly name: string;
    readonly component: ComponentKind;
    readonly attested?: unknown;
  }[];
  readonly changes?: readonly { readonly at: string; readonly applies: boolean }[] | undefined;
};

/** The steps of a restore, from its shape alone; `estimate` tells the milliseconds that one should take. */
export function planSteps(
  shape: Shape,
  estimate: (kind: StepKind, bytes: number) => number = () => 0,
): PlannedStep[] {
  const bytes = shape.source.size;
  const whole = shape.members.filter(({ run }) => run?.driver === 'k3s-rke2').map(({ name }) => name);
  return sequence(shape).map(([kind, member], index) => {
    const { phase, does, undone, final, limitMs, limitPerByteMs } = stepEntry(kind);
    return {
      number: index + 1,
      phase,
      kind,
      member,
      does,
      undone,
      final: final === true,
      ...(kind === 'start' && member !== null && whole.includes(member) && { serves: true as const }),
      limitMs: Math.ceil(limitMs + (limitPerByteMs ?? 0) * bytes),
      estimateMs: Math.ceil(estimate(kind, bytes)),
    };
  });
}

type Ordered = [kind: StepKind, member: string | null];

function sequence(shape: Shape): Ordered[] {
  const { way, strategy, seed, source, members, controlPlane = [], changes = [] } = shape;
  const all = members.filter(({ attested }) => attested === undefined).map(({ name }) => name);
  const every = members.map(({ name }) => name);
  const fresh = members.filter(({ role }) => role === 'member').map(({ name }) => name);
  const built = strategy === 'seed' ? fresh.filter((name) => name === seed) : fresh;
  const joining = fresh.filter((name) => !built.includes(name));
  if (way === 'replace') {
    return [
      ...each('lock', all),
      ['check', null],
      ...each('stop', all),
      ...each('keep', all),
      ...each('remove', every),
      ...joins(fresh),
      ['agree', null],
      ['probe', null],
      ...each('unlock', all),
      ['save', null],
    ];
  }
  // API servers first; what acts on what they say comes after them, and is stopped before them.
  const served = componentKinds.flatMap((kind) =>
    controlPlane
      .filter(({ component, attested }) => component === kind && attested === undefined)
      .map(({ name }) => name),
  );
  const salvaged = source.kind === 'salvage';
  const changed = new Set(changes.flatMap(({ at, applies }) => (applies ? [at] : [])));
  return [
    ...each('lock', all),
    ['check', null],
    ['guard', null],
    ...(salvaged ? [] : each('fetch', built)),
    ...each('halt', served.toReversed()),
    ...each('stop', all),
    ...each('keep', all),
    ...(salvaged ? [['salvage', source.member] as Ordered, ...each('share', built)] : []),
    ...each('stage', built),
    // While the name of the data is barred: a boot amid it starts nothing from what is half old.
    ...each('configure', [...changed]),
    ...each('place', built),
    ...each('start', built),
    ...joins(joining),
    ['agree', null],
    ['probe', null],
    ...each('serve', served),
    ...each('unlock', all),
    ['save', null],
  ];
}

function each(kind: StepKind, names: readonly string[]): Ordered[] {
  return names.map((name) => [kind, name]);
}

function joins(names: readonly string[]): Ordered[] {
  return names.flatMap((name): Ordered[] => [
    ['join', name],
    ['start', name],
    ['promote', name],
  ]);
}

/** The first step after which there is only forward; undefined when everything can be undone. */
export function pointOfNoReturn(steps: readonly PlannedStep[]): PlannedStep | undefined {
  return steps.find(({ kind }) => 'final' in stepTable[kind]);
}
