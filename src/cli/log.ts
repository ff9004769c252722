import pino, { type DestinationStream, type Logger } from 'pino';

/** Logs go to stderr: on a terminal short lines for people, elsewhere JSON lines. */
export function createLog(level: string): Logger {
  return pino({ level, base: null }, process.stderr.isTTY ? terminal : pino.destination(2));
}

const terminal: DestinationStream = {
  write(line) {
    const { time, level, msg, ...rest } = JSON.parse(line);
    const clock = new Date(time).toISOString().slice(11, 23);
    const more = Object.keys(rest).length > 0 ? ` ${JSON.stringify(rest)}` : '';
    process.stderr.write(`${clock} ${pino.levels.labels[level]?.toUpperCase()} ${msg ?? ''}${more}\n`);
  },
};
