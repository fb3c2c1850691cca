import { systemClock, type Clock } from '@holdfast/base';

/** The machine's clock, on which nobody sleeps for longer than a moment; told of every sleep. */
export function quickClock(onSleep: (ms: number) => void = () => {}): Clock {
  return {
    now: () => systemClock.now(),
    monotonic: () => systemClock.monotonic(),
    sleep: (ms, signal) => {
      onSleep(ms);
      return systemClock.sleep(Math.min(ms, 10), signal);
    },
  };
}
