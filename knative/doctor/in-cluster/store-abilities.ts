import type { Presign } from '../../../functions/result-upload/presign.ts'
import { newJobId } from '../../../shared/job/job-id.ts'
import { DOCTOR_PREFIX } from '../../../shared/store/bucket-layout.ts'
import { listAll, listObjects, removeObject } from '../../../shared/store/object-store.ts'
import type { Store } from '../../../shared/store/open-store.ts'
import { broken, degraded, type Row, works } from '../row.ts'
import { wordsOf } from '../words-of.ts'
import type { Place } from './ability-place.ts'
import { listsAll, listsTags } from './prove-lists.ts'
import { comparesAndSwaps, ranges, tags, writesOnlyNew } from './prove-objects.ts'
import { checksums, listsUploads, listsUploadsByPrefix, multipart } from './prove-uploads.ts'

interface Ability {
  check: string
  /** Returns the finding. Throws an error that says what is wrong. */
  prove: (place: Place) => Promise<string>
  without: typeof broken | typeof degraded
  mend: string
}

const ANOTHER_STORE = 'use a store that supports it: docs/install.md, Production'

const abilities: Ability[] = [
  { check: 'store: create if absent', prove: writesOnlyNew, without: broken, mend: ANOTHER_STORE },
  { check: 'store: overwrite if unchanged', prove: comparesAndSwaps, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: tags',
    prove: tags,
    without: broken,
    mend: `allow PutObjectTagging and GetObjectTagging, or ${ANOTHER_STORE}`
  },
  { check: 'store: checksums', prove: checksums, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: multipart uploads',
    prove: multipart,
    without: broken,
    mend: `allow AbortMultipartUpload and ListMultipartUploadParts, or ${ANOTHER_STORE}`
  },
  { check: 'store: range of one version', prove: ranges, without: broken, mend: ANOTHER_STORE },
  { check: 'store: complete lists', prove: listsAll, without: broken, mend: ANOTHER_STORE },
  {
    check: 'store: list with tags',
    prove: listsTags,
    without: degraded,
    mend: 'no action is necessary; MinIO lists tags in one request'
  },
  {
    check: 'store: unfinished uploads',
    prove: listsUploads,
    without: broken,
    mend: `allow ListBucketMultipartUploads, or ${ANOTHER_STORE}`
  },
  {
    check: 'store: unfinished uploads by prefix',
    prove: listsUploadsByPrefix,
    without: degraded,
    mend: 'MinIO aborts them after a day; any other store needs a lifecycle rule that does so'
  }
]

/** Tests, with temporary objects, every operation of the store that the functions use. */
export async function storeAbilities (store: Store, presign: Presign): Promise<Row[]> {
  // The time in the id shows a later run of the doctor whether this run may still be in progress.
  const prefix = `${DOCTOR_PREFIX}${newJobId()}/`
  try {
    await listObjects(store, { prefix, tags: false })
  } catch (error) {
    return [
      broken(
        'store',
        wordsOf(error),
        'check S3_* in the ConfigMap gx4ki-settings, the Secret gx4ki-store, and that the bucket exists'
      )
    ]
  }
  const rows: Row[] = []
  for (const { check, prove, without, mend } of abilities) {
    rows.push(
      await prove({ store, presign, prefix: `${prefix}${rows.length}/` }).then((seen) =>
        works(check, seen), (error) =>
        without(check, wordsOf(error), mend))
    )
  }
  try {
    for await (const { key } of listAll(store, prefix, { tags: false })) await removeObject(store, key)
    return [works('store', `bucket ${store.bucket} exists and can be read, written and emptied`), ...rows]
  } catch (error) {
    return [broken('store', `the test objects cannot be removed: ${wordsOf(error)}`, 'allow DeleteObject'), ...rows]
  }
}
