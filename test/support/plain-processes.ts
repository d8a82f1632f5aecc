/**
 * tap has every process that a test starts load its own hooks, for coverage, which is off here. The programs under test
 * are to run as they are, and loading a bundle twice over costs them as much as all they do.
 */
import processOnSpawn from 'process-on-spawn'

processOnSpawn.removeAllListeners()
