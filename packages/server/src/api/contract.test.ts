import { repliesSuite } from './testing/replies.ts';
import { wrongBodiesSuite } from './testing/wrong-bodies.ts';

repliesSuite('SQLite');
wrongBodiesSuite('SQLite');
