import type { Fault, FaultRule, PlannedFault } from './faults.ts';

/** The rules of a proxy, and how often each was met. */
export interface FaultRules {
  add(rule: FaultRule): PlannedFault;
  /** The fault that befalls a request, which every rule counts. */
  choose(method: string, target: string, listedBefore: boolean): Fault | undefined;
}

interface Counted extends FaultRule {
  matched: number;
  hits: number;
}

/** No rules yet. */
export function faultRules(): FaultRules {
  const rules = new Set<Counted>();
  return {
    add(rule) {
      const counted = { ...rule, matched: 0, hits: 0 };
      rules.add(counted);
      return {
        get hits() {
          return counted.hits;
        },
        remove: () => void rules.delete(counted),
      };
    },
    choose(method, target, listedBefore) {
      const due = [...rules].filter((rule) => {
        if (rule.method !== undefined && rule.method !== method) return false;
        if (rule.target !== undefined && target.search(rule.target) < 0) return false;
        if (rule.fault.kind === 'lagging-list' && !listedBefore) return false;
        const { nth = 1, times = 1 } = rule;
        rule.matched++;
        return rule.matched >= nth && rule.matched < nth + times;
      });
      const [chosen] = due;
      if (chosen === undefined) return undefined;
      chosen.hits++;
      return chosen.fault;
    },
  };
}
