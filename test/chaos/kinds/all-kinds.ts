import { canceled } from './canceled.ts'
import { canceledInVain } from './canceled-in-vain.ts'
import { emptyFolder } from './empty-folder.ts'
import { failing } from './failing.ts'
import { folderForFile } from './folder-for-file.ts'
import { growingFile } from './growing-file.ts'
import { hiddenFiles } from './hidden-files.ts'
import { impossibleNames } from './impossible-names.ts'
import type { Kind } from './kind.ts'
import { largeFile } from './large-file.ts'
import { links } from './links.ts'
import { manySmallFiles } from './many-small-files.ts'
import { mappedFile } from './mapped-file.ts'
import { oddNames } from './odd-names.ts'
import { overdue } from './overdue.ts'
import { renamedAndRemoved } from './renamed-and-removed.ts'
import { secondTry } from './second-try.ts'
import { unreadableFile } from './unreadable-file.ts'

export const allKinds: readonly Kind[] = [
  manySmallFiles,
  largeFile,
  growingFile,
  mappedFile,
  renamedAndRemoved,
  folderForFile,
  hiddenFiles,
  oddNames,
  impossibleNames,
  links,
  unreadableFile,
  emptyFolder,
  failing,
  secondTry,
  overdue,
  canceled,
  canceledInVain
]
