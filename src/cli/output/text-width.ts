import stringWidth from 'string-width';

/** How many columns of a terminal a text takes: two for a wide character, none for one that joins the one before. */
export function textWidth(text: string): number {
  return stringWidth(text);
}

/** Which part of a text is left when there is no room for all of it. */
export type KeptPart = 'beginning' | 'end';

/** The text itself when it fits in `width` columns; otherwise what fits of it, and an ellipsis for the rest. */
export function cutToWidth(text: string, width: number, kept: KeptPart = 'beginning'): string {
  if (textWidth(text) <= width) return text;
  const characters = Array.from(new Intl.Segmenter().segment(text), ({ segment }) => segment);
  if (kept === 'end') characters.reverse();
  let room = width - 1;
  const fitting = characters.slice(
    0,
    characters.findIndex((character) => {
      room -= textWidth(character);
      return room < 0;
    }),
  );
  return kept === 'end' ? `…${fitting.reverse().join('')}` : `${fitting.join('')}…`;
}
