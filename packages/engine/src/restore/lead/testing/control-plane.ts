import type { PlannedComponent, RestorePlan } from '@holdfast/model';
import type { ComponentOrder, StepEvidence } from '../../node.ts';

/** What the world shows to the parts of the control plane. */
interface Shown {
  /** Whether every member of the new cluster runs, and has proven itself since it was started. */
  readonly isProven: () => boolean;
  /** Whether every member has its old data and runs as it did. */
  readonly isOld: () => boolean;
  /** Told of what was contradicted. */
  readonly broken: (what: string) => void;
}

/** The control plane in memory. Every start is checked: the data below it has to be whole, and API servers come first. */
export class ControlPlane {
  readonly running = new Set<string>();
  /** Those that run again by themselves, since they were stopped; nobody has looked yet. */
  readonly revived = new Set<string>();
  /** Stopped by the restore, and not started by it since. */
  readonly #resting = new Set<string>();
  readonly #before: ReadonlySet<string>;
  readonly #parts: readonly PlannedComponent[];
  readonly #shown: Shown;
  #starting = 0;

  /** Schedulers run, though the plan has seen none: they were started since. */
  constructor({ controlPlane }: RestorePlan, shown: Shown) {
    this.#parts = controlPlane;
    this.#shown = shown;
    for (const { name, running, component } of controlPlane) {
      if (running === true || component === 'kube-scheduler') this.running.add(name);
    }
    this.#before = new Set(this.running);
  }

  get isAsBefore(): boolean {
    return this.#parts.every(({ name }) => this.running.has(name) === this.#before.has(name));
  }

  /** Whether a part of it was stopped by the restore, and not started by it since. */
  get isResting(): boolean {
    return this.#resting.size > 0;
  }

  get isAllUp(): boolean {
    return this.#parts.every(({ name }) => this.running.has(name));
  }

  /** What the check of before would note. */
  get seen(): StepEvidence[] {
    return this.#parts.map(({ name }) => ({ name, running: this.running.has(name) }));
  }

  /** What was stopped, or one part of it, runs again: somebody, or something, has started it. */
  revive(only?: string): void {
    for (const name of this.#resting) {
      if (this.running.has(name) || name !== (only ?? name)) continue;
      this.running.add(name);
      this.revived.add(name);
    }
  }

  /** Called as soon as an act begins, so that those beside each other are seen; `end` when it is over. */
  begin({ kind }: ComponentOrder, way: 'do' | 'undo'): { end(): void } {
    const starts = kind === 'serve' ? way === 'do' : kind === 'halt' && way === 'undo';
    if (!starts) return { end: () => undefined };
    this.#starting += 1;
    if (this.#starting > 1) this.#shown.broken('two parts of the control plane start at once');
    return { end: () => (this.#starting -= 1) };
  }

  act({ kind, component, found }: ComponentOrder, way: 'do' | 'undo'): StepEvidence {
    const { name } = component;
    const wasRunning = (found.halt?.['wasRunning'] ?? component.running) === true;
    if (kind === 'halt' && way === 'do') {
      const stoppedNow = this.#stop(name);
      return { ...(found.halt ?? { wasRunning, detail: 'it is stopped' }), stoppedNow };
    }
    if (kind === 'serve' && way === 'undo') {
      this.#stop(name);
      return {};
    }
    this.#resting.delete(name);
    this.revived.delete(name);
    if (kind === 'serve') {
      if (found.halt === undefined) this.#shown.broken(`serve of ${name} is not told of its halt`);
      if (!this.#shown.isProven()) this.#shown.broken(`${name} serves what is not proven`);
      this.#start(component);
      return { detail: 'it is ready' };
    }
    if (wasRunning !== this.#before.has(name)) this.#shown.broken(`${name} is not as it was before`);
    if (wasRunning) {
      if (!this.#shown.isOld()) this.#shown.broken(`${name} starts before all old data is back`);
      this.#start(component);
    }
    return {};
  }

  #stop(name: string): boolean {
    this.#resting.add(name);
    this.revived.delete(name);
    return this.running.delete(name);
  }

  #start({ name, component }: PlannedComponent): void {
    const servers = this.#parts.filter((each) => each.component === 'kube-apiserver');
    if (component !== 'kube-apiserver' && servers.some((each) => !this.running.has(each.name)))
      this.#shown.broken(`${name} starts before the API servers`);
    this.running.add(name);
  }
}
