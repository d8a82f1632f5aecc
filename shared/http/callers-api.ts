/**
 * The methods of the paths below `/job`, which functions share: behind the entry point, `job-watch` gets all requests
 * for what it serves, `deploy` those that change something, and `result-fetch` all others. So each of them must know
 * the methods of the others, for `Allow` in a 405. A test compares this with the routes.
 */
export const callersApi = {
  deploy: {
    '/job/:id': ['DELETE', 'PATCH'],
    '/job/:id/callback/:callback/redeliver': ['POST']
  },
  'result-fetch': {
    '/job': ['GET', 'HEAD'],
    '/job/:id': ['GET', 'HEAD'],
    '/job/:id/callback': ['GET', 'HEAD'],
    '/job/:id/result': ['GET', 'HEAD'],
    '/job/:id/result/list': ['GET', 'HEAD'],
    '/job/:id/result/archive': ['GET', 'HEAD']
  },
  'job-watch': {
    '/job/:id/events': ['GET'],
    '/job/:id/log': ['GET', 'HEAD']
  }
} satisfies Record<string, Record<string, string[]>>
