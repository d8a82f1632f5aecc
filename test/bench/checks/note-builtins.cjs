// Writes at the end of a process how many modules of Node itself it has loaded.
const { writeFileSync } = require('node:fs')

process.on('exit', () => {
  writeFileSync(process.env.NOTE_BUILTINS, String(process.moduleLoadList.filter((one) => one.startsWith('NativeModule')).length))
})
