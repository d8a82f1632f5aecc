/**
 * tap makes each process that a test starts load the coverage hooks of tap. Coverage is off in this project. The
 * programs under test must run unchanged, and the hooks would load each bundle twice, which would double the time of a
 * short program.
 */
import processOnSpawn from 'process-on-spawn'

processOnSpawn.removeAllListeners()
