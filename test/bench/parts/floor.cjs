// The floor of a cold start: the least that a server of Node.js can be.
const { createServer } = require('node:http')

createServer((request, response) => response.end('hello')).listen(Number(process.env.PORT), '127.0.0.1')
