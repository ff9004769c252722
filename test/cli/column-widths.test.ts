import { type Column, columnWidths } from '../../src/cli/output/column-widths';
import { cutToWidth, textWidth } from '../../src/cli/output/text-width';

const COLUMNS: readonly Column[] = [
  { head: 'ID', minWidth: 6 },
  { head: 'TASK', minWidth: 5, rank: 2 },
  { head: 'STATUS', minWidth: 10 },
  { head: 'WORKER', minWidth: 8, rank: 1 },
];

test.each([
  ['without a limit each column is as wide as its texts', undefined, [9, 20, 6, 12]],
  ['so it is where there is room for that', 53, [9, 20, 6, 12]],
  ['then texts are cut, first those of the columns that are left out first', 46, [9, 17, 6, 8]],
  ['to what is of use', 31, [6, 5, 6, 8]],
  ['then a column is left out, and the others get its room', 30, [9, 11, 6, null]],
  ['then another', 20, [9, null, 6, null]],
  ['what is never left out is cut, when nothing else helps', 10, [2, null, 6, null]],
])('%s', (_what, room, widths) => {
  expect(columnWidths(COLUMNS, [9, 20, 6, 12], room)).toEqual(widths);
});

test.each([
  ['abcdef', 6, 'abcdef', 'abcdef'],
  ['abcdef', 5, 'abcd…', '…cdef'],
  ['ab', 1, '…', '…'],
  ['漢字漢字', 5, '漢字…', '…漢字'],
  ['漢字漢字', 4, '漢…', '…字'],
  ['e\u0301e\u0301e\u0301', 2, 'e\u0301…', '…e\u0301'],
  ['👩‍👩‍👧👩‍👩‍👧', 3, '👩‍👩‍👧…', '…👩‍👩‍👧'],
])('%s in %i columns', (text, width, beginning, end) => {
  expect(cutToWidth(text, width)).toBe(beginning);
  expect(cutToWidth(text, width, 'end')).toBe(end);
  expect(textWidth(beginning)).toBeLessThanOrEqual(width);
});
