import { systemClock } from '@holdfast/base';
import { describeStorage } from '../../testing/conformance.ts';
import { MemoryStorage } from './memory-storage.ts';

describeStorage('memory', async () => new MemoryStorage(systemClock));
