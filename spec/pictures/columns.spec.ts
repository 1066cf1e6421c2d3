import { columnsOf, cutColumns, padColumns } from '../../src/pictures/text-columns.js';

describe('columns of a terminal', () => {
  it.each([
    ['plain', 5],
    ['', 0],
    ['漢字', 4],
    ['ｶﾞ', 2],
    ['e\u0301', 1],
    ['👩‍👩‍👧', 2],
    ['🇪🇺', 2],
    ['❤️', 2],
    ['각', 2],
    ['\u200b', 0],
  ])('%s takes %i', (text, columns) => {
    expect(columnsOf(text)).toBe(columns);
  });

  it('are cut between what people see as characters', () => {
    expect(cutColumns('e\u0301e\u0301e\u0301', 2)).toBe('e\u0301…');
    expect(cutColumns('👩‍👩‍👧👩‍👩‍👧', 3)).toBe('👩‍👩‍👧…');
    expect(cutColumns('漢字', 3)).toBe('漢…');
    expect(cutColumns('漢字', 4)).toBe('漢字');
  });

  it('are filled with spaces', () => {
    expect(padColumns('漢字', 6)).toBe('漢字  ');
    expect(padColumns('漢字', 3)).toBe('漢字');
  });
});
