// A gateway as a competent developer would write it in Node.js: Fastify and the official client. The bench puts it
// beside ours.
import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';

import { Client, Connection, WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import Fastify from 'fastify';

const START_TIMEOUT_MS = 10_000;

const text = { type: 'string', minLength: 1 };
const problem = {
  type: 'object',
  properties: { title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' } },
};
const schema = {
  body: {
    type: 'object',
    required: ['workflowType', 'taskQueue'],
    properties: { workflowType: text, taskQueue: text, workflowId: text, input: {} },
  },
  response: {
    201: {
      type: 'object',
      properties: {
        workflowId: { type: 'string' },
        runId: { type: 'string' },
        firstRunId: { type: 'string' },
        started: { type: 'boolean' },
      },
    },
    '4xx': problem,
    '5xx': problem,
  },
};

function refuse(reply, status, title, detail) {
  return reply.code(status).type('application/problem+json').send({ title, status, detail });
}

const { values } = parseArgs({
  options: {
    listen: { type: 'string', default: '127.0.0.1:8080' },
    temporal: { type: 'string', default: '127.0.0.1:7233' },
    namespace: { type: 'string', default: 'default' },
  },
});

const connection = await Connection.connect({ address: values.temporal });
const { workflow: workflows } = new Client({ connection, namespace: values.namespace });
const app = Fastify({ logger: { level: 'info' }, disableRequestLogging: true, bodyLimit: 1 << 20, keepAliveTimeout: 75_000 });

app.setErrorHandler((error, request, reply) => {
  const status = error.statusCode ?? 500;
  if (status >= 500) {
    request.log.error(error);
  }
  return refuse(reply, status, 'The request cannot be answered.', error.message);
});

app.get('/livez', (request, reply) => reply.code(200).send());

app.post('/v1/workflows', { schema }, async (request, reply) => {
  const { workflowType, taskQueue, input } = request.body;
  const workflowId = request.body.workflowId ?? `${workflowType}-${randomUUID()}`;
  try {
    const run = await connection.withDeadline(Date.now() + START_TIMEOUT_MS, () =>
      workflows.start(workflowType, {
        taskQueue,
        workflowId,
        args: input === undefined ? [] : [input],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        workflowIdConflictPolicy: 'FAIL',
      }),
    );
    return reply
      .code(201)
      .header('location', `/v1/workflows/${encodeURIComponent(run.workflowId)}`)
      .send({
        workflowId: run.workflowId,
        runId: run.firstExecutionRunId,
        firstRunId: run.firstExecutionRunId,
        started: true,
      });
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      return refuse(reply, 409, 'The workflow is running already.', error.message);
    }
    request.log.error(error, 'start failed');
    return refuse(reply, 503, 'Temporal did not take the start.', error.message);
  }
});

for (const signal of ['SIGTERM', 'SIGINT']) {
  process.once(signal, async () => {
    await app.close();
    await connection.close();
  });
}

const colon = values.listen.lastIndexOf(':');
await app.listen({ host: values.listen.slice(0, colon), port: Number(values.listen.slice(colon + 1)) });
