import { goldenSuite } from './testing/golden-suite.ts';

goldenSuite('SQLite');
