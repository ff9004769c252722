import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import type { Answer, Members } from './driver';
import { difference } from './match';

const SCENARIOS = join(__dirname, '../scenarios');

/** Who can act in a scenario. `wire` writes over plain gRPC, without any SDK; `proxy` answers in the server's place. */
const ROLES = ['worker', 'reader', 'server', 'wire', 'proxy'] as const;
export type Role = (typeof ROLES)[number];

/** One step of a scenario: see sdk/conformance/README.md. */
type Step = Partial<Record<Role, string>> & {
  with?: Members;
  start?: string;
  await?: string;
  expect?: Members;
  error?: string;
  message?: string;
  unsaid?: string;
  keep?: Record<string, string>;
};

export interface Scenario {
  name: string;
  steps: Step[];
}

/** Does what a step asks of a role. */
export type Act = (role: Role, op: string, members: Members) => Promise<Answer>;

export function readScenarios(): Scenario[] {
  const files = readdirSync(SCENARIOS).filter((name) => name.endsWith('.yaml'));
  return files.flatMap((file) => parse(readFileSync(join(SCENARIOS, file), 'utf8')) as Scenario[]);
}

export function hasRole({ steps }: Scenario, role: Role): boolean {
  return steps.some((step) => step[role] !== undefined);
}

/** Whether it asks an SDK for this operation. */
export function uses({ steps }: Scenario, op: string): boolean {
  return steps.some(({ worker, reader }) => worker === op || reader === op);
}

let runs = 0;

/** Throws when an answer is another one than expected. */
export async function play({ steps }: Scenario, act: Act): Promise<void> {
  const run = `${process.pid}-${++runs}`;
  const underWay = new Map<string, Promise<Answer>>();
  const kept = new Map<string, unknown>();
  for (const [at, template] of steps.entries()) {
    const step = withKept(withIds(template, run), kept);
    const answered = step.await === undefined ? begin(step, act) : underWay.get(step.await);
    if (!answered) throw new Error(`step ${at + 1} awaits ${step.await}, which was not started`);
    if (step.start !== undefined) {
      underWay.set(step.start, answered);
      continue;
    }
    const answer = await answered;
    check(step, answer, `step ${at + 1}, ${JSON.stringify(step)}`);
    for (const [name, member] of Object.entries(step.keep ?? {})) kept.set(name, memberOf(answer, member));
  }
}

function begin(step: Step, act: Act): Promise<Answer> {
  const role = ROLES.find((name) => step[name] !== undefined);
  if (!role) throw new Error(`a step without a role: ${JSON.stringify(step)}`);
  return act(role, step[role] as string, step.with ?? {});
}

function check(step: Step, answer: Answer, where: string): void {
  if ('error' in answer) {
    const { reason, message } = answer.error;
    if (step.error !== reason) throw new Error(`${where}: ${reason}, ${message}`);
    const isAsExpected = message.includes(step.message ?? '') && !(step.unsaid && message.includes(step.unsaid));
    if (!isAsExpected) throw new Error(`${where}: the message is ${message}`);
  } else {
    if (step.error !== undefined) throw new Error(`${where}: no error but ${JSON.stringify(answer.ok)}`);
    const found = difference(step.expect ?? {}, answer.ok);
    if (found) throw new Error(`${where}: ${found} in ${JSON.stringify(answer.ok)}`);
  }
}

/** `$id`, `$id2` … are ids of this run. */
function withIds(step: Step, run: string): Step {
  return JSON.parse(JSON.stringify(step).replace(/\$(id\d*)\b/g, `$1-${run}`)) as Step;
}

function memberOf(answer: Answer, member: string): unknown {
  const value = 'ok' in answer ? answer.ok[member] : undefined;
  if (value === undefined) throw new Error(`no ${member} to keep in ${JSON.stringify(answer)}`);
  return value;
}

/** A member that is `$name` and nothing else stands for what was kept under this name. */
function withKept(step: Step, kept: ReadonlyMap<string, unknown>): Step {
  return JSON.parse(JSON.stringify(step), (_, value) =>
    typeof value === 'string' && kept.has(value.slice(1)) && value.startsWith('$') ? kept.get(value.slice(1)) : value,
  ) as Step;
}
