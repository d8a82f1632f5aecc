import t from 'tap'
import { madeJobs } from '../made-jobs.ts'
import { kubernetesRequestKind, storeRequestKind, uploadRequestKind } from '../request-kind.ts'
import { writtenStates } from '../written-states.ts'

const ID = 'fe5dfa65-8d04-8041-ad00-881625d25b4f'

t.equal(storeRequestKind('PUT', `/bucket/state/${ID}.json`), 'PUT state')
t.equal(storeRequestKind('GET', '/bucket?list-type=2&prefix=open%2F'), 'GET open list-type')
t.equal(storeRequestKind('PUT', `/bucket/results/${ID}/a?uploadId=1&partNumber=1`), 'PUT results uploadId')
t.equal(kubernetesRequestKind('POST', '/apis/batch/v1/namespaces/gx4ki-jobs/jobs?dryRun=All'), 'POST jobs')
t.equal(kubernetesRequestKind('GET', '/api/v1/namespaces/gx4ki-jobs/pods/x/log?follow=true'), 'GET pods log')
t.equal(kubernetesRequestKind('DELETE', '/apis/batch/v1/namespaces/gx4ki-jobs/jobs/x'), 'DELETE jobs one')
t.equal(uploadRequestKind('POST', `/job/${ID}/attempt/1/upload/part`), 'POST upload/part')
t.equal(uploadRequestKind('DELETE', `/job/${ID}/attempt/1/upload?name=x`), 'DELETE upload')

const states = writtenStates()
const path = `/bucket/state/${ID}.json`
t.ok(states.isObserved('PUT', path))
t.notOk(states.isObserved('GET', path))
for (const [record, status] of [
  [{ revision: 3, state: 'failed' }, 200],
  [{ revision: 1, state: 'pending' }, 200],
  [{ revision: 2, state: 'running' }, 412],
  [{ hidden: true }, 200]
] as const) {
  const sent = Buffer.from(JSON.stringify(record))
  states.observe({ method: 'PUT', path, headers: {}, sent, status, body: Buffer.alloc(0) })
}
t.strictSame(states.of(ID), [{ revision: 1, state: 'pending' }, { revision: 3, state: 'failed' }])

const made = madeJobs()
t.ok(made.isObserved('POST', '/apis/batch/v1/namespaces/gx4ki-jobs/jobs'))
t.notOk(made.isObserved('POST', '/apis/batch/v1/namespaces/gx4ki-jobs/jobs?dryRun=All'))
for (const [uid, status] of [['1', 201], ['1', 201], ['2', 409], ['3', 201]] as const) {
  const body = Buffer.from(JSON.stringify({ metadata: { uid, labels: { 'gx4ki.job.uuid': ID } } }))
  made.observe({ method: 'POST', path: '', headers: {}, sent: Buffer.alloc(0), status, body })
}
t.equal(made.of(ID), 2)
t.equal(made.of('another'), 0)
