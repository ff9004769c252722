/**
 * `node docs/tables.js` writes the README's tables that are made from the sources. Each stands between its markers,
 * `<!-- settings -->` and `<!-- /settings -->`. It reads what was built last: `npm run build` comes first.
 */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const { SETTINGS } = require('../dist/config/settings.js');
const { limitsRows } = require('./limits-table.js');

const README = join(__dirname, '../README.md');

const TABLES = { settings, limits };

/** The document with every table made anew. Throws when it lacks the markers of one. */
function withTables(document) {
  let text = document;
  for (const [name, table] of Object.entries(TABLES)) {
    const [before, rest] = split(text, `<!-- ${name} -->`);
    const [, after] = split(rest, `<!-- /${name} -->`);
    text = `${before}<!-- ${name} -->\n\n${table()}\n\n<!-- /${name} -->${after}`;
  }
  return text;
}

function split(text, marker) {
  const at = text.indexOf(marker);
  if (at < 0) throw new Error(`README.md lacks the line ${marker}`);
  return [text.slice(0, at), text.slice(at + marker.length)];
}

function settings() {
  const rows = Object.values(SETTINGS).map(({ flags, env, default: fallback, description }) => [
    flags === null ? '–' : code(flags),
    code(env),
    fallback === null ? '–' : code(fallback),
    description,
  ]);
  return markdown(['Flag', 'Environment', 'Default', 'Meaning'], rows);
}

function limits() {
  return markdown(['what', 'limit', 'beyond'], limitsRows());
}

function code(text) {
  return `\`${text}\``;
}

function markdown(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [head, head.map(() => '---'), ...rows].map(line).join('\n');
}

module.exports = { withTables };

if (require.main === module) writeFileSync(README, withTables(readFileSync(README, 'utf8')));
